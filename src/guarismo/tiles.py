"""Boxes without lines: tinted squares on white paper, white ones on a tinted form. Rows of them are given an outline.

As for black cells (``blocks``): the edge of a tint has paper on both sides and is no line for ``unbend.ridges``.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from guarismo.paper import shrink
from guarismo.types import Gray

COARSE, WINDOW = 8, 31
"""How much smaller a copy the ground is looked for on, and the pixels of it over which it is a median: a row of squares
is less than half of what is around."""

TINT, INK = 7, 0.62
"""Grey levels that a square differs from its ground at least; and the share of that below which a pixel is ink."""

SMALLEST, LARGEST, SQUARE = 14 / 1200, 0.12, 0.55
"""Sides of a square, in shares of the picture's longest side; and the shorter one's share of the longer one."""

FILLED = 0.85
"""Share of the box around it, in its own direction, that a square fills: letters and digits fill half."""

ROW, NEXT, LEVEL, ALIKE = 3, 3.0, 0.35, 0.2
"""Squares in a row at least; widths of paper from one to the next at most, where strokes spoil those between; heights
by which their middles, and shares by which their sides differ."""

MOST = 400
"""Squares of a picture at most: more are a floor or a wall, and each is compared with each."""

EVEN, THERE = 0.2, 0.5
"""Shares of their distance by which squares lie beside their places at most; and of what is tinted in one of them that
was not found: strokes reach out of it."""

STACKED = 1.1
"""Heights of a row from it to the middle of a square above or below it that makes it a row of a grid."""

LINED = 0.25
"""Share of the sides between squares along which there may be something darker: strokes that reach out of them."""

LINE, DARK = 2, 0.3
"""Pixels of the lines that are drawn between them, and how dark these are, in shares of the ground's grey."""


