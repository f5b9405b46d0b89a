"""Folders, lists, Parquet and tar: the same pictures whichever they come in, and in a fixed order."""

from __future__ import annotations

import gzip
import io
import os
from pathlib import Path

import pytest
from corpora import answers, parts, pictures, png, read, rows, write_folder, write_parquet, write_tar

from guarismo.batch import plan
from guarismo.batch.plan import Piece, Source, pieces, shards
from guarismo.batch.source import pictures as opened
from guarismo.errors import DataError, UsageError

EXPECTED = [(f"{i:04}.png", str(i % 10)) for i in range(60)]


@pytest.fixture(autouse=True)
def _fine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "GRAIN", 7)


def test_a_folder_is_read_with_those_in_it(tmp_path: Path, fake_model: Path) -> None:
    write_folder(tmp_path / "in" / "b", 3)
    write_folder(tmp_path / "in" / "a" / "deep", 2)
    write_folder(tmp_path / "in" / ".hidden", 1)
    (tmp_path / "in" / "notes.txt").write_text("no picture")
    read(tmp_path / "in", tmp_path / "out", fake_model)
    names = ["a/deep/0000.png", "a/deep/0001.png", "b/0000.png", "b/0001.png", "b/0002.png"]
    assert answers(tmp_path / "out") == list(zip(names, "01012", strict=True))


def test_pipes_are_passed_over_and_a_link_to_itself_is_an_error_of_its_own(tmp_path: Path, fake_model: Path) -> None:
    write_folder(tmp_path / "in", 2)
    os.mkfifo(tmp_path / "in" / "pipe.png")
    (tmp_path / "in" / "loop.png").symlink_to(tmp_path / "in" / "loop.png")
    read(tmp_path / "in", tmp_path / "out", fake_model)
    found = {row["id"]: row["status"] for row in rows(tmp_path / "out")}
    assert found == {"0000.png": "read", "0001.png": "read", "loop.png": "error"}


def test_an_address_that_nobody_knows_in_a_list_is_an_error_of_its_own(tmp_path: Path, fake_model: Path) -> None:
    write_folder(tmp_path / "in", 2)
    (tmp_path / "in" / "all.txt").write_text("0000.png\nfoo://x/a.png\nfoo://x/b.tar\n0001.png\n")
    read(tmp_path / "in" / "all.txt", tmp_path / "out", fake_model)
    found = {row["id"]: row for row in rows(tmp_path / "out")}
    assert [found[name]["status"] for name in ("0000.png", "0001.png")] == ["read", "read"]
    assert all("no known kind of address" in found[f"foo://x/{name}"]["error"] for name in ("a.png", "b.tar"))


@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz"])
def test_a_compressed_archive_whose_name_does_not_say_so(tmp_path: Path, fake_model: Path, mode: str) -> None:
    archive = write_tar(tmp_path / "in" / "all.tar", 60, mode)
    read(archive, tmp_path / "out", fake_model, shards=3)
    assert [text for _id, text in answers(tmp_path / "out")] == [str(i % 10) for i in range(60)]


def test_a_folder_with_the_output_in_it(tmp_path: Path, fake_model: Path) -> None:
    write_folder(tmp_path, 3)
    for _again in range(2):
        read(tmp_path, tmp_path / "out", fake_model, form="parquet")
        assert len(rows(tmp_path / "out")) == 3


@pytest.mark.parametrize("number", [1, 4])
@pytest.mark.parametrize("kind", ["tar", "tar.gz", "tgz", "parquet", "nested.parquet", "one-group.parquet"])
def test_files_of_many_pictures(tmp_path: Path, fake_model: Path, kind: str, number: int) -> None:
    path = tmp_path / f"in.{kind}"
    if "parquet" in kind:
        write_parquet(path, 60, 1000 if "one" in kind else 16, "nested" in kind)
    else:
        write_tar(path, 60, "w" if kind == "tar" else "w:gz")
    run = read(path, tmp_path / "out", fake_model, shards=number)
    link = "#" if "parquet" in kind else "/"
    prefix = f"in.{kind}{link}"
    assert answers(tmp_path / "out") == [(prefix + name, text) for name, text in EXPECTED]
    assert len(parts(tmp_path / "out")) == (1 if "gz" in kind else number)
    assert (run.listing.exact, run.total.pictures) == ("gz" not in kind, 60)


