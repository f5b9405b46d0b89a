"""What parts a page's columns: upright ruled lines, and where there are none, the gaps that its rows have in common.

What is left of one and what is right of it are two numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from guarismo.inked import Mask

LONG, DOUBLE, PITCH = 3.0, 0.4, 2.2
"""Digit heights that a divider is long at least, within which two are a double line, and that columns are wide at
least: squares of paper to write on are narrower, and have a digit each, or are written over."""

CLOSE = 0.2
"""Share of a divider's length along which another line is drawn that is too near for it to be one."""

OVER, SOME = 0.2, 0.1
"""Digit heights that a stroke reaches out on both sides of a line that it is written over; and the share of what
stands beside the line from which on so much is written over it that it parts nothing."""


Columns = NDArray[Any] | float
"""Columns or rows of a page, in pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Dividers:
    """float64 (D, 4): for each its column at its head and at its foot, and the rows of both."""

    lines: NDArray[np.float64]

    def between(self, left: Columns, right: Columns, row: Columns) -> NDArray[np.bool_]:
        """Whether one goes through that row between these columns, or within two pixels of them: for each of (N,)."""
        left, right, row = (np.asarray(one, np.float64)[..., None] for one in (left, right, row))
        if not len(self.lines):  # as on most pages, of which every piece is asked
            return np.zeros(np.broadcast_shapes(left.shape, right.shape, row.shape)[:-1], np.bool_)
        x, there = _at(self.lines, row)
        return np.asarray((there & (x >= left - 2) & (x <= right + 2)).any(-1), np.bool_)


def _at(lines: NDArray[np.float64], row: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """In which columns lines (..., 4) are in these rows, and whether they reach them."""
    head, foot, top, bottom = lines.T
    return head + (foot - head) * (row - top) / np.maximum(bottom - top, 1), (row >= top) & (row <= bottom)


def dividers(lines: Mask, pieces: NDArray[np.int64]) -> Dividers:
    """Those among a page's ruled ``lines`` uint8 (H, W), beside ink ``pieces`` int64 (N, 5): left, top, width, height,
    area."""
    height = float(np.median(pieces[:, 3])) if len(pieces) else 0.0
    closed = cv2.morphologyEx(lines, cv2.MORPH_CLOSE, np.ones((max(3, round(height)) | 1, 1), np.uint8))
    short, long = (
        np.asarray(
            cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((max(3, round(n * height)), 1), np.uint8)), np.uint8
        )
        for n in (1.0, LONG)
    )
    count, labels, stats, _centres = cv2.connectedComponentsWithStats(long, connectivity=8)
    found = []
    for number in range(1, count):
        left, top, width, tall, _area = stats[number].tolist()
        head, foot = (np.flatnonzero(labels[row, left : left + width] == number) for row in (top, top + tall - 1))
        line = np.array([left + float(head.mean()), left + float(foot.mean()), top, top + tall - 1])
        if not _is_close(short[top : top + tall], float(line[:2].mean()), height) and _is_bare(line, pieces, height):
            found.append(line)
    every = np.array(found, np.float64).reshape(-1, 4)
    return Dividers(every[:0] if _are_squares(every, lines, height) else every)


MANY, ALIKE = 5, 0.2
"""Lines of each direction from which on they may be those of squares, and how much their distances differ at most."""


def _are_squares(upright: NDArray[np.float64], lines: Mask, height: float) -> bool:
    """Whether the level ``lines`` of a page are as far apart as its upright ones: squares wider than ``PITCH``."""
    drawn = np.flatnonzero(lines.mean(1) > CLOSE)
    level = drawn[np.flatnonzero(np.diff(drawn, prepend=-9) > 3)]
    if min(len(upright), len(level)) < MANY:
        return False
    gaps = [one[one > DOUBLE * height] for one in (np.diff(np.sort(upright[:, :2].mean(1))), np.diff(level))]
    if not all(len(one) for one in gaps):
        return False
    across, down = (float(np.median(one)) for one in gaps)
    return bool(abs(across - down) < ALIKE * max(across, down))


def _is_close(lines: Mask, column: float, height: float) -> bool:
    """Whether among the upright ``lines`` beside one in that column there is another too near for a column of numbers,
    in pieces where strokes cross it."""
    drawn = np.flatnonzero(lines.mean(0) > CLOSE)
    away = np.abs(drawn - column)
    return bool(((away > DOUBLE * height) & (away < PITCH * height)).any())


def _is_bare(line: NDArray[np.float64], pieces: NDArray[np.int64], height: float) -> bool:
    """Whether nobody has written over a line."""
    left, above, wide, high, _area = pieces.T
    x, there = _at(line, above + high / 2)
    over = there & (left < x - OVER * height) & (left + wide > x + OVER * height)
    near = there & (left < x + 3 * height) & (left + wide > x - 3 * height)
    return bool(over.sum() <= SOME * near.sum())


ROWS, FAR, ALIGNED, CROSSED = 3, 20, 0.8, 3
"""Rows that have a column where one has a mere gap, at least; digit heights to the farthest of them, for a page may
lean; by how much their numbers' ends or middles differ at most; and how many there must be to each digit that stands
in the gap in other rows."""


def begins(
    column: tuple[float, float],
    gap: float,
    row: float,
    height: float,
    lines: NDArray[np.int64],
    digits: NDArray[np.int64],
) -> bool:
    """Whether what stands in a ``row`` in these columns, after a narrow ``gap`` (a column, its middle), is a number by
    itself: others stand above and below it, with one before them in their rows, and nothing stands in the gap.

    ``lines`` (N, 4) are all lines on the page: left, top, right and bottom; ``digits`` (M, 5) are pieces of ink.
    """
    left, top, right, bottom = lines.astype(np.float64).T
    middle = (top + bottom) / 2
    away = np.abs(middle - row)
    near = ALIGNED * height
    first, last = column
    aligned = np.minimum(np.abs(left - first), np.abs(right - last)) < near
    aligned |= np.abs(left + right - first - last) < near
    there = aligned & (left > gap) & (away > 0.7 * height) & (away < FAR * height)
    alike = np.abs(middle[there][:, None] - middle) < 0.5 * height
    second = (alike & (right < left[there][:, None]) & (right < first)).any(1)
    start, above, width, high, _area = digits.T
    distance = np.abs(above + high / 2 - row)
    inside = (start < gap) & (start + width > gap) & (distance > 0.7 * height) & (distance < FAR * height)
    return bool(second.sum() >= ROWS and CROSSED * inside.sum() <= second.sum())