def outlined(gray: Gray) -> Gray:
    """The picture uint8 (H, W) with lines around the squares of such rows; itself where there are none."""
    small = shrink(gray, max(1, max(gray.shape) // COARSE))
    ground = cv2.resize(cv2.medianBlur(small, min(WINDOW, min(small.shape) | 1)), gray.shape[::-1])
    calm = np.asarray(cv2.blur(gray, (3, 3)), np.uint8)
    inked = calm < INK * ground
    darker, lighter = cv2.subtract(ground, calm) >= TINT, cv2.subtract(calm, ground) >= TINT
    whole = gray
    for mask in (darker & ~inked, lighter):
        squares = _squares(np.asarray(mask, np.uint8))
        for row in _rows(squares, np.asarray(mask | inked, np.uint8)):
            x, y = row.reshape(-1, 2).mean(0).astype(int)
            if not (_is_stacked(row, squares) or _is_lined(row, calm, int(ground[y, x]))):
                whole = gray.copy() if whole is gray else whole
                for line in _lines(row):
                    cv2.polylines(whole, [np.rint(line).astype(np.int32)], False, DARK * float(ground[y, x]), LINE)
    return whole


def _lines(row: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Those of a row of boxes that touch: its head and foot, and a side in the middle between each two squares."""
    left, right = row[:, [0, 3]], row[:, [1, 2]]
    sides = np.concatenate([left[:1], (right[:-1] + left[1:]) / 2, right[-1:]])
    return [sides[:, 0], sides[:, 1], *sides]


def _is_stacked(row: NDArray[np.float64], squares: NDArray[np.float64]) -> bool:
    """Whether other squares stand right above or below a row: the cells of a grid, whose lines others look for."""
    (left, top), (right, bottom) = row.reshape(-1, 2).min(0), row.reshape(-1, 2).max(0)
    x, y = squares.mean(1).T
    high = float(np.ptp(row[..., 1], axis=1).mean())
    near = (x > left) & (x < right) & ((y < top) | (y > bottom)) & (y > top - STACKED * high)
    return bool((near & (y < bottom + STACKED * high)).any())


def _is_lined(row: NDArray[np.float64], gray: Gray, ground: int) -> bool:
    """Whether what lies between squares is darker than they and their ``ground`` are: lines, which others look for."""
    middles: list[list[int]] = np.rint(row.mean(1)).astype(int).tolist()
    darkest = min(ground, float(np.median([np.median(_around(gray, x, y)) for x, y in middles]))) - TINT
    sides = _lines(row)[3:-1]
    reach = int(np.ceil(np.linalg.norm(row[1:, 0] - row[:-1, 1], axis=1).max() / 2)) + 2
    lined = []
    for head, foot in sides:
        x, y = np.rint(head + np.linspace(0.15, 0.85, 21)[:, None] * (foot - head)).astype(int).T
        across = np.clip(x[:, None] + np.arange(-reach, reach + 1), 0, gray.shape[1] - 1)
        lined.append(float(np.median(gray[np.clip(y, 0, len(gray) - 1)[:, None], across].min(1))) < darkest)
    return float(np.mean(lined)) > LINED


def _around(gray: Gray, x: int, y: int) -> Gray:
    return gray[max(0, y - 8) : y + 9, max(0, x - 8) : x + 9]


def _squares(mask: NDArray[np.uint8]) -> NDArray[np.float64]:
    """What is filled and about square, ink in it aside: float64 (N, 4, 2), in the order of ``cutout.Corners``."""
    longest = max(mask.shape)
    outlines, above = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    found = []
    for outline, (_next, _before, _hole, parent) in zip(outlines, above[0] if above is not None else (), strict=True):
        if parent >= 0 or len(outline) < 3 * SMALLEST * longest:  # a hole, or a letter
            continue
        _middle, sides, _angle = rectangle = cv2.minAreaRect(outline)
        fits = SMALLEST * longest <= min(sides) and max(sides) <= min(LARGEST * longest, min(sides) / SQUARE)
        if fits and cv2.contourArea(outline) >= FILLED * sides[0] * sides[1]:
            found.append(_ordered(np.asarray(cv2.boxPoints(rectangle), np.float64)))
    return np.array(found if len(found) <= MOST else [], np.float64).reshape(-1, 4, 2)


def _ordered(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """From the top left on, clockwise."""
    down, up = corners.sum(1), corners[:, 0] - corners[:, 1]
    return corners[[down.argmin(), up.argmax(), down.argmax(), up.argmin()]]


def _rows(squares: NDArray[np.float64], tinted: NDArray[np.uint8]) -> list[NDArray[np.float64]]:
    """Squares of one size on one level, evenly apart, with those between and beside them that strokes spoil: each row
    float64 (N, 4, 2). ``tinted`` is 1 where there is tint or ink."""
    low, size = squares.min(1), np.ptp(squares, axis=1)
    middle = low + size / 2
    apart = np.abs(middle[:, None] - middle)
    least, most = np.minimum(size[:, None], size), np.maximum(size[:, None], size)
    near = (most - least <= ALIKE * most).all(-1) & (apart[..., 1] <= LEVEL * least[..., 1])
    near &= apart[..., 0] - least[..., 0] <= NEXT * least[..., 0]
    group = _joined(near)
    found = [_row(squares[group == number], tinted) for number in np.unique(group)]
    return [row for row in found if row is not None]


def _row(some: NDArray[np.float64], tinted: NDArray[np.uint8]) -> NDArray[np.float64] | None:
    """The row that these are of; None where they are too few, or not evenly apart."""
    x = np.sort(some[..., 0].mean(1))
    if len(x) < ROW:
        return None
    pitch = float(np.diff(x).min())
    number = np.rint((some[..., 0].mean(1) - x[0]) / max(pitch, 1))
    ways = np.polyfit(number, some.reshape(len(some), 8), 1)
    far = np.abs(np.outer(number, ways[0]) + ways[1] - some.reshape(len(some), 8)).max()
    if len(np.unique(number)) < len(number) or far > EVEN * pitch:
        return None

    def at(place: float) -> NDArray[np.float64]:
        return np.asarray((ways[0] * place + ways[1]).reshape(4, 2), np.float64)

    first, last = 0.0, float(number.max())
    while _is_tinted(at(first - 1), tinted):
        first -= 1
    while _is_tinted(at(last + 1), tinted):
        last += 1
    return np.array([at(place) for place in np.arange(first, last + 1)])


def _is_tinted(square: NDArray[np.float64], tinted: NDArray[np.uint8]) -> bool:
    left, top = np.rint(square.min(0)).astype(int)
    right, bottom = np.rint(square.max(0)).astype(int)
    rows, columns = tinted.shape
    inside = left >= 0 and top >= 0 and right < columns and bottom < rows and right > left and bottom > top
    return bool(inside) and float(tinted[top:bottom, left:right].mean()) > THERE


def _joined(near: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The lowest number in the group of each, int64 (N,), ``near`` bool (N, N) being its neighbours."""
    group = np.arange(len(near))
    while len(near):
        lowest = np.where(near, group, len(near)).min(1)
        if (lowest == group).all():
            break
        group = lowest
    return group
