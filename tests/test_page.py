"""Whole pages: what is read where, what is left out; the places are found, the readings made up."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from guarismo import grids, page, textlines
from guarismo.cutout import Cutout
from guarismo.grids import Cell, GridCut
from guarismo.types import Box, Digit, Gray, Number, Status

BOX = Box(2, 3, 12, 23)


def digit(value: int | None, status: Status = "read", box: Box = BOX, confidence: float = 0.9) -> Digit:
    return Digit(value, status, confidence, tuple(0.9 if i == value else 0.1 / 9 for i in range(10)), box)


def number(text: str, status: Status = "read", confidence: float = 0.9) -> Number:
    return Number(text, (), status, confidence, BOX)


def cell(row: int, column: int, level: int, empty: bool = False) -> Cell:
    """A cell of a grid of 30 pixels; its grey is what the made-up models know it by."""
    back = np.array([[1, 0, 30 * column], [0, 1, 30 * row], [0, 0, 1]], np.float64)
    return Cell(row, column, 1, 1, Cutout(np.full((30, 30), level, np.uint8), (300, 300), back), empty)


def grid(rows: int, columns: int, *cells: Cell) -> GridCut:
    return GridCut(rows, columns, cells, np.zeros((4, 2), np.float32), Box(0, 0, 30 * columns, 30 * rows))


@pytest.fixture
def paper(monkeypatch: pytest.MonkeyPatch) -> Gray:
    monkeypatch.setattr(textlines, "find", lambda _gray, _taken: [])
    return np.full((300, 300), 255, np.uint8)


def models(digits: dict[int, Digit] | None = None, numbers: dict[int, Number] | None = None) -> page.Models:
    def read_digits(grays: Sequence[Gray]) -> list[Digit]:
        return [(digits or {})[int(gray[0, 0])] for gray in grays]

    def read_numbers(grays: Sequence[Gray]) -> list[Number]:
        return [(numbers or {})[int(gray[0, 0])] for gray in grays]

    return page.Models(read_digits, read_numbers)


def test_a_table_has_its_cells_in_place_and_none_where_they_are_empty(
    paper: Gray, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = grid(2, 2, cell(0, 0, 7), cell(0, 1, 0, empty=True), cell(1, 0, 9), cell(1, 1, 3))
    monkeypatch.setattr(grids, "find", lambda _gray: [found])
    blank = digit(None, "blank", Box(0, 0, 30, 30))
    numbers, (table,) = page.read(paper, models({7: digit(7), 9: blank, 3: digit(3, "unsure")}))
    assert numbers == ()
    assert [[one and one.text for one in row] for row in table.cells] == [["7", None], [None, "3"]]
    corner = table.cells[1][1]
    assert corner is not None and corner.box == Box(32, 33, 42, 53) and corner.digits[0].box == corner.box


def test_a_cell_with_wide_ink_is_read_as_a_number(paper: Gray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grids, "find", lambda _gray: [grid(2, 2, cell(0, 0, 1), cell(1, 1, 2))])
    wide = Box(0, 5, 28, 20)
    seen = {1: digit(4, "not_a_digit", wide), 2: digit(5, "unsure", wide)}
    _numbers, (table,) = page.read(paper, models(seen, {1: number("42"), 2: number("", "not_a_digit")}))
    assert [table.cells[0][0], table.cells[1][1]] != [None, None]
    assert [one.text for row in table.cells for one in row if one] == ["42", "5"]


def test_a_row_of_boxes_is_one_number_with_its_leading_zeros(paper: Gray, monkeypatch: pytest.MonkeyPatch) -> None:
    row = grid(1, 4, cell(0, 0, 0), cell(0, 1, 4), cell(0, 2, 2), cell(0, 3, 9, empty=True))
    monkeypatch.setattr(grids, "find", lambda _gray: [row])
    (one,), tables = page.read(paper, models({0: digit(0), 4: digit(4), 2: digit(2, "unsure", confidence=0.5)}))
    assert tables == ()
    assert (one.text, one.status, one.box) == ("042", "unsure", row.box)
    assert one.confidence == pytest.approx(0.9 * 0.9 * 0.5)


def test_text_in_columns_is_no_table(paper: Gray, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = [cell(i // 2, i % 2, i) for i in range(4)]
    monkeypatch.setattr(grids, "find", lambda _gray: [grid(2, 2, *cells)])
    words = {i: digit(8, "not_a_digit") for i in range(4)}
    assert page.read(paper, models(words)) == ((), ())


def test_an_empty_form_is_a_table_and_a_frame_is_none(paper: Gray, monkeypatch: pytest.MonkeyPatch) -> None:
    form = grid(3, 3, *(cell(i // 3, i % 3, 0, empty=True) for i in range(9)))
    frame = grid(2, 2, *(cell(i // 2, i % 2, 0, empty=True) for i in range(4)))
    monkeypatch.setattr(grids, "find", lambda _gray: [form, frame])
    _numbers, tables = page.read(paper, models())
    assert [(one.rows, one.columns) for one in tables] == [(3, 3)]


def test_only_what_is_likely_a_number_is_reported_of_the_writing_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    gray = np.full((400, 300), 235, np.uint8)
    for i, text in enumerate(("1990", "words", "42", "17")):
        cv2.putText(gray, text, (40, 60 + 90 * i), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 40, 3, cv2.LINE_AA)
    monkeypatch.setattr(grids, "find", lambda _gray: [])
    said = iter([number("1990"), number("60", "not_a_digit"), number("42", "unsure", 0.7), number("11", "unsure", 0.2)])
    numbers, tables = page.read(gray, page.Models(lambda _grays: [], lambda grays: [next(said) for _gray in grays]))
    assert [one.text for one in numbers] == ["1990", "42"] and tables == ()
    assert numbers[0].box.bottom < numbers[1].box.top
