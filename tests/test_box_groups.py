"""Boxes in groups, as dates, cards and telephone numbers have them, with or without something printed between."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from guarismo import Reader
from guarismo.grids import find
from guarismo.layout import layout
from guarismo.types import Gray

SIDE, TOP = 44, 80


def boxes(groups: list[str], gap: int, between: str = "", empty: bool = False) -> Gray:
    """Each group's characters in boxes of their own that touch, ``gap`` pixels from group to group."""
    gray = np.full((220, 180 + SIDE * len("".join(groups)) + gap * len(groups)), 240, np.uint8)
    left = 90
    for number, group in enumerate(groups):
        if number and between == "/":
            cv2.line(gray, (left - gap // 2 + 5, TOP + 4), (left - gap // 2 - 5, TOP + SIDE - 4), 40, 3, cv2.LINE_AA)
        for character in group:
            cv2.rectangle(gray, (left, TOP), (left + SIDE, TOP + SIDE), 70, 2)
            if not empty:
                spot = (left + 9, TOP + SIDE - 9)
                cv2.putText(gray, character, spot, cv2.FONT_HERSHEY_SIMPLEX, 1.1, 40, 3, cv2.LINE_AA)
            left += SIDE
        left += gap
    return gray


@pytest.mark.parametrize("gap", [14, 30, 60])
@pytest.mark.parametrize("groups", [["4472", "9038", "5516", "2094"], ["31", "05", "2026"]])
def test_groups_of_boxes_have_a_digit_in_each_box(groups: list[str], gap: int) -> None:
    found = find(boxes(groups, gap))
    assert sum(len(grid.cells) for grid in found) == len("".join(groups))
    assert {grid.rows for grid in found} == {1} and not any(cell.several for grid in found for cell in grid.cells)


def test_the_digits_of_a_date_are_read_in_their_order_and_what_parts_them_is_no_digit() -> None:
    page = Reader(threads=1).page(boxes(["31", "05", "2026"], 30, between="/"))
    assert "".join(number.digits_text for number in page.numbers) == "31052026"
    assert all(number.status == "read" for number in page.numbers)


def test_a_stroke_between_words_and_boxes_is_a_line_of_its_own() -> None:
    gray = boxes(["2026"], 30)
    cv2.line(gray, (60, TOP + 4), (55, TOP + SIDE - 4), 40, 3, cv2.LINE_AA)
    assert len(layout(gray).parts) == 2


def test_two_boxes_by_themselves_are_a_frame_and_beside_others_a_row() -> None:
    assert find(boxes(["31"], 60, empty=True)) == []
    assert [grid.columns for grid in find(boxes(["31", "2026"], 60, empty=True))] == [2, 4]
