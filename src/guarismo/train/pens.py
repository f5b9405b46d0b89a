"""Pens: what turns the path of a hand into a picture, from a hairline to a marker.

    Stroke  float32 (P, 2)   one path from pen down to pen up; x to the right, y DOWN, in units of the digit's height

The same pens draw the shapes of ``strokes.py`` and the recorded paths of ``pendigits`` (whose y points up: flip it
first, and divide by 100).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from guarismo.types import Gray

Stroke = NDArray[np.float32]
Tip = Literal["round", "chisel"]

HAIRLINE, MARKER = 0.015, 0.22
"""Narrowest and widest line, in digit heights. Thinner breaks up when a digit is scaled to 20 pixels; wider fills the
loops of 6, 8 and 9 of an ordinary hand."""

STEP = 0.022
"""Spacing of the points that a pen is drawn through, in digit heights: a chord of a loop of radius 0.05 then misses its
arc by 0.0012, less than a tenth of a hairline."""

FINE = 200
"""Pixels of digit height on the canvas that is shrunk to the asked size. 200 gives a hairline 3 pixels; the cost of
drawing grows with the square."""

SHIFT = 4
"""Bits of OpenCV's fractional coordinates: a sixteenth of a fine pixel."""

STEPS = 8
"""Points that ``smooth`` puts between two control points: chords of 6 degrees if a curve has 8 points to the turn."""


@dataclass(frozen=True, slots=True)
class Pen:
    """A pen and how it is pressed.

    width     of the line, in digit heights: ``HAIRLINE`` .. ``MARKER``
    tip       "round", or "chisel": a flat edge held at ``angle``, which gives thick and thin lines
    angle     of the edge above the horizontal, in degrees; only for a chisel
    pressure  0 .. 1: how much the width swells and shrinks along the path
    softness  blur of the edges, standard deviation in digit heights
    dryness   0 .. 1: 0 flows always; 1 leaves gaps along the path and grain in the ink
    ink       0.25 .. 1: darkness of the line on white paper
    """

    width: float = 0.07
    tip: Tip = "round"
    angle: float = 40.0
    pressure: float = 0.15
    softness: float = 0.006
    dryness: float = 0.0
    ink: float = 1.0

    @classmethod
    def random(cls, rng: np.random.Generator) -> Pen:
        """Any pen: three in ten are a chisel, one in five runs dry, most are between a ballpoint and a felt pen."""
        # The square root of the range in logarithms: thin pens are what MNIST lacks, and markers are rarer than both.
        width = HAIRLINE * (MARKER / HAIRLINE) ** rng.beta(1.6, 1.5)
        return cls(
            width=float(width),
            tip="chisel" if rng.random() < 0.3 else "round",
            angle=float(rng.normal(40, 20)),
            pressure=float(rng.beta(1.3, 2.5)),
            softness=float(min(rng.exponential(0.008), 0.025)),
            dryness=float(rng.uniform(0.1, 1.0)) if rng.random() < 0.2 else 0.0,
            ink=float(1.0 - 0.7 * rng.beta(1.0, 2.5)),
        )


def smooth(points: ArrayLike, tension: float = 1.0) -> Stroke:
    """The spline (centripetal Catmull-Rom) through control points (N, 2), in their own units.

    A point given twice in a row is a corner. ``tension`` scales the tangents: 0 is the polygon, 1 the round curve.
    """
    control = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    same = np.flatnonzero((control[1:] == control[:-1]).all(axis=1)) + 1
    pieces = [piece for piece in np.split(control, same) if len(piece)]
    curves = [_spline(piece, tension) for piece in pieces if len(piece) > 1]
    if not curves:
        return control[:1].astype(np.float32)
    # A corner ends one curve and begins the next: keep it once.
    return np.concatenate([curves[0], *(curve[1:] for curve in curves[1:])]).astype(np.float32)


def shaken(paths: Sequence[ArrayLike], rng: np.random.Generator, by: float = 0.02) -> list[Stroke]:
    """Strokes through the control points of paths, each point moved a little."""
    return [smooth(path + rng.normal(0, by, path.shape)) for path in map(np.asarray, paths)]


