"""Pages whose writing has few pixels: of small pictures, and of large ones as they are looked at."""

from __future__ import annotations

import numpy as np
import pytest

from guarismo import Reader, page, sheet
from guarismo.cutout import enlarged
from guarismo.layout import Layout, layout
from guarismo.types import Box, Gray
from pictures import grainy, levels, scaled, written

TEXTS = (("1990", "35", "8042"), ("617", "2764", "590"), ("48", "903", "7215"), ("3604", "82", "951"))


def a_list(high: int, across: int, seed: int = 3) -> tuple[Gray, dict[str, Box]]:
    """Four rows of three numbers by one hand, digits ``high`` pixels, a column ``across`` wide; where each stands."""
    paper = np.full((round(len(TEXTS) * 2.6 * high + 2 * high), 3 * across + high), 255, np.uint8)
    places = {}
    for row, texts in enumerate(TEXTS):
        for column, text in enumerate(texts):
            digits = [np.pad(written(int(digit), seed, 60), ((0, 0), (3, 9)), constant_values=255) for digit in text]
            low = [scaled(one, (high, max(1, round(high * one.shape[1] / one.shape[0])))) for one in digits]
            number = np.concatenate(low, 1)
            top, left = round((1.5 + 2.6 * row) * high), high + column * across
            paper[top : top + high, left : left + number.shape[1]] = number
            places[text] = Box(left, top, left + number.shape[1], top + high)
    return grainy(levels(paper, 50, 235), seed, 2.0), places


def right(reader: Reader, gray: Gray, places: dict[str, Box]) -> int:
    """Numbers that are right and in their place."""
    found = {one.text: one.box for one in reader.page(gray).numbers if one.status in ("read", "unsure")}
    near = [found[text] for text in places if text in found]
    for box, text in zip(near, (text for text in places if text in found), strict=True):
        middle = (box.left + box.right) / 2, (box.top + box.bottom) / 2
        assert places[text].left < middle[0] < places[text].right
        assert places[text].top < middle[1] < places[text].bottom
    return len(near)


def counting(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One more in it for each look at a page."""
    looked: list[int] = []

    def counted(gray: Gray, *longest: int) -> Layout:
        looked.append(1)
        return layout(gray, *longest)

    monkeypatch.setattr(page, "layout", counted)
    return looked


def test_low_writing_on_a_small_picture_is_surer_enlarged(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, (gray, places) = Reader(threads=1), a_list(8, 80)
    assert right(reader, gray, places) == len(places)
    now = sum(one.status == "read" for one in reader.page(gray).numbers)
    monkeypatch.setattr(page, "LOW", 0.0)
    before = sum(one.status == "read" for one in reader.page(gray).numbers)
    assert now >= before + 4


def test_a_page_of_words_is_not_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen finer, there would be more of these to take for numbers."""
    gray, _places = a_list(13, 110)
    looked = counting(monkeypatch)
    reader = Reader(threads=1)
    reader.page(gray)
    assert len(looked) == 2
    monkeypatch.setattr(page, "_mostly_numbers", lambda _readings: False)
    reader.page(gray)
    assert len(looked) == 3


def test_low_writing_on_a_large_picture_is_looked_at_finer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its digits have pixels enough, and too few of them where writing is looked for."""
    monkeypatch.setattr(sheet, "WORK", 170)
    monkeypatch.setattr(page, "layout", lambda gray, longest=170: layout(gray, longest))
    reader, (gray, places) = Reader(threads=1), a_list(32, 260)
    now = right(reader, gray, places)
    monkeypatch.setattr(page, "LOW", 0.0)
    before = right(reader, gray, places)
    assert now >= before + 4


def test_a_page_of_high_writing_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = counting(monkeypatch)
    Reader(threads=1).page(a_list(36, 260)[0])
    assert looked == [1]


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_what_is_enlarged_and_turned_is_told_where_it_stands(quarters: int) -> None:
    gray, places = a_list(13, 110)
    turned = np.ascontiguousarray(np.rot90(gray, quarters))
    one = sheet.turned(enlarged(turned, 900 / max(turned.shape)), (4 - quarters) % 4)
    assert abs(max(one.gray.shape) - 900) <= 1 and one.shape == turned.shape
    reader = Reader(threads=1)
    upright = {n.text: n.box for n in reader.page(gray).numbers if n.text in places}
    there = {n.text: n.box for n in reader.page(turned).numbers if n.text in places}
    assert len(there) >= 4
    for text in upright.keys() & there.keys():
        wide, high = (
            (upright[text].height, upright[text].width) if quarters % 2 else (upright[text].width, upright[text].height)
        )
        assert abs(there[text].width - wide) <= 6 and abs(there[text].height - high) <= 6
