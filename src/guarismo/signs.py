"""Signs that the line model has no word for, by their shapes: brackets, plus and percent signs.

It reads them as digits, which they are like: a bracket is a bent 1, some people's 7 is a plus, and 96 a percent sign.
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

LABEL, APART, LEAST = 2, 0.4, 0.7
"""Digits before a closing bracket that was not opened, at most, and heights of paper after it: "1) 380". The
digit before it has this share of the others' height, or both are halves of a broken one."""

RINGS, WIDE, ALONG = 0.25, 1.05, 0.95
"""Of a percent sign: share of its width by which one ring lies to the right of the other; its width, to its height, at
most, for 96 is as wide as two digits; and the share of the way between its corners that is ink, which is its stroke."""

CORNERED = 0.35
"""Share of its width from its corners in which this stroke begins and ends: a 4 that is closed twice has a foot."""

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
    found, bracketed = _percent(labels, stats, pieces), False
    pieces = [one for one in pieces if one not in found]
    high = float(np.median(stats[pieces[1:-1], 3])) if len(pieces) > 2 else 0.0
    if high and _bend(labels, stats, pieces[0], high) > 0 > _bend(labels, stats, pieces[-1], high):
        found, bracketed, pieces = [*found, pieces[0], pieces[-1]], True, pieces[1:-1]
    closing = _closing(labels, stats, pieces)
    if closing:
        found, bracketed, pieces = [*found, closing], True, [one for one in pieces if one != closing]
    if len(pieces) > 1:
        high = float(np.median(stats[pieces[1:], 3]))
        if PLUS[0] * high < stats[pieces[0], 3] < PLUS[1] * high and _is_plus(_alone(labels, stats, pieces[0])):
            found.append(pieces[0])
    spans = [(max(0, int(stats[one, 0]) - 1), int(stats[one, 0] + stats[one, 2]) + 1) for one in found]
    return Signs(tuple(spans), bracketed)


def _closing(labels: NDArray[np.int32], stats: NDArray[Any], pieces: list[int]) -> int:
    """The bracket that closes a label before a number and was not opened; 0 where there is none."""
    for place, one in enumerate(pieces[1 : LABEL + 1], 1):
        left, _top, wide = stats[one, :3].tolist()
        others = [other for other in pieces if other != one]
        high = float(np.median(stats[others, 3]))
        after = stats[pieces[place + 1], 0] if place + 1 < len(pieces) else np.inf
        beside = stats[others, 0] + stats[others, 2] <= left, stats[others, 0] >= left + wide
        before = pieces[place - 1]
        part = not (beside[0] | beside[1]).all() or stats[before, 3] < LEAST * high  # of a digit in pieces
        part = part or _bend(labels, stats, before, LEAST * high, BENT / 2) > 0
        if not part and after - left - wide > APART * high and _bend(labels, stats, one, high) < 0:
            return int(one)
    return 0


def _percent(labels: NDArray[np.int32], stats: NDArray[Any], pieces: list[int]) -> list[int]:
    """The last pieces where these are a percent sign: two rings, one above left and one below right of a straight
    stroke, in one to three pieces."""
    for count in (3, 2, 1):
        some = pieces[-count:]
        left, top = (int(stats[some, side].min()) for side in (0, 1))
        right, bottom = (int((stats[some, side] + stats[some, side + 2]).max()) for side in (0, 1))
        if len(pieces) <= count or right - left > WIDE * (bottom - top):
            continue
        sign = np.isin(labels[top:bottom, left:right], some)
        _count, _holes, holes, centres = cv2.connectedComponentsWithStats(
            np.pad(~sign, 1, constant_values=True).astype(np.uint8), connectivity=4
        )
        order = 2 + np.argsort(-holes[2:, 4], kind="stable")  # the first that is no ink lies around it
        if len(order) > 1 and _is_percent(sign, centres[order[:2]] - 1):
            return some
    return []


def _is_percent(sign: NDArray[np.bool_], holes: NDArray[Any]) -> bool:
    """Whether two holes, x and y of their middles, lie on both sides of a stroke from one corner to the other."""
    rows, columns = sign.shape
    (x, y), (other_x, other_y) = sorted(holes.tolist())
    if not (other_x - x > RINGS * columns and y < rows / 2 < other_y):
        return False
    edge = max(1, rows // 8)
    head, foot = columns - 1 - _run(sign[:edge, ::-1]), _run(sign[-edge:])
    if head < (1 - CORNERED) * columns or foot > CORNERED * columns:
        return False
    ends = (round(head), edge // 2), (round(foot), rows - 1 - edge // 2)
    way = cv2.line(np.zeros((rows, columns), np.uint8), *ends, 1)
    return bool(sign[way > 0].mean() >= ALONG)


def _run(rows: NDArray[np.bool_]) -> float:
    """The middle of the first columns side by side in which these rows have ink."""
    inked = np.asarray(rows.any(0), bool)
    first = int(inked.argmax())
    after = inked[first:]
    return first + (len(after) if after.all() else int(after.argmin())) / 2 - 0.5


def _alone(labels: NDArray[np.int32], stats: NDArray[Any], number: int) -> NDArray[np.bool_]:
    left, top, width, height, _area = stats[number].tolist()
    return np.asarray(labels[top : top + height, left : left + width] == number, bool)


def _bend(labels: NDArray[np.int32], stats: NDArray[Any], number: int, high: float, least: float = BENT) -> int:
    """1 where a piece is bent like an opening bracket, -1 like a closing one, 0 where it is none."""
    piece = _alone(labels, stats, number)
    rows, columns = piece.shape
    if rows < TALL * high or columns > SLIM * rows or int(piece.sum(1).max()) > STROKE * rows + 1:
        return 0
    middles = (piece * np.arange(columns)).sum(1) / np.maximum(piece.sum(1), 1)
    fifth = max(1, rows // 5)
    head, foot, waist = middles[:fifth].mean(), middles[-fifth:].mean(), middles[2 * fifth : -2 * fifth].mean()
    bent = [head - waist, foot - waist]
    if min(bent) > least * rows:
        return 1
    return -1 if max(bent) < -least * rows else 0


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
