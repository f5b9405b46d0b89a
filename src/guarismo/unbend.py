"""Bent and slanting lines made straight: from a group of lines to a view of it in which they follow the pixels.

The view is an array of places: where in the picture each of its pixels lies. Perspective comes first, from the lines'
vanishing points; what is left, a page's bend, is a smooth shift, fitted so that each line that is seen is straight.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from guarismo.rulings import Group, upright
from guarismo.types import Gray

LONGEST, ENLARGED = 1000, 2.0
"""Pixels of a view's longest side, and how often a small picture is enlarged for it at most: the cells of a puzzle have
a hundred pixels then, and strokes of digits are as much shorter than their sides as they can be."""

MARGIN = 24
"""Pixels around the lines."""

SMOOTH = 15
"""Pixels along a line over which it is averaged: it lifts a faint line out of the paper's grain. A line bent by eight
degrees moves two pixels over it; twice that, and bent lines fade."""

FINE = 5
"""Pixels for the same where a line is to be told from strokes of digits and rows of print, which stop short of it: less
than lies between two letters."""

WIDTHS = (2, 5, 10)
"""Pixels on both sides of a line where paper must be: for hairlines, common lines, and frames or lines out of focus."""

FAINTEST = 4.0
"""Grey levels, averaged along the line, below which nothing is a line: a camera's noise gives 2."""

EDGE = 2
"""Pixels along the picture's edge in which no line is looked for: the edge itself would be one."""

