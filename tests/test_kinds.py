"""What "auto" takes a picture for."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from guarismo import Constraints, Reader
from guarismo.errors import UsageError
from guarismo.kinds import read_as
from guarismo.types import As, Gray, Number, Page
from pictures import write


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(threads=1)


def auto(reader: Reader, gray: Gray) -> tuple[Page, bool]:
    ((page, reading),) = read_as("auto", reader, [gray])
    return page, reading is None


TEXTS = ["4729", "583", "3610", "942", "875"]


@pytest.mark.parametrize("beside", ["heading", "stain"])
def test_a_list_is_a_page_whatever_large_stands_on_it(reader: Reader, beside: str) -> None:
    gray = np.full((900, 700), 248, np.uint8)
    if beside == "heading":
        write(gray, "7", 300, 190, 6.0, 14)
    else:
        cv2.circle(gray, (540, 200), 130, 120, 9, cv2.LINE_AA)
    for row, text in enumerate(TEXTS):
        write(gray, text, 80, 320 + 110 * row, 1.8, 5)
    page, several = auto(reader, gray)
    assert several
    assert [one.text for one in page.numbers if one.status in ("read", "unsure") and len(one.text) > 1] == TEXTS


def test_a_number_on_a_sheet_on_a_table_is_read_as_a_page_is(reader: Reader) -> None:
    gray = np.full((600, 900), 90, np.uint8)
    gray[60:540, 100:800] = 235
    write(gray, "58329", 260, 330, 2.4, 6)
    page, _several = auto(reader, gray)
    assert [one.text for one in page.numbers if one.status == "read"] == ["58329"]


def test_boxes_for_one_digit_each_are_one_number(reader: Reader) -> None:
    gray = np.full((120, 480), 250, np.uint8)
    for place, digit in enumerate("42107"):
        cv2.rectangle(gray, (20 + 88 * place, 20), (100 + 88 * place, 100), 60, 2)
        write(gray, digit, 42 + 88 * place, 80, 1.9, 4)
    page, _several = auto(reader, gray)
    assert [one.text for one in page.written if one.status == "read"] == ["42107"]


def test_a_picture_is_read_as_a_page_once_at_most_and_a_sure_or_small_one_not_at_all(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Gray] = []
    sheet = Reader.sheet

    def noted(self: Reader, gray: Gray, *given: int | None) -> Page:
        seen.append(gray)
        return sheet(self, gray, *given)

    monkeypatch.setattr(Reader, "sheet", noted)
    words = np.full((400, 500), 250, np.uint8)
    for row, text in enumerate(("wherever", "kitchen", "umbrella")):
        write(words, text, 40, 100 + 100 * row, 1.8, 4)
    sure, small = np.full((300, 500), 250, np.uint8), np.full((60, 90), 250, np.uint8)
    write(sure, "5832", 60, 190, 3.0, 8)
    write(small, "W", 20, 48, 1.4, 3)
    counts = []
    for gray in (words, sure, small):
        auto(reader, gray)
        counts.append(len(seen))
        seen.clear()
    assert counts == [1, 0, 0]


def test_what_is_a_letter_alone_and_on_a_page_stays_none(reader: Reader) -> None:
    gray = np.full((400, 400), 250, np.uint8)
    write(gray, "W", 120, 260, 6.0, 14)
    page, several = auto(reader, gray)
    assert not several and [one.status for one in page.numbers] == ["not_a_digit"]


@pytest.mark.parametrize(("digit", "unit"), [("7", "km"), ("4", "kg"), ("3", "cm")])
def test_a_digit_with_a_unit_is_told_and_for_sure_only_where_the_unit_is_left_out(
    reader: Reader, digit: str, unit: str
) -> None:
    """As one digit or number it is never sure; as a page it may be, on which the unit is a word."""
    gray = np.full((200, 420), 250, np.uint8)
    write(gray, digit, 40, 130, 3.0, 6)
    write(gray, unit, 150, 130, 2.0, 5)
    assert reader.digit(gray).status == "not_a_digit"
    page, _several = auto(reader, gray)
    assert [one.text for one in page.numbers if one.status in ("read", "unsure")] == [digit]
    (alone,) = reader.readings([gray])
    assert alone.status != "read"


@pytest.mark.parametrize("text", ["W", "A", "km", "e"])
def test_letters_alone_are_no_digit(reader: Reader, text: str) -> None:
    gray = np.full((200, 420), 250, np.uint8)
    write(gray, text, 100, 130, 3.0, 6)
    page, _several = auto(reader, gray)
    assert [one for one in page.numbers if one.status in ("read", "unsure")] == []


def test_of_two_doubtful_readings_of_a_number_the_surer_counts(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    gray = np.full((300, 500), 250, np.uint8)
    write(gray, "5832", 60, 190, 3.0, 8)
    sure, empty = reader.number(gray), replace(reader.page(gray), numbers=())

    def said(text: str, confidence: float) -> Number:
        return replace(sure, text=text, status="unsure", confidence=confidence)

    for number, sheet, told in ((0.3, 0.8, "5532"), (0.8, 0.3, "5832")):
        one, page = said("5832", number), replace(empty, numbers=(said("5532", sheet),))
        monkeypatch.setattr(Reader, "sheet", lambda _self, _gray, *_given, page=page: page)
        monkeypatch.setattr(Reader, "readings", lambda _self, *_given, one=one: [one])
        found, _several = auto(reader, gray)
        assert [one.text for one in found.numbers] == [told]


def test_the_edge_of_a_table_is_no_one_beside_a_longer_number(reader: Reader) -> None:
    gray = np.full((600, 900), 235, np.uint8)
    cv2.fillPoly(gray, [np.array([[800, 0], [900, 0], [900, 600], [740, 600]])], (40,))
    write(gray, "693", 260, 330, 1.5, 4)
    page, several = auto(reader, gray)
    assert several and [one.text for one in page.numbers if one.status in ("read", "unsure")] == ["693"]


@pytest.mark.parametrize("kind", ["digit", "page"])
def test_constraints_are_for_numbers(reader: Reader, kind: As) -> None:
    with pytest.raises(UsageError, match=f"{kind}: constraints are for single numbers"):
        read_as(kind, reader, [], Constraints(digits=3))
