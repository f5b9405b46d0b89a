"""Marks and strokes beside the number, and the paper around it."""

from __future__ import annotations

import numpy as np
import pytest

from guarismo.train import grounds
from guarismo.train.pens import Stroke


def extent(strokes: list[Stroke]) -> tuple[float, float]:
    """Width and height in digit heights."""
    wide, high = np.ptp(np.concatenate(strokes), axis=0)
    return float(wide), float(high)


@pytest.mark.parametrize("seed", range(30))
def test_marks_have_the_shape_of_their_kind(seed: int) -> None:
    rng = np.random.default_rng(seed)
    marks = grounds.Marks(rng, 0.06)
    point, comma, dash, slash = (extent(marks.strokes(mark, rng)) for mark in ".,-/")
    assert max(point) < 0.2
    assert point[1] < comma[1] + 0.06 and 0.1 < comma[1] < 0.5
    assert 0.15 < dash[0] < 0.9 and dash[1] < 0.3
    assert slash[1] > 0.9
    assert len(marks.strokes(":", rng)) == 2


@pytest.mark.parametrize("seed", range(60))
def test_what_fills_a_field_is_no_short_dash(seed: int) -> None:
    pen = 0.1
    strokes = grounds.fill(pen, np.random.default_rng(seed))
    wide, high = extent(strokes)
    assert wide > 0.7 or high > pen or len(strokes) == 2
    if len(strokes) == 2:
        apart = float(strokes[1][:, 1].mean() - strokes[0][:, 1].mean())
        assert apart > 1.4 * pen


def test_a_photograph_is_a_picture_and_its_seed() -> None:
    clean = np.full((50, 160), 255, np.uint8)
    clean[5:45, 40:46] = clean[5:45, 90:96] = 0
    for seed in range(80):
        one, other = (grounds.photographed(clean, 44, np.random.default_rng(seed)) for _ in "ab")
        assert one.dtype == np.uint8 and one.ndim == 2 and min(one.shape) >= 6
        np.testing.assert_array_equal(one, other)
        assert np.ptp(one.astype(int)) > 10


def test_a_scan_has_bare_paper() -> None:
    clean = np.full((50, 160), 255, np.uint8)
    clean[5:45, 80:86] = 0
    for seed in range(40):
        gray = grounds.photographed(clean, 44, np.random.default_rng(seed), scanned=1.0).astype(int)
        paper = np.median(gray)
        assert min(paper, 255 - paper) < 4
        far = gray[:, : gray.shape[1] // 4]
        assert np.abs(far - paper).max() < 40  # a JPEG's ringing
