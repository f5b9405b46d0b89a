"""What is marked with a highlighter is read as if it were not; writing in colour, and tinted forms, stay as they are."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from guarismo import Reader
from guarismo.highlighter import unmarked
from guarismo.types import Gray
from pictures import BALLPOINT, FELT, written

Colours = NDArray[np.uint8]

MARKERS = {
    "yellow": (1, 0.97, 0.42),
    "pink": (1, 0.55, 0.8),
    "green": (0.65, 1, 0.5),
    "orange": (1, 0.75, 0.45),
    "blue": (0.55, 0.85, 1),
}
PENS = {"black": (40, 40, 45), "blue": (40, 60, 170), "red": (200, 40, 45), "pale": (230, 120, 120)}
NUMBERS = ("38047", "5926", "41")
ROWS, HIGH = (120, 260, 400), 60


def sheet(pen: tuple[int, int, int] = PENS["black"], thick: bool = False) -> Colours:
    """Three numbers one below the other on warm white paper, light falling from one side."""
    ink = np.zeros((560, 760), np.float32)
    for top, text in zip(ROWS, NUMBERS, strict=True):
        left = 200
        for i, digit in enumerate(text):
            drawing = 255 - written(int(digit), 3 + i, HIGH, FELT if thick else BALLPOINT)
            high, wide = drawing.shape
            ink[top : top + high, left : left + wide] = drawing / 255
            left += wide + 12
    paper = np.array([250, 248, 240]) * np.linspace(0.8, 1, 760)[None, :, None]
    grain = np.random.default_rng(1).normal(0, 2, (560, 760, 1))
    return np.asarray(np.clip(paper * (1 - ink[..., None] * (1 - np.array(pen) / 250)) + grain, 0, 255), np.uint8)


def marked(page: Colours, colour: tuple[float, float, float], rows: tuple[int, ...] = ROWS[:2]) -> Colours:
    """A stroke of a highlighter over what stands in these rows."""
    over = np.ones((*page.shape[:2], 3), np.float32)
    for top in rows:
        over[top - 12 : top + HIGH + 14, 180:520] = colour
    return np.asarray(np.clip(page * cv2.GaussianBlur(over, (0, 0), 1.0), 0, 255), np.uint8)


def lifted(page: Colours) -> tuple[Gray, Gray]:
    """In grey levels, and these without highlighters."""
    picture = Image.fromarray(page)
    gray = np.asarray(picture.convert("L"))
    return gray, unmarked(picture, gray)


@pytest.mark.parametrize("colour", MARKERS.values(), ids=MARKERS)
@pytest.mark.parametrize("pen", ["black", "blue", "red"])
def test_numbers_on_a_page_are_read_under_a_highlighter(pen: str, colour: tuple[float, float, float]) -> None:
    page = Reader(threads=1).page(marked(sheet(PENS[pen]), colour))
    assert [number.text for number in page.numbers] == list(NUMBERS)


def off(page: Colours, clean: Colours) -> NDArray[np.int64]:
    """How much lighter than the ``clean`` page this one is without highlighters, averaged over 5x5 pixels."""
    lit, plain = (cv2.blur(one, (5, 5)).astype(np.int64) for one in (lifted(page)[1], lifted(clean)[0]))
    return lit - plain


@pytest.mark.parametrize("colour", MARKERS.values(), ids=MARKERS)
@pytest.mark.parametrize("thick", [False, True], ids=["ballpoint", "felt"])
def test_the_paper_is_as_light_as_beside_it_and_the_ink_as_dark(
    colour: tuple[float, float, float], thick: bool
) -> None:
    away = off(marked(sheet(thick=thick), colour), sheet(thick=thick))
    assert np.percentile(np.abs(away), 98) < 14
    bare = cv2.erode(lifted(sheet(thick=thick))[0], np.ones((9, 9), np.uint8)) > 180
    assert away[bare].max() < 12, "a rim that is lighter than the paper beside it"


def test_strokes_that_touch_are_taken_off_too() -> None:
    page = marked(marked(sheet(), MARKERS["pink"], (120, 176)), MARKERS["pink"], (400,))
    assert float(np.median(lifted(page)[1][110:240, 185:515])) > 200


def on_a_table(page: Colours) -> Colours:
    table = np.full((900, 1100, 3), (60, 110, 80), np.uint8)
    table[150:710, 150:910] = page
    return table


def test_a_coloured_table_does_not_hide_them() -> None:
    away = off(on_a_table(marked(sheet(), MARKERS["pink"])), on_a_table(sheet()))
    assert np.percentile(np.abs(away), 98) < 14


def drawn_with_a_marker() -> Colours:
    return marked(np.full((560, 760, 3), 245, np.uint8), MARKERS["yellow"])


def tinted_squares() -> Colours:
    page = sheet()
    for left in range(190, 500, 80):
        page[110:180, left : left + 70] = (page[110:180, left : left + 70] * [0.75, 0.75, 1]).astype(np.uint8)
    return page


def boxes_on_a_tint() -> Colours:
    page, tint = sheet(), np.ones((560, 760, 3), np.float32)
    tint[80:220, 100:640] = (1, 0.8, 0.6)
    for left in range(170, 500, 80):
        tint[115:185, left : left + 60] = 1
    return np.asarray(page * tint, np.uint8)


def a_dark_bar() -> Colours:
    return marked(sheet(), (0.4, 0.45, 0.6))


def halved(page: Colours) -> Colours:
    small = cv2.resize(page, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.copyMakeBorder(small, 140, 140, 190, 190, cv2.BORDER_REPLICATE), np.uint8)


def out_of_focus() -> Colours:
    """A number in bold print of a light colour is one blot."""
    bold = cv2.erode(sheet(PENS["pale"], thick=True), np.ones((15, 15), np.uint8))
    return np.asarray(cv2.GaussianBlur(halved(np.asarray(bold, np.uint8)), (0, 0), 5), np.uint8)


def an_upright_patch() -> Colours:
    page = sheet()
    page[105:200, 198:232] = page[105:200, 198:232] * MARKERS["pink"]
    return page


OTHERS = {
    **{f"a {name} pen": sheet(pen) for name, pen in PENS.items()},
    **{f"a {name} felt pen": sheet(pen, thick=True) for name, pen in PENS.items()},
    "a marker alone": drawn_with_a_marker(),
    "tinted squares": tinted_squares(),
    "white boxes on a tint": boxes_on_a_tint(),
    "a dark bar": a_dark_bar(),
    "bold print out of focus": out_of_focus(),
    "a patch as wide as a digit": an_upright_patch(),
    "a coloured table": on_a_table(sheet()),
    "coloured paper": np.asarray(sheet() * [1, 0.9, 0.5], np.uint8),
    "a bluish shadow": np.asarray(sheet() * np.where(np.arange(760) < 380, 1.0, 0.6)[None, :, None], np.uint8),
    "a pixel": np.full((1, 1, 3), 200, np.uint8),
    "a long row": np.full((2, 900, 3), (200, 100, 180), np.uint8),
}


@pytest.mark.parametrize("page", OTHERS.values(), ids=OTHERS)
def test_what_no_highlighter_has_marked_stays_as_it_is(page: Colours) -> None:
    gray, lit = lifted(page)
    assert lit is gray


def test_small_pictures_are_not_looked_at() -> None:
    page = marked(sheet(), MARKERS["pink"])[100:300, 180:520]
    gray, lit = lifted(page)
    assert lit is gray
