"""Users' groups A to D and I: what happens to a digit on its way to the network leaves its ink alone.

Each disturbance is done to twenty digits of twenty hands. Bounds are for ``gap``, about one and a half times what was
measured (running this file prints it); ink of two different digits is 0.05 apart at the least and 0.14 as a rule. ``without`` takes the stage
away that undoes the disturbance: then the typical gap must exceed its bound, or the bound is worth nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from guarismo import ink
from guarismo.ink import frame
from guarismo.types import Box, Gray, Ink
from pictures import (
    Disturbance,
    gap,
    gradient,
    grainy,
    half_shaded,
    levels,
    on_paper,
    ruled,
    scaled,
    specked,
    textured,
    written,
)

SHAPES = {
    2: "wide long_flag swan small_top tall apart curl t high straight",
    3: "plain flag_foot curl small_top closed apart plain plain plain hook",
}
"""By seed those of 0 to 9 on which the bounds were measured."""

CASES = [(digit, seed) for seed in SHAPES for digit in range(10)]


def drawn(digit: int, seed: int) -> Gray:
    return written(digit, seed, form=SHAPES[seed].split()[digit])


@cache
def clean(digit: int, seed: int) -> Ink:
    return frame(on_paper(drawn(digit, seed))).ink


# --- the stages, taken away ------------------------------------------------------------------------


def squeezed(cut: NDArray[np.float32], _mask: NDArray[np.bool_], _box: Box) -> Ink:
    """Instead of cropping and centring: the whole picture scaled to 28x28, as the tutorials do."""
    return np.asarray(cv2.resize(cut, (28, 28), interpolation=cv2.INTER_AREA), np.float32)


def all_ink(contrast: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Instead of leaving specks and lines out: all that is dark."""
    return np.asarray(contrast > ink.INK_LEVEL * ink.ink_level(contrast), bool)


def from_white(dark: Gray) -> NDArray[np.float32]:
    """Instead of looking for the paper: white is paper."""
    return np.float32(255) - dark


def black_is_ink(contrast: NDArray[np.float32]) -> float:
    """Instead of measuring the pen's darkness: only black is ink."""
    return 255.0 if contrast.max(initial=0) > 255 * ink.INK_LEVEL else 0.0


WITHOUT: dict[str, tuple[str, Any]] = {
    "framing": ("place", squeezed),
    "polarity": ("dark_on_light", lambda gray: gray),
    "paper": ("subtract_paper", from_white),
    "ink level": ("ink_level", black_is_ink),
    "leaving out": ("find_ink", all_ink),
}


@dataclass(frozen=True)
class Way:
    """A disturbance of a 240x240 sheet or, where ``loose``, of the drawing cut close."""

    disturb: Disturbance
    typical: float
    worst: float
    without: str
    loose: bool = False

    def gaps(self) -> list[float]:
        grays = [drawn(*case) if self.loose else on_paper(drawn(*case)) for case in CASES]
        return [gap(frame(self.disturb(gray)).ink, clean(*case)) for gray, case in zip(grays, CASES, strict=True)]


def placed(shape: tuple[int, int], at: tuple[float, float]) -> Disturbance:
    return partial(on_paper, shape=shape, at=at)


WAYS: dict[str, Way] = {
    "off centre": Way(placed((300, 300), (0.9, 0.1)), 0.007, 0.05, "framing", loose=True),
    "in a corner": Way(placed((300, 300), (0.0, 0.0)), 0.007, 0.033, "framing", loose=True),
    "in the opposite corner": Way(placed((300, 300), (1.0, 1.0)), 0.007, 0.033, "framing", loose=True),
    "tiny in a page": Way(placed((1600, 1200), (0.7, 0.3)), 0.008, 0.05, "framing", loose=True),
    "tinier in a scan": Way(placed((3500, 2500), (0.2, 0.6)), 0.008, 0.052, "framing", loose=True),
    "filling the frame": Way(lambda gray: gray, 0.007, 0.033, "framing", loose=True),
    "in a wide strip": Way(placed((170, 900), (0.5, 0.2)), 0.008, 0.033, "framing", loose=True),
    "enlarged": Way(lambda gray: scaled(gray, (700, 700)), 0.002, 0.01, "framing"),
    "of 60 pixels": Way(lambda gray: scaled(gray, (60, 60)), 0.019, 0.06, "framing"),
    "light on dark": Way(lambda gray: 255 - gray, 1e-06, 1e-06, "polarity"),
    "at half contrast": Way(lambda gray: levels(gray, 100, 228), 0.002, 0.01, "ink level"),
    "at half contrast on black": Way(lambda gray: levels(gray, 127, 0), 0.002, 0.01, "polarity"),
    "faint": Way(lambda gray: levels(gray, 225, 250), 0.006, 0.021, "ink level"),
    "on grey": Way(lambda gray: levels(gray, 20, 140), 0.002, 0.01, "paper"),
    "under a gradient": Way(lambda gray: gradient(gray, 0.35, 1.0), 0.002, 0.01, "paper"),
    "under a gradient from above": Way(lambda gray: gradient(gray, 1.0, 0.4, axis=0), 0.002, 0.037, "paper"),
    "half in a hard shadow": Way(half_shaded, 0.012, 0.025, "paper"),
    "with its foot in a hard shadow": Way(lambda gray: half_shaded(gray, 0.6, axis=0), 0.007, 0.037, "paper"),
    "among specks": Way(lambda gray: specked(gray, 7), 0.002, 0.012, "leaving out"),  # by the hands that drag, 0.0109
    "with a line on the left": Way(lambda gray: ruled(gray, "left", off=3), 0.002, 0.01, "leaving out"),
    "with a line on the right": Way(lambda gray: ruled(gray, "right"), 0.002, 0.01, "leaving out"),
    "with a line above": Way(lambda gray: ruled(gray, "top", off=3), 0.002, 0.01, "leaving out"),
    "with a line below": Way(lambda gray: ruled(gray, "bottom"), 0.002, 0.01, "leaving out"),
    "in a frame": Way(lambda gray: ruled(gray, "left", "right", "top", "bottom"), 0.002, 0.01, "leaving out"),
    "in a box": Way(lambda gray: ruled(gray, "left", "right", "top", "bottom", off=9), 0.002, 0.01, "leaving out"),
    "under camera noise": Way(lambda gray: grainy(levels(gray, 100, 255), 5, 9.0), 0.002, 0.016, "paper"),
    "on rough paper in uneven light": Way(
        lambda gray: gradient(np.minimum(levels(gray, 120, 255), textured(4)), 0.6, 1.0), 0.01, 0.022, "paper"
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_ink_of_a_digit_is_left_alone(way: str) -> None:
    gaps = WAYS[way].gaps()
    assert float(np.median(gaps)) <= WAYS[way].typical
    assert max(gaps) <= WAYS[way].worst


@pytest.mark.parametrize("way", WAYS)
def test_the_bound_fails_without_the_stage_that_undoes_it(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for case in CASES:
        clean(*case)  # with all its stages
    monkeypatch.setattr(ink, *WITHOUT[WAYS[way].without])
    assert float(np.median(WAYS[way].gaps())) > WAYS[way].typical


if __name__ == "__main__":  # the figures to set bounds by
    for name, way in WAYS.items():
        gaps = way.gaps()
        kept = getattr(ink, WITHOUT[way.without][0])
        setattr(ink, *WITHOUT[way.without])
        print(f"{name:32} {np.median(gaps):.4f} {max(gaps):.4f}   without {way.without}: {np.median(way.gaps()):.4f}")
        setattr(ink, WITHOUT[way.without][0], kept)
