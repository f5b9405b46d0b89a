from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import astuple
from itertools import product
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from guarismo import Reader, polarity
from guarismo import ink as ink_
from guarismo.framing import leaning
from guarismo.image import load_gray
from guarismo.ink import INK_VERSION, WORK, Framed, again, frame, frames, otherwise
from guarismo.types import Box, Gray, Ink
from pictures import FELT, gap, half_shaded, on_paper, scaled, written
from strategies import drawings, grays, shares, sheets

VECTORS = Path(__file__).parent / "vectors"
WORK_ENOUGH = 200
"""Pictures up to so many pixels are looked at as they are: for them, what must leave the ink alone does so exactly.
Larger ones are scaled down first, and where the pixels fall decides their last bits."""

SHIFTED = 0.06
"""Largest ``gap`` for larger pictures; 400 drawings gave at most 0.045, two different digits are 0.14 apart as a rule."""


def hold(framed: Framed, gray: Gray) -> None:
    """The contract of ``frame``."""
    ink, box = framed.ink, framed.box
    assert ink.dtype == np.float32
    assert ink.shape == (28, 28)
    assert not ink.flags.writeable
    assert 0 <= ink.min() <= ink.max() <= 1
    if box is None:
        assert not ink.any()
    else:
        assert 0 <= box.left < box.right <= gray.shape[1]
        assert 0 <= box.top < box.bottom <= gray.shape[0]
        assert ink.max() > 0.9


@given(grays() | sheets() | drawings())
@example(np.zeros((1, 1), np.uint8))
@example(np.full((1, 500), 255, np.uint8))
@example(np.arange(256, dtype=np.uint8)[:, None])
@example(np.zeros((28, 28), np.uint8))
@example(np.full((28, 28), 255, np.uint8))
def test_any_pixels_give_ink_within_its_contract_and_a_box_inside_the_picture(gray: Gray) -> None:
    hold(frame(gray), gray)


@given(sheets())
def test_a_written_digit_is_framed_as_mnist_is(gray: Gray) -> None:
    ink = frame(gray).ink
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    high, wide = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    assert 18 <= max(high, wide) <= 20
    mass = ink.sum()
    y, x = ink.sum(1) @ np.arange(28) / mass, ink.sum(0) @ np.arange(28) / mass
    # Half a pixel, as MNIST; more only where the sheet ends, as for a foot that is heavier than its long stem.
    assert abs(y - 14) <= 0.52 or rows[0] == 0 or rows[-1] == 27
    assert abs(x - 14) <= 0.52 or columns[0] == 0 or columns[-1] == 27


@given(sheets())
def test_inverting_leaves_the_ink_alone(gray: Gray) -> None:
    one, other = frame(gray), frame(255 - gray)
    assert one.box == other.box
    np.testing.assert_array_equal(one.ink, other.ink)


