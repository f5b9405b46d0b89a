"""The same run on Ray: the same bytes, a machine's death in the middle, and what is told."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from corpora import parts, png, read, rows, write_folder

from guarismo import __version__
from guarismo.batch import cluster as clusters
from guarismo.batch.cluster import Actor, cluster
from guarismo.batch.run import Job, prepare
from guarismo.errors import DataError, UsageError

ray = pytest.importorskip("ray")
pytestmark = [
    pytest.mark.ray,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::UserWarning"),
]


@pytest.fixture
def machines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A cluster of two nodes: the head, which reads nothing, and one worker's."""
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_BACKEND_LOG_LEVEL", "fatal")
    small = {"object_store_memory": 100_000_000, "include_dashboard": False}
    found = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, **small})
    found.add_node(num_cpus=1, object_store_memory=100_000_000)
    yield found
    ray.shutdown()
    found.shutdown()


def test_a_cluster_gives_the_same_bytes_and_tells_what_is_wrong(
    machines: Any, tmp_path: Path, fake_model: Path
) -> None:
    write_folder(tmp_path / "in", 40, [4])
    job = Job(str(tmp_path / "in"), str(tmp_path / "out"), model=str(fake_model), shards=8)
    run = prepare(job)
    for record in cluster(run, machines.address):
        run.total.add(record)
    read(tmp_path / "in", tmp_path / "alone", fake_model, shards=8)
    assert parts(tmp_path / "out") == parts(tmp_path / "alone")
    assert run.total.counts["error"] == 1
    again = prepare(job, overwrite=True)
    (tmp_path / "in").rename(tmp_path / "away")
    with pytest.raises(DataError, match="put the source where all machines see it"):
        list(cluster(again, machines.address))


def test_an_actor_does_not_read_what_is_done(tmp_path: Path, fake_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import json

    write_folder(tmp_path / "in", 4)
    run = prepare(Job(str(tmp_path / "in"), str(tmp_path / "out"), model=str(fake_model), shards=2))
    packed = [json.dumps([s.number, [clusters._packed(piece) for piece in s.pieces]]) for s in run.shards()]
    models = clusters._models(run.task)
    actor = Actor(run.task, __version__, models)
    first = actor({"shard": packed})
    (tmp_path / "in" / "0000.png").write_bytes(png(9))
    assert actor({"shard": packed}) == first
    assert [row["text"] for row in rows(tmp_path / "out")] == ["0", "1", "2", "3"]
    with pytest.raises(DataError, match="version .* on the machine of a worker, 0.0.1 here"):
        Actor(run.task, "0.0.1", models)


def test_no_cluster_and_no_ray_are_told(tmp_path: Path, fake_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_folder(tmp_path / "in", 2)
    run = prepare(Job(str(tmp_path / "in"), str(tmp_path / "out"), model=str(fake_model)))
    monkeypatch.setenv("RAY_GCS_RPC_TIMEOUT_S", "1")
    with pytest.raises(UsageError, match="no Ray cluster answers"):
        list(cluster(run, "auto"))
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError, match=r"--address needs Ray; pip install 'guarismo\[batch\]'"):
        list(cluster(run, "auto"))
