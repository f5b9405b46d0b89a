"""S3, by a stand-in on this machine: pictures from there, results to there, credentials from the environment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from corpora import done, parts, png, read, write_folder, write_parquet, write_tar

from guarismo.batch import store as stores
from guarismo.batch.pool import pool
from guarismo.batch.run import Job, prepare
from guarismo.errors import DataError, GuarismoError, UsageError

pytest.importorskip("moto.server")
pytest.importorskip("s3fs")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(server: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """``s3://archive``, reached as anybody's bucket is."""
    import s3fs

    for name, value in {
        "AWS_ENDPOINT_URL": server,
        "AWS_ACCESS_KEY_ID": "somebody",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    files = s3fs.S3FileSystem()
    if not files.exists("archive"):
        files.mkdir("archive")
    return files


def fetch(bucket: Any, folder: str) -> dict[str, bytes]:
    return {path.rpartition("/")[2]: bucket.cat_file(path) for path in sorted(bucket.glob(f"{folder}/part-*"))}


def test_from_there_to_there_with_a_stop_in_the_middle(bucket: Any, tmp_path: Path, fake_model: Path) -> None:
    write_folder(tmp_path / "in", 12, [5])
    write_tar(tmp_path / "in" / "more.tar", 6)
    write_parquet(tmp_path / "in" / "table.parquet", 6)
    bucket.put(str(tmp_path / "in"), "archive/in", recursive=True)
    job = Job("s3://archive/in", "s3://archive/out", model=str(fake_model), shards=4)
    begun = prepare(job)
    assert (begun.listing.exact, begun.listing.pictures) == (False, 18)  # a tar far away is not counted
    records = pool(begun, 2)
    first = next(records)
    records.close()
    again = prepare(job)
    assert first.shard in again.done
    done(again)
    assert again.total.pictures == 24
    assert json.loads(bucket.cat_file("archive/out/_summary.json"))["counts"]["error"] == 1
    whole = read("s3://archive/in", tmp_path / "out", fake_model, shards=4)
    assert fetch(bucket, "archive/out") == parts(tmp_path / "out")
    assert whole.total.counts == again.total.counts
    done(prepare(job, overwrite=True))
    assert fetch(bucket, "archive/out") == parts(tmp_path / "out")


def test_what_is_in_a_bucket_already_is_not_written_to_but_a_placeholder_is_nothing(
    bucket: Any, tmp_path: Path, fake_model: Path
) -> None:
    write_folder(tmp_path / "in", 2)
    bucket.pipe("archive/mine/2024/a.png", b"years")
    bucket.pipe("archive/new/", b"")  # as consoles make a "folder"
    with pytest.raises(UsageError, match="holds other files .2024"):
        prepare(Job(str(tmp_path / "in"), "s3://archive/mine", model=str(fake_model)))
    assert done(prepare(Job(str(tmp_path / "in"), "s3://archive/new", model=str(fake_model)))).total.pictures == 2


def test_a_list_of_objects_and_a_limit(bucket: Any, tmp_path: Path, fake_model: Path) -> None:
    write_tar(tmp_path / "few.tar", 9)
    bucket.put_file(str(tmp_path / "few.tar"), "archive/lists/few.tar")
    bucket.pipe_file("archive/lists/list.txt", b"one.png\ns3://archive/lists/few.tar\nnone.png\n")
    bucket.pipe_file("archive/lists/one.png", png(8))
    run = read("s3://archive/lists/list.txt", tmp_path / "out", fake_model, limit=5)
    assert (run.listing.exact, run.total.pictures, run.total.counts["error"]) == (True, 5, 0)
    run = read("s3://archive/lists/list.txt", tmp_path / "all", fake_model, form="parquet")
    assert (run.total.pictures, run.total.counts["error"]) == (11, 1)


@pytest.mark.parametrize("where", ["source", "output"])
def test_no_such_bucket_and_no_key_are_told_before_any_work(
    bucket: Any, tmp_path: Path, fake_model: Path, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_folder(tmp_path / "in", 2)
    good: dict[str, Any] = {"source": str(tmp_path / "in"), "output": str(tmp_path / "out")}
    with pytest.raises(DataError, match="no such file, folder or bucket" if where == "source" else "cannot be written"):
        prepare(Job(**{**good, where: "s3://nowhere/x"}, model=str(fake_model)))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    bucket.clear_instance_cache()
    stores._remote.cache_clear()
    with pytest.raises(GuarismoError, match="credentials"):
        prepare(Job(**{**good, where: "s3://archive/x"}, model=str(fake_model)))
