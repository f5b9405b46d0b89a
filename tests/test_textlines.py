"""Lines of writing on a page: where they are, in reading order, and nothing where there are none."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from guarismo import textlines
from guarismo.inked import inked
from guarismo.order import in_reading_order
from guarismo.types import Box, Gray
from pictures import write


def page(rows: int = 800, columns: int = 600, level: int = 235) -> Gray:
    return np.full((rows, columns), level, np.uint8)


def on(found: Box, written: Box) -> bool:
    """Whether the middle of what was found lies on what was written, and most of it is in it."""
    x, y = (found.left + found.right) / 2, (found.top + found.bottom) / 2
    inside = written.left <= x <= written.right and written.top <= y <= written.bottom
    return inside and found.width > 0.7 * written.width and found.height > 0.7 * written.height


def lines(gray: Gray) -> list[Box]:
    """Those found, in reading order."""
    found = textlines.find(inked(gray)).lines
    order = in_reading_order([line.box for line in found], [line.height for line in found])
    return [found[i].box for i in order]


def test_numbers_come_in_reading_order_and_columns_apart() -> None:
    gray = page()
    places = [("1990", 60, 120), ("42", 380, 124), ("7", 60, 260), ("38.5", 390, 255), ("1234567", 60, 400)]
    boxes = [write(gray, *place) for place in places]
    found = lines(gray)
    assert len(found) == len(boxes)
    assert all(on(one, box) for one, box in zip(found, boxes, strict=True))


@pytest.mark.parametrize("light", ["shadow", "dim"])
def test_light_does_not_matter(light: str) -> None:
    gray = page()
    boxes = [write(gray, "1990", 60, 120), write(gray, "257", 300, 500)]
    shade = np.linspace(0.45, 1, gray.shape[1], dtype=np.float32)
    given = (gray * (shade if light == "shadow" else 0.4)).astype(np.uint8)
    found = lines(given)
    assert len(found) == 2 and all(on(one, box) for one, box in zip(found, boxes, strict=True))


def test_ruled_lines_are_no_writing_and_cut_none() -> None:
    gray = page()
    for y in range(60, 800, 70):
        cv2.line(gray, (0, y), (599, y + 3), 150, 2)
    box = write(gray, "5081", 100, 205)
    found = lines(gray)
    assert len(found) == 1 and on(found[0], box)


def test_what_is_taken_is_left_alone() -> None:
    gray = page()
    box = write(gray, "1990", 60, 120)
    write(gray, "42", 380, 500)
    taken = np.zeros(gray.shape, np.uint8)
    taken[box.top - 9 : box.bottom + 9, box.left - 9 : box.right + 9] = 1
    assert len(textlines.find(inked(gray, taken)).lines) == 1


@pytest.mark.parametrize("shape", [(28, 28), (300, 300)])
def test_paper_has_no_lines(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(3)
    gray = np.clip(200 + 4 * rng.standard_normal(shape), 0, 255).astype(np.uint8)
    assert lines(gray) == []


def test_texture_has_a_bound() -> None:
    rng = np.random.default_rng(3)
    gray = cv2.resize(rng.integers(0, 256, (200, 200), dtype=np.uint8), (1200, 1200), interpolation=cv2.INTER_NEAREST)
    assert len(lines(np.asarray(gray, np.uint8))) <= textlines.MOST


@pytest.mark.parametrize(("marks", "gap"), [((":",), 21), (("-",), 18), ((":", ":"), 21)])
def test_a_mark_with_wide_gaps_on_both_sides_holds_a_score_together(marks: tuple[str, ...], gap: int) -> None:
    """Gaps of about a digit's height, 26 pixels: digits alone would be two numbers."""
    gray, left = page(), 100
    for number, mark in zip("352", (*marks, ""), strict=False):
        for piece in (number, mark):
            left = write(gray, piece, left, 300).right + gap
    assert len(lines(gray)) == 1


def test_a_dozen_digits_written_without_lifting_the_pen_are_a_line() -> None:
    gray = page()
    for x in range(14):
        cv2.ellipse(gray, (80 + 22 * x, 300), (12, 14), 0, 0, 360, 40, 3, cv2.LINE_AA)
    (box,) = lines(gray)
    assert box.width > 300


def groups(gap: float, columns: int) -> Gray:
    """Six rows of numbers in columns; in the third row a number of two groups, ``gap`` digit heights apart."""
    gray = page()
    for row in range(6):
        for column in range(columns):
            if (row, column) != (2, 0):
                write(gray, "4711" if row else "471108", 60 + 300 * column, 100 + 90 * row)
    first = write(gray, "24", 60, 280)
    write(gray, "732", round(first.right + gap * first.height), 280)
    return gray


