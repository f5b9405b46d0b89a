"""Rows of boxes of which only a base and the ticks between them are drawn: what is missing of their sides is drawn.

Forms have such combs to write digits into. On the page they are one long line with short ones on it, as far apart as
each other, which no lattice is; with their sides whole they are a row of boxes like any other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from guarismo.rulings import Segments
from guarismo.types import Gray

LONG, MOST = 48.0, 60
"""Pixels of a base at least: three boxes of 16. How many lines, the longest, may be one."""

LEAN = 15.0
"""Degrees by which a base may lean."""

AROUND, ABOVE = 6, 80
"""Pixels around a base in which its middle lies, and above it in which ticks are looked for."""

DARK = 0.4
"""Share of its base's darkness that a tick has at least: it is as thick, and shorter lines look paler."""

LOW, WIDE = 4, 0.4
"""Pixels of a tick's height at least; and its width against its height, beyond the width of a thick line."""

THICK = 13
"""Pixels along a base that no tick is thick."""

TICKS, PITCH = 3, 14.0
"""Ticks of a comb at least, and pixels from one to the next."""

EVEN, ALIKE = 0.1, 0.25
"""Shares by which distances of ticks may differ, of one of them, and their heights, of one of these."""

MOST_THERE = 0.6
"""Share of a comb's ticks that are seen at least: digits touch some."""

LOWEST = 0.12
"""Height of a tick, to the distance of two: lower ones are no sides but a scale's."""

SIDES = 0.7
"""Height of a tick, to the distance of two, from which on it is nearly a whole side."""

TALL, TALLEST = 1.3, 1.7
"""Height of a box, to its width, of which nothing says where it ends; and of one with a line above it at most."""

INK = 40
"""How dark sides are drawn, where even paper has 180."""


@dataclass(frozen=True, slots=True, eq=False)
class _Comb:
    """``base`` and ``top`` are rows of points float64 (N, 2), the feet and heads of its boxes' sides."""

    base: NDArray[np.float64]
    top: NDArray[np.float64]


def completed(flat: Gray, pieces: Segments) -> Gray | None:
    """The picture uint8 (H, W) in even light with the sides of its combs' boxes drawn; None where no comb is.

    ``pieces`` are its straight edges.
    """
    combs = _combs(flat, pieces)
    if not combs:
        return None
    whole = flat.copy()
    for comb in combs:
        base, top = (np.rint(points).astype(int).tolist() for points in (comb.base, comb.top))
        for start, end in [*pairwise(base), *pairwise(top), *zip(base, top, strict=True)]:
            cv2.line(whole, start, end, INK, 2)
    return whole


@dataclass(frozen=True, slots=True, eq=False)
class _Base:
    """A line that goes through ``start`` along ``right``, from ``first`` to ``last``, ``up`` being square to it; by how
    much it is bent up, ``bend``."""

    start: NDArray[np.float64]
    right: NDArray[np.float64]
    up: NDArray[np.float64]
    first: float
    last: float
    bend: Callable[[NDArray[np.float64]], NDArray[np.float64]] = np.zeros_like

    def at(self, along: NDArray[np.float64]) -> NDArray[np.float64]:
        """Places (N, 2) so far along the line."""
        bend = self.bend(along)
        return np.asarray(self.start + along[:, None] * self.right + bend[:, None] * self.up, np.float64)


def _combs(flat: Gray, pieces: Segments) -> list[_Comb]:
    along = pieces[:, 2:] - pieces[:, :2]
    level = pieces[np.abs(along[:, 1]) <= np.tan(np.radians(LEAN)) * np.abs(along[:, 0])]
    level = np.where((level[:, 0] > level[:, 2])[:, None], level[:, [2, 3, 0, 1]], level)
    lengths = np.hypot(*(level[:, 2:] - level[:, :2]).T)
    found: list[_Comb] = []
    seen, bases = np.zeros(len(level), bool), 0
    for i in np.argsort(-lengths, kind="stable").tolist():
        if lengths[i] < LONG or bases == MOST:
            break
        if not seen[i]:
            bases += 1
            base, on_base = _base(level, i)
            seen[on_base] = True
            comb = _comb(_bent(flat, base), flat, level)
            if comb is not None:
                found.append(comb)
    return found


def _base(level: Segments, number: int) -> tuple[_Base, NDArray[np.int64]]:
    """The line that one of the level pieces is of, and which others are."""
    ends, on_base = level.reshape(-1, 2, 2), np.array([number])
    for _ in range(2):  # a short piece leans a little: what goes on from it tells better
        start, right, up = _line(ends[on_base].reshape(-1, 2))
        x, y = ((ends - start) @ side for side in (right, up))
        on_base = np.flatnonzero(np.abs(y).max(1) <= AROUND)
        first, last = _joined(x[on_base], float(x[number, 0]))
        on_base = on_base[(x[on_base, 1] >= first) & (x[on_base, 0] <= last)]
    return _Base(start, right, up, first, last), on_base


def _comb(base: _Base, flat: Gray, level: Segments) -> _Comb | None:
    """The comb that stands on a base, the level pieces being lines that may lie above it."""
    first, last = base.first, base.last
    ticks = _ticks(_standing(_strip(flat, base, ABOVE), first - AROUND))
    if ticks is None:
        return None
    places, high, lean = ticks
    pitch = float(np.median(np.diff(places)))
    x, y = ((level.reshape(-1, 2, 2) - base.start) @ side for side in (base.right, base.up))
    top = _top(np.column_stack([x, y.mean(1)]), places, high)
    if top > TALLEST * pitch:
        top = TALL * (pitch if high < SIDES * pitch else high)
    if abs(places[0] - pitch - first) <= 2 * EVEN * pitch:
        places = np.insert(places, 0, places[0] - pitch)
    if abs(places[-1] + pitch - last) <= 2 * EVEN * pitch:
        places = np.append(places, places[-1] + pitch)
    if max(abs(places[0] - first), abs(places[-1] - last)) > EVEN * pitch:
        return None  # digits on the base of whole boxes: a comb ends where its base does
    feet = base.at(places)
    return _Comb(feet, feet + top * (base.up + lean * base.right))


