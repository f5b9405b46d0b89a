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
