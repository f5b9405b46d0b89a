"""The benchmarks of other people's digits and of mistakes: the same pictures each time, counted and shown as they are."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fakes import NOT_A_DIGIT, painted
from guarismo.datasets import Digits
from guarismo.reader import Reader

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"


def _load(name: str) -> Any:
    sys.path.insert(0, str(FOLDER))  # they import their neighbours
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(FOLDER))


strangers: Any = _load("strangers")
mistakes: Any = _load("mistakes")


@pytest.fixture(scope="module")
def shipped() -> Reader:
    return Reader(threads=1)


@pytest.fixture
def held_out_fonts() -> None:
    names = strangers.fonts.HELD_OUT
    if len(strangers.fonts.found(names)) < len(names):
        pytest.skip("the held-out fonts are not all installed: their Debian packages are named in train/fonts.py")


def _painted(codes: list[int], labels: list[int], sure: bool = True) -> Digits:
    names = tuple(f"tile#{i}" for i in range(len(codes)))
    return Digits(tuple(painted(code, sure) for code in codes), np.array(labels, np.int64), names)


@pytest.mark.parametrize("name", list(strangers.OTHERS))
def test_things_that_are_no_digits_come_again(name: str) -> None:
    for number in range(10):
        (first, what), (again, same), (following, _) = (strangers.other(name, n) for n in (number, number, number + 1))
        assert what == same
        assert first.dtype == np.uint8
        assert np.array_equal(first, again)
        assert not np.array_equal(first, following)


@pytest.mark.usefixtures("held_out_fonts")
def test_letters_are_of_all_held_out_fonts_and_of_none_to_train_on() -> None:
    names = {path.name for path, _ in strangers.characters()}
    assert names == set(strangers.fonts.HELD_OUT)
    assert not names & {*strangers.fonts.HAND, *strangers.fonts.PRINT}
    assert not {letter for _, letter in strangers.characters()} & set("OolISsZzBbqg")
    assert not {(path.name, letter) for path, letter in strangers.characters()} & strangers.AMBIGUOUS
    assert len({path.name for path, _ in strangers.characters()[:40]}) == len(names)


@pytest.mark.usefixtures("held_out_fonts")
def test_letters_come_again() -> None:
    assert np.array_equal(strangers.other("letters", 3)[0], strangers.other("letters", 3)[0])


@pytest.mark.parametrize("wide", [1, 5])
def test_a_bar_and_a_ring_are_no_halves(wide: int) -> None:
    bar, ring, hook = (np.full((40, 40), 255, np.uint8) for _ in range(3))
    bar[4:36, 10 : 10 + wide] = 0
    ring[5:35, 5:35], ring[10:30, 10:30] = 0, 255
    hook[5:35, 5:9], hook[31:35, 5:30] = 0, 0
    assert strangers._is_bar_or_ring(bar)
    assert strangers._is_bar_or_ring(bar.T)
    assert strangers._is_bar_or_ring(ring)
    assert not strangers._is_bar_or_ring(hook)
    assert not strangers._is_bar_or_ring(np.full((40, 40), 255, np.uint8))


def test_forms_are_every_digit_in_turn_and_come_again() -> None:
    digits, fewer = strangers.forms(12), strangers.forms(5)
    assert digits.labels.tolist() == [*range(10), 0, 1]
    assert all(np.array_equal(one, same) for one, same in zip(digits.images[:5], fewer.images, strict=True))


@pytest.mark.usefixtures("real_data")
@pytest.mark.parametrize(("name", "total"), [("optdigits", 1934), ("pendigits", 3498)])
def test_some_of_a_set_are_like_those_of_the_whole(name: str, total: int) -> None:
    few = strangers.DIGITS[name](6)
    assert strangers.some(total, None) == list(range(total)) == strangers.some(total, total + 1)
    assert len(few) == len(set(few.names)) == 6
    more = strangers.DIGITS[name](9)
    assert more.names[:6] == few.names
    assert all(np.array_equal(one, same) for one, same in zip(few.images, more.images, strict=False))
    assert all(image.min() < 128 and np.median(image) > 128 for image in few.images)


@pytest.mark.usefixtures("real_data")
def test_pendigits_stand_upright() -> None:
    """A 7 has its ink above, an upside-down one below."""
    digits = strangers.pendigits(100)
    sevens = [255.0 - image for image, label in zip(digits.images, digits.labels, strict=True) if label == 7]
    above = [float(ink[: len(ink) // 3].sum() > ink[-(len(ink) // 3) :].sum()) for ink in sevens]
    assert np.mean(above) > 0.8


def test_noise_is_not_read(shipped: Reader) -> None:
    assert strangers.others_row(shipped, "noise", 14)["accepted"] == []


def test_the_shipped_model_reads_most_forms(shipped: Reader) -> None:
    row = strangers.digits_row(shipped, strangers.forms(10))
    assert row["n"] == 10
    assert row["accuracy"] >= 0.8


def test_digits_row_counts_the_confusions(reader: Reader) -> None:
    row = strangers.digits_row(reader, _painted([4, 4, 9, 9, 9, 7], [4, 4, 9, 4, 4, 1]))
    assert (row["n"], row["accuracy"], row["read"], row["wrong_read"]) == (6, 0.5, 1.0, 0.5)
    assert row["confusions"] == [{"label": 4, "value": 9, "n": 2}, {"label": 1, "value": 7, "n": 1}]


def test_others_row_counts_what_was_accepted(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three of four are accepted as digits; the fourth says that it is none."""
    things = [("d", painted(0)), ("d", painted(0)), ("y", painted(4)), ("X", painted(NOT_A_DIGIT))]
    monkeypatch.setattr(strangers, "other", lambda name, number: things[number][::-1])
    row = strangers.others_row(reader, "letters", 4)
    assert (row["n"], row["read"], row["within_limit"]) == (4, 0.75, False)
    assert row["accepted"] == [{"what": "d", "value": 0, "n": 2}, {"what": "y", "value": 4, "n": 1}]


