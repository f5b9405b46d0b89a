"""Rows of boxes drawn in part: a base with ticks on it is made a row of boxes, and nothing else is."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guarismo import Reader, combs, grids, rulings
from guarismo.types import Gray

PITCH, HIGH = 44, 60


def comb(text: str, count: int, tick: int, frame: bool = False, colour: int = 60) -> Gray:
    """So many boxes, ticks so high between them, one character of the text in each."""
    gray = np.full((300, 160 + PITCH * count), 235, np.uint8)
    base, left = 190, 80
    right = left + PITCH * count
    cv2.line(gray, (left, base), (right, base), colour, 2)
    for place in range(count + 1):
        high = HIGH if frame and place in (0, count) else tick
        cv2.line(gray, (left + PITCH * place, base), (left + PITCH * place, base - high), colour, 2)
    if frame:
        cv2.line(gray, (left, base - HIGH), (right, base - HIGH), colour, 2)
    for place, character in enumerate(text):
        spot = (left + PITCH * place + 9, base - 12)
        cv2.putText(gray, character, spot, cv2.FONT_HERSHEY_SIMPLEX, 1.3, 40, 3, cv2.LINE_AA)
    return gray


def found(gray: Gray) -> Gray | None:
    flat = rulings.even(gray)
    return combs.completed(flat, rulings.segments(flat))


@pytest.mark.parametrize(("tick", "frame"), [(14, False), (24, False), (50, False), (14, True), (24, True)])
def test_a_comb_is_a_row_of_boxes(tick: int, frame: bool) -> None:
    (grid,) = grids.find(comb("20156", 8, tick, frame))
    assert (grid.rows, grid.columns) == (1, 8)
    assert [cell.empty for cell in grid.cells] == [False] * 5 + [True] * 3


def test_its_digits_are_one_number() -> None:
    page = Reader(threads=1).page(comb("20156", 8, 20))
    assert [number.text for number in page.numbers] == ["20156"]


@pytest.mark.parametrize("lean", [-0.08, 0.08])
def test_a_comb_may_lean_and_bend(lean: float) -> None:
    gray = comb("4471902", 7, 20)
    rows, columns = gray.shape
    x, y = np.meshgrid(np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32))
    bent = y - lean * (x - columns / 2) + 4 * ((x - columns / 2) / columns * 2) ** 2
    seen = cv2.remap(gray, x, bent.astype(np.float32), cv2.INTER_LINEAR, borderValue=235)
    (grid,) = grids.find(np.asarray(seen, np.uint8))
    assert (grid.rows, grid.columns) == (1, 7)


def test_what_lies_over_some_ticks_does_not_hide_the_others() -> None:
    gray = comb("20156", 8, 20)
    gray[140:196, 80 + 3 * PITCH - 12 : 80 + 3 * PITCH + 12] = 60
    (grid,) = grids.find(gray)
    assert (grid.rows, grid.columns) == (1, 8)


def test_whole_boxes_a_scale_and_an_underlined_number_are_none() -> None:
    assert found(comb("20156", 8, HIGH, frame=True)) is None
    assert found(comb("", 8, 5)) is None
    underlined = comb("11111", 8, 0)
    cv2.line(underlined, (100, 188), (100, 150), 40, 3)
    cv2.line(underlined, (162, 188), (170, 150), 40, 3)
    cv2.line(underlined, (190, 188), (194, 150), 40, 3)
    assert found(underlined) is None


def test_paper_without_lines_has_none() -> None:
    assert found(np.full((200, 300), 240, np.uint8)) is None


def test_a_base_that_is_no_one_line_stays_as_it_is() -> None:
    gray = np.full((200, 400), 235, np.uint8)
    gray[95:97, :200] = gray[104:106, 200:] = 60
    base = combs._Base(np.array([0.0, 100.0]), np.array([1.0, 0.0]), np.array([0.0, -1.0]), 20.0, 380.0)
    assert np.ptp(combs._bent(gray, base).bend(np.arange(20.0, 380.0))) == 0


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**20))
def test_no_drawing_of_lines_breaks_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    gray = np.full((int(rng.integers(24, 300)), int(rng.integers(24, 500))), 235, np.uint8)
    for _ in range(int(rng.integers(1, 60))):
        x, y = rng.integers(-20, gray.shape[1] + 20), rng.integers(-20, gray.shape[0] + 20)
        far, off = rng.integers(1, 400), rng.integers(-12, 13)
        ends = ((x, y), (x + far, y + off)) if rng.random() < 0.6 else ((x, y), (x + off, y - far // 8))
        (left, top), (right, bottom) = ((int(x), int(y)) for x, y in ends)
        cv2.line(gray, (left, top), (right, bottom), int(rng.integers(0, 200)), int(rng.integers(1, 5)))
    whole = found(gray)
    assert whole is None or whole.shape == gray.shape
