"""Signs that the line model has no word for, by their shapes: brackets around a number, a plus before it.

It reads them as digits, which they are like: a bracket is a bent 1, and some people's 7 is a plus.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

LEVEL = 0.4
"""Ink from which on a pixel of a strip is written."""

TALL, SLIM, STROKE = 0.85, 0.45, 0.22
"""Height of a bracket against that of the digits between, its width against its height, and that of its stroke."""

BENT = 0.05
"""Heights by which both ends of a bracket lie beside its middle."""

PLUS = 0.25, 0.8
"""Height of a plus against that of the digits after it: a 7 like a plus is as high as these."""

ARM, CORNER = 0.75, 0.06
"""Share of its height and width that each bar of a plus has, and of its corners that is ink at most."""


@dataclass(frozen=True, slots=True, eq=False)
class Signs:
    """The columns of a strip in which there are such: pairs of first and last (excluded); and whether it is
    ``bracketed``, which may mean less than nothing, or an area code."""

    columns: tuple[tuple[int, int], ...] = ()
    bracketed: bool = False

    def blanked(self, ink: NDArray[np.float32]) -> NDArray[np.float32]:
        """The same strip float32 (48, W) without them."""
        if not self.columns:
            return ink
        bare = ink.copy()
        for first, last in self.columns:
            bare[:, first:last] = 0
        return bare


def signs(ink: NDArray[np.float32]) -> Signs:
    """Those of a strip's ink float32 (48, W)."""
    _count, of, stats, _centres = cv2.connectedComponentsWithStats((ink > LEVEL).astype(np.uint8), connectivity=8)
    labels = np.asarray(of, np.int32)
    pieces = [one for one in (1 + np.argsort(stats[1:, 0], kind="stable")).tolist() if stats[one, 3] > 4]
    if len(pieces) < 2:
        return Signs()
    masks = {one: _alone(labels, stats[one], one) for one in (pieces[0], pieces[1], pieces[-1])}
    found, bracketed = [], False
    high = float(np.median(stats[pieces[1:-1], 3])) if len(pieces) > 2 else 0.0
    if high and _bend(masks[pieces[0]], high) > 0 > _bend(masks[pieces[-1]], high):
        found, bracketed, pieces = [pieces[0], pieces[-1]], True, pieces[1:-1]
    if len(pieces) > 1 and pieces[0] in masks:
        high = float(np.median(stats[pieces[1:], 3]))
        if PLUS[0] * high < stats[pieces[0], 3] < PLUS[1] * high and _is_plus(masks[pieces[0]]):
            found.append(pieces[0])
    spans = [(max(0, int(stats[one, 0]) - 1), int(stats[one, 0] + stats[one, 2]) + 1) for one in found]
    return Signs(tuple(spans), bracketed)


def _alone(labels: NDArray[np.int32], stat: NDArray[Any], number: int) -> NDArray[np.bool_]:
    left, top, width, height, _area = stat.tolist()
    return np.asarray(labels[top : top + height, left : left + width] == number, bool)


def _bend(piece: NDArray[np.bool_], high: float) -> int:
    """1 where a piece is bent like an opening bracket, -1 like a closing one, 0 where it is none."""
    rows, columns = piece.shape
    if rows < TALL * high or columns > SLIM * rows or int(piece.sum(1).max()) > STROKE * rows + 1:
        return 0
    middles = (piece * np.arange(columns)).sum(1) / np.maximum(piece.sum(1), 1)
    fifth = max(1, rows // 5)
    head, foot, waist = middles[:fifth].mean(), middles[-fifth:].mean(), middles[2 * fifth : -2 * fifth].mean()
    bent = [head - waist, foot - waist]
    if min(bent) > BENT * rows:
        return 1
    return -1 if max(bent) < -BENT * rows else 0


def _is_plus(piece: NDArray[np.bool_]) -> bool:
    """Whether two bars cross about the middle and nothing lies in the corners."""
    rows, columns = piece.shape
    if min(rows, columns) < 5 or not 0.5 < rows / columns < 2:
        return False
    level, upright = piece[rows // 4 : -(rows // 4)].sum(1).max(), piece[:, columns // 4 : -(columns // 4)].sum(0).max()
    y, x = rows // 3, columns // 3
    corners = np.concatenate(
        [piece[:y, :x].ravel(), piece[:y, -x:].ravel(), piece[-y:, :x].ravel(), piece[-y:, -x:].ravel()]
    )
    return bool(level >= ARM * columns and upright >= ARM * rows and corners.mean() < CORNER)
