"""Drawn digits, and what happens to pictures of them on the way: paper, light, dirt, lines."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from guarismo.train.pens import Pen, draw
from guarismo.train.strokes import FORMS, Hand
from guarismo.types import Box, Gray, Ink

BALLPOINT = Pen(width=0.09, pressure=0.1, softness=0.006)
HAIRLINE = Pen(width=0.02, pressure=0.1, softness=0.0)
FELT = Pen(width=0.17, pressure=0.1, softness=0.006)


def written(digit: int, seed: int, size: int = 120, pen: Pen = BALLPOINT, form: str | None = None) -> Gray:
    """One writer's digit, black on white and cut close: uint8 (H, W), about ``size`` pixels high. With a ``form`` it stays
    the same digit when hands learn more shapes."""
    rng = np.random.default_rng([seed, digit])
    return draw(Hand.random(rng).write(digit, rng, form), size, pen, rng)


def on_paper(drawing: Gray, shape: tuple[int, int] = (240, 240), at: tuple[float, float] = (0.5, 0.5)) -> Gray:
    """The drawing on white paper; ``at`` (down, across) is 0 at one edge and 1 at the other."""
    sheet = np.full((max(shape[0], drawing.shape[0]), max(shape[1], drawing.shape[1])), 255, np.uint8)
    top = round(at[0] * (sheet.shape[0] - drawing.shape[0]))
    left = round(at[1] * (sheet.shape[1] - drawing.shape[1]))
    sheet[top : top + drawing.shape[0], left : left + drawing.shape[1]] = drawing
    return sheet


def levels(gray: Gray, black: float, white: float) -> Gray:
    """Black and white moved to other levels: less contrast."""
    return np.asarray(np.rint(black + (white - black) * (gray / 255.0)), np.uint8)


def lit(gray: Gray, light: ArrayLike) -> Gray:
    """Under ``light`` (H, W) or what broadcasts to it, as a share of full light."""
    return np.asarray(np.clip(np.rint(gray * np.asarray(light)), 0, 255), np.uint8)


def gradient(gray: Gray, first: float, last: float, axis: int = 1) -> Gray:
    ramp = np.linspace(first, last, gray.shape[axis])
    return lit(gray, ramp if axis else ramp[:, None])


def half_shaded(gray: Gray, light: float = 0.5, axis: int = 1) -> Gray:
    """The second half lies in a shadow with a hard edge, that cuts through the digit."""
    place = np.arange(gray.shape[axis])
    shade = np.where(place >= gray.shape[axis] // 2, light, 1.0)
    return lit(gray, shade if axis else shade[:, None])


def specked(gray: Gray, seed: int, count: int = 60) -> Gray:
    """Black dots of a pixel, anywhere."""
    rng = np.random.default_rng(seed)
    dirty = gray.copy()
    dirty[rng.integers(gray.shape[0], size=count), rng.integers(gray.shape[1], size=count)] = 0
    return dirty


def grainy(gray: Gray, seed: int, deviation: float) -> Gray:
    """Camera noise, on a picture whose black and white leave room for it."""
    noise = np.random.default_rng(seed).normal(0, deviation, gray.shape)
    return np.clip(levels(gray, 30, 225) + noise, 0, 255).astype(np.uint8)


def ruled(gray: Gray, *sides: str, thick: int = 4, off: int = 0) -> Gray:
    """Black lines along the sides, ``off`` pixels from the edge."""
    lined = gray.copy()
    high, wide = gray.shape
    near, far = slice(off, off + thick), (slice(high - off - thick, high - off), slice(wide - off - thick, wide - off))
    places: dict[str, tuple[slice, slice]] = {
        "top": (near, slice(off, wide - off)),
        "bottom": (far[0], slice(off, wide - off)),
        "left": (slice(off, high - off), near),
        "right": (slice(off, high - off), far[1]),
    }
    for side in sides:
        lined[places[side]] = 0
    return lined


def scaled(gray: Gray, size: tuple[int, int]) -> Gray:
    """At another size (height, width)."""
    way = cv2.INTER_AREA if size[0] < gray.shape[0] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(gray, size[::-1], interpolation=way), np.uint8)


def textured(seed: int, shape: tuple[int, int] = (240, 240), depth: float = 6.0) -> Gray:
    """Bare rough paper: blotches and fibres of a few pixels, ``depth`` levels of standard deviation."""
    rng = np.random.default_rng(seed)
    tooth = sum((_blurred(rng.normal(size=shape), sigma) for sigma in (1.0, 3.0, 8.0)), np.zeros(shape))
    return np.asarray(np.clip(np.rint(225 + tooth * depth / tooth.std()), 0, 255), np.uint8)


def _blurred(noise: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    calm = np.asarray(cv2.GaussianBlur(noise, (0, 0), sigma), np.float64)
    return np.asarray(calm / calm.std(), np.float64)


def gap(one: Ink, other: Ink) -> float:
    """Mean absolute difference of two inks at the nearest of nine shifts by at most a pixel.

    Framing moves by whole pixels: where the centre of mass lies half-way, a grey level decides between two of them.
    """
    wide = np.pad(one, 1)
    shifts = [wide[y : y + 28, x : x + 28] for y in range(3) for x in range(3)]
    return min(float(np.abs(shift - other).mean()) for shift in shifts)


Disturbance = Callable[[Gray], Gray]


def rows_of_digits() -> Gray:
    """Nine numbers in a list of three columns, by one made-up hand."""
    rng = np.random.default_rng(11)
    sheet = np.full((900, 700), 255, np.uint8)
    hand = Hand(3, tuple(next(iter(FORMS[digit])) for digit in range(10)))
    for place in range(9):
        strokes = [
            stroke + np.array([0.9 * at, 0], np.float32)
            for at, value in enumerate((2 + place % 4, 3 + place % 5, 5 - place % 3, 7))
            for stroke in hand.write(value, rng)
        ]
        line = draw(strokes, 44, Pen(0.09), rng)
        top, left = 80 + 260 * (place // 3), 30 + 225 * (place % 3)
        sheet[top : top + line.shape[0], left : left + line.shape[1]] = line
    return sheet


def write(gray: Gray, text: str, left: int, foot: int, size: float = 1.2, thick: int = 3) -> Box:
    """Printed strokes on ``gray``; where they lie."""
    cv2.putText(gray, text, (left, foot), cv2.FONT_HERSHEY_SIMPLEX, size, 40, thick, cv2.LINE_AA)
    (wide, high), _base = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, thick)
    return Box(left, foot - high, left + wide, foot)
