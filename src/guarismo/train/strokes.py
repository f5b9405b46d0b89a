"""Hands: writers who never were, each with his own shapes, slant, speed and tremor.

A ``Hand`` is one writer. What it writes twice is alike but not the same, so that a line of digits looks as by one hand;
``Hand.random`` gives another person. The shapes are in ``forms_low.py`` and ``forms_high.py``, the pens in ``pens.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guarismo.train.forms_high import HIGH
from guarismo.train.forms_low import LOW
from guarismo.train.paths import Form, Path
from guarismo.train.pens import Stroke, resample, smooth

FORMS: dict[int, dict[str, Form]] = {**LOW, **HIGH}
"""Digit → name of a shape → the shape."""

STEP = 0.02
"""Spacing of the points of a finished stroke, in digit heights; see ``pens.STEP``."""

DICE = 24
"""Parameters that a form may draw; the richest draws 12."""

DRAGGED = 0.15
"""Share of hands that do not lift the pen within a digit, as digitizers and hasty writers have it."""

WARP = 0.022
"""Deviation of each bend of a hand's shapes, in digit heights. Here rings look hand-made and digits keep their
shape; a flagged 1 could already pass for a 7, so ``CARE`` halves it there."""


@dataclass(frozen=True, slots=True)
class Care:
    """How far a digit may be bent before it is read as another one.

    speed   most rounding of corners, standard deviation in digit heights
    slant   least and most slant in degrees
    width   least and most width against the height, before the slant
    over    most overshoot of the ends, in digit heights
    warp    share of ``WARP`` that it bears
    """

    speed: float = 0.05
    slant: tuple[float, float] = (-25.0, 35.0)
    width: tuple[float, float] = (0.35, 1.1)
    over: float = 0.04
    warp: float = 1.0


CARE: dict[int, Care] = {
    0: Care(over=0.0),
    # A 1 whose flag is pulled wide lies down to a 7; leaning back it does so by itself.
    1: Care(speed=0.022, slant=(-9, 30), width=(0.0, 0.55), over=0.025, warp=0.5),
    2: Care(speed=0.035, slant=(-18, 35)),
    3: Care(speed=0.03),
    # A rounded 4 is a 9: its corners stay, and its bar crosses the stem.
    4: Care(speed=0.02, slant=(-18, 30), width=(0.48, 1.05), over=0.045),
    5: Care(speed=0.025, slant=(-20, 30), over=0.02),
    6: Care(slant=(-15, 35), over=0.02),
    # A 7 with a narrow bar is a 1 with a flag.
    7: Care(speed=0.04, slant=(-15, 35), width=(0.5, 1.1)),
    8: Care(over=0.0, slant=(-20, 30)),
    9: Care(speed=0.035, slant=(-20, 35), width=(0.35, 0.92)),
}


class _LoadedDice:
    """Draws parameters near one writer's habits: the n-th throw for a shape falls about the same place each time."""

    def __init__(self, habits: NDArray[np.float64], spread: float, rng: np.random.Generator) -> None:
        self._throws = iter(np.clip(habits + spread * rng.standard_normal(len(habits)), 0, 1).tolist())

    def __call__(self, low: float, high: float) -> float:
        return low + (high - low) * float(next(self._throws))