@pytest.mark.parametrize(("gap", "columns", "count"), [(1.7, 1, 6), (1.7, 2, 12), (2.8, 1, 7)])
def test_groups_far_apart_are_one_number_where_no_column_begins(gap: float, columns: int, count: int) -> None:
    assert len(lines(groups(gap, columns))) == count


def test_a_column_begins_where_others_begin() -> None:
    gray = page()
    for row in range(6):
        write(gray, "47", 60, 100 + 90 * row)
        write(gray, "08", 160, 100 + 90 * row)
    assert len(lines(gray)) == 12


@pytest.mark.parametrize("mark", [[(-7, 0), (7, 0)], [(0, -8), (0, 8)]], ids=["dash", "colon"])
def test_a_mark_with_space_around_it_joins_a_score(mark: list[tuple[int, int]]) -> None:
    gray = page()
    for row in range(4):
        write(gray, "471108", 60, 100 + 90 * row)
    first = write(gray, "3", 60, 500)
    write(gray, "2", first.right + 4 * first.height, 500)
    assert len(lines(gray)) == 6
    one, other = ((first.right + 2 * first.height + x, 500 - first.height // 2 + y) for x, y in mark)
    cv2.line(gray, one, other if one[1] == other[1] else one, 40, 3)
    cv2.line(gray, other, other, 40, 3)
    assert len(lines(gray)) == 5


def test_a_dash_after_a_point_is_of_the_sum() -> None:
    gray = page()
    box = write(gray, "3500", 60, 120)
    cv2.circle(gray, (box.right + 18, 118), 3, 40, -1)
    cv2.line(gray, (box.right + 38, 108), (box.right + 55, 108), 40, 3)
    (found,) = lines(gray)
    assert found.right >= box.right + 55


def test_a_row_that_is_too_long_is_the_numbers_of_its_columns() -> None:
    gray = page(300, 1300)
    for i in range(10):  # 0.9 of a digit's height between them
        write(gray, "471", 30 + 122 * i, 120, 1.6)
    found = lines(gray)
    assert len(found) == 10
    assert all(one.right <= after.left for one, after in pairwise(found))


def test_what_is_small_between_two_numbers_does_not_part_their_row() -> None:
    first, unit, second = Box(50, 110, 150, 150), Box(170, 128, 200, 148), Box(300, 100, 400, 140)
    below = Box(50, 170, 150, 210)
    boxes, heights = [below, second, unit, first], [40, 40, 20, 40]
    assert in_reading_order(boxes, heights) == [3, 2, 1, 0]


def spaced(gray: Gray, text: str, left: int, foot: int, size: float, step: int) -> None:
    for i, digit in enumerate(text):
        write(gray, digit, left + step * i, foot, size)


def test_beside_raised_cents_a_comma_that_hangs_below_is_of_the_number() -> None:
    gray = page()
    spaced(gray, "450", 60, 120, 1.0, 32)
    cv2.line(gray, (158, 120), (154, 134), 40, 4, cv2.LINE_AA)
    spaced(gray, "54", 172, 110, 0.6, 22)
    (line,) = textlines.find(inked(gray)).lines
    assert len(line.pieces) == 6 and line.box.bottom > 134


def test_a_broad_pen_is_no_blot_where_a_large_digit_comes_before_small_ones() -> None:
    gray = page()
    cv2.putText(gray, "2", (60, 120), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 40, 14, cv2.LINE_AA)
    spaced(gray, "000", 108, 116, 0.6, 24)
    (line,) = textlines.find(inked(gray)).lines
    assert len(line.pieces) == 4
    cv2.circle(gray, (70, 106), 18, 40, -1, cv2.LINE_AA)
    assert not lines(gray)


def test_points_of_other_rows_begin_no_column() -> None:
    gray = groups(1.7, 1)
    for y in (620, 660):  # as high as a low digit, so that each is a line by itself
        cv2.circle(gray, (140, y), 4, 40, -1)
    (third,) = (box for box in lines(gray) if 240 < box.top < 290)
    assert third.right > 220


def test_a_number_after_a_longer_label_in_small_print_stays_whole() -> None:
    """Its digits stand as far apart as print is high."""
    gray = np.full((200, 900), 245, np.uint8)
    for i in range(45):
        cv2.line(gray, (40 + 12 * i, 100), (40 + 12 * i, 114), 30, 5)
    for i in range(4):
        cv2.line(gray, (594 + 20 * i, 84), (594 + 20 * i, 116), 30, 4)
    assert [(box.left, box.right) for box in lines(gray) if box.right > 590] == [(592, 657)]
