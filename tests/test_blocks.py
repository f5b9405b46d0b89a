"""Black and grey cells: a crossword is a grid, and a dark bar is the first row of its table."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from guarismo import blocks
from guarismo.grids import find
from guarismo.types import Gray

BLACK = ((0, 3), (1, 5), (2, 1), (2, 2), (3, 1), (4, 4), (5, 0))
SIDE, CORNER = 60, (80, 70)


def crossword(black: int, lines: bool = True) -> Gray:
    """Six by six cells, some of them dark; slightly turned, blurred and noisy, as a photo is."""
    gray = np.full((520, 540), 225, np.uint8)
    x, y = CORNER
    for row, column in BLACK:
        left, top = x + SIDE * column, y + SIDE * row
        gray[top : top + SIDE, left : left + SIDE] = black
    for i in range(7):
        if lines or i in (0, 6):
            cv2.line(gray, (x, y + SIDE * i), (x + 6 * SIDE, y + SIDE * i), 30, 2)
            cv2.line(gray, (x + SIDE * i, y), (x + SIDE * i, y + 6 * SIDE), 30, 2)
    turn = cv2.getRotationMatrix2D((270, 260), 3, 1)
    gray = np.asarray(cv2.warpAffine(gray, turn, gray.shape[::-1], borderValue=225), np.uint8)
    noise = np.random.default_rng(1).normal(0, 3, gray.shape)
    return np.clip(cv2.GaussianBlur(gray, (0, 0), 0.8) + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("black", [20, 100])
def test_a_crossword_is_a_grid_whose_dark_cells_are_empty(black: int) -> None:
    (grid,) = find(crossword(black))
    assert (grid.rows, grid.columns) == (6, 6)
    found = {(cell.row, cell.column): cell for cell in grid.cells if cell.row_span == cell.column_span == 1}
    assert {(row, column) for row in range(6) for column in range(6)} - set(BLACK) <= set(found)
    assert all(cell.empty for cell in found.values())


def test_a_dark_bar_is_the_first_row_of_its_table() -> None:
    gray = np.full((500, 600), 230, np.uint8)
    gray[60:110, 70:520] = 35
    for i in range(6):
        cv2.line(gray, (70, 110 + 60 * i), (520, 110 + 60 * i), 40, 2)
    for i in range(4):
        cv2.line(gray, (70 + 150 * i, 110), (70 + 150 * i, 410), 40, 2)
    (grid,) = find(gray)
    assert (grid.rows, grid.columns) == (6, 3)
    assert abs(grid.box.top - 60) < 5


def test_what_lies_around_a_sheet_is_no_block_and_neither_are_strokes() -> None:
    gray = np.full((600, 600), 40, np.uint8)
    gray[80:520, 90:510] = 225
    cv2.putText(gray, "1847", (150, 300), cv2.FONT_HERSHEY_SIMPLEX, 3, 30, 5)
    assert (blocks.outlined(gray) == gray).all()


def test_what_is_written_on_grey_stays() -> None:
    gray = np.full((600, 600), 230, np.uint8)
    gray[200:300, 200:400] = 110
    cv2.line(gray, (300, 200), (300, 300), 30, 3)
    seen = blocks.outlined(gray)
    assert int(seen[250, 250]) > 200 and int(seen[250, 300]) < 100
    assert int(seen[199:202, 230].min()) < 120
