from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guarismo.errors import DataError
from guarismo.types import PAGE_FORMAT, Box, Digit, Grid, ModelInfo, Number, Page
from strategies import boxes, digits, grids, model_infos, numbers, pages

BOX = Box(1, 2, 11, 22)
SEVEN = Digit(7, "read", 0.98, (0.0, 0.01, 0.02, 0.0, 0.0, 0.0, 0.0, 0.9, 0.03, 0.04), BOX)
BLANK = Digit(None, "blank", 1.0, (0.1,) * 10, BOX)
PAGE = Page((Number("0042", (SEVEN,), "read", 0.9, BOX),), (), 30, 40, ModelInfo("digit", "1", "ab", 1))


@given(boxes() | digits() | numbers() | grids() | model_infos | pages)
def test_from_dict_undoes_to_dict_also_through_json(value: Any) -> None:
    assert type(value).from_dict(value.to_dict()) == value
    assert type(value).from_dict(json.loads(json.dumps(value.to_dict()))) == value


@given(pages)
def test_the_wire_format_is_plain_and_says_its_version(page: Page) -> None:
    wire = page.to_dict()
    assert wire["format"] == PAGE_FORMAT
    _plain(wire)


def _plain(value: object) -> None:
    """Only what JSON has; NumPy's numbers would fail in another door."""
    if isinstance(value, dict):
        assert all(type(key) is str for key in value)
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            _plain(item)
    else:
        assert value is None or type(value) in (str, int, float, bool), value


@given(boxes() | digits() | numbers() | grids() | model_infos | pages)
def test_values_are_immutable_hashable_and_hold_no_arrays(value: Any) -> None:
    hash(value)
    for field in dataclasses.fields(value):
        assert not isinstance(getattr(value, field.name), (np.ndarray, list, dict))
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, field.name, None)
    assert not hasattr(value, "__dict__")


def test_digits_are_never_less_sure_than_the_number_with_its_marks() -> None:
    assert Number("1.5", (), "unsure", 0.6, BOX).digits_confidence == 0.6
    assert Number("1.5", (), "unsure", 0.6, BOX, (), 0.9).digits_confidence == 0.9
    assert Number("1.5", (), "unsure", 0.6, BOX, (), 0.599999).digits_confidence == 0.6
    before = {name: value for name, value in PAGE.numbers[0].to_dict().items() if name != "digits_confidence"}
    assert Number.from_dict(before) == PAGE.numbers[0]  # as written by a version that did not know it


@pytest.mark.parametrize("came", [None, 0, 2, "1"])
def test_a_page_of_another_format_is_refused_in_one_line(came: object) -> None:
    with pytest.raises(DataError) as caught:
        Page.from_dict({**PAGE.to_dict(), "format": came})
    assert (
        str(caught.value) == f"a page of format {came}; this version reads format 1: write it again with this version"
    )


def test_a_dictionary_without_a_format_is_refused() -> None:
    wire = PAGE.to_dict()
    del wire["format"]
    with pytest.raises(DataError):
        Page.from_dict(wire)


def test_leading_zeros_and_marks_survive_the_wire() -> None:
    for text in ("0042", "1.990,50", "06800", "0", ""):
        number = Number(text, (), "read", 1.0, BOX)
        assert Number.from_dict(json.loads(json.dumps(number.to_dict()))).text == text


def test_digits_text_leaves_the_marks_out_and_the_zeros_in() -> None:
    assert Number("001.990,50", (), "read", 1.0, BOX).digits_text == "00199050"


def test_a_box_knows_its_size_and_excludes_right_and_bottom() -> None:
    assert (BOX.width, BOX.height) == (10, 20)
    assert BOX.to_dict() == {"left": 1, "top": 2, "right": 11, "bottom": 22}


def test_top_gives_the_likeliest_first_and_nothing_for_a_blank() -> None:
    assert SEVEN.top(3) == ((7, 0.9), (9, 0.04), (8, 0.03))
    assert len(SEVEN.top(50)) == 10
    assert BLANK.top(3) == ()


@given(digits(), st.integers(0, 10))
def test_top_is_sorted_and_begins_with_the_value(digit: Digit, k: int) -> None:
    likeliest = digit.top(k)
    assert [share for _, share in likeliest] == sorted((share for _, share in likeliest), reverse=True)
    if likeliest:
        assert likeliest[0][0] == digit.value


def test_the_text_of_a_digit_is_a_string_and_empty_for_a_blank() -> None:
    assert (SEVEN.text, BLANK.text) == ("7", "")


def test_an_empty_cell_of_a_grid_is_none() -> None:
    grid = Grid(1, 2, ((None, Number("5", (), "read", 1.0, BOX)),), BOX)
    assert grid.to_dict()["cells"][0][0] is None
    assert Grid.from_dict(grid.to_dict()) == grid
