"""Boxes without lines: squares of another tone than what they lie on, in rows."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from guarismo import Reader, tiles
from guarismo.grids import find
from guarismo.types import Gray

SIDE, GAP, TOP = 46, 7, 90


def tinted(text: str, square: int, ground: int, gap: int = GAP) -> Gray:
    """A square to each character, a space being an empty one; a little askew, blurred and noisy, as a photo is."""
    gray = np.full((260, 180 + (SIDE + gap) * len(text)), ground, np.uint8)
    for place, character in enumerate(text):
        left = 90 + (SIDE + gap) * place
        gray[TOP : TOP + SIDE, left : left + SIDE] = square
        cv2.putText(gray, character, (left + 11, TOP + 37), cv2.FONT_HERSHEY_SIMPLEX, 1.1, 50, 3, cv2.LINE_AA)
    turn = cv2.getRotationMatrix2D((gray.shape[1] / 2, 130), -1.5, 1)
    gray = np.asarray(cv2.warpAffine(gray, turn, gray.shape[::-1], borderValue=ground), np.uint8)
    noise = np.random.default_rng(2).normal(0, 2, gray.shape)
    return np.clip(cv2.GaussianBlur(gray, (0, 0), 0.7) + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(("square", "ground"), [(208, 238), (240, 205)])
def test_squares_without_lines_are_a_row_of_boxes(square: int, ground: int) -> None:
    (row,) = find(tinted("  30714", square, ground))
    assert (row.rows, row.columns) == (1, 7)
    assert [cell.empty for cell in row.cells] == [True] * 2 + [False] * 5
    (number,) = Reader(threads=1).page(tinted("  30714", square, ground)).numbers
    assert number.digits_text == "30714"


def test_a_square_that_strokes_spoil_is_where_its_row_has_one() -> None:
    gray = tinted("2604815", 205, 240)
    cv2.line(gray, (90 + 2 * (SIDE + GAP) + 20, TOP + 30), (90 + 3 * (SIDE + GAP) + 20, TOP + 12), 50, 4, cv2.LINE_AA)
    (row,) = find(gray)
    assert row.columns == 7


@pytest.mark.parametrize("text", ["48", "4"])
def test_one_or_two_squares_are_no_row(text: str) -> None:
    gray = tinted(text, 205, 240)
    assert tiles.outlined(gray) is gray


def test_words_rules_and_bare_paper_have_no_squares() -> None:
    gray = np.full((500, 700), 235, np.uint8)
    for row in range(6):
        cv2.putText(gray, "suma total 4815", (40, 80 + 70 * row), cv2.FONT_HERSHEY_DUPLEX, 1.6, 60, 3, cv2.LINE_AA)
        cv2.line(gray, (0, 95 + 70 * row), (699, 95 + 70 * row), 150, 2)
    assert tiles.outlined(gray) is gray
    assert tiles.outlined(np.full((3, 700), 235, np.uint8)).shape == (3, 700)


def test_a_wall_of_tiles_is_no_form() -> None:
    rows = np.tile(tinted(" " * 30, 205, 240)[60:160], (16, 1))
    assert len(tiles._squares((rows < 225).astype(np.uint8))) == 0
    assert tiles.outlined(rows) is rows
