"""A run goes on where it was stopped, with each picture once; another run's folder is refused."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from corpora import answers, done, parts, png, read, rows, write_folder

from fakes import write_fake_model
from guarismo.batch import run as runs
from guarismo.batch import source
from guarismo.batch.output import MANIFEST, Output
from guarismo.batch.plan import Source
from guarismo.batch.run import Job, inline, prepare
from guarismo.batch.store import Local
from guarismo.errors import DataError, GuarismoError, OutputError, UsageError


@pytest.fixture
def job(tmp_path: Path, fake_model: Path) -> Job:
    """Twenty pictures in five shards."""
    return Job(str(write_folder(tmp_path / "in", 20)), str(tmp_path / "out"), model=str(fake_model), shards=5)


def begin(job: Job, shards: int) -> None:
    """Some shards, and then no more."""
    list(islice(inline(prepare(job)), shards))


def test_the_same_again_reads_what_is_missing(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(job, 2)
    opened: list[str] = []
    ours = source.pictures

    def watched(root: str, pieces: Any, listed: bool) -> Iterator[Any]:
        for name, data in ours(root, pieces, listed):
            opened.append(name)
            yield name, data

    monkeypatch.setattr(runs, "pictures", watched)
    again = prepare(job)
    assert (sorted(again.done), again.missing, again.total.pictures) == ([0, 1], 3, 8)
    done(again)
    assert opened == [f"{i:04}.png" for i in range(8, 20)]
    assert answers(tmp_path / "out") == [(f"{i:04}.png", str(i % 10)) for i in range(20)]
    assert (again.total.pictures, again.total.counts["read"]) == (20, 20)
    assert prepare(job).missing == 0


def test_a_kill_between_two_writes_leaves_no_double_and_no_gap(job: Job, tmp_path: Path) -> None:
    begin(job, 3)
    whole = tmp_path / "out" / "part-00001.jsonl"
    content = whole.read_bytes()
    (tmp_path / "out" / "_done" / "00000.json").unlink()  # rows committed, record not
    whole.write_bytes(content[:40])  # a disk that lost what it had promised
    (tmp_path / "out" / "part-00002.jsonl").unlink()
    (tmp_path / "out" / ".part-00003.jsonl.0123456789ab.part").write_bytes(b"half a l")
    (tmp_path / "out" / "_done" / ".00003.json.0123456789ab.part").write_bytes(b"")
    again = prepare(job)
    assert again.done == frozenset()
    assert [Output(job.output, "jsonl").is_done(shard) for shard in range(3)] == [None] * 3
    done(again)
    assert whole.read_bytes() == content
    assert len(rows(tmp_path / "out")) == 20
    assert [path.name for path in (tmp_path / "out").rglob(".*")] == []


def test_the_result_is_the_same_however_it_was_cut_short(job: Job, tmp_path: Path, fake_model: Path) -> None:
    for form in ("jsonl", "parquet"):
        broken = Job(job.source, str(tmp_path / f"broken-{form}"), form=form, model=str(fake_model), shards=5)
        begin(broken, 2)
        done(prepare(broken))
        read(job.source, tmp_path / f"whole-{form}", fake_model, form=form, shards=5)
        assert parts(tmp_path / f"broken-{form}") == parts(tmp_path / f"whole-{form}")
    assert rows(tmp_path / "whole-jsonl") == rows(tmp_path / "whole-parquet")


def test_two_percent_broken_are_rows_and_the_rest_is_complete(tmp_path: Path, fake_model: Path) -> None:
    bad = range(7, 200, 50)
    write_folder(tmp_path / "in", 200, bad)
    run = read(tmp_path / "in", tmp_path / "out", fake_model, shards=3)
    found = rows(tmp_path / "out")
    assert [row["id"] for row in found] == [f"{i:04}.png" for i in range(200)]
    assert [i for i, row in enumerate(found) if row["status"] == "error"] == list(bad)
    assert all("damaged or cut short" in found[i]["error"] for i in bad)
    assert [row["text"] for i, row in enumerate(found) if i not in bad] == [
        str(i % 10) for i in range(200) if i not in bad
    ]
    assert (run.total.counts["error"], run.total.counts["read"], round(run.total.to_review, 9)) == (4, 196, 0.02)
    assert json.loads((tmp_path / "out" / "_summary.json").read_text())["pictures"] == 200


CHANGES: dict[str, dict[str, Any]] = {
    "format": {"form": "parquet"},
    "shards": {"shards": 4},
    "limit": {"limit": 9},
    "as": {"kind": "number"},
    "model": {"model": "other"},
}


@pytest.mark.parametrize("name", CHANGES)
def test_another_runs_folder_is_refused_and_stays_as_it_is(
    job: Job, tmp_path: Path, fake_line_model: Path, name: str
) -> None:
    begin(job, 1)
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    write_fake_model(tmp_path / "other", version="2")
    changes = {key: str(tmp_path / value) if key == "model" else value for key, value in CHANGES[name].items()}
    asked: dict[str, Any] = {"source": job.source, "output": job.output, "model": job.model, "shards": 5, **changes}
    other = Job(**asked, line_model=str(fake_line_model))
    for resume in (False, True):
        with pytest.raises(UsageError, match=rf"out: holds another run \({name}: .* add --overwrite to begin again"):
            prepare(other, resume)
    assert before == {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert prepare(other, overwrite=True).done == frozenset()
    assert sorted(path.name for path in (tmp_path / "out").iterdir() if path.is_file()) == [
        "_listing.jsonl.gz",
        MANIFEST,
    ]


def test_pictures_that_came_or_changed_since_are_told(job: Job, tmp_path: Path) -> None:
    begin(job, 1)
    (tmp_path / "in" / "new.png").write_bytes(png(1))
    with pytest.raises(UsageError, match=r"began with other pictures \(20 then, 21 now"):
        prepare(job)
    done(prepare(job, resume=True))
    assert len(rows(tmp_path / "out")) == 20
    (tmp_path / "in" / "new.png").unlink()
    (tmp_path / "in" / "0003.png").write_bytes(png(4))
    with pytest.raises(UsageError, match=r"add --resume to go on with those"):
        prepare(job)
    done(prepare(job, overwrite=True))
    assert dict(answers(tmp_path / "out"))["0003.png"] == "4"


def test_a_picture_that_went_since_is_a_row(job: Job, tmp_path: Path) -> None:
    begin(job, 1)
    (tmp_path / "in" / "0019.png").unlink()
    done(prepare(job, resume=True))
    assert rows(tmp_path / "out")[19]["error"] == "the picture: no such file; check the name"


def test_another_schema_is_told(job: Job, tmp_path: Path) -> None:
    begin(job, 1)
    path = tmp_path / "out" / MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema": 0}))
    with pytest.raises(DataError, match="rows of schema 0, this version writes schema 2"):
        prepare(job)
    prepare(job, overwrite=True)


@pytest.mark.parametrize("content", ["", "[]", "{}", "\x00"])
def test_a_manifest_that_is_none(job: Job, tmp_path: Path, content: str) -> None:
    begin(job, 1)
    (tmp_path / "out" / MANIFEST).write_text(content)
    with pytest.raises(OutputError, match="no manifest of a run; name another --output"):
        prepare(job)


def test_a_folder_of_other_things_is_refused_even_with_overwrite(job: Job, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("years")
    for overwrite in (False, True):
        with pytest.raises(UsageError, match=r"holds other files \(thesis.txt\), and no run"):
            prepare(job, overwrite=overwrite)
    assert os.listdir(tmp_path / "out") == ["thesis.txt"]


@pytest.mark.parametrize("name", ["_done/mine.png", "part-00000.parquet", "2024/a.png"])
def test_what_looks_like_ours_is_not_touched_where_no_run_has_been(job: Job, tmp_path: Path, name: str) -> None:
    mine = tmp_path / "out" / name
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"years of work")
    for overwrite in (False, True):
        with pytest.raises(UsageError, match="holds other files"):
            prepare(job, overwrite=overwrite)
    assert mine.read_bytes() == b"years of work"


def test_beginning_again_removes_the_runs_own_files_alone(job: Job, tmp_path: Path) -> None:
    begin(job, 3)
    (tmp_path / "out" / "_done" / "mine.png").write_bytes(b"years")
    (tmp_path / "out" / "thesis.txt").write_bytes(b"years")
    assert prepare(job, overwrite=True).done == frozenset()
    left = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert left == {"_done/mine.png", "thesis.txt", "_listing.jsonl.gz", MANIFEST}


def test_a_list_of_pictures_cut_off_is_told(job: Job, tmp_path: Path) -> None:
    begin(job, 1)
    listing = tmp_path / "out" / "_listing.jsonl.gz"
    listing.write_bytes(listing.read_bytes()[:-20])
    with pytest.raises(DataError, match="list of pictures is damaged or cut short"):
        prepare(job)


def test_resume_without_a_run_is_told(job: Job) -> None:
    with pytest.raises(UsageError, match="no run to go on with; leave --resume out"):
        prepare(job, resume=True)


def test_a_worker_that_sees_another_folder_reads_nothing(job: Job, tmp_path: Path) -> None:
    run = prepare(job)
    (tmp_path / "out" / MANIFEST).unlink()
    with pytest.raises(DataError, match="put the output where all machines see it"):
        list(inline(run))
    os.rename(tmp_path / "in", tmp_path / "elsewhere")
    with pytest.raises(DataError, match="put the source where all machines see it"):
        list(inline(run))


BAD_SOURCES: dict[str, tuple[str, str]] = {
    "none": ("none", "no such file, folder or bucket; check the address"),
    "empty name": ("", "an empty name"),
    "empty folder": ("empty", "no pictures; expected PNG, JPEG"),
    "empty list": ("empty.txt", "no pictures; expected PNG, JPEG"),
    "scheme": ("what://x", "what:// is no known kind of address"),
    "package": ("gs://bucket/x", "gs:// needs a package that is not here"),
    "loop": ("loop", "cannot be read|no such file"),
}


@pytest.mark.parametrize("name", BAD_SOURCES)
def test_a_source_that_cannot_be_read_is_told_before_any_work(tmp_path: Path, fake_model: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty.txt").write_text("\n")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    address, message = BAD_SOURCES[name]
    source = address if "://" in address or not address else str(tmp_path / address)
    with pytest.raises(GuarismoError, match=message):
        prepare(Job(source, str(tmp_path / "out"), model=str(fake_model)))
    assert not (tmp_path / "out" / MANIFEST).exists()


def test_an_output_that_cannot_be_written_is_told_before_any_work(tmp_path: Path, fake_model: Path) -> None:
    write_folder(tmp_path / "in", 1)
    (tmp_path / "file").write_text("")
    for output in ("file/below", "file"):
        with pytest.raises(OutputError, match="cannot be written"):
            prepare(Job(str(tmp_path / "in"), str(tmp_path / output), model=str(fake_model)))
    with pytest.raises(OutputError, match="cannot be written"):
        Output("/proc/guarismo", "jsonl").probe()
    with pytest.raises(UsageError, match="an empty name"):
        Output("", "jsonl")


def test_where_paths_begin(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(b"")
    assert Source.at(str(tmp_path)) == Source(str(tmp_path.resolve()))
    assert Source.at(str(tmp_path / "x.tar")) == Source(str(tmp_path.resolve()), "x.tar")


def test_a_file_that_goes_while_its_folder_is_looked_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker of a killed run renames what it has written while the next run begins."""
    (tmp_path / "part-00000.jsonl").write_bytes(b"four")
    (tmp_path / ".part-00001.jsonl.0123456789ab.part").write_bytes(b"half")
    entries = list(os.scandir(tmp_path))
    (tmp_path / ".part-00001.jsonl.0123456789ab.part").unlink()
    monkeypatch.setattr(os, "scandir", lambda folder: iter(entries))
    assert Local().sizes(str(tmp_path)) == {"part-00000.jsonl": 4}