def test_unsure_is_not_accepted(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strangers, "other", lambda name, number: (painted(3, sure=False), "scribble"))
    row = strangers.others_row(reader, "scribbles", 2)
    assert (row["read"], row["within_limit"], row["accepted"]) == (0.0, True, [])


def test_the_figures_say_what_was_measured(
    fake_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.modules["record"], "RESULTS", tmp_path)
    words = ["--model", str(fake_model), "--sets", "forms,noise", "--count", "5", "--label", "trained without it"]
    strangers.main(words)
    written = json.loads((tmp_path / "strangers.json").read_text())
    assert written["label"] == "trained without it"
    assert written["model"]["name"] == "fake"
    assert "--count 5" in written["command"]
    assert (list(written["digits"]), list(written["others"])) == (["forms"], ["noise"])
    assert written["digits"]["forms"]["n"] == written["others"]["noise"]["n"] == 5
    assert "forms done" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--sets", "forms,nose"], ["--count", "0"]])
def test_what_cannot_be_measured_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        strangers.main(words)
    assert words[0] in capsys.readouterr().err


def _tiles(sheet: Image.Image) -> int:
    """Places of the page with something in them."""
    pixels = np.asarray(sheet)
    wide, high = mistakes.WIDTH + mistakes.GAP, mistakes.HEIGHT + mistakes.GAP
    corners = [(y, x) for y in range(0, sheet.height - high + 1, high) for x in range(0, sheet.width - wide + 1, wide)]
    return sum(bool((pixels[y : y + high, x : x + wide] != mistakes.PAGE).any()) for y, x in corners)


@pytest.mark.parametrize(("wrong", "tiles"), [(0, 0), (1, 1), (7, 7), (13, 13), (140, 120)])
def test_a_tile_for_each_mistake_up_to_a_page(reader: Reader, wrong: int, tiles: int) -> None:
    digits = _painted([5] * (wrong + 3), [6] * wrong + [5] * 3)
    found = mistakes.mistakes(reader, digits)
    assert len(found) == wrong
    assert _tiles(mistakes.page(found)) == tiles


def test_wrong_ones_come_first_the_surest_of_all_ahead(reader: Reader) -> None:
    """Surely wrong, wrong but unsure, blank, right but unsure; right and accepted is left out."""
    pictures = (
        painted(3, sure=False),
        np.full((60, 60), 255, np.uint8),
        painted(8, sure=False),
        painted(8),
        painted(3),
    )
    digits = Digits(pictures, np.array([3, 1, 2, 2, 3], np.int64), tuple("abcde"))
    found = mistakes.mistakes(reader, digits)
    assert [(one.label, one.digit.value, one.digit.status) for one in found] == [
        (2, 8, "read"),
        (2, 8, "unsure"),
        (1, None, "blank"),
        (3, 3, "unsure"),
    ]
    assert [one.wrong for one in found] == [True, True, True, False]


def test_the_table_counts_label_and_guess(reader: Reader) -> None:
    digits = _painted([8, 8, 1], [2, 2, 7])
    head, *rows = mistakes.table(mistakes.mistakes(reader, digits)).splitlines()
    assert head.split() == ["label", *"0123456789", "none", "unread"]
    assert rows[2].split() == ["2", *"........2.", ".", "."]
    assert rows[7].split() == ["7", *".1........", ".", "."]
    assert len(rows) == 10


def test_the_page_is_a_small_png_in_few_colours_white_among_them(
    fake_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(mistakes.SETS, "orand", lambda count: _painted([5] * count, [6] * count))
    mistakes.main(["orand", "--model", str(fake_model), "--count", "30", "--out", str(tmp_path / "page.png")])
    with Image.open(tmp_path / "page.png") as sheet:
        assert (sheet.format, sheet.mode) == ("PNG", "P")
        colours = {colour for _, colour in sheet.convert("RGB").getcolors(256) or []}
    assert {(255, 255, 255), mistakes.COLOURS["read"]} <= colours
    assert (tmp_path / "page.png").stat().st_size < 400_000
    assert "30 wrong (30 accepted), 0 right but not accepted" in capsys.readouterr().out
