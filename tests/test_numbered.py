"""Numbered lists: what stands before the gap counts on from row to row, and is no part of the number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from guarismo.reader import Reader
from guarismo.types import Gray, Number
from pictures import write


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(threads=1)


def rows(texts: Sequence[tuple[str, ...]], gap: int = 40, first: int = 60) -> Gray:
    """In each line these texts, with so many pixels of paper between them; digits are 37 pixels high."""
    gray = np.full((120 + 90 * len(texts), 700), 248, np.uint8)
    for row, parts in enumerate(texts):
        left = first
        for text in parts:
            left = write(gray, text, left, 100 + 90 * row, 1.7, 4).right + gap
    return gray


def said(numbers: Sequence[Number]) -> list[str]:
    return [one.text.strip(" .,-") for one in numbers if one.status in ("read", "unsure")]


VALUES = ("262", "84", "937", "62", "508", "26")


@pytest.mark.parametrize("mark", [".", " -", ""])
@pytest.mark.parametrize("start", [1, 7])
def test_a_place_in_a_list_and_its_number_are_two(reader: Reader, mark: str, start: int) -> None:
    listed = [(f"{start + i}{mark}", value) for i, value in enumerate(VALUES)]
    wanted = [text for i, value in enumerate(VALUES) for text in (str(start + i), value)]
    assert said(reader.page(rows(listed)).numbers) == wanted


@pytest.mark.parametrize(
    "listed",
    [
        [("3.", "262"), ("1.", "84"), ("9.", "937"), ("4.", "62"), ("8.", "508"), ("2.", "26")],
        [("1.", "262"), ("2.", "84"), ("3.", "937")],
        [(f"{i}.{digit}",) for i, digit in enumerate("526402", 2)],
        [(f"{i}:{two}",) for i, two in enumerate(("22", "54", "26", "40", "35", "24"), 2)],
        [(f"{i}.", "4.", "2026") for i in range(2, 8)],
        [(f"{i}", "/", "8") for i in range(2, 8)],
    ],
)
def test_without_a_count_a_gap_or_in_dates_nothing_is_parted(
    reader: Reader, listed: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    gray = rows(listed)
    with monkeypatch.context() as patch:
        patch.setattr("guarismo.numbered._counting", lambda *_: [])
        plain = reader.page(gray).numbers
    assert reader.page(gray).numbers == plain


def test_a_place_that_cannot_be_parted_makes_its_row_unsure(reader: Reader) -> None:
    gray = rows([(f"{i}.", value) for i, value in enumerate(VALUES, 2)])
    gray[100 + 3 * 90 - 60 : 100 + 3 * 90 + 20] = 248
    write(gray, "5.62", 60, 100 + 3 * 90, 1.7, 4)
    (row,) = (one for one in reader.page(gray).numbers if one.digits_text == "562")
    assert row.status == "unsure"
