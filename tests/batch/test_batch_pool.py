"""Processes side by side: the same bytes as one, and a worker's death is not the run's."""

from __future__ import annotations

import os
import signal
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from corpora import parts, png, read, rows, write_folder

from guarismo.batch import pool as pools
from guarismo.batch.output import Record
from guarismo.batch.plan import Shard
from guarismo.batch.pool import pool
from guarismo.batch.run import Job, Task, Worker, prepare
from guarismo.errors import DataError, ModelError
from guarismo.workers import workers
from test_image import bomb


def killing_read(shard: Shard) -> Record:
    """Dies on shard 2: once, or again and again where the file "always" is there."""
    worker = pools._worker
    assert isinstance(worker, Worker)
    here = Path(worker._task.source.root).parent
    if shard.number == 2 and ((here / "always").exists() or not (here / "once").exists()):
        (here / "once").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return worker.read(shard)


@pytest.fixture
def job(tmp_path: Path, fake_model: Path) -> Job:
    return Job(str(write_folder(tmp_path / "in", 30, [4])), str(tmp_path / "out"), model=str(fake_model), shards=6)


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_the_same_bit_for_bit_as_one_process(tmp_path: Path, fake_model: Path, form: str) -> None:
    write_folder(tmp_path / "in", 30, [4])
    run = prepare(Job(str(tmp_path / "in"), str(tmp_path / "out"), form=form, model=str(fake_model), shards=6))
    for record in pool(run, 2):
        run.total.add(record)
    alone = read(tmp_path / "in", tmp_path / "alone", fake_model, form=form, shards=6)
    assert parts(tmp_path / "out") == parts(tmp_path / "alone")
    assert run.total.counts == alone.total.counts


def test_a_worker_that_is_killed_is_replaced(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "_read", killing_read)
    found = sorted(record.shard for record in pool(prepare(job), 2))
    assert found == list(range(6))
    assert (tmp_path / "once").exists()
    assert [row["id"] for row in rows(tmp_path / "out")] == [f"{i:04}.png" for i in range(30)]


def test_a_shard_that_kills_all_stops_the_run_and_is_named(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "always").touch()
    monkeypatch.setattr(pools, "_read", killing_read)
    with pytest.raises(DataError, match="died 3 times on shard 2; give it more memory"):
        list(pool(prepare(job), 2))
    monkeypatch.undo()
    assert 2 not in prepare(job).done
    list(pool(prepare(job), 2))
    assert len(rows(tmp_path / "out")) == 30


def test_what_is_wrong_in_a_worker_is_told_as_it_is(job: Job, tmp_path: Path) -> None:
    run = prepare(job)
    broken = Job(job.source, job.output, model=str(tmp_path), shards=6)
    wrong = type(run)(Task(broken, run.task.source, run.task.output, run.task.run), run.listing, run.done, run.total, 6)
    with pytest.raises(ModelError):
        list(pool(wrong, 2))


def test_a_run_that_is_left_stops_its_workers(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Any] = []
    ours = workers

    def watched(*given: Any) -> Any:
        kept.append(ours(*given))
        return kept[-1]

    monkeypatch.setattr(pools, "workers", watched)
    with closing(pool(prepare(job), 2)) as records:
        next(records)
        processes = [Path("/proc", str(pid)) for pid in kept[0]._processes]
        assert [process.exists() for process in processes] == [True, True]
    deadline = time.monotonic() + 20
    while any(process.exists() for process in processes):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_picture_that_needs_too_much_memory_is_an_error_alone(tmp_path: Path, fake_model: Path) -> None:
    (tmp_path / "in").mkdir()
    for i in range(3):
        (tmp_path / "in" / f"{i}.png").write_bytes(png(i))
    (tmp_path / "in" / "1.png").write_bytes(bomb(8900, 8900))
    run = prepare(Job(str(tmp_path / "in"), str(tmp_path / "out"), model=str(fake_model)))
    list(pool(run, 1, memory=440_000_000))
    found = rows(tmp_path / "out")
    assert [row["text"] for row in found] == ["0", None, "2"]
