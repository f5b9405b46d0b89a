"""A ring around a digit is no 0."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from guarismo import Reader, ink, textlines
from guarismo.inked import inked
from guarismo.types import Gray
from pictures import on_paper, written


def circled(digit: int, wide: int = 95, high: int = 100) -> Gray:
    gray = on_paper(written(digit, 3, 90))
    cv2.ellipse(gray, (120, 120), (wide, high), 12, 0, 360, 30, 4, cv2.LINE_AA)
    return gray


@pytest.mark.parametrize("digit", range(1, 10))
def test_the_ring_around_a_digit_is_left_out(digit: int) -> None:
    box = ink.frame(circled(digit)).box
    bare = ink.frame(on_paper(written(digit, 3, 90))).box
    assert box is not None and bare is not None
    assert np.allclose(
        [box.left, box.top, box.right, box.bottom], [bare.left, bare.top, bare.right, bare.bottom], atol=4
    )


@pytest.mark.parametrize("inside", ["slash", "dot", "nothing"])
def test_a_zero_with_a_slash_or_a_dot_in_it_keeps_its_ring(inside: str) -> None:
    gray = np.full((200, 200), 255, np.uint8)
    cv2.ellipse(gray, (100, 100), (45, 70), 0, 0, 360, 30, 8, cv2.LINE_AA)
    if inside == "slash":
        cv2.line(gray, (80, 130), (120, 70), 30, 8, cv2.LINE_AA)
    elif inside == "dot":
        cv2.circle(gray, (100, 100), 10, 30, -1, cv2.LINE_AA)
    box = ink.frame(gray).box
    assert box is not None and box.height > 130
    assert Reader(threads=1).digit(gray).value == 0


def test_the_outline_of_an_outlined_nine_is_no_ring() -> None:
    gray = np.full((240, 200), 255, np.uint8)
    drawn = np.zeros_like(gray)
    cv2.putText(drawn, "9", (40, 200), cv2.FONT_HERSHEY_SIMPLEX, 7, 255, 24)
    contours, _tree = cv2.findContours(drawn, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(gray, contours, -1, 30, 3)
    box = ink.frame(gray).box
    assert box is not None and box.height > 150


def test_a_circled_number_of_a_list_is_without_its_ring() -> None:
    gray = np.full((500, 400), 245, np.uint8)
    for row, text in enumerate(("472", "58", "361")):
        cv2.putText(gray, text, (120, 120 + 120 * row), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 40, 4, cv2.LINE_AA)
    cv2.ellipse(gray, (156, 220), (70, 48), 0, 0, 360, 40, 3, cv2.LINE_AA)
    heights = [line.box.height for line in textlines.find(inked(gray)).lines]
    assert len(heights) == 3 and max(heights) < 50
