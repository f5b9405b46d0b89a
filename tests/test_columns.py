"""Which upright ruled lines part the numbers of a page."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from guarismo import textlines
from guarismo.columns import Dividers
from guarismo.inked import inked
from guarismo.types import Gray


def rows(gray: Gray, lefts: tuple[int, ...], count: int = 7) -> None:
    for row in range(count):
        for left in lefts:
            cv2.putText(gray, "472", (left, 90 + 90 * row), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 40, 4, cv2.LINE_AA)


def found(gray: Gray) -> int:
    return len(textlines.find(inked(gray)).lines)


def test_numbers_on_both_sides_of_a_ruled_line_are_two_and_without_it_one() -> None:
    gray = np.full((720, 500), 245, np.uint8)
    rows(gray, (120, 258))
    assert found(gray) == 7
    cv2.line(gray, (240, 20), (244, 700), 120, 2)  # not quite upright
    assert found(gray) == 14


@pytest.mark.parametrize("pitch", [30, 60, 110])
def test_the_lines_of_squared_paper_part_nothing(pitch: int) -> None:
    gray = np.full((720, 700), 245, np.uint8)
    gray[:, 5::pitch] = gray[5::pitch] = 180
    rows(gray, (120,))
    assert found(gray) == 7


def test_a_line_that_is_written_over_parts_nothing() -> None:
    gray = np.full((720, 500), 245, np.uint8)
    cv2.line(gray, (176, 0), (176, 719), 120, 2)  # through the 7
    rows(gray, (120,))
    assert found(gray) == 7


def test_between_knows_where_a_leaning_line_is() -> None:
    walls = Dividers(np.array([[100.0, 110.0, 0.0, 100.0]]))
    assert walls.between(90, 104, 0) and not walls.between(90, 104, 90) and walls.between(104, 112, 90)
    assert not walls.between(90, 120, 101)
    assert not Dividers(np.zeros((0, 4))).between(0, 1000, 5)


def listed(rows: list[list[tuple[int, str]]]) -> Gray:
    """Rows of texts, each from its column on."""
    gray = np.full((90 * len(rows) + 90, 760), 245, np.uint8)
    for row, texts in enumerate(rows):
        for left, text in texts:
            cv2.putText(gray, text, (left, 90 + 90 * row), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 40, 4, cv2.LINE_AA)
    return gray


def test_a_gap_is_a_column_where_other_rows_have_one_with_a_number_before_it() -> None:
    """The first row's gap is 0.8 digit heights, too little by itself; the other rows' are twice as wide and more."""
    table = [[(60, "35782"), (258, "418")], *([(60, "472"), (258, "905")] for _row in range(4))]
    assert found(listed(table)) == 10
    assert found(listed(table[:2])) == 3  # one other row is no column


def test_a_column_set_to_the_right_parts_no_groups_of_thousands() -> None:
    thousands = [[(60, "35782"), (258, "418")], *([(258, "905")] for _row in range(4))]
    assert found(listed(thousands)) == 5


def test_what_goes_through_the_gap_in_other_rows_speaks_against_a_column() -> None:
    rows_ = [[(60, "35782"), (258, "418")], *([(60, "472"), (258, "905")] for _row in range(3))]
    assert found(listed([*rows_, *([(60, "4729051")] for _row in range(2))])) == 9