def test_a_row_without_an_id_has_its_number(tmp_path: Path, fake_model: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"anything": [png(5), None, png(6)]}), tmp_path / "x.parquet", row_group_size=2)
    read(tmp_path / "x.parquet", tmp_path / "out", fake_model, shards=3)
    assert answers(tmp_path / "out") == [("x.parquet#0", "5"), ("x.parquet#1", None), ("x.parquet#2", "6")]
    assert "none in this row" in rows(tmp_path / "out")[1]["error"]


def test_a_list_has_paths_beside_it_and_addresses_each_once(tmp_path: Path, fake_model: Path) -> None:
    write_folder(tmp_path / "in", 3)
    write_tar(tmp_path / "some.tar", 2)
    lines = ["in/0002.png", "", str(tmp_path / "in" / "0001.png"), "in/0002.png", "in/none.png", "some.tar"]
    lines.append((tmp_path / "in" / "0000.png").as_uri())
    (tmp_path / "list.txt").write_text("\r\n".join(lines), encoding="utf-8-sig")
    read(tmp_path / "list.txt", tmp_path / "out", fake_model)
    found = dict(answers(tmp_path / "out"))
    assert found == {
        "in/0002.png": "2",
        lines[2]: "1",
        "in/none.png": None,
        "some.tar/0000.png": "0",
        "some.tar/0001.png": "1",
        lines[-1]: "0",
    }


def test_a_single_picture_and_names_that_are_not_utf8(tmp_path: Path, fake_model: Path) -> None:
    (tmp_path / "x.bin").write_bytes(png(8))
    read(tmp_path / "x.bin", tmp_path / "one", fake_model)
    assert answers(tmp_path / "one") == [("x.bin", "8")]
    folder = tmp_path / "in"
    folder.mkdir()
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.png")).write_bytes(png(9))
    for form in ("jsonl", "parquet"):
        read(folder, tmp_path / form, fake_model, form=form)
        assert answers(tmp_path / form) == [("\\udcff.png", "9")]


@pytest.mark.parametrize("name", ["x.tar", "x.tar.gz", "x.parquet"])
def test_limit_counts_pictures_whatever_they_come_in(tmp_path: Path, fake_model: Path, name: str) -> None:
    write_folder(tmp_path / "in", 5)
    if name.endswith("parquet"):
        write_parquet(tmp_path / "in" / name, 30)
    else:
        write_tar(tmp_path / "in" / name, 30, "w:gz" if name.endswith("gz") else "w")
    run = read(tmp_path / "in", tmp_path / "out", fake_model, limit=19, shards=2)
    assert len(rows(tmp_path / "out")) == 19 == run.total.pictures == run.listing.pictures
    assert run.listing.exact


def cut(data: bytes) -> bytes:
    return data[: len(data) * 2 // 3]


def spoilt(data: bytes) -> bytes:
    """A tar file whose header in the middle is no header any more."""
    at = data.index(b"0030.png")
    return data[:at] + b"\xff" * 200 + data[at + 200 :]


@pytest.mark.parametrize("harm", [cut, spoilt])
@pytest.mark.parametrize("packed", [False, True])
def test_a_damaged_tar_gives_what_it_has_and_one_error(
    tmp_path: Path, fake_model: Path, harm: object, packed: bool
) -> None:
    data = write_tar(tmp_path / "whole.tar", 60).read_bytes()
    harmed = cut(data) if harm is cut else spoilt(data)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / ("x.tgz" if packed else "x.tar")).write_bytes(gzip.compress(harmed) if packed else harmed)
    write_folder(tmp_path / "in", 2)
    read(tmp_path / "in", tmp_path / "out", fake_model, shards=3)
    found = rows(tmp_path / "out")
    (error,) = [row for row in found if row["status"] == "error"]
    assert "damaged or cut short" in error["error"]
    good = [row["id"] for row in found if row["status"] == "read"]
    assert len(good) >= 2 + 25 and len(good) == len(set(good))