@dataclass(frozen=True, slots=True)
class Hand:
    """One writer.

    seed       of the habits: the places in each range of a shape's parameters that this hand keeps to
    forms      the favourite shape of 0, 1, ... 9
    slant      degrees to the right of upright
    aspect     width against that of the shapes in the table
    roundness  tangents of the curves: 0.75 angular, 1.15 full
    tremor     standard deviation of the shake, in digit heights
    speed      0 .. 1: how much corners are cut
    overshoot  0 .. 1: how far ends run out
    flick      -1 .. 1: how the ends bend aside as the pen lands and leaves
    spread     of a parameter about its habit, as a part of its range
    drags      whether the pen stays on the paper from one stroke of a digit to the next
    """

    seed: int
    forms: tuple[str, ...]
    slant: float = 5.0
    aspect: float = 1.0
    roundness: float = 1.0
    tremor: float = 0.002
    speed: float = 0.3
    overshoot: float = 0.3
    flick: float = 0.0
    spread: float = 0.12
    drags: bool = False

    @classmethod
    def random(cls, rng: np.random.Generator) -> Hand:
        """Any writer. All shapes of a digit are equally likely, unlike in life: the rare ones matter here."""
        return cls(
            seed=int(rng.integers(2**31)),
            forms=tuple(str(rng.choice(list(FORMS[digit]))) for digit in range(10)),
            slant=float(np.clip(rng.normal(7, 13), -25, 35)),
            aspect=float(np.exp(np.clip(rng.normal(0.08, 0.28), -0.5, 0.65))),
            roundness=float(rng.uniform(0.75, 1.15)),
            tremor=float(min(rng.exponential(0.0022), 0.008)),
            speed=float(rng.beta(1.2, 1.8)),
            overshoot=float(rng.beta(1.0, 2.0)),
            flick=float(rng.uniform(-1, 1)),
            spread=float(rng.uniform(0.06, 0.2)),
            drags=bool(rng.random() < DRAGGED),
        )

    def write(self, digit: int, rng: np.random.Generator, form: str | None = None) -> list[Stroke]:
        """Strokes of one digit: left edge 0, head about y = 0, foot 1; in this hand's favourite shape or ``form``."""
        name = self.forms[digit] if form is None else form
        shapes = FORMS[digit]
        if name not in shapes:
            raise ValueError(f"the digit {digit} has no form {name!r}; it has {', '.join(shapes)}")
        care = CARE[digit]
        always = np.random.default_rng([self.seed, digit])
        bend = care.warp * WARP * (always.standard_normal((4, 2)) + 1.5 * self.spread * rng.standard_normal((4, 2)))
        habits = always.random((len(shapes), DICE))[list(shapes).index(name)]
        paths = shapes[name](_LoadedDice(habits, self.spread, rng))
        strokes = [self._move(_warp(path, bend), care, rng) for path in paths]
        return self._place([dragged(strokes)] if self.drags else strokes, care, rng)

    def _move(self, points: NDArray[np.float64], care: Care, rng: np.random.Generator) -> Stroke:
        """Control points → the path that a moving hand makes of them."""
        shift = rng.normal(0, 0.05 * self.spread, points.shape)
        twin = np.flatnonzero((points[1:] == points[:-1]).all(axis=1))
        shift[twin + 1] = shift[twin]
        stroke = resample(smooth(points + shift, self.roundness), STEP)
        stroke = _cut_corners(stroke, care.speed * self.speed * rng.uniform(0.8, 1.2))
        longer = care.over * self.overshoot * rng.uniform(-0.3, 1.0, 2)
        stroke = _finish(stroke, longer, care.over * self.speed * rng.normal(self.flick, 0.4, 2))
        return _shake(stroke, self.tremor, rng)

    def _place(self, strokes: list[Stroke], care: Care, rng: np.random.Generator) -> list[Stroke]:
        """Width, slant and size."""
        every = np.concatenate(strokes)
        (left, top), (right, foot) = every.min(axis=0), every.max(axis=0)
        high, wide = max(foot - top, 1e-3), max(right - left, 1e-3)
        loose = self.spread * rng.standard_normal(3) * (0.3, 15, 0.2)
        width = _between(self.aspect * float(np.exp(loose[0])) * wide / high, care.width)
        slant = np.tan(np.deg2rad(_between(self.slant + loose[1], care.slant)))
        size = np.exp(loose[2])
        # Rows: what x and y become of x and y, in units of the digit's height.
        turn = np.array([[width / wide, 0.0], [-slant / high, 1 / high]]) * size
        moved = [((stroke - (left, foot)) @ turn) for stroke in strokes]
        edge = min(float(stroke[:, 0].min()) for stroke in moved)
        return [(stroke + np.array([-edge, 1.0])).astype(np.float32) for stroke in moved]


def dragged(strokes: list[Stroke]) -> Stroke:
    """All strokes as one: straight from where one ends to where the next begins."""
    whole = strokes[0]
    for stroke in strokes[1:]:
        whole = np.concatenate([whole, resample(np.stack([whole[-1], stroke[0]]), STEP), stroke])
    return whole


def _between(value: float, bounds: tuple[float, float]) -> float:
    return min(max(value, bounds[0]), bounds[1])


_NEAR = np.linspace(1, 0, 7, dtype=np.float32)[:-1, None] ** 2
"""Shares of a bend at the points next to an end: it takes the last 0.12 of a digit height."""


def _warp(path: Path, bend: NDArray[np.float64]) -> NDArray[np.float64]:
    """Control points (N, 2) after four smooth bends of the whole digit, each (x, y) as ``bend`` (4, 2) says.

    This gives egg shapes, leaning bowls and uneven halves, and moves all strokes together, so that their joins hold.
    """
    points = np.asarray(path)
    x, y = (points[:, 0] - 0.3) * 2, points[:, 1] * np.pi
    waves = np.stack([np.sin(y), np.sin(2 * y), np.sin(np.pi * x), 2 * x * np.cos(y)], axis=1)
    return points + waves @ bend


def _finish(stroke: Stroke, longer: NDArray[np.float64], aside: NDArray[np.float64]) -> Stroke:
    """Ends (start, end) run on straight by ``longer`` and bend to the side by ``aside``, both in digit heights."""
    n = len(stroke)
    if n < 2 * len(_NEAR):
        return stroke
    out = stroke.copy()
    for side, more, bend in zip((out, out[::-1]), longer, aside, strict=True):
        way = side[0] - side[4]
        way = way / max(float(np.hypot(way[0], way[1])), 1e-6)
        side[: len(_NEAR)] += _NEAR * np.array([-way[1], way[0]]) * bend
        side[0] += way * max(more, -0.9 * STEP)
    return out


def _cut_corners(stroke: Stroke, sigma: float) -> Stroke:
    """The path under a moving average of deviation ``sigma`` in digit heights; its ends stay where they are."""
    points = sigma / STEP
    if points < 0.3 or len(stroke) < 3:
        return stroke
    reach = min(int(np.ceil(3 * points)), len(stroke) - 1)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / points) ** 2)
    kernel /= kernel.sum()
    padded = np.concatenate([2 * stroke[0] - stroke[reach:0:-1], stroke, 2 * stroke[-1] - stroke[-2 : -2 - reach : -1]])
    return np.stack([np.convolve(padded[:, k], kernel, "valid") for k in (0, 1)], axis=1).astype(np.float32)


def _shake(stroke: Stroke, tremor: float, rng: np.random.Generator) -> Stroke:
    """Trembling with about five turns to a digit height, which is what unsure writers and bad supports give."""
    noise = rng.normal(0, 1, (len(stroke) + 6, 2))
    kernel = np.hanning(9)[1:-1] / np.sqrt(np.sum(np.hanning(9) ** 2))
    return (stroke + tremor * np.stack([np.convolve(noise[:, k], kernel, "valid") for k in (0, 1)], axis=1)).astype(
        np.float32
    )