STEP = 8
"""Pixels between the points of a line by which its bend is fitted."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """``gray`` uint8 (H, W), even light, lines dark; ``places`` float32 (H, W, 2), each pixel's x, y in the picture."""

    gray: Gray
    places: NDArray[np.float32]
    shape: tuple[int, int]
    group: Group

    def edges(self, axis: int) -> NDArray[np.bool_]:
        """bool (H, W): where straight edges were seen of the level (``axis`` 0) or the upright (1) lines."""
        drawn = np.zeros(self.shape, np.uint8)
        for x, y, to_x, to_y in np.rint(self.group.upright if axis else self.group.level).astype(int).tolist():
            cv2.line(drawn, (x, y), (to_x, to_y), 255, 3)
        here = cv2.remap(drawn, self.places, None, cv2.INTER_LINEAR)  # type: ignore[call-overload]
        return np.asarray(cv2.dilate(here, np.ones((1, 5) if axis else (5, 1), np.uint8)) > 60, bool)

    @property
    def inside(self) -> NDArray[np.float32]:
        """float32 (H, W): 1.0 in the picture, of height and width ``shape``, 0.0 outside and along its edge."""
        x, y = self.places[..., 0], self.places[..., 1]
        rows, columns = self.shape
        within = (x > EDGE) & (y > EDGE) & (x < columns - 1 - EDGE) & (y < rows - 1 - EDGE)
        return np.asarray(within, np.float32)

    def there(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points (..., 2) of this view, x and y of pixel corners, in the picture; outside, as the edge goes on."""
        flat = points.reshape(-1, 2)
        rows, columns = self.gray.shape
        inside = np.clip(flat - 0.5, 0, [columns - 1.001, rows - 1.001])
        x, y = np.minimum(inside.astype(int), [columns - 2, rows - 2]).T
        fx, fy = (inside - np.column_stack([x, y])).T[..., None]
        p = self.places.astype(np.float64)
        right, down = p[y, x + 1] - p[y, x], p[y + 1, x] - p[y, x]
        found = p[y, x] + fx * right + fy * down + fx * fy * (p[y + 1, x + 1] - p[y + 1, x] - right)
        beyond = flat - 0.5 - inside
        found += beyond[:, :1] * right + beyond[:, 1:] * down + 0.5
        return np.asarray(found.reshape(points.shape), np.float64)


def view(flat: Gray, group: Group, longest: int = LONGEST) -> View | None:
    """A view of the group, its longest side so many pixels, in which its lines run level and upright; None where there
    is no such view."""
    places = _places(group, flat.shape, longest)
    if places is None:
        return None
    seen = _look(flat, places, group)
    if ridges(seen.gray, 0).sum() + ridges(seen.gray, 1).sum() < (
        ridges(255 - seen.gray, 0).sum() + ridges(255 - seen.gray, 1).sum()
    ):
        flat = 255 - flat
        seen = replace(seen, gray=255 - seen.gray)
    for _ in range(2):
        seen = _look(flat, _straightened(seen), group)
    return seen


def _look(flat: Gray, places: NDArray[np.float32], group: Group) -> View:
    seen = cv2.remap(flat, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=180)  # type: ignore[call-overload]
    return View(np.asarray(seen, np.uint8), places, (flat.shape[0], flat.shape[1]), group)


def _places(group: Group, shape: tuple[int, ...], longest: int) -> NDArray[np.float32] | None:
    back = upright(group)
    homogeneous = np.column_stack([group.ends, np.ones(2 * (len(group.level) + len(group.upright)))])
    ends = homogeneous @ np.linalg.inv(back).T
    if ends[:, 2].min() <= 0.05:
        return None
    ends = ends[:, :2] / ends[:, 2:]
    low, high = ends.min(0) - MARGIN, ends.max(0) + MARGIN
    if (high - low).max() > 4 * max(shape) or (high - low).min() < 20:
        return None
    scale = min(ENLARGED, longest / float((high - low).max()))
    columns, rows = np.maximum(np.ceil((high - low) * scale), 2).astype(int)
    x, y = np.meshgrid(low[0] + np.arange(columns) / scale, low[1] + np.arange(rows) / scale)
    there = np.stack([x, y, np.ones_like(x)], -1) @ back.T
    if there[..., 2].min() <= 0.02:
        return None
    return np.asarray(there[..., :2] / there[..., 2:], np.float32)


def ridges(gray: Gray, axis: int, along: int = SMOOTH) -> NDArray[np.float32]:
    """How much darker than the paper on both sides a level (``axis`` 0) or upright (1) line through each pixel is:
    float32 (H, W), 0 or more."""
    picture = cv2.transpose(gray) if axis else gray
    smooth = cv2.blur(picture, (along, 1), borderType=cv2.BORDER_REPLICATE).astype(np.int16)
    best: NDArray[Any] = np.zeros_like(smooth)
    for width in WIDTHS:
        padded = cv2.copyMakeBorder(smooth, width, width, 0, 0, cv2.BORDER_REPLICATE)
        sides = cv2.subtract(cv2.min(padded[: -2 * width], padded[2 * width :]), smooth)
        best = cv2.max(best, sides)
    return np.asarray(cv2.transpose(best) if axis else best, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Pieces of lines, pixel by pixel. ``along`` and ``across`` int64 (N,): a level line's x and y, an upright one's y
    and x. ``piece`` int64 (N,) which piece each pixel is of, 0 ... ``count`` - 1. ``strength`` float32 (H, W) are the
    ridges, turned so that ``along`` is x, and ``least`` what they must have to be a line."""

    along: NDArray[np.int64]
    across: NDArray[np.int64]
    piece: NDArray[np.int64]
    count: int
    strength: NDArray[np.float32]
    least: float


@dataclass(frozen=True, slots=True, eq=False)
class Traces:
    """``pieces`` of lines, and turned as these are: ``fine``, ridges averaged over ``FINE`` pixels only, and
    ``inside``, the view's; float32 (H, W)."""

    pieces: Pieces
    fine: NDArray[np.float32]
    inside: NDArray[np.float32]


def _turned(picture: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    return np.ascontiguousarray(picture.T) if axis else picture


def trace(view: View, axis: int, shortest: int) -> Traces:
    """All pieces of lines of one direction, at least ``shortest`` pixels long."""
    inside = _turned(view.inside, axis)
    fine = _turned(ridges(view.gray, axis, FINE), axis) * inside
    return Traces(_pieces(view, axis, shortest, inside), fine, inside)


def _pieces(view: View, axis: int, shortest: int, inside: NDArray[np.float32]) -> Pieces:
    strength = _turned(ridges(view.gray, axis), axis) * inside
    tops = (strength >= cv2.dilate(strength, np.ones((5, 1), np.uint8))) & (strength > FAINTEST)
    least = max(FAINTEST, 0.12 * float(np.percentile(strength[tops], 95))) if tops.any() else FAINTEST
    tops &= strength > least
    joined = cv2.dilate(tops.astype(np.uint8), np.ones((3, 3), np.uint8))
    _count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    long = stats[:, cv2.CC_STAT_WIDTH] >= shortest + 2
    long[0] = False
    across, along = np.nonzero(tops & long[labels])
    names, piece = np.unique(labels[across, along], return_inverse=True)
    return Pieces(along, across, piece.astype(np.int64), len(names), strength, least)


def _straightened(seen: View) -> NDArray[np.float32]:
    """Places for a view in which the lines that are bent in this one are straight."""
    rows, columns = seen.gray.shape
    shortest = max(24, max(rows, columns) // 30)
    size = max(rows, columns)
    inside = seen.inside
    down, aside = (_bend(_pieces(seen, axis, shortest, _turned(inside, axis)), size) for axis in (0, 1))
    x, y = np.meshgrid(np.arange(0, columns + COARSE, COARSE), np.arange(0, rows + COARSE, COARSE))
    u, v = x.astype(np.float64), y.astype(np.float64)
    for _ in range(3):
        u, v = x + _terms(v, u, size) @ aside, y + _terms(u, v, size) @ down
    if max(float(np.abs(np.diff(shift, axis=i)).max()) for shift in (u - x, v - y) for i in (0, 1)) > STEEPEST * COARSE:
        return seen.places
    from_x, from_y = _finer(u, (rows, columns)), _finer(v, (rows, columns))
    bent = cv2.remap(seen.places, from_x, from_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    beyond = np.stack([from_x - np.clip(from_x, 0, columns - 1), from_y - np.clip(from_y, 0, rows - 1)], -1)
    return np.asarray(bent + beyond * _pitch(seen.places), np.float32)


def _finer(coarse: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Values at every ``COARSE``-th pixel, at all pixels: float32 (H, W)."""
    x, y = np.meshgrid(*(np.arange(n, dtype=np.float32) / COARSE for n in shape[::-1]))
    return np.asarray(cv2.remap(coarse.astype(np.float32), x, y, cv2.INTER_LINEAR), np.float32)


def _pitch(places: NDArray[np.float32]) -> float:
    """Pixels of the picture to one of the view, about."""
    return float(np.linalg.norm(places[0, -1] - places[0, 0]) / max(places.shape[1] - 1, 1))


COARSE = 16
"""Pixels between the places where a bend is worked out; it is smooth."""

STEEPEST = 0.3
"""How much a bend may shift pixels against their neighbours: a page bent by 17 degrees. More is a wrong fit."""

POWERS = ((1, 0), (2, 0), (3, 0), (4, 0), (1, 1), (2, 1), (3, 1), (1, 2), (2, 2))
"""Of the place along and across: what a line's shift is a sum of. None without the place along: that moves whole lines
and bends none."""


def _terms(along: NDArray[np.floating], across: NDArray[np.floating], size: int) -> NDArray[np.float64]:
    a, b = 2 * along / size - 1, 2 * across / size - 1
    return np.stack([a**i * b**j for i, j in POWERS], -1)


def _bend(pieces: Pieces, size: int) -> NDArray[np.float64]:
    """The weights of ``POWERS`` with which the lines' across is nearest to constant: robust least squares."""
    chosen = pieces.along % STEP == 0
    along, across, piece = pieces.along[chosen], pieces.across[chosen].astype(np.float64), pieces.piece[chosen]
    if len(along) < 3 * len(POWERS):
        return np.zeros(len(POWERS))
    terms = _terms(along, across, size)
    counts = np.bincount(piece, minlength=pieces.count).astype(np.float64)
    length = counts[piece]  # a long line says more of each of its points: a letter's bar is short
    weights = length.copy()
    solution = np.zeros(len(POWERS))
    for _ in range(5):
        total = np.maximum(np.bincount(piece, weights, pieces.count), 1e-9)
        own = np.stack([np.bincount(piece, weights * term, pieces.count) / total for term in terms.T], -1)
        middle = np.bincount(piece, weights * across, pieces.count) / total
        t, y = terms - own[piece], across - middle[piece]
        ridge = 1e-4 * weights.sum() * np.eye(len(POWERS))
        solution = np.linalg.solve((t * weights[:, None]).T @ t + ridge, (t * weights[:, None]).T @ y)
        off = y - t @ solution
        weights = length / (1 + (off / 2.0) ** 2)
    return np.asarray(solution, np.float64)