def _hermite() -> NDArray[np.float64]:
    """(STEPS, 4): weights of the start, its tangent, the end, its tangent at the places between two control points."""
    s = np.linspace(0, 1, STEPS + 1)[:-1]
    return np.stack([2 * s**3 - 3 * s**2 + 1, s**3 - 2 * s**2 + s, 3 * s**2 - 2 * s**3, s**3 - s**2], axis=1)


_HERMITE = _hermite()


def _spline(p: NDArray[np.float64], tension: float) -> NDArray[np.float64]:
    """One piece without corners; ends are mirrored so that the curve runs out straight."""
    ends = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    step = np.diff(ends, axis=0)
    # Square root of the distance: the only choice of knots that makes neither loops nor cusps between uneven points.
    knot = np.sqrt(np.hypot(step[:, 0], step[:, 1]))[:, None] + 1e-9
    rate = step / knot
    tangent = rate[:-1] + rate[1:] - (step[:-1] + step[1:]) / (knot[:-1] + knot[1:])
    width = knot[1:-1] * tension
    parts = np.stack([p[:-1], tangent[:-1] * width, p[1:], tangent[1:] * width], axis=1)
    return np.concatenate([np.einsum("sk,nkc->nsc", _HERMITE, parts).reshape(-1, 2), p[-1:]])


def resample(stroke: Stroke, step: float) -> Stroke:
    """The same path through points ``step`` apart along it (the last gap made even); a dot stays one point."""
    leg = np.diff(stroke, axis=0)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(leg[:, 0], leg[:, 1]))])
    if along[-1] == 0:
        return stroke[:1]
    at = np.linspace(0, along[-1], max(2, round(along[-1] / step) + 1))
    return np.stack([np.interp(at, along, stroke[:, k]) for k in (0, 1)], axis=1).astype(np.float32)


def draw(strokes: Sequence[Stroke], size: int, pen: Pen, rng: np.random.Generator) -> Gray:
    """Ink strokes on white paper: uint8 (H, W), 255 paper, a height of 1.0 in the strokes being ``size`` pixels.

    The canvas is as large as the strokes and a margin for the pen and its blur, so nothing is cut. ``strokes`` may hold
    a whole line of digits.
    """
    if not strokes or not all(len(s) and np.isfinite(s).all() for s in strokes) or size < 1:
        raise ValueError(f"expected strokes with finite points and a size of at least 1 pixel, not {strokes!r}, {size}")
    scale = max(1, round(FINE / size))
    margin = int(np.ceil(size * (0.75 * pen.width * (1 + pen.pressure) + 3 * pen.softness))) + 2
    every = np.concatenate(strokes)
    corner = every.min(axis=0)
    wide, high = (int(n) for n in np.ceil((every.max(axis=0) - corner) * size) + 2 * margin)
    canvas = np.zeros((high * scale, wide * scale), dtype=np.uint8)
    for stroke in strokes:
        path = resample(stroke, STEP)
        pixels = ((path - corner) * size + margin) * scale
        for part, weight in _inked(pixels, _weights(path, pen, rng), pen, rng):
            _trace(canvas, part, weight * pen.width * size * scale, pen)
    return _develop(canvas, (wide, high), size, pen, rng)


