"""Ink that hangs together across two rows of writing, taken apart: the stem of a 7 that ends in the digit below it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from guarismo.inked import Mask, usual_height

HIGHER, TALL = 80, 1.5
"""Percentile of the heights on a page that is the height of its writing here, so that halves of broken digits are no
rows; and how many of these a piece in two rows has at least."""

LIKE = 0.4, 1.3
"""Heights, in those of most writing, of the pieces near it that tell of rows."""

NEAR, FAR, SHARED = 1.3, 8.0, 0.6
"""Heights between a piece and those beside it that tell of its rows, and those that tell whether there are rows at all;
and the share of theirs that it has, too."""

FEWEST = 3
"""Pieces that tell of two rows: one above another beside a high digit is a fraction."""

APART, ACROSS = 0.7, 1 / 3
"""Heights from the middle of one row to that of the next, at least; and how many other pieces go from one to the other,
for each that does not, at most: digits whose halves fell apart are no rows."""

CROSSED = 0.45
"""Share of a piece's width along which its ink goes from one row to the other, at most."""

STRAIGHT = 0.5
"""Pixels of ink that a seam rather crosses than to lie a whole height off the middle between both rows."""

MOST = 200
"""Pieces that are looked at on a page, the highest."""


def pieces_in_rows(ink: Mask) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """What hangs together in ink uint8 (H, W), taken apart once where it stands in two rows: ``labels`` int32 (H, W),
    and ``stats`` int64 (N, 5), the left, top, width, height and area of each; all 0 for what was taken apart."""
    _count, of, sizes, _centres = cv2.connectedComponentsWithStats(ink, connectivity=8)
    labels, stats = np.asarray(of, np.int32), np.asarray(sizes, np.int64)
    high = usual_height(stats, len(ink), HIGHER)
    tall = 1 + np.flatnonzero((stats[1:, 3] >= TALL * high) & (stats[1:, 3] < 0.5 * len(ink)))
    tall = tall[np.argsort(-stats[tall, 3], kind="stable")][:MOST]
    for piece in tall.tolist():
        seam = _seam(piece, labels, stats, high)
        if seam is not None:
            stats = _cut(piece, seam, labels, stats)
    return labels, stats


def _seam(piece: int, labels: NDArray[np.int32], stats: NDArray[np.int64], high: float) -> NDArray[np.int64] | None:
    """The row, int64 (W,), in each column of a piece, at which its lower row begins; None where it stands in one."""
    left, top, width, height, _area = stats[piece].tolist()
    span = _between(piece, stats, high)
    if span is None:
        return None
    first, last = max(1, round(span[0] - top)), min(height - 1, round(span[1] - top))
    if last <= first:
        return None
    own = labels[top : top + height, left : left + width] == piece
    rows = np.arange(first, last + 1)
    off = np.abs(rows - (first + last) / 2) * (STRAIGHT / high)
    seam = first + _cheapest(own[first : last + 1] + off[:, None])
    crossed = own[seam, np.arange(width)].sum()
    return np.asarray(seam + top, np.int64) if crossed <= CROSSED * width else None


def _between(piece: int, stats: NDArray[np.int64], high: float) -> tuple[float, float] | None:
    """Rows from the middle of the writing above to the middle of that below, where there are two rows about a piece."""
    left, top, width, height, _area = stats.T
    bottom, own = top + height, stats[piece]
    away = np.maximum(left - own[0] - own[2], own[0] - left - width)
    beside = (away < FAR * high) & (np.minimum(bottom, own[1] + own[3]) - np.maximum(top, own[1]) >= SHARED * height)
    beside[[0, piece]] = False
    like = beside & (height >= LIKE[0] * high) & (height <= LIKE[1] * high)
    upper, lower = like & (bottom <= own[1] + own[3] - 0.5 * high), like & (top >= own[1] + 0.5 * high)
    upper, lower = upper & ~lower, lower & ~upper
    near = away < NEAR * high
    if not (upper & near).any() or not (lower & near).any() or ((upper | lower) & near).sum() < FEWEST:
        return None
    first, last = (float(np.median((top + height / 2)[side & near])) for side in (upper, lower))
    across = beside & (top < first) & (bottom > last)
    if last - first < APART * high or across.sum() > ACROSS * (upper | lower).sum():
        return None
    return first, last


def _cheapest(cost: NDArray[np.float64]) -> NDArray[np.int64]:
    """The path from left to right through ``cost`` float64 (R, W) whose sum is least, one row up or down a column at
    most: int64 (W,) (Avidan and Shamir 2007)."""
    rows, width = cost.shape
    steps = np.zeros((width, rows), np.int64)
    total = cost[:, 0].copy()
    for x in range(1, width):
        padded = np.pad(total, 1, constant_values=np.inf)
        before = np.stack([total, padded[:-2], padded[2:]])
        best = before.argmin(0)
        steps[x] = np.array([0, -1, 1])[best]
        total = before.min(0) + cost[:, x]
    path = np.zeros(width, np.int64)
    path[-1] = int(total.argmin())
    for x in range(width - 1, 0, -1):
        path[x - 1] = path[x] + steps[x, path[x]]
    return path


def _cut(piece: int, seam: NDArray[np.int64], labels: NDArray[np.int32], stats: NDArray[np.int64]) -> NDArray[np.int64]:
    """``labels`` with new pieces for what of one lies above a seam and for what lies below; their ``stats``, too."""
    left, top, width, height, _area = stats[piece].tolist()
    near = labels[top : top + height, left : left + width]
    own, below = near == piece, np.arange(top, top + height)[:, None] >= seam
    for side in (own & ~below, own & below):
        _count, of, sizes, _centres = cv2.connectedComponentsWithStats(side.astype(np.uint8), connectivity=8)
        near[side] = of[side] + (len(stats) - 1)
        stats = np.concatenate([stats, sizes[1:].astype(np.int64) + np.array([left, top, 0, 0, 0])])
    stats[piece] = 0
    return stats