@st.composite
def two_places(draw: st.DrawFn, largest: int) -> tuple[Gray, Gray]:
    """The same drawing twice on the same blank sheet, at least four pixels from its edges."""
    drawing = draw(drawings(16, largest // 2))
    room = st.integers(max(drawing.shape) + 8, max(max(drawing.shape) + 9, largest))
    shape = (draw(room), draw(room))
    inside = [on_paper(drawing, (shape[0] - 8, shape[1] - 8), (draw(shares), draw(shares))) for _ in range(2)]
    one, other = (np.pad(sheet, 4, constant_values=255) for sheet in inside)
    return one, other


@given(two_places(WORK_ENOUGH))
def test_shifting_on_blank_paper_leaves_the_ink_alone(places: tuple[Gray, Gray]) -> None:
    one, other = map(frame, places)
    assume(max(places[0].shape) <= WORK_ENOUGH)
    np.testing.assert_array_equal(one.ink, other.ink)


@given(two_places(800))
def test_shifting_on_a_large_sheet_leaves_the_ink_alone_but_for_where_pixels_fall(places: tuple[Gray, Gray]) -> None:
    one, other = map(frame, places)
    assert gap(one.ink, other.ink) <= SHIFTED


margins = st.tuples(*[st.integers(0, 60)] * 4)


@given(drawings(30, 70), margins)
def test_adding_a_margin_leaves_the_ink_alone_and_moves_the_box(
    drawing: Gray, margin: tuple[int, int, int, int]
) -> None:
    before = np.pad(drawing, 12, constant_values=255)
    top, bottom, left, right = margin
    after = np.pad(before, ((top, bottom), (left, right)), constant_values=255)
    assume(max(after.shape) <= WORK_ENOUGH)
    one, other = frame(before), frame(after)
    assert one.box
    np.testing.assert_array_equal(one.ink, other.ink)
    box = one.box
    assert other.box == Box(box.left + left, box.top + top, box.right + left, box.bottom + top)


@given(drawings(30, 200), st.integers(0, 1500), st.integers(0, 1500))
def test_a_margin_of_any_width_leaves_the_ink_alone_but_for_where_pixels_fall(
    drawing: Gray, right: int, below: int
) -> None:
    before = np.pad(drawing, 12, constant_values=255)
    after = np.pad(before, ((0, below), (0, right)), constant_values=255)
    assert gap(frame(before).ink, frame(after).ink) <= SHIFTED


@given(st.lists(grays() | sheets(), max_size=5))
def test_many_pictures_give_what_each_gives_alone(pictures: list[Gray]) -> None:
    for together, gray in zip(frames(pictures), pictures, strict=True):
        alone = frame(gray)
        assert together.box == alone.box
        np.testing.assert_array_equal(together.ink, alone.ink)
        hold(together, gray)


def mnist_like(count: int = 40) -> NDArray[np.uint8]:
    """Digits as MNIST stores them: framed, light ink on black."""
    drawn = [frame(on_paper(written(i % 10, 100 + i))).ink for i in range(count)]
    return np.stack([np.rint(ink * 255).astype(np.uint8) for ink in drawn])


@pytest.mark.parametrize("invert", [False, True])
def test_a_framed_28x28_picture_comes_back_as_it_is(invert: bool) -> None:
    stack = mnist_like()
    given_ = 255 - stack if invert else stack
    for framed, gray, digit in zip(frames(given_), given_, stack, strict=True):
        hold(framed, gray)
        np.testing.assert_array_equal(framed.ink, digit.astype(np.float32) / np.float32(255))
        np.testing.assert_array_equal(frame(gray).ink, framed.ink)


def test_framing_again_changes_nothing() -> None:
    for ink in mnist_like():
        once = frame(ink).ink
        again = frame(np.rint(once * 255).astype(np.uint8)).ink
        np.testing.assert_array_equal(once, again)


def test_a_28x28_picture_that_is_not_framed_is_framed() -> None:
    corner = on_paper(written(2, 1, 14), (28, 28), (0.0, 0.0))
    ink = frame(corner).ink
    assert np.ptp(np.flatnonzero(ink.any(1))) == 19
    mixed = frames(np.stack([corner, *mnist_like(3)]))
    np.testing.assert_array_equal(mixed[0].ink, ink)


def test_the_pictures_given_are_not_changed() -> None:
    gray = on_paper(written(5, 1), (400, 300))
    kept = gray.copy()
    frame(gray)
    np.testing.assert_array_equal(gray, kept)


def test_no_pictures_give_no_ink() -> None:
    assert frames([]) == []
    assert frames(np.zeros((0, 28, 28), np.uint8)) == []


def digits_at(side: int) -> list[tuple[Ink, Ink]]:
    sheets_ = [on_paper(written(digit, seed), (150, 150)) for digit in range(10) for seed in (4, 5)]
    return [(frame(scaled(sheet, (side, side))).ink, frame(sheet).ink) for sheet in sheets_]


@pytest.mark.parametrize(("side", "typical"), [(20, 0.06), (28, 0.05), (40, 0.04), (100, 0.02), (1000, 0.01)])
def test_a_digit_is_framed_alike_at_any_size(side: int, typical: float) -> None:
    assert np.median([gap(*pair) for pair in digits_at(side)]) <= typical


# --- vectors: pictures with their ink, shared with every port -----------------------------------------


def vectors() -> tuple[int, dict[str, NDArray[np.uint8]]]:
    with np.load(VECTORS / "expected.npz") as stored:
        return int(stored["ink_version"]), dict(zip(map(str, stored["names"]), stored["inks"], strict=True))


def test_the_vectors_are_of_this_ink_version_and_complete() -> None:
    version, expected = vectors()
    assert version == INK_VERSION, "INK_VERSION was raised: python tests/vectors/make.py --update"
    assert sorted(expected) == sorted(path.stem for path in VECTORS.glob("*.png"))
    assert len(expected) == 24


@pytest.mark.parametrize("name", sorted(path.stem for path in VECTORS.glob("*.png")))
def test_vectors(name: str) -> None:
    ink = frame(load_gray(VECTORS / f"{name}.png")).ink
    difference = np.abs(ink - vectors()[1][name].astype(np.float32) / 255).mean()
    assert difference <= 2 / 255, "the ink changed: raise INK_VERSION, and python tests/vectors/make.py --update"


def test_only_the_blank_vector_is_blank() -> None:
    assert [name for name, ink in vectors()[1].items() if not ink.any()] == ["blank"]


def test_the_script_of_the_vectors_agrees_with_what_is_stored() -> None:
    command = [sys.executable, str(VECTORS / "make.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ})
    assert done.returncode == 0, done.stdout + done.stderr


def banded(gray: Gray, first: float, last: float, axis: int) -> Gray:
    """Columns (``axis`` 1) or rows between two places, in shares of the picture, in negative."""
    turned = np.array(gray if axis else gray.T)
    begin, end = round(first * turned.shape[1]), round(last * turned.shape[1])
    turned[:, begin:end] = 255 - turned[:, begin:end]
    return np.ascontiguousarray(turned if axis else turned.T)


@pytest.mark.parametrize("side", [56, 120, 300])
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize(("first", "last"), [(0.4, 0.6), (0.0, 0.5), (0.45, 1.0)])
def test_a_band_in_negative_across_the_digit_leaves_its_ink(side: int, axis: int, first: float, last: float) -> None:
    for digit in (2, 5, 8):
        sheet = on_paper(written(digit, 5, side // 2), (side, side))
        for given_ in (sheet, 255 - sheet):
            assert gap(frame(banded(given_, first, last, axis)).ink, frame(sheet).ink) < 0.02


def test_strokes_from_side_to_side_are_no_band_in_negative(monkeypatch: pytest.MonkeyPatch) -> None:
    """Digits that were cut close reach the sides, and a broad 1 is a bar."""
    bar = np.full((60, 40), 240, np.uint8)
    bar[:, 14:26] = 20
    close = [bar, *(written(digit, seed, 60, FELT) for digit in range(10) for seed in range(8))]
    leave_alone(close, monkeypatch)


def test_the_shade_is_no_band_in_negative(monkeypatch: pytest.MonkeyPatch) -> None:
    sheets_ = [on_paper(written(digit, 5, 60), (120, 120)) for digit in (2, 5, 8)]
    leave_alone([half_shaded(sheet, light) for sheet in sheets_ for light in (0.25, 0.4, 0.6)], monkeypatch)


def leave_alone(pictures: list[Gray], monkeypatch: pytest.MonkeyPatch) -> None:
    found = [frame(one).ink for one in pictures]
    monkeypatch.setattr(polarity, "_without_negative_band", lambda gray, _small: gray)
    for one, ink in zip(pictures, found, strict=True):
        np.testing.assert_array_equal(frame(one).ink, ink)


@pytest.mark.parametrize("side", [60, 150, 900])
def test_further_looks_see_the_same_digit(side: int) -> None:
    for digit in (2, 5, 8):
        framed = frame(on_paper(written(digit, 5, side // 2), (side, side)))
        assert framed.near is not None
        looks = again(framed)
        assert len(looks) == 4
        assert all(0 < gap(look, framed.ink) < 0.08 for look in looks)


@pytest.mark.parametrize("around", [1.4, 5])
def test_of_few_pixels_more_is_read_where_they_are_made_more(around: float, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = []
    for digit, seed in product(range(10), range(5)):
        drawn = written(digit, seed, 60)
        low = scaled(drawn, (10, max(1, round(10 * drawn.shape[1] / drawn.shape[0]))))
        pictures.append(on_paper(low, (round(around * 10),) * 2))
    framed = list(map(frame, pictures))
    assert all(one.coarse is not None and again(one)[-4 - 1] is one.coarse.ink for one in framed)
    assert all(one.box is not None and 8 <= one.box.height <= 10 for one in framed)
    reader = Reader()
    more = reader.digits(pictures)
    monkeypatch.setattr(ink_, "SMALL", 0)
    few = reader.digits(pictures)
    read, read_of_few = (sum(one.status == "read" for one in found) for found in (more, few))
    assert read >= read_of_few + 8


@pytest.mark.parametrize("side", ["left", "right"])
def test_what_the_edge_leaves_of_the_digit_beside_is_none_of_it(side: str) -> None:
    """As in a row of digits that somebody has cut apart by hand."""
    for digit in (0, 2, 5, 8):
        alone = on_paper(written(digit, 5, 80), (120, 130))
        beside = written(3, 7, 80)
        part = (
            beside[:, : round(0.35 * beside.shape[1])]
            if side == "right"
            else beside[:, -round(0.35 * beside.shape[1]) :]
        )
        cut = alone.copy()
        rows = slice(20, 20 + len(part))
        if side == "right":
            cut[rows, -part.shape[1] :] = np.minimum(cut[rows, -part.shape[1] :], part)
        else:
            cut[rows, : part.shape[1]] = np.minimum(cut[rows, : part.shape[1]], part)
        assert (cut != alone).sum() > 100
        assert gap(frame(cut).ink, frame(alone).ink) < 0.02


@pytest.mark.parametrize("share", [0.2, 0.35])
@pytest.mark.parametrize("above", [True, False])
def test_nor_is_what_it_leaves_of_the_rows_above_and_below(above: bool, share: float) -> None:
    for digit in (0, 2, 5, 8):
        alone = on_paper(written(digit, 5, 80), (180, 130))
        other = written(3, 7, 80)
        part = other[-round(share * len(other)) :] if above else other[: round(share * len(other))]
        rows = slice(0, len(part)) if above else slice(180 - len(part), 180)
        cut = alone.copy()
        cut[rows, 40 : 40 + part.shape[1]] = part
        assert gap(frame(cut).ink, frame(alone).ink) < 0.02


def test_the_bar_of_a_five_at_the_edge_stays() -> None:
    """Cut close above alone, and written apart."""
    five = np.full((110, 90), 255, np.uint8)
    cv2.line(five, (38, 4), (62, 4), 20, 8)
    cv2.line(five, (34, 14), (33, 36), 20, 8)
    cv2.ellipse(five, (42, 56), (20, 20), 0, -110, 120, 20, 8)
    ink = frame(five).ink
    assert ink[:8, 12:22].sum() > 4


def test_a_digit_of_two_parts_that_is_cut_close_keeps_both() -> None:
    """An open four, its two strokes at the two sides."""
    four = np.full((80, 60), 255, np.uint8)
    four[5:50, 0:8] = four[42:50, 0:40] = 20
    four[0:80, 50:60] = 20
    ink = frame(four).ink
    columns = np.flatnonzero(ink.any(0))
    assert columns[-1] - columns[0] + 1 >= 14
    assert gap(ink, frame(on_paper(four, (120, 120))).ink) < 0.02


def test_what_has_pixels_enough_is_looked_at_as_it_is() -> None:
    for side in (40, 60, 300):
        assert frame(on_paper(written(3, 5, side), (2 * side, 2 * side))).coarse is None


def test_leaning_looks_keep_the_digit_and_lean_to_either_side() -> None:
    one = frame(on_paper(written(1, 5, 40), (80, 80))).ink
    looks = leaning(one)
    tops = [float((np.arange(28) * look[:14].sum(0)).sum() / look[:14].sum()) for look in (looks[0], one, looks[1])]
    assert tops[0] > tops[1] + 0.5 and tops[2] < tops[1] - 0.5
    assert all(abs(float(look.sum() / one.sum()) - 1) < 0.02 for look in looks)


def test_what_is_framed_already_has_no_further_looks() -> None:
    framed = frame(mnist_like(1)[0])
    assert framed.near is None
    assert otherwise(framed, (28, 28)) == []


@pytest.mark.parametrize("dark", [True, False], ids=["dark on light", "light on dark"])
def test_last_looks_find_the_digit_where_no_surface_fits_the_paper(dark: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of it in a hard shadow, and of either polarity."""
    for digit in range(10):
        sheet = on_paper(written(digit, 5, 60), (300, 260))
        clean = frame(sheet)
        shaded = half_shaded(sheet) if dark else 255 - half_shaded(sheet)
        monkeypatch.setattr(ink_, "dark_on_light", lambda gray: gray)
        monkeypatch.setattr(ink_, "subtract_paper", lambda gray: np.zeros(gray.shape, np.float32))
        lost = frame(shaded)
        looks = otherwise(lost, shaded.shape)
        monkeypatch.undo()
        assert lost.box is None
        best = min(looks, key=lambda look: gap(look.ink, clean.ink))
        assert gap(best.ink, clean.ink) < 0.07
        assert best.box is not None and clean.box is not None
        assert np.abs(np.subtract(astuple(best.box), astuple(clean.box))).max() <= 4


def test_last_looks_at_what_was_taken_for_its_negative_keep_its_box() -> None:
    sheet = on_paper(written(3, 5, 60), (100, 100))
    clean = frame(sheet)
    box = Box(1, 2, 30, 40)
    (look,) = otherwise(Framed(np.zeros((28, 28), np.float32), box, 255 - sheet), sheet.shape)
    assert gap(look.ink, clean.ink) < 0.03
    assert look.box == box


def test_last_looks_find_nothing_where_nothing_is() -> None:
    for bare in (np.full((40, 40), 250, np.uint8), half_shaded(np.full((90, 60), 250, np.uint8))):
        assert otherwise(frame(bare), bare.shape) == []


def test_further_looks_are_near_the_digit_and_small_however_large_the_sheet() -> None:
    near = frame(on_paper(written(7, 5, 90), (1500, 1100), (0.8, 0.3))).near
    assert near is not None
    assert max(near.shape) <= WORK
    assert (near < 128).any(0).mean() > 0.3


def test_of_a_photograph_nothing_is_kept_but_the_writing() -> None:
    from guarismo.strip import strip

    photo = on_paper(written(7, 3, 90), (2000, 1500))
    line = strip(photo)
    assert line is not None
    for near in (frame(photo).near, line.near):
        assert near is not None
        assert len(_kept_alive(near)) < 200_000


def _kept_alive(array: Gray) -> bytes:
    """What a view and all that it is a view of hold."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array.tobytes()
