from __future__ import annotations

import csv
import io
import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from guarismo.render import (
    COLOURS,
    CSV_COLUMNS,
    FORMATS,
    annotate,
    ink_picture,
    to_csv,
    to_json,
    to_jsonl,
    to_table,
    to_text,
)
from guarismo.results import Result, in_words, told
from guarismo.types import STATUSES, Box, Grid, ModelInfo, Number, Page, Status
from strategies import pages

MODEL = ModelInfo("digit", "1", "ab", 1)
BOX = Box(5, 6, 25, 36)


def page(text: str = "0042", status: Status = "read", box: Box = BOX, width: int = 60, height: int = 50) -> Page:
    number = Number(text, (), status, 0.97531, box, (("0047", 0.01), ("0012", 0.005)))
    return Page((number,), (), width, height, MODEL)


RESULTS = [Result("a.png", page()), Result("b.png", error="b.png: an empty file"), Result("c.png", page("", "blank"))]

names = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
results = st.lists(
    st.builds(Result, names, pages) | st.builds(lambda name: Result(name, error="bad"), names), max_size=4
)


@given(results, st.integers(1, 10))
def test_json_and_json_lines_say_the_same_and_can_be_read_back(results: list[Result], top: int) -> None:
    lines = [json.loads(line) for line in to_jsonl(results, top).split("\n")[:-1]]
    assert json.loads(to_json(results, top)) == lines
    for line, result in zip(lines, results, strict=True):
        assert line["file"] == result.name
        assert ("error" in line) == (result.page is None)
        if result.page is not None:
            back = Page.from_dict(line["page"])
            assert [n.text for n in back.numbers] == [n.text for n in result.page.numbers]
            assert all(len(n.alternatives) < top for n in back.numbers)


@given(results, st.integers(1, 10))
def test_csv_has_one_row_for_each_number_and_each_error(results: list[Result], top: int) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(results, top), newline="")))
    expected = [
        (result.name, number.text if number and number.status in ("read", "unsure") else "")
        for result in results
        for number in ([place.number for place in told(result.page)] if result.page else [None])
    ]
    assert [(row["file"], row["text"]) for row in rows] == expected
    assert all(tuple(row) == CSV_COLUMNS for row in rows)


@given(results, st.integers(1, 10))
def test_the_table_has_a_line_for_each_number_and_nothing_that_moves_the_cursor(
    results: list[Result], top: int
) -> None:
    lines = to_text(results, top).splitlines()
    count = sum(len([place for place in told(result.page) if place.grid is None]) for result in results if result.page)
    grids = sum(grid.rows + 2 for result in results if result.page for grid in result.page.grids)
    assert len(lines) == (count + 1 if count else 0) + grids
    assert all(line.isprintable() for line in lines)


def test_the_table_is_aligned() -> None:
    blank = Page((Number("", (), "blank", 1.0, Box(0, 0, 9, 9)),), (), 9, 9, MODEL)
    lines = to_text([Result("long name.png", page()), Result("c.png", blank)], 2).splitlines()
    assert lines[0].split("  ")[0] == "file"
    starts = [line.index(word) for line, word in zip(lines, ("read as", "0042", "-"), strict=True)]
    assert len(set(starts)) == 1
    assert "0047 (0.010)" in lines[1]
    assert lines[2].split() == ["c.png", "-", "blank", "-"]


def test_zeros_and_marks_stay_in_every_format() -> None:
    for text in ("0042", "1.990,50"):
        for form in FORMATS.values():
            assert text in form([Result("a.png", page(text))], 1)


def test_csv_quotes_texts_so_that_zeros_are_kept() -> None:
    assert '"a.png","0042","read",0.97531,5,6,25,36' in to_csv(RESULTS)


def test_without_results_nothing_is_said_but_what_the_form_needs() -> None:
    assert (to_text([]), to_json([]), to_jsonl([])) == ("", "[]\n", "")
    assert to_csv([]).count("\n") == 1


def test_no_number_is_nan_or_infinite_in_json() -> None:
    def refuse(value: str) -> Any:
        raise AssertionError(value)

    json.loads(to_json(RESULTS), parse_constant=refuse)
    assert math.isfinite(json.loads(to_json(RESULTS))[0]["page"]["numbers"][0]["confidence"])


@pytest.mark.parametrize("status", STATUSES)
def test_each_status_has_its_words_and_its_colour(status: Status) -> None:
    assert in_words(status)
    luminance = sum(
        weight * ((c / 255 + 0.055) / 1.055) ** 2.4
        for weight, c in zip((0.2126, 0.7152, 0.0722), COLOURS[status], strict=True)
    )
    assert 1.05 / (luminance + 0.05) >= 3  # WCAG's contrast for large text, on white
    assert len(set(COLOURS.values())) == len(STATUSES)