@pytest.mark.parametrize("name", ["x.tar", "x.tgz", "x.parquet"])
@pytest.mark.parametrize("data", [b"", b"no archive at all" * 100])
def test_what_is_no_archive_is_one_error(tmp_path: Path, fake_model: Path, name: str, data: bytes) -> None:
    write_folder(tmp_path / "in", 2)
    (tmp_path / "in" / name).write_bytes(data)
    read(tmp_path / "in", tmp_path / "out", fake_model)
    found = rows(tmp_path / "out")
    assert [row["id"] for row in found if row["status"] == "error"] == [name]
    assert len(found) == 3


def test_a_table_without_pictures_is_told_before_any_work(tmp_path: Path, fake_model: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"text": ["a"]}), tmp_path / "x.parquet")
    with pytest.raises(UsageError, match=r"x\.parquet: no column with the bytes of pictures"):
        read(tmp_path / "x.parquet", tmp_path / "out", fake_model)


def test_shards_are_slices_that_do_not_depend_on_who_reads_them(tmp_path: Path) -> None:
    write_tar(tmp_path / "a.tar", 30)
    write_parquet(tmp_path / "b.parquet", 25)
    write_folder(tmp_path / "c", 10)
    every = list(pieces(Source.at(str(tmp_path))))
    for size in (1, 10, 20, 1000):
        cut_up = list(shards(every, size))
        assert [one.number for one in cut_up] == list(range(len(cut_up)))
        found = [name for one in cut_up for name, _data in opened(str(tmp_path), one.pieces)]
        assert len(found) == 65 == len(set(found))
        assert max(sum(piece.count or 0 for piece in one.pieces) for one in cut_up) < size + 7
    assert [one.pieces[0].path for one in shards([Piece("x.tgz", 0, None), Piece("y")], 10)] == ["x.tgz", "y"]


def test_a_list_that_is_no_text(tmp_path: Path, fake_model: Path) -> None:
    (tmp_path / "list.txt").write_bytes(png(1))
    with pytest.raises(DataError, match="is not text"):
        read(tmp_path / "list.txt", tmp_path / "out", fake_model)


def test_what_was_listed_is_what_is_read(tmp_path: Path) -> None:
    listing = plan.write_listing([Piece("a", tag="1"), Piece("b.tar", 512, 9)], tmp_path / "l")
    assert (listing.pieces, listing.pictures, listing.exact) == (2, 10, True)
    assert list(plan.read_listing(io.BytesIO((tmp_path / "l").read_bytes()))) == [
        Piece("a", tag="1"),
        Piece("b.tar", 512, 9),
    ]
    assert plan.write_listing([Piece("a", tag="2")], tmp_path / "m").sha256 != listing.sha256
    assert pictures(1)[0][0] == "0000.png"


def test_a_link_to_nothing_and_a_missing_archive_are_errors_of_their_own(tmp_path: Path, fake_model: Path) -> None:
    write_folder(tmp_path / "in", 2)
    for name in ("notes.txt", "gone.png"):
        (tmp_path / "in" / name).symlink_to(tmp_path / "nowhere")
    read(tmp_path / "in", tmp_path / "out", fake_model)
    assert answers(tmp_path / "out") == [("0000.png", "0"), ("0001.png", "1"), ("gone.png", None)]
    (tmp_path / "in" / "list.txt").write_text("missing.tar\n0001.png")
    read(tmp_path / "in" / "list.txt", tmp_path / "listed", fake_model)
    assert sorted(str(text) for _name, text in answers(tmp_path / "listed")) == ["1", "None"]