def _noise(n: int, step: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """(n,) a smooth random walk about 0 with deviation about 1, that turns every ``step`` points."""
    knots = rng.standard_normal(n // step + 3)
    return np.interp(np.arange(n) / step + rng.random(), np.arange(len(knots)), knots)


def _weights(path: Stroke, pen: Pen, rng: np.random.Generator) -> NDArray[np.float64]:
    """(P,) width at each point in units of ``pen.width``: heavier downwards, lighter at the ends, uneven in between."""
    n = len(path)
    if n < 2:
        return np.ones(n)
    down = np.gradient(path[:, 1].astype(np.float64)) / STEP
    nearest = np.minimum(np.arange(n), np.arange(n)[::-1]) * STEP
    lift = 0.5 * np.exp(-nearest / 0.05)
    weight = 1 + pen.pressure * (0.3 * down + 0.25 * _noise(n, 9, rng) - lift)
    return np.clip(weight, 0.35, 1.5)


def _inked(
    pixels: Stroke, weight: NDArray[np.float64], pen: Pen, rng: np.random.Generator
) -> Iterator[tuple[Stroke, NDArray[np.float64]]]:
    """The parts of a path where the ink flows; all of it unless the pen is dry."""
    n = len(pixels)
    if pen.dryness < 0.05 or n < 8:
        yield pixels, weight
        return
    # Turns every 4 points and dry above 1.5: gaps of about 0.06 digit heights, which do not open a loop for the eye.
    dry = _noise(n, 4, rng) > 3.4 - 1.6 * pen.dryness
    edges = np.flatnonzero(np.diff(dry)) + 1
    for start, stop in zip([0, *edges], [*edges, n], strict=True):
        if not dry[start] and stop - start > 1:
            yield pixels[start:stop], weight[start:stop]


def _trace(canvas: NDArray[np.uint8], pixels: Stroke, widths: NDArray[np.float64], pen: Pen) -> None:
    """Lay the ink of one unbroken path, 255 for ink; widths (P,) in pixels of the canvas."""
    if len(pixels) == 1:  # a dot: OpenCV draws nothing for a line of one point, and the round end of one of two
        pixels, widths = np.repeat(pixels, 2, axis=0), np.repeat(widths, 2)
    if pen.tip == "chisel":
        radians = np.deg2rad(pen.angle)
        # The edge has a thickness of its own, a third of its length as in calligraphy markers.
        edge = np.array([np.cos(radians), -np.sin(radians)]) * widths[:, None] * 0.42
        sides = _fixed(np.stack([pixels - edge, pixels + edge], axis=1))
        # The edge keeps its direction, so what it sweeps between two points is a trapezium: convex.
        for quad in np.concatenate([sides[:-1], sides[1:, ::-1]], axis=1):
            cv2.fillConvexPoly(canvas, quad, 255, cv2.LINE_8, SHIFT)
        widths = widths / 3
    points = _fixed(pixels)
    thick = np.maximum(1, np.round(widths)).astype(int)
    starts = [0, *(np.flatnonzero(np.diff(thick)) + 1), len(points) - 1]
    for start, stop in pairwise(starts):
        # Runs of one width share their end point, so no gap opens; OpenCV rounds the ends of thick lines.
        cv2.polylines(canvas, [points[start : stop + 1]], False, 255, int(thick[start]), cv2.LINE_8, SHIFT)


def _fixed(pixels: NDArray[np.floating]) -> NDArray[np.int32]:
    """Pixel coordinates as OpenCV's fixed-point integers."""
    return np.round(pixels * (1 << SHIFT)).astype(np.int32)


def _develop(canvas: NDArray[np.uint8], shape: tuple[int, int], size: int, pen: Pen, rng: np.random.Generator) -> Gray:
    """Fine canvas with ink 255 → picture of (width, height) ``shape`` with paper 255."""
    shrunk = cv2.resize(canvas, shape, interpolation=cv2.INTER_AREA)
    ink: NDArray[np.float32] = shrunk.astype(np.float32)
    if pen.dryness >= 0.05:
        ink *= _grain(shape, size, pen, rng)
    sigma = pen.softness * size
    if sigma > 0.25:  # below a quarter of a pixel the kernel is the identity
        ink = np.asarray(cv2.GaussianBlur(ink, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT), np.float32)
    return np.asarray(np.round(255 - pen.ink * ink), dtype=np.uint8)


def _grain(shape: tuple[int, int], size: int, pen: Pen, rng: np.random.Generator) -> NDArray[np.float32]:
    """(H, W) 0 .. 1: the tooth of the paper that a dry pen shows."""
    # Hollows of a thirtieth of the digit; finer and shallower under a thin pen, whose line they would cut into dashes.
    per_digit = max(30.0, 1.2 / pen.width)
    cells = tuple(max(2, int(np.ceil(n * per_digit / size))) for n in shape)
    tooth = cv2.resize(rng.random((cells[1], cells[0]), dtype=np.float32), shape, interpolation=cv2.INTER_LINEAR)
    depth = 0.8 * pen.dryness * min(1.0, pen.width / 0.07)
    grain = np.clip((tooth - 0.3 * pen.dryness) * 5, 1 - depth, 1)
    return np.asarray(grain, np.float32)
