"""Brackets, a plus before a number and a percent sign after it are not read as digits."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from guarismo import Reader, strip
from guarismo.signs import Signs, signs
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
    elif sign == "%":
        gray = np.pad(gray, ((0, 0), (0, 60)), constant_values=250)
        cv2.line(gray, (end + 16, 92), (end + 50, 34), 40, 5, cv2.LINE_AA)
        cv2.circle(gray, (end + 18, 46), 10, 40, 4, cv2.LINE_AA)
        cv2.circle(gray, (end + 48, 80), 10, 40, 4, cv2.LINE_AA)
    return gray


def label(text: str, number: str) -> Gray:
    """A label with a closing bracket, and a number after it."""
    before, after = written(text), written(number)
    end = 60 + cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 2.6, 5)[0][0]
    cv2.ellipse(before, (end - 8, 62), (20, 42), 0, -70, 70, 40, 5, cv2.LINE_AA)
    return np.hstack([before[:, : end + 16], after])


def found(gray: Gray) -> Signs:
    """The signs that are left out of the picture's strip."""
    seen = []

    def noted(ink: NDArray[np.float32]) -> Signs:
        seen.append(signs(ink))
        return Signs()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strip, "signs", noted)
        strip.strip(gray)
    return seen[-1]


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


@pytest.mark.parametrize("text", ["6", "38", "1731"])
def test_a_percent_sign_after_a_number_is_no_96(reader: Reader, text: str) -> None:
    assert reader.number(written(text, "%")).text == text


@pytest.mark.parametrize(("text", "after"), [("2", "380"), ("7", "94"), ("13", "58")])
def test_a_bracket_after_a_label_is_no_digit_and_nothing_beside_it_is_surely_read(
    reader: Reader, text: str, after: str
) -> None:
    number = reader.number(label(text, after))
    assert number.digits_text == text + after and number.status == "unsure"


@pytest.mark.parametrize("text", ["1731", "711", "147", "4-1", "11", "3896", "2 1 96", "80", "9.6", "0/0"])
def test_digits_are_no_signs(text: str) -> None:
    assert found(written(text)).columns == ()


@pytest.mark.parametrize("wide", [0.45, 0.6, 0.8])
def test_a_narrow_96_is_no_percent_sign(wide: float) -> None:
    narrow = cv2.resize(written("96"), None, fx=wide, fy=1.0, interpolation=cv2.INTER_AREA)
    assert found(np.hstack([written("4")[:, :130], narrow[:, 10:]])).columns == ()


def test_a_4_that_is_closed_twice_is_no_percent_sign() -> None:
    gray = np.pad(written("79"), ((0, 0), (0, 20)), constant_values=250)
    wide = gray.shape[1] - 70
    outline = np.array([[wide + 36, 30], [wide, 70], [wide + 42, 80], [wide + 36, 30], [wide + 18, 98]])
    cv2.polylines(gray, [outline], False, 40, 4, cv2.LINE_AA)
    assert found(gray).columns == ()


def test_a_bracket_without_paper_after_it_stays() -> None:
    close = label("2", "380")
    bare = np.flatnonzero((close < 128).any(0))
    gap = int(np.diff(bare).argmax())
    assert found(label("2", "380")).bracketed
    assert not found(np.delete(close, range(int(bare[gap]) + 3, int(bare[gap + 1]) - 3), axis=1)).bracketed


def test_blank_strips_have_no_signs() -> None:
    bare = np.zeros((48, 60), np.float32)
    assert signs(bare).columns == () and signs(bare).blanked(bare) is bare
