"""Users' group D, and the shapes that framing must not break: pens from a hairline to a marker, split strokes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from guarismo import framing
from guarismo.ink import frame
from guarismo.train.pens import Pen
from guarismo.types import Gray, Ink
from pictures import BALLPOINT, FELT, HAIRLINE, gap, lit, on_paper, ruled, scaled, written

CASES = [(digit, seed) for seed in (2, 3) for digit in range(10)]


def darkness(inks: list[Ink]) -> float:
    """Mean over the digits of the share of a sheet that is inked."""
    return float(np.mean([one.mean() for one in inks]))


def inks_of(pen: Pen, shape: tuple[int, int] = (240, 240), size: int = 120) -> list[Ink]:
    return [frame(on_paper(written(*case, size=size, pen=pen), shape)).ink for case in CASES]


def test_a_hairline_is_thickened_to_what_survives() -> None:
    hairline, ballpoint = inks_of(HAIRLINE), inks_of(BALLPOINT)
    assert min(float(one.max()) for one in hairline) > 0.99
    assert darkness(hairline) > 0.6 * darkness(ballpoint)  # measured 0.72
    assert np.median([gap(*pair) for pair in zip(hairline, ballpoint, strict=True)]) < 0.055  # measured 0.038


def test_a_hairline_in_a_large_picture_is_not_lost() -> None:
    thin = Pen(width=0.008, pressure=0.0, softness=0.0)  # 5 pixels wide where the digit is 600 high
    large = inks_of(thin, (1000, 1000), 600)
    assert darkness(large) > 0.5 * darkness(inks_of(BALLPOINT))


def test_without_thickening_a_hairline_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    ballpoint = darkness(inks_of(BALLPOINT))
    monkeypatch.setattr(framing, "THINNEST", 0.0)
    assert darkness(inks_of(HAIRLINE)) < 0.6 * ballpoint


def test_a_marker_stays_a_marker_and_keeps_its_loops() -> None:
    felt = inks_of(FELT)
    assert 1.2 < darkness(felt) / darkness(inks_of(BALLPOINT)) < 2.5
    eights = [frame(on_paper(written(8, seed, pen=FELT))).ink for seed in range(6)]
    assert np.median([one[6:22, 8:20].min() for one in eights]) < 0.5


@pytest.mark.parametrize("pen", [HAIRLINE, BALLPOINT, FELT], ids=["hairline", "ballpoint", "felt"])
def test_each_pen_is_framed_alike_in_both_polarities_and_without_a_margin(pen: Pen) -> None:
    for case in CASES:
        close = written(*case, pen=pen)
        sheet = frame(on_paper(close)).ink
        np.testing.assert_array_equal(frame(255 - on_paper(close)).ink, sheet)
        assert gap(frame(close).ink, sheet) < 0.05  # measured 0.035


def split_five() -> Gray:
    """A five whose bar was set apart from its bowl."""
    gray = np.full((140, 120), 255, np.uint8)
    cv2.line(gray, (60, 16), (104, 16), 0, 8)
    cv2.line(gray, (30, 28), (26, 56), 0, 8)
    cv2.ellipse(gray, (48, 98), (34, 26), 0, -90, 140, 0, 8)
    return gray


@pytest.mark.parametrize("invert", [False, True])
def test_strokes_apart_from_each_other_stay_one_digit(invert: bool) -> None:
    gray = 255 - split_five() if invert else split_five()
    framed = frame(gray)
    count = cv2.connectedComponents((framed.ink > 0.3).astype(np.uint8), connectivity=8)[0] - 1
    assert count == 3
    assert framed.box is not None
    assert framed.box.top < 20
    assert framed.box.right > 100


def test_a_one_as_high_as_its_picture_is_no_border_line() -> None:
    one = np.full((120, 80), 255, np.uint8)
    one[2:118, 38:44] = 0
    shown = frame(one).ink
    assert shown.any()
    assert np.flatnonzero(shown.any(0)).size <= 4


@pytest.mark.parametrize("digit", range(10))
@pytest.mark.parametrize("seed", [1, 3])
def test_a_digit_of_eight_pixels_has_ink(digit: int, seed: int) -> None:
    assert frame(scaled(np.pad(written(digit, seed), 2, constant_values=255), (8, 8))).ink.any()


FRAME = ("left", "right", "top", "bottom")


@pytest.mark.parametrize("case", [(0, 1), (0, 6), (0, 2), (6, 1), (9, 1)])
def test_round_digits_in_a_frame_keep_their_ink(case: tuple[int, int]) -> None:
    sheet = on_paper(written(*case))
    assert gap(frame(ruled(sheet, *FRAME)).ink, frame(sheet).ink) < 0.01


@pytest.mark.parametrize("case", [(0, 1), (5, 2)], ids=["a slashed zero", "a five with a loose bar"])
def test_a_hairline_digit_cut_close_keeps_all_its_strokes(case: tuple[int, int]) -> None:
    close = written(*case, pen=HAIRLINE)
    assert gap(frame(close).ink, frame(on_paper(close)).ink) < 0.05


# --- left to be mended in the sources ----------------------------------------------------------------


def test_an_eight_in_a_frame_keeps_its_ink() -> None:
    sheet = on_paper(written(8, 1))
    assert gap(frame(ruled(sheet, *FRAME)).ink, frame(sheet).ink) < 0.01


def test_a_printed_box_with_a_margin_around_it_is_left_out() -> None:
    sheet = on_paper(written(2, 42, 48), (96, 96))
    assert gap(frame(ruled(sheet, *FRAME, thick=2, off=6)).ink, frame(sheet).ink) < 0.01


@pytest.mark.parametrize("case", [(2, 6), (1, 3)])
def test_a_shadow_that_falls_aslant_is_no_ink(case: tuple[int, int]) -> None:
    sheet = on_paper(written(*case))
    place = np.arange(240)
    aslant = lit(sheet, np.where(np.add.outer(place, place) > 240, 0.55, 1.0))
    assert gap(frame(aslant).ink, frame(sheet).ink) < 0.05
