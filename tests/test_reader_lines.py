"""Numbers end to end: strip, engine, decode, with the one network that reads what is painted (users' groups F, G, J)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from fakes import FakeLineEngine, painted, spelled, write_fake_line_model, write_fake_model
from guarismo import Constraints, Number, Page, Reader
from guarismo.errors import ModelError, PictureError, UsageError
from guarismo.networks import LINES_TOGETHER
from guarismo.types import Digit, Gray
from pictures import Disturbance, gradient, half_shaded, levels, on_paper, ruled, scaled, specked

shared = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
PAPER = np.full((80, 400), 255, np.uint8)
TEXTS = ("7", "42", "0042", "06800", "1.990,50", "1,234.56", "12:30", "12/05", "1.990.-", "-5", "1 990", "11", "000")


@pytest.mark.parametrize("text", TEXTS)
def test_each_text_is_read_with_its_marks_and_leading_zeros(reader: Reader, text: str) -> None:
    number = reader.number(spelled(text))
    status = "unsure" if " " in text else "read"  # a space is painted here, and ink that is no character is a doubt
    assert (number.text, number.status, number.alternatives) == (text, status, ())
    assert number.digits_text == "".join(character for character in text if character.isdigit())
    assert "".join(digit.text for digit in number.digits) == number.digits_text
    assert {digit.status for digit in number.digits} == {status}
    assert 0.99 < number.confidence <= 1


@pytest.mark.parametrize("cell", [6, 12, 30])
@pytest.mark.parametrize(("left", "top"), [(0, 0), (333, 120)])
def test_boxes_are_in_the_callers_pixels_and_in_order(reader: Reader, cell: int, left: int, top: int) -> None:
    text, wide = "10.42", cell * 4 // 3
    gray = np.pad(spelled(text, cell, margin=20), ((top, 10), (left, 10)), constant_values=255)
    number = reader.number(gray)
    assert number.text == text
    places = [place for place, character in enumerate(text) if character.isdigit()]
    for digit, place in zip(number.digits, places, strict=True):
        x = left + 20 + 5 * wide * place
        assert digit.box.left <= x + 2 and digit.box.right >= x + 3 * wide - 2
        assert digit.box.right - digit.box.left <= 4.5 * wide
        assert abs(digit.box.top - (top + 20)) <= 3 and abs(digit.box.bottom - (top + 20 + 6 * cell)) <= 3
    edges = [edge for digit in number.digits for edge in (digit.box.left, digit.box.right)]
    assert edges == sorted(edges)
    assert (number.box.left, number.box.right) == (edges[0], edges[-1])


# What happens to a line on its way to a reader, and the answer that must stay.
WAYS: dict[str, Disturbance] = {
    "light on dark": lambda p: 255 - p,
    "at half contrast": lambda p: levels(p, 100, 220),
    "faint": lambda p: levels(p, 215, 250),
    "under a gradient": lambda p: gradient(p, 0.5, 1.0),
    "half in a shadow": lambda p: half_shaded(p, 0.6),
    "small on a page": lambda p: on_paper(p, (1600, 1800), (0.7, 0.4)),
    "a whole photo": lambda p: on_paper(scaled(p, (700, 3500)), (3000, 4000), (0.5, 0.3)),
    "on a printed line": lambda p: ruled(on_paper(p, (140, 700)), "bottom", thick=3),
    "among specks": lambda p: specked(p, 1, 5),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_answer_survives_the_way_from_paper_to_picture(reader: Reader, way: str) -> None:
    assert reader.number(WAYS[way](spelled("1.990,50"))).text == "1.990,50"


def test_a_doubtful_character_makes_the_number_unsure_and_has_alternatives(reader: Reader) -> None:
    number = reader.number(spelled("1234", unsure="3"))
    assert (number.text, number.status) == ("1234", "unsure")
    assert [digit.status for digit in number.digits] == ["read", "read", "unsure", "read"]
    assert [text for text, _share in number.alternatives] == ["124"]
    assert number.confidence + sum(share for _text, share in number.alternatives) == pytest.approx(1, abs=1e-3)
    assert number.confidence > number.alternatives[0][1]


def test_only_what_is_not_clear_is_looked_at_again(line_engine: FakeLineEngine, tmp_path: Path) -> None:
    """The second look is the first once more here: the answer stays, and so does its confidence."""
    once = Reader(write_fake_model(tmp_path / "d"), write_fake_line_model(tmp_path / "l"), line_engine=line_engine)
    again = write_fake_line_model(tmp_path / "again", looks=[[1, 1, 0, 0], [1, 1, 0, 0]])
    twice = Reader(write_fake_model(tmp_path / "d2"), again, line_engine=line_engine)
    pictures = [spelled("1990"), spelled("1234", unsure="3"), PAPER, spelled("42")]
    expected = once.numbers(pictures)
    assert sum(shape[0] for shape in line_engine.shapes) == 3
    line_engine.shapes.clear()
    found = twice.numbers(pictures)
    assert sum(shape[0] for shape in line_engine.shapes) == 3 + 2
    assert [(one.text, one.status, one.box) for one in found] == [(one.text, one.status, one.box) for one in expected]
    assert [one.confidence for one in found] == pytest.approx([one.confidence for one in expected])


def test_blank_paper_is_blank_and_ink_without_a_number_is_no_digit(reader: Reader) -> None:
    blank, solid, dash = reader.numbers([PAPER, spelled("#"), spelled("-")])
    assert (blank.text, blank.status, blank.digits, blank.confidence) == ("", "blank", (), 1.0)
    assert (blank.box.width, blank.box.height) == (400, 80)
    assert (solid.text, solid.status, solid.digits) == ("", "not_a_digit", ())
    assert (dash.text, dash.status, dash.digits) == ("-", "not_a_digit", ())


def test_a_line_that_was_squeezed_to_fit_is_never_read(reader: Reader) -> None:
    text = "1234567890" * 5 + "1234"
    number = reader.number(spelled(text, cell=6))
    assert number.text == text
    assert number.confidence > 0.9
    assert {number.status, *(digit.status for digit in number.digits)} == {"unsure"}


def test_batches_of_all_widths_keep_their_order(reader: Reader, line_engine: FakeLineEngine) -> None:
    rng = np.random.default_rng(3)
    texts = ["".join(map(str, rng.integers(0, 10, rng.integers(1, 15)))) for _ in range(90)]
    texts[7] = texts[70] = ""
    pictures = [spelled(text, 6) if text else PAPER for text in texts]
    assert [number.text for number in reader.numbers(pictures)] == texts
    assert sum(shape[0] for shape in line_engine.shapes) == 88
    assert max(shape[0] for shape in line_engine.shapes) <= LINES_TOGETHER
    assert [number.text for number in reader.numbers(pictures[::-1])] == texts[::-1]


@shared
@given(texts=st.lists(st.text("0123456789.,-/:", min_size=1, max_size=8), min_size=1, max_size=6))
def test_a_batch_is_as_many_batches_of_one(reader: Reader, texts: list[str]) -> None:
    pictures = [spelled(text, 6) for text in texts]
    together = reader.numbers(pictures)
    assert [number.text for number in together] == texts
    for one, number in zip(pictures, together, strict=True):
        alone = reader.number(one)
        assert (alone.text, alone.status, alone.box) == (number.text, number.status, number.box)
        assert alone.confidence == pytest.approx(number.confidence, abs=1e-5)


def test_lines_are_run_in_bounded_batches_and_taken_as_they_come(reader: Reader, line_engine: FakeLineEngine) -> None:
    taken = []

    def endless() -> Iterator[Gray]:
        while True:
            taken.append(1)
            yield spelled(str(len(taken)), 6)

    readings = reader.iter_numbers(endless())
    assert not taken
    assert [next(readings).text for _ in range(3)] == ["1", "2", "3"]
    assert len(taken) == LINES_TOGETHER
    assert sum(shape[0] for shape in line_engine.shapes) == LINES_TOGETHER


@pytest.mark.parametrize("allowed", [("124", "99"), ("99", "124", "1245")])
def test_constraints_act_inside_the_search(reader: Reader, allowed: tuple[str, ...]) -> None:
    gray = spelled("1234", unsure="3")
    number = reader.number(gray, Constraints(allowed=allowed))
    assert (number.text, number.status) == ("124", "unsure")
    assert number.confidence < 0.5  # of all that the line may say: the constraint did not write it
    assert reader.number(gray, Constraints(digits=3)).text == "124"
    assert reader.number(gray, Constraints(pattern=r"\d{4}")).text == "1234"
    assert reader.number(gray, Constraints(maximum=200)).text == "124"


def test_a_constraint_that_the_line_cannot_meet_gives_what_is_least_unlikely_and_never_read(reader: Reader) -> None:
    number = reader.number(spelled("42"), Constraints(digits=3))
    assert len(number.digits) == 3 and number.status == "unsure" and number.confidence < 0.01


@pytest.mark.parametrize("call", ["number", "numbers", "iter_numbers", "readings"])
def test_impossible_constraints_are_told_before_any_picture_is_opened(reader: Reader, call: str) -> None:
    source = "none.png" if call == "number" else ["none.png"]
    with pytest.raises(UsageError, match="no text of the characters"):
        getattr(reader, call)(source, Constraints(digits=2, pattern=r"\d"))
    with pytest.raises(PictureError, match="no such file"):
        list(getattr(reader, call)(source, Constraints(digits=2)))


def test_one_or_many_sources_are_told_apart_and_bad_ones_named(reader: Reader, tmp_path: Path) -> None:
    Image.fromarray(spelled("42")).save(tmp_path / "42.png")
    for source in (tmp_path / "42.png", str(tmp_path / "42.png"), (tmp_path / "42.png").read_bytes()):
        assert reader.number(source).text == "42"
    assert [number.text for number in reader.numbers(np.stack([spelled("42"), spelled("17")]))] == ["42", "17"]
    assert reader.numbers([]) == []
    with pytest.raises(UsageError, match="one picture"):
        reader.iter_numbers(spelled("42"))
    with pytest.raises(PictureError, match=r"^picture 1 \(from 0\): "):
        reader.numbers([spelled("42"), b"no picture"])
    with pytest.raises(PictureError, match="^the picture: not a picture"):
        reader.number(b"no picture")


@pytest.mark.parametrize("shape", [(1, 4000), (4000, 1), (1, 1), (60, 20_000), (3000, 2000)])
def test_extreme_shapes_are_quick_and_have_a_box_inside(reader: Reader, shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    stripes = np.where(np.indices(shape)[int(np.argmax(shape))] // 7 % 2, 0, 255).astype(np.uint8)
    for gray in (np.zeros(shape, np.uint8), rng.integers(0, 256, shape).astype(np.uint8), stripes):
        start = time.process_time()
        number = reader.number(gray)
        assert time.process_time() - start < 5
        assert 0 <= number.box.left < number.box.right <= shape[1]
        assert 0 <= number.box.top < number.box.bottom <= shape[0]


def test_upside_down_or_a_whole_page_is_no_crash(reader: Reader) -> None:
    line = spelled("123", 6)
    assert isinstance(reader.number(line[::-1, ::-1]), Number)
    page = np.concatenate([line] * 12)
    assert reader.number(page).box.bottom <= len(page)


def test_a_number_as_a_page_is_in_the_wire_form(reader: Reader) -> None:
    gray = spelled("0042", unsure="4")
    number = reader.number(gray)
    page = reader.page_of(number, gray)
    assert (page.width, page.height, page.numbers) == (gray.shape[1], gray.shape[0], (number,))
    assert page.model == reader.line_model and page.model.name == "fake-line"
    assert Page.from_dict(page.to_dict()) == page


# --- a digit or a number, whichever it is


def test_the_digit_model_names_what_stands_alone_and_numbers_stand(reader: Reader) -> None:
    pictures = [spelled("42"), painted(7), PAPER, spelled("5"), spelled("-"), spelled("0042", unsure="4")]
    found = reader.readings(pictures)
    assert [type(one) for one in found] == [Number, Digit, Digit, Digit, Number, Number]
    alone = reader.number(pictures[0])  # its confidence may differ in the last place, by how many are read at once
    among = found[0]
    assert isinstance(among, Number)
    assert (among.confidence, among.digits_confidence) == pytest.approx(
        (alone.confidence, alone.digits_confidence), rel=1e-12
    )
    assert replace(among, confidence=alone.confidence, digits_confidence=alone.digits_confidence) == alone
    assert found[1] == reader.digit(pictures[1]) and found[1].text == "7"
    assert (found[2].status, found[2].box.width) == ("blank", 400)
    assert found[3].box == reader.digit(pictures[3]).box
    assert reader.page_of(found[1], pictures[1]).model == reader.model


def test_with_constraints_the_number_stands_whatever_it_is(reader: Reader) -> None:
    (found,) = reader.readings([spelled("5")], Constraints(allowed=("5", "12")))
    assert isinstance(found, Number) and found.text == "5"


def test_many_readings_keep_their_order(reader: Reader) -> None:
    pictures = [painted(i % 10) if i % 3 else spelled(str(1000 + i), 6) for i in range(70)]
    found = reader.readings(iter(pictures))
    assert [one.text for one in found] == [str(i % 10 if i % 3 else 1000 + i) for i in range(70)]
    assert reader.readings([]) == []


# --- models


def test_the_real_runtime_reads_what_the_fake_reads(fake_model: Path, fake_line_model: Path, reader: Reader) -> None:
    pictures = [spelled(text, unsure="4") for text in TEXTS]
    for real, fake in zip(Reader(fake_model, fake_line_model).numbers(pictures), reader.numbers(pictures), strict=True):
        assert (real.text, real.status, real.box) == (fake.text, fake.status, fake.box)
        assert real.confidence == pytest.approx(fake.confidence, abs=1e-5)


def test_without_a_line_model_the_error_is_one_line_that_says_what_to_do(
    fake_model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from guarismo import model, reader

    for module in (model, reader):
        monkeypatch.setattr(module, "bundled", lambda name="digit": tmp_path / name)
    alone = Reader(fake_model)
    assert alone.digit(painted(3)).value == 3
    for call in (lambda: alone.number("none.png"), lambda: alone.numbers([]), lambda: alone.line_model):
        with pytest.raises(ModelError, match=r"^no line model comes .* `guarismo train line`.*line_model= or --line-"):
            call()


def test_a_model_of_the_other_kind_is_refused(fake_model: Path, fake_line_model: Path) -> None:
    with pytest.raises(ModelError, match="a line model, expected a digit model; name the other directory"):
        Reader(fake_line_model)
    with pytest.raises(ModelError, match="a digit model, expected a line model; name the other directory"):
        Reader(fake_model, fake_model).number(spelled("42"))


def test_a_line_model_for_another_strip_is_refused_and_a_run_folder_stands_for_its_model(
    fake_model: Path, tmp_path: Path
) -> None:
    write_fake_line_model(tmp_path / "run" / "model", name="mine")
    assert Reader(fake_model, tmp_path / "run").line_model.name == "mine"
    write_fake_line_model(tmp_path / "old", ink_version=99)
    with pytest.raises(ModelError, match="ink version 99"):
        Reader(fake_model, tmp_path / "old").number(spelled("42"))


def test_a_network_of_digits_in_a_line_model_is_refused(fake_model: Path, tmp_path: Path) -> None:
    from fakes import description, fake_weights
    from guarismo.model import LINE_LABELS, save_model
    from guarismo.strip import STRIP_VERSION

    described = description(labels=list(LINE_LABELS), ink_version=STRIP_VERSION)
    save_model(tmp_path, described, fake_weights(), "# wrong\n")
    with pytest.raises(ModelError, match=r"takes pictures of shape .* expected \('N', 48, 'W'\)"):
        Reader(write_fake_model(tmp_path / "digit"), tmp_path).number(spelled("42"))


def test_a_line_is_read_the_same_in_any_company() -> None:
    """With the bundled models: what a short line is filled up with does not hang on the long ones beside it."""
    pictures = []
    for text in ("7", "42", "1990", "36.6", "81726354", "3.500,25", "20 11 7"):
        picture = np.full((90, 40 + 45 * len(text)), 255, np.uint8)
        cv2.putText(picture, text, (20, 66), cv2.FONT_HERSHEY_SIMPLEX, 2, 0, 5, cv2.LINE_AA)
        pictures.append(picture)
    real = Reader(threads=1)
    assert real.numbers(pictures) == [real.number(picture) for picture in pictures]