def _line(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The line through points (N, 2), nearly level: a point on it, and the directions along it and up."""
    middle = points.mean(0)
    right = np.linalg.svd(points - middle)[2][0]
    right *= np.sign(right[0])
    return middle, right, np.array([right[1], -right[0]])


def _joined(spans: NDArray[np.float64], begun: float) -> tuple[float, float]:
    """From where to where a line goes that has these pieces (N, 2) and is broken here and there: what holds together
    with the one that has ``begun`` there."""
    first = last = begun
    for left, right in sorted(spans.tolist()):
        if left <= last + PITCH:
            last = max(last, right)
    for left, right in sorted(spans.tolist(), key=lambda span: -float(span[1])):
        if right >= first - PITCH:
            first = min(first, left)
    return first, last


def _strip(flat: Gray, base: _Base, above: int) -> Gray:
    """What lies from ``AROUND`` pixels under a base to so many above it, upright: uint8 (above + AROUND, L)."""
    feet = base.at(np.arange(base.first - AROUND, base.last + AROUND)).astype(np.float32)
    rows = np.arange(above, -AROUND, -1, dtype=np.float32)[:, None]
    x, y = (feet[:, side] + rows * np.float32(base.up[side]) for side in (0, 1))
    return np.asarray(cv2.remap(flat, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _bent(flat: Gray, base: _Base) -> _Base:
    """The base with its bend: where the ink around it is, column by column (paper is never quite flat)."""
    near = cv2.blur(_strip(flat, base, AROUND + 1), (5, 1))
    along, rows = np.arange(base.first - AROUND, base.last + AROUND), AROUND + 1.0 - near.argmin(0)
    bend = np.polynomial.Polynomial([float(np.median(rows))])
    for off in (3.0, 2.0, 1.5):  # ticks and feet of digits lie above it
        fits = np.abs(rows - bend(along)) <= off
        if 2 * fits.sum() < len(rows):  # no one line
            break
        bend = np.polynomial.Polynomial.fit(along[fits], rows[fits], 2)
    return replace(base, bend=bend)


def _standing(strip: Gray, begun: float) -> NDArray[np.float64]:
    """Narrow strokes that stand on the base of a strip that has ``begun`` there: where each stands, its height, and how
    far it leans to the right for each pixel of it: float64 (N, 3)."""
    paper, foot = float(np.median(strip)), len(strip) - AROUND - 1
    level = float(np.median(strip[foot - 1 : foot + 2], axis=1).min())
    dark = (strip < paper - DARK * (paper - level)).astype(np.uint8)
    low = dark[foot - AROUND :]
    low -= np.asarray(cv2.morphologyEx(low, cv2.MORPH_OPEN, np.ones((1, THICK), np.uint8)), np.uint8)  # the base itself
    _count, labels, stats, _centres = cv2.connectedComponentsWithStats(dark[: foot + 1], connectivity=8)
    found = []
    for number, (_left, top, width, height, _area) in enumerate(stats.tolist()):
        if number and top and top + height > foot - AROUND and height >= LOW and width <= WIDE * height + AROUND:
            feet, head = (
                float(np.flatnonzero((labels[rows] == number).any(0)).mean())
                for rows in (slice(top + height - 2, top + height), slice(top, top + 2))
            )
            found.append((begun + feet, height, (head - feet) / height))
    return np.array(found, np.float64).reshape(-1, 3)


def _ticks(posts: NDArray[np.float64]) -> tuple[NDArray[np.float64], float, float] | None:
    """Where ticks stand, those too of which one is missing here and there, how high they are and how they lean: of
    what stands on a base (N, 3), the most that are alike and even."""
    best: tuple[int, NDArray[np.float64], float, float] | None = None
    for place, height, _lean in posts:
        alike = posts[np.abs(posts[:, 1] - height) <= ALIKE * height + 1]
        for pitch in alike[alike[:, 0] > place][:3, 0] - place:
            if pitch < PITCH or height < LOWEST * pitch:
                continue
            steps = (alike[:, 0] - place) / pitch
            even = np.abs(steps - np.rint(steps)) <= EVEN * np.maximum(1, np.abs(steps) / 4)
            fitted = np.rint(steps[even]).astype(int)
            every = np.arange(fitted.min(), fitted.max() + 1)
            several = len(np.unique(fitted))
            if several < max(TICKS, MOST_THERE * len(every)) or (best is not None and several <= best[0]):
                continue
            along = np.polynomial.Polynomial.fit(fitted, alike[even, 0], 1 if several < 5 else 2)
            best = several, np.asarray(along(every), np.float64), float(height), float(np.median(alike[even, 2]))
    return None if best is None else best[1:]


def _top(rules: NDArray[np.float64], places: NDArray[np.float64], high: float) -> float:
    """How far above a base the next line is that goes along half of its ticks; inf where none is.

    ``rules`` float64 (N, 3) are level pieces: from where to where they go, and how far above the base.
    """
    wide = places[-1] - places[0]
    for row in np.sort(rules[rules[:, 2] > high, 2]):
        near = rules[np.abs(rules[:, 2] - row) <= AROUND]
        covered = np.zeros(int(wide) + 2, bool)
        for left, right in np.clip(near[:, :2] - places[0], 0, wide).astype(int).tolist():
            covered[left:right] = True
        if covered.mean() >= 0.5:
            return float(row)
    return float("inf")
