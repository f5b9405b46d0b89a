from __future__ import annotations

import io
import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from fakes import NOT_A_DIGIT, FakeEngine, painted, write_fake_model
from guarismo import Page, Reader, ink, networks
from guarismo.engine import LARGEST_BATCH
from guarismo.errors import ModelError, PictureError, UsageError
from guarismo.image import Source
from guarismo.ink import frame
from guarismo.types import Box, Digit, Gray
from pictures import Disturbance, gradient, half_shaded, levels, on_paper, ruled, scaled, specked, textured
from strategies import grays, sheets

shared = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)


def same(digits: list[Digit], others: list[Digit]) -> None:
    """Equal, but for the last bits of shares: a network adds up in another order for another number of pictures."""
    for one, other in zip(digits, others, strict=True):
        assert (one.value, one.status, one.box) == (other.value, other.status, other.box)
        assert one.confidence == pytest.approx(other.confidence, abs=1e-5)
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-5)


@pytest.mark.parametrize("value", range(10))
def test_each_digit_is_read(reader: Reader, value: int) -> None:
    digit = reader.digit(painted(value))
    assert (digit.value, digit.text, digit.status) == (value, str(value), "read")
    assert digit.confidence > 0.99


def test_unsure_not_a_digit_and_blank_are_told_apart(reader: Reader) -> None:
    pictures = [painted(3), painted(3, sure=False), painted(NOT_A_DIGIT), np.full((50, 60), 255, np.uint8)]
    assert [digit.status for digit in reader.digits(pictures)] == ["read", "unsure", "not_a_digit", "blank"]
    assert [digit.value for digit in reader.digits(pictures)][::3] == [3, None]


def test_only_what_is_not_clear_at_first_sight_is_looked_at_again(reader: Reader, engine: FakeEngine) -> None:
    reader.digits([painted(3), painted(4, sure=False), painted(5), painted(6, sure=False)])
    assert engine.batches[:2] == [4, 8]  # four further looks at each of two


def test_what_comes_framed_is_seen_leaning_where_it_is_not_clear(reader: Reader, engine: FakeEngine) -> None:
    framed = [
        np.rint(frame(painted(digit, sure=sure)).ink * 255).astype(np.uint8) for digit, sure in ((3, False), (4, True))
    ]
    blank = np.zeros((28, 28), np.uint8)
    reader.digits([*framed, blank])
    assert engine.batches[:2] == [3, 2]  # two further looks at the three


