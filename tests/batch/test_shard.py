"""(id, bytes) → rows: pure, in bounded memory, and nothing in a picture can stop it."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from corpora import BROKEN, png

from fakes import FakeLineEngine, painted, spelled
from guarismo.batch import shard
from guarismo.errors import ModelError, PictureError, UsageError
from guarismo.image import TOGETHER
from guarismo.reader import Reader
from guarismo.types import As, Gray, Page
from test_image import encoded


def read(reader: Reader, pictures: Any, kind: As = "digit") -> list[dict[str, Any]]:
    return list(shard.rows(shard.reads(reader, kind), pictures))


def test_each_picture_is_a_row_in_its_place(reader: Reader) -> None:
    gone = PictureError("the picture: no such file; check the name")
    given = [
        ("a", png(7)),
        ("b", BROKEN),
        ("c", gone),
        ("d", png(0)),
        ("e", b""),
        ("f", encoded(np.full((9, 9), 255, np.uint8))),
    ]
    found = read(reader, given)
    assert [row["id"] for row in found] == list("abcdef")
    assert [row["text"] for row in found] == ["7", None, None, "0", None, ""]
    assert [row["status"] for row in found] == ["read", "error", "error", "read", "error", "blank"]
    assert [row["error"] for row in found[:3]] == [
        None,
        found[1]["error"],
        "the picture: no such file; check the name",
    ]
    assert "damaged or cut short" in found[1]["error"]


def test_a_row_says_all_that_is_known(reader: Reader) -> None:
    (row,) = read(reader, [("x.png", png(4))])
    assert list(row) == list(shard.COLUMNS)
    assert row["confidence"] == round(reader.digit(png(4)).confidence, 6)
    about = {"schema": 2, "id": "x.png", "page": 1, "number": 0, "text": "4", "digits_text": "4", "status": "read"}
    about |= {"left": 20, "top": 20, "right": 60, "bottom": 60, "error": None}
    info = reader.model
    about |= {"model": info.name, "model_version": info.version, "model_sha256": info.sha256}
    assert {name: row[name] for name in about} == about


def test_numbers_keep_their_marks_and_their_other_readings(reader: Reader) -> None:
    (sure, unsure) = read(
        reader, [("a", encoded(spelled("0042"))), ("b", encoded(spelled("1.990", unsure="9")))], "number"
    )
    assert (sure["text"], sure["digits_text"], sure["model"]) == ("0042", "0042", "fake-line")
    assert (unsure["text"], unsure["digits_text"], unsure["status"]) == ("1.990", "1990", "unsure")
    assert 1 <= len(unsure["alternatives"]) <= 4
    assert unsure["confidence"] <= unsure["digits_confidence"] < 1
    assert all(other["confidence"] >= 0.001 for other in unsure["alternatives"])


def test_either_is_read_by_the_model_that_it_needs(reader: Reader) -> None:
    found = read(reader, [("a", encoded(spelled("31"))), ("b", encoded(np.full((30, 30), 255, np.uint8)))], "auto")
    assert [(row["text"], row["status"], row["model"]) for row in found] == [
        ("31", "read", "fake-line"),
        ("", "blank", "fake"),
    ]


def test_a_page_with_many_numbers_or_none_is_there() -> None:
    page = Reader().page_of(Reader().digit(painted(1)), painted(1))
    pages = iter([Page(page.numbers * 3, (), 80, 80, page.model), Page((), (), 80, 60, page.model)])
    found = list(shard.rows(lambda grays: [next(pages) for _gray in grays], [("a", png(1)), ("b", png(1))]))
    assert [(row["id"], row["number"], row["status"] == "blank") for row in found] == [
        ("a", 0, False),
        ("a", 1, False),
        ("a", 2, False),
        ("b", None, True),
    ]
    assert (found[3]["right"], found[3]["bottom"]) == (80, 60)


def test_a_picture_on_which_something_breaks_takes_no_other_along(reader: Reader) -> None:
    ours = shard.reads(reader, "digit")

    def breaks(grays: list[Gray]) -> list[Page]:
        if any(gray.shape == (33, 33) for gray in grays):
            raise RuntimeError("the fifth\nassertion")
        if any(gray.shape == (44, 44) for gray in grays):
            raise MemoryError
        return ours(grays)

    odd = [("b", encoded(np.zeros((33, 33), np.uint8))), ("c", encoded(np.zeros((44, 44), np.uint8)))]
    found = list(shard.rows(breaks, [("a", png(1)), *odd, ("d", png(2))]))
    assert [row["text"] for row in found] == ["1", None, None, "2"]
    assert "the fifth assertion" in found[1]["error"]
    assert "not enough memory" in found[2]["error"]


def test_what_is_wrong_with_the_run_stops_it(reader: Reader, fake_model: Path) -> None:
    def wrong(_grays: list[Gray]) -> list[Page]:
        raise ModelError("{name}: changed", name="x")

    with pytest.raises(ModelError, match="x: changed"):
        list(shard.rows(wrong, [("a", png(1))]))
    with pytest.raises(UsageError, match="'pages' is no kind of picture"):
        shard.reads(reader, "pages")  # type: ignore[arg-type]
    with pytest.raises(ModelError):
        shard.reads(Reader(fake_model, fake_model, line_engine=FakeLineEngine()), "number")


def test_pictures_are_let_go_as_they_are_read(reader: Reader) -> None:
    class Bytes(bytes):
        """What can be watched."""

    alive: weakref.WeakSet[Any] = weakref.WeakSet()
    most = 0

    class Kept:
        def __init__(self) -> None:
            alive.add(self)

    def pictures() -> Iterator[tuple[str, bytes]]:
        nonlocal most
        for i in range(5 * TOGETHER):
            data = Bytes(png(i % 10))
            data.kept = Kept()  # type: ignore[attr-defined]
            most = max(most, len(alive))
            yield str(i), data

    assert sum(1 for _row in shard.rows(shard.reads(reader, "digit"), pictures())) == 5 * TOGETHER
    assert most < TOGETHER


def test_record_batches_have_the_schema_and_its_version(reader: Reader) -> None:
    found = read(reader, [("a", png(7)), ("b", BROKEN)])
    (batch,) = shard.record_batches(iter(found))
    assert batch.schema.names == list(shard.COLUMNS)
    assert batch.schema.metadata == {b"guarismo.schema": b"2"}
    assert batch.to_pylist() == found
    assert batch.schema.field("confidence").type == pa.float64()
    assert [len(some) for some in shard.record_batches(found * 3, size=4)] == [4, 2]


def test_it_knows_neither_ray_nor_processes() -> None:
    import subprocess

    code = "import sys; import guarismo.batch.shard; print([m for m in sys.modules if m.split('.')[0] in %r])"
    heavy = ["ray", "pyarrow", "fsspec", "s3fs", "multiprocessing", "pandas"]
    done = subprocess.run([sys.executable, "-c", code % heavy], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
