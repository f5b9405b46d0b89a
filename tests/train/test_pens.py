from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from guarismo.train.pens import HAIRLINE, MARKER, Pen, Stroke, draw, resample, smooth

PLAIN = Pen(width=0.08, pressure=0.0, softness=0.0)
STEM: Stroke = np.array([[0.0, 0.0], [0.0, 1.0]], dtype=np.float32)
BAR: Stroke = np.array([[0.0, 0.5], [1.0, 0.5]], dtype=np.float32)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def ink(strokes: list[Stroke], pen: Pen, size: int = 64) -> float:
    """Black pixels' worth of ink."""
    return float((255.0 - draw(strokes, size, pen, rng())).sum() / 255)


def test_ink_is_dark_on_white_paper_and_nothing_is_cut() -> None:
    picture = draw([STEM, BAR], 64, PLAIN, rng())
    assert picture.dtype == np.uint8
    assert picture.min() < 20
    assert np.median(picture) == 255
    edges = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    assert (edges == 255).all()


@pytest.mark.parametrize("seed", range(40))
def test_no_random_pen_reaches_the_edge_or_leaves_the_paper_blank(seed: int) -> None:
    pen = Pen.random(rng(seed))
    picture = draw([STEM, BAR], 48, pen, rng(seed))
    edges = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    assert edges.min() > 245, pen
    # The darkest pen of one pixel and the palest of all must both be seen.
    assert picture.min() < 245, pen


def test_a_digit_of_height_one_is_size_pixels_high() -> None:
    rows = np.flatnonzero((draw([STEM], 100, PLAIN, rng()) < 128).any(axis=1))
    assert rows[-1] - rows[0] + 1 == pytest.approx(100 + 8, abs=2)


@pytest.mark.parametrize("tip", ["round", "chisel"])
def test_a_wider_pen_lays_more_ink(tip: str) -> None:
    widths = [HAIRLINE, 0.04, 0.08, 0.14, MARKER]
    amounts = [
        ink([STEM, BAR], replace(PLAIN, width=width, tip="chisel" if tip == "chisel" else "round")) for width in widths
    ]
    assert all(a < b for a, b in pairwise(amounts))


def test_the_width_is_the_width_asked_for() -> None:
    for width in (0.03, 0.1, 0.2):
        picture = draw([STEM], 100, replace(PLAIN, width=width), rng())
        across = (255.0 - picture[picture.shape[0] // 2]).sum() / 255
        assert across == pytest.approx(100 * width, abs=1.0)


def test_a_chisel_is_thick_across_its_edge_and_thin_along_it() -> None:
    flat = replace(PLAIN, width=0.15, tip="chisel", angle=0.0)
    assert ink([STEM], flat) > 2 * ink([BAR], flat)


def test_pressure_makes_the_width_uneven() -> None:
    def unevenness(pressure: float) -> float:
        picture = draw([STEM], 100, replace(PLAIN, pressure=pressure), rng())
        return float((255.0 - picture[15:-15]).sum(axis=1).std())

    assert unevenness(0.9) > 5 * unevenness(0.0) + 1


def test_a_dry_pen_lays_less_ink_and_a_pale_one_lighter_ink() -> None:
    assert ink([STEM, BAR], replace(PLAIN, dryness=1.0)) < 0.9 * ink([STEM, BAR], PLAIN)
    assert draw([STEM], 64, replace(PLAIN, ink=0.4), rng()).min() == pytest.approx(255 * 0.6, abs=2)


def test_softness_blurs_the_edges() -> None:
    def greys(softness: float) -> int:
        picture = draw([STEM], 64, replace(PLAIN, softness=softness), rng())
        return int(((picture > 10) & (picture < 245)).sum())

    assert greys(0.03) > 1.5 * greys(0.0)


def test_the_same_seed_gives_the_same_picture() -> None:
    pen = Pen.random(rng(3))
    assert pen == Pen.random(rng(3))
    assert pen != Pen.random(rng(4))
    assert np.array_equal(draw([STEM], 40, pen, rng(5)), draw([STEM], 40, pen, rng(5)))


def test_random_pens_span_the_range_and_keep_to_it() -> None:
    random = rng(1)
    pens = [Pen.random(random) for _ in range(400)]
    widths = [pen.width for pen in pens]
    assert HAIRLINE <= min(widths) < 0.025
    assert 0.16 < max(widths) <= MARKER
    assert {pen.tip for pen in pens} == {"round", "chisel"}
    assert all(0.25 <= pen.ink <= 1 and 0 <= pen.pressure <= 1 and 0 <= pen.dryness <= 1 for pen in pens)


def test_a_dot_is_drawn() -> None:
    assert ink([np.zeros((1, 2), dtype=np.float32)], replace(PLAIN, width=0.2)) > 20


@pytest.mark.parametrize("bad", [[], [np.zeros((0, 2), np.float32)], [np.full((2, 2), np.nan, np.float32)]])
def test_strokes_that_cannot_be_drawn_are_refused(bad: list[Stroke]) -> None:
    with pytest.raises(ValueError, match="finite points"):
        draw(bad, 64, PLAIN, rng())


def test_smooth_goes_through_its_points_and_keeps_corners() -> None:
    control = [(0.0, 0.0), (1.0, 0.2), (1.0, 0.2), (0.5, 1.0), (0.0, 1.0)]
    curve = smooth(control)
    for point in control:
        assert np.hypot(*(curve - np.array(point)).T).min() < 1e-6
    # At a corner the path turns at once; everywhere else from one short step to the next by little.
    way = np.diff(curve, axis=0)
    turn = np.abs(np.diff(np.unwrap(np.arctan2(way[:, 1], way[:, 0]))))
    assert turn.max() > 1.5
    assert np.sort(turn)[-2] < 0.5


def test_smooth_draws_a_circle_through_eight_points() -> None:
    angle = np.linspace(0, 2 * np.pi, 9)
    curve = smooth(np.stack([np.cos(angle), np.sin(angle)], axis=1))
    radius = np.hypot(curve[:, 0], curve[:, 1])[8:-8]
    assert np.abs(radius - 1).max() < 0.01


def test_smooth_takes_paths_of_pendigits_as_they_are() -> None:
    path = np.array([[47, 100], [27, 81], [57, 37], [26, 0], [0, 23], [56, 53], [100, 90], [40, 98]])
    curve = smooth(path)
    assert curve.dtype == np.float32
    assert curve.min() > -15
    assert curve.max() < 115


def test_smooth_takes_points_that_do_not_move() -> None:
    assert smooth([(1.0, 2.0)] * 4).tolist() == [[1.0, 2.0]]


def test_resampled_points_are_evenly_spaced() -> None:
    steps = np.hypot(*np.diff(resample(smooth([(0, 0), (0.5, 0.1), (0.6, 1.0)]), 0.02), axis=0).T)
    assert steps.max() / steps.min() < 1.05
    assert steps.mean() == pytest.approx(0.02, rel=0.05)
