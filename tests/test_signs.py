"""Brackets around a number and a plus before it are not read as digits."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from guarismo import Reader, strip
from guarismo.signs import signs
from guarismo.types import Gray


def written(text: str, sign: str = "") -> Gray:
    """Digits drawn with lines, 60 high, a sign before and after them."""
    gray = np.full((120, 120 + 50 * len(text)), 250, np.uint8)
    cv2.putText(gray, text, (60, 90), cv2.FONT_HERSHEY_SIMPLEX, 2.6, 40, 5, cv2.LINE_AA)
    end = 60 + cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 2.6, 5)[0][0]
    if sign == "()":
        cv2.ellipse(gray, (62, 62), (24, 42), 0, 110, 250, 40, 5, cv2.LINE_AA)
        cv2.ellipse(gray, (end - 2, 62), (24, 42), 0, -70, 70, 40, 5, cv2.LINE_AA)
    elif sign == "+":
        cv2.line(gray, (12, 62), (44, 62), 40, 5, cv2.LINE_AA)
        cv2.line(gray, (28, 46), (28, 78), 40, 5, cv2.LINE_AA)
    return gray


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(threads=1)


@pytest.mark.parametrize("text", ["317", "2973"])
def test_brackets_are_left_out_and_nothing_in_them_is_surely_read(reader: Reader, text: str) -> None:
    bracketed = reader.number(written(text, "()"))
    assert bracketed.text == text and bracketed.status == "unsure"
    assert reader.number(written(text)).status == "read"


@pytest.mark.parametrize("text", ["467", "5308"])
def test_a_plus_before_a_number_is_no_seven(reader: Reader, text: str) -> None:
    assert reader.number(written(text, "+")).text == text


@pytest.mark.parametrize("text", ["1731", "711", "147", "4-1", "11"])
def test_digits_are_no_signs(text: str) -> None:
    found = strip.strip(written(text))
    assert found is not None and not found.bracketed
    assert signs(found.ink).columns == ()


def test_blank_strips_have_no_signs() -> None:
    bare = np.zeros((48, 60), np.float32)
    assert signs(bare).columns == () and signs(bare).blanked(bare) is bare
