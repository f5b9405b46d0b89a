"""Rings drawn around writing: a digit or a number that somebody has circled."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

SMALLEST, THIN = 14, 0.35
"""Pixels that a ring is high and wide at least, and the share of its box that its ink fills at most."""

PIECE, INSIDE = 0.2, 0.35
"""Heights of the ring from which on what is inside has a say, and that it has in all: the dot in a 0 has less."""

ROUND = 0.88
"""Area of a ring, its inside too, against that of its hull: the outline of an outlined 9 has less."""

SLENDER, LEANING = 0.2, 18.0
"""Breadth against length of a single stroke, and degrees off the upright from which on it is the slash of a 0."""


def rings(stats: NDArray[np.int64], labels: NDArray[np.int32], first: int) -> NDArray[np.bool_]:
    """Which of connected components (left, top, width, height, area) go all round others: bool (N,).

    ``stats`` int64 (N, 5) begins with the component that is ``first`` in ``labels`` int32 (H, W).
    """
    left, top, width, height, area = stats.T
    right, bottom = left + width, top + height
    found = np.zeros(len(stats), bool)
    may = (np.minimum(width, height) >= SMALLEST) & (area < THIN * width * height) & (np.arange(len(stats)) + first > 0)
    for i in np.flatnonzero(may).tolist():
        inside = (left > left[i]) & (right < right[i]) & (top > top[i]) & (bottom < bottom[i])
        inside &= height >= PIECE * height[i]
        if inside.any():
            box = (left[inside].min(), top[inside].min(), right[inside].max(), bottom[inside].max())
            own = labels[top[i] : bottom[i], left[i] : right[i]]
            numbers = np.flatnonzero(inside) + first
            found[i] = box[3] - box[1] >= INSIDE * height[i] and _goes_round(
                own == i + first,
                tuple(int(edge - corner) for edge, corner in zip(box, (left[i], top[i]) * 2, strict=True)),
            )
            found[i] &= not _is_slash(np.isin(own, numbers))
    return found


def _goes_round(ring: NDArray[np.bool_], box: tuple[int, ...]) -> bool:
    """Whether it bulges everywhere, and has ink left, right, above and below the middle of a box inside."""
    contours, _tree = cv2.findContours(ring.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    rim = max(contours, key=cv2.contourArea)
    if cv2.contourArea(rim) < ROUND * cv2.contourArea(cv2.convexHull(rim)):
        return False
    left, top, right, bottom = box
    row, column = ring[(top + bottom) // 2], ring[:, (left + right) // 2]
    return bool(row[:left].any() and row[right:].any() and column[:top].any() and column[bottom:].any())


def _is_slash(inside: NDArray[np.bool_]) -> bool:
    y, x = np.nonzero(inside)
    (_centre, (one, other), _turn) = cv2.minAreaRect(np.stack([x, y], 1).astype(np.float32))
    if min(one, other) > SLENDER * max(one, other) + 1:
        return False
    wide, high = int(np.ptp(x)), int(np.ptp(y))
    return bool(np.degrees(np.arctan2(wide, max(high, 1))) > LEANING)