# --- annotated pictures ------------------------------------------------------------------------------


def marked(picture: Image.Image, status: Status) -> np.ndarray[Any, Any]:
    """Where the colour of the status is: bool (H, W)."""
    return np.asarray((np.asarray(picture) == COLOURS[status]).all(2))


@pytest.mark.parametrize("status", STATUSES)
def test_the_box_is_drawn_around_the_number_in_the_colour_of_its_status(status: Status) -> None:
    gray = np.full((400, 500), 255, np.uint8)
    box = Box(100, 150, 200, 300)
    picture = annotate(gray, page("7", status, box, 500, 400))
    band = picture.height - 400
    rows, columns = np.flatnonzero(marked(picture, status).any(1)), np.flatnonzero(marked(picture, status).any(0))
    assert rows[-1] == box.bottom - 1 + band
    assert columns[0] == box.left
    assert marked(picture, status)[box.top + band + 60, box.right - 1]
    assert not marked(picture, status)[
        box.top + band + 20 : box.bottom + band - 20, box.left + 20 : box.right - 20
    ].any()


def test_nothing_of_the_picture_is_hidden_but_under_the_box_and_its_label() -> None:
    gray = np.arange(300 * 300, dtype=np.uint64).reshape(300, 300).astype(np.uint8)
    empty = Grid(1, 1, ((None,),), Box(10, 10, 90, 90))  # nothing is marked: a page without it would be marked as blank
    picture = annotate(gray, Page((), (empty,), 300, 300, MODEL))
    np.testing.assert_array_equal(np.asarray(picture.convert("L"))[picture.height - 300 :, :300], gray)


@pytest.mark.parametrize("shape", [(1, 1), (8, 8), (28, 28), (30, 2000), (2000, 30), (1, 400)], ids=str)
def test_a_picture_of_any_size_can_be_annotated_and_is_large_enough_to_see(shape: tuple[int, int]) -> None:
    gray = np.full(shape, 255, np.uint8)
    picture = annotate(gray, page("7", "read", Box(0, 0, shape[1], shape[0]), shape[1], shape[0]))
    assert picture.mode == "RGB"
    assert max(picture.size) >= 280
    assert marked(picture, "read").any()


def test_the_label_of_a_number_at_the_right_edge_stays_inside() -> None:
    gray = np.full((300, 300), 255, np.uint8)
    picture = annotate(gray, page("7", "not_a_digit", Box(280, 100, 300, 140), 300, 300))
    columns = np.flatnonzero(marked(picture, "not_a_digit").any(0))
    assert columns[0] > 0
    assert columns[-1] < picture.width


def test_the_gray_given_is_not_changed() -> None:
    gray = np.full((50, 60), 200, np.uint8)
    gray.flags.writeable = False
    annotate(gray, page())
    assert (gray == 200).all()


def test_the_ink_picture_shows_each_pixel_as_a_square_dark_on_white() -> None:
    ink = np.zeros((28, 28), np.float32)
    ink[3, 5], ink[3, 6] = 1.0, 0.5
    shown = np.asarray(ink_picture(ink))
    assert shown.shape == (280, 280)
    assert (shown[30:40, 50:60] == 0).all()
    assert np.abs(shown[30:40, 60:70].astype(int) - 128).max() <= 1
    assert (shown[:30] == 255).all()


def test_the_picture_of_a_strip_is_as_long_as_the_strip() -> None:
    ink = np.zeros((48, 100), np.float32)
    ink[:, 90] = 1
    shown = np.asarray(ink_picture(ink, scale=4))
    assert shown.shape == (192, 400)
    assert (shown[:, 360:364] == 0).all() and (shown[:, :360] == 255).all()


def test_a_grid_is_a_table_in_text_and_csv() -> None:
    sure, unsure = page("07").numbers[0], page("5", "unsure").numbers[0]
    strange = Number("8", (), "not_a_digit", 0.2, Box(1, 1, 9, 9))
    grid = Grid(2, 2, ((sure, None), (unsure, strange)), Box(0, 0, 20, 20))
    found = Result("a.png", Page((), (grid,), 20, 20, MODEL))
    assert to_text([found]).splitlines() == ["", "a.png: 2 x 2 cells", "07  .", "5?  -"]
    assert to_table([found, found]) == '"07",""\n"5",""\n\n"07",""\n"5",""\n'
    assert [row["text"] for row in csv.DictReader(io.StringIO(to_csv([found])))] == ["07", "5", ""]
    marked = annotate(np.full((20, 20), 255, np.uint8), found.page or page())
    assert len(np.unique(np.asarray(marked).reshape(-1, 3), axis=0)) > 3