def test_confidence_is_the_mean_over_all_looks(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """A further look that sees another digit, and surely, wins over a first that is not sure."""
    monkeypatch.setattr(networks, "again", lambda _near: [])  # they may find nothing
    unsure = reader.digit(painted(3, sure=False))
    monkeypatch.setattr(networks, "again", lambda _near: [frame(painted(8)).ink])
    both = reader.digit(painted(3, sure=False))
    assert (unsure.value, unsure.status) == (3, "unsure")
    assert (both.value, both.status) == (8, "unsure")
    assert both.confidence == pytest.approx((1 + unsure.probabilities[8] * unsure.confidence) / 2, abs=0.1)
    assert both.probabilities[3] == pytest.approx(unsure.probabilities[3] / 2, abs=0.02)


def test_a_digit_whose_paper_fits_no_surface_is_read_all_the_same(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ink, "subtract_paper", lambda gray: np.zeros(gray.shape, np.float32))
    picture = painted(7)
    bare = np.full((90, 60), 250, np.uint8)
    seven, negative, unsure, blank = reader.digits([picture, 255 - picture, painted(7, sure=False), bare])
    assert [(one.value, one.status) for one in (seven, negative)] == [(7, "read")] * 2
    assert seven.box == Box(20, 20, 60, 60)
    assert unsure.status == blank.status == "blank"  # what is not plainly a digit is none


def test_a_digit_taken_for_its_negative_is_read_all_the_same(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ink, "dark_on_light", lambda gray: gray)
    light = [255 - painted(value) for value in range(10)]
    assert [one.value for one in reader.digits(light)] == list(range(10))


def test_the_box_is_where_the_ink_is_in_the_callers_picture(reader: Reader) -> None:
    tile = painted(5, cell=8, margin=0)
    sheet = np.full((300, 200), 255, np.uint8)
    sheet[120:160, 30:70] = tile
    assert reader.digit(sheet[:200]).box == Box(30, 120, 70, 160)  # up to 200 pixels it is exact
    far = reader.digit(sheet).box
    edges = np.array([far.left, far.top, far.right, far.bottom])
    assert np.abs(edges - (30, 120, 70, 160)).max() <= 2


# What happens to pictures on the way to a reader, and the answer that must stay (users' groups A, B, C, G and I).
WAYS: dict[str, Disturbance] = {
    "high up in a corner": lambda p: on_paper(p, (300, 300), (0, 0)),
    "low down in a corner": lambda p: on_paper(p, (300, 300), (1, 1)),
    "tiny in a page": lambda p: on_paper(scaled(p, (40, 40)), (1600, 1200), (0.3, 0.8)),
    "light on dark": lambda p: 255 - p,
    "at half contrast": lambda p: levels(p, 100, 220),
    "faint": lambda p: levels(p, 225, 250),
    "under a gradient": lambda p: gradient(p, 0.4, 1.0),
    "half in a shadow": lambda p: half_shaded(on_paper(p, (160, 160)), 0.55),
    "among specks": lambda p: specked(on_paper(p, (200, 200)), 1, 30),
    "in a printed box": lambda p: ruled(on_paper(p, (140, 140)), "left", "right", "top", "bottom", thick=2, off=5),
    "with a line along an edge": lambda p: ruled(on_paper(p, (140, 140)), "bottom", thick=3),
    "enlarged": lambda p: scaled(p, (700, 700)),
    "on rough paper": lambda p: np.minimum(textured(2, p.shape), p),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("value", [1, 4, 7])
def test_the_answer_survives_the_way_from_paper_to_picture(reader: Reader, way: str, value: int) -> None:
    assert reader.digit(WAYS[way](painted(value))).value == value


@shared
@given(
    codes=st.lists(st.tuples(st.integers(0, 10), st.booleans(), st.integers(4, 12)), min_size=1, max_size=9),
    turn=st.integers(0, 8),
)
def test_a_batch_is_as_many_batches_of_one_in_any_order(
    reader: Reader, codes: list[tuple[int, bool, int]], turn: int
) -> None:
    pictures = [painted(code, sure, cell) for code, sure, cell in codes]
    alone = [reader.digit(picture) for picture in pictures]
    same(reader.digits(pictures), alone)
    order = np.roll(np.arange(len(pictures))[::-1], turn)
    same(reader.digits([pictures[i] for i in order]), [alone[i] for i in order])


@shared
@given(gray=grays() | sheets())
def test_whatever_the_pixels_probabilities_sum_to_one_and_the_box_lies_inside(reader: Reader, gray: Gray) -> None:
    digit = reader.digit(gray)
    assert sum(digit.probabilities) == pytest.approx(1)
    assert 0 <= digit.confidence <= 1
    assert 0 <= digit.box.left < digit.box.right <= gray.shape[1]
    assert 0 <= digit.box.top < digit.box.bottom <= gray.shape[0]
    assert (digit.value is None) == (digit.status == "blank")


def test_batches_of_mixed_sizes_and_of_framed_28x28_agree_with_single_pictures(reader: Reader) -> None:
    framed = [painted(value, cell=4, margin=4) for value in range(10)]
    assert [digit.value for digit in reader.digits(framed)] == list(range(10))
    same(reader.digits([*framed, painted(3)])[:10], reader.digits(framed))


def test_an_array_of_many_pictures_is_a_batch(reader: Reader) -> None:
    stack = np.stack([painted(value) for value in (4, 0, 2)])
    for many in (stack, stack[..., None], stack / 255.0, np.repeat(stack[..., None], 3, 3)):
        assert [digit.value for digit in reader.digits(many)] == [4, 0, 2]


def test_sources_of_all_kinds_may_be_mixed(reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "six.png"
    Image.fromarray(painted(6)).save(path)
    sources: list[Source] = [
        path,
        str(path),
        path.read_bytes(),
        io.BytesIO(path.read_bytes()),
        Image.fromarray(painted(6)),
        painted(6),
    ]
    assert {digit.value for digit in reader.digits(sources)} == {6}


def test_no_pictures_are_no_digits(reader: Reader) -> None:
    assert reader.digits([]) == []
    assert reader.digits(np.zeros((0, 28, 28), np.uint8)) == []


def test_pictures_are_run_in_bounded_batches_and_taken_as_they_come(reader: Reader, engine: FakeEngine) -> None:
    taken = []

    def endless() -> Iterator[Gray]:
        while True:
            taken.append(1)
            yield painted(len(taken) % 10)

    readings = reader.iter_digits(endless())
    assert [next(readings).value for _ in range(3)] == [1, 2, 3]
    assert len(taken) == LARGEST_BATCH
    assert engine.batches == [LARGEST_BATCH]


@pytest.mark.parametrize(("given_", "shape"), [(painted(1), "(80, 80)"), (np.zeros(784), "(784,)")])
def test_one_picture_given_for_many_says_which_call_is_meant(reader: Reader, given_: Gray, shape: str) -> None:
    with pytest.raises(UsageError) as caught:
        reader.digits(given_)
    assert f"an array of shape {shape} is one picture" in str(caught.value)
    assert "read it as one" in str(caught.value)


@pytest.mark.parametrize("one", ["seven.png", b"\x89PNG", Path("seven.png")])
def test_one_path_given_for_many_says_which_call_is_meant(reader: Reader, one: str) -> None:
    with pytest.raises(UsageError, match=r"one picture \(\w+\) where many were expected; put it in a list, or read it"):
        reader.digits(one)


def test_a_bad_picture_in_a_batch_is_named_by_its_place(reader: Reader) -> None:
    pictures = [painted(1)] * (LARGEST_BATCH + 2) + [np.zeros(3)]
    with pytest.raises(PictureError, match=rf"^picture {LARGEST_BATCH + 2} \(from 0\): an array of shape \(3,\)"):
        reader.digits(pictures)


def test_a_bad_array_beside_the_place_of_a_batch_keeps_both_in_its_message(reader: Reader) -> None:
    with pytest.raises(PictureError) as caught:
        reader.digits([painted(1), b"no picture"])
    assert str(caught.value).startswith("picture 1 (from 0): the picture: not a picture")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_what_is_no_source_in_a_batch_is_a_usage_error(reader: Reader) -> None:
    with pytest.raises(UsageError, match="NoneType is no picture"):
        reader.digits([painted(1), None])  # type: ignore[list-item]


def test_a_page_of_one_digit_is_the_wire_form_of_that_digit(reader: Reader) -> None:
    page = reader.page_of(reader.digit(painted(8)), painted(8))
    assert (page.width, page.height, page.model) == (80, 80, reader.model)
    assert [number.text for number in page.numbers] == ["8"]
    assert page.numbers[0].digits == (reader.digit(painted(8)),)
    assert Page.from_dict(page.to_dict()) == page


def test_a_blank_page_has_one_number_without_digits(reader: Reader) -> None:
    paper = np.full((20, 30), 200, np.uint8)
    page = reader.page_of(reader.digit(paper), paper)
    assert [(number.text, number.status, number.digits) for number in page.numbers] == [("", "blank", ())]


def test_a_call_changes_nothing_and_may_come_from_any_thread(fake_model: Path) -> None:
    reader = Reader(fake_model, threads=1)
    pictures = [painted(i % 11, sure=i % 3 > 0, cell=4 + i % 7) for i in range(60)]
    expected = [reader.digit(picture) for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(reader.digit, pictures)) == expected
    same(reader.digits(pictures), expected)


def test_the_real_runtime_reads_what_the_fake_reads(fake_model: Path, reader: Reader) -> None:
    for real, fake in zip(
        Reader(fake_model, threads=1).digits(map(painted, range(11))),
        reader.digits(map(painted, range(11))),
        strict=True,
    ):
        assert (real.value, real.status, real.box) == (fake.value, fake.status, fake.box)
        assert real.probabilities == pytest.approx(fake.probabilities, abs=1e-6)


def test_the_folder_of_a_run_stands_for_the_model_in_it(tmp_path: Path) -> None:
    write_fake_model(tmp_path / "run" / "model", name="tutorial")
    assert Reader(tmp_path / "run").model.name == "tutorial"


def test_a_reader_says_which_model_reads(reader: Reader) -> None:
    assert reader.model.name == "fake"
    assert len(reader.model.sha256) == 64


def test_a_model_for_another_ink_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="ink version 99"):
        Reader(write_fake_model(tmp_path, ink_version=99))


def test_a_network_that_does_not_fit_its_description_is_refused(tmp_path: Path) -> None:
    directory = write_fake_model(tmp_path, labels=list("0123456789"))
    with pytest.raises(ModelError, match="its network gives 11 values a picture, model.json names 10 labels"):
        Reader(directory).digit(painted(1))


def test_fifty_megapixels_are_read(reader: Reader) -> None:
    page = np.full((6250, 8000), 255, np.uint8)
    page[3000:3200, 5000:5200] = painted(9, cell=40, margin=0)
    digit = reader.digit(page)
    assert digit.value == 9
    assert abs(digit.box.left - 5000) < 8
    assert abs(digit.box.bottom - 3200) < 8