def wait_for(path: Path) -> None:
    for _try in range(600):
        if path.exists():
            return
        time.sleep(0.05)
    raise AssertionError(f"{path} has not come")


@pytest.mark.parametrize("workers", [1, 2])
def test_killed_and_started_again_is_as_if_nothing_had_been(tmp_path: Path, fake_model: Path, workers: int) -> None:
    write_folder(tmp_path / "in", 400)
    command = [sys.executable, "-m", "guarismo", "batch", str(tmp_path / "in"), "--model", str(fake_model)]
    command += ["--shards", "80", "--concurrency", str(workers), "--output"]
    begun = subprocess.Popen([*command, str(tmp_path / "out")], stdout=subprocess.PIPE, start_new_session=True)
    wait_for(tmp_path / "out" / "_done" / "00003.json")
    begun.send_signal(signal.SIGKILL)
    begun.wait()
    assert begun.stdout is not None
    begun.stdout.close()
    again = subprocess.run([*command, str(tmp_path / "out")], capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    told = re.search(r"goes on; shards done: (\d+), left: (\d+)", again.stderr)
    assert told is not None, "killed too late for this test to mean anything"
    assert int(told[1]) >= 4 and int(told[1]) + int(told[2]) == 80
    assert again.stdout.startswith("400 pictures, 400 results\n")
    read(tmp_path / "in", tmp_path / "undisturbed", fake_model, shards=80)
    assert parts(tmp_path / "out") == parts(tmp_path / "undisturbed")


def test_a_run_goes_on_with_its_own_source_alone(job: Job, tmp_path: Path) -> None:
    begin(job, 3)
    write_folder(tmp_path / "other", 20)
    with pytest.raises(UsageError, match=r"holds another run \(source: .*/in\" there, .*/other\" now"):
        prepare(replace(job, source=str(tmp_path / "other")), resume=True)
