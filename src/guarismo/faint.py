"""Lines too faint to be traced piece by piece: found by being there from one end of a lattice to the other."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from guarismo.unbend import Traces

WHOLE = 0.85
"""Share of its length on which such a line is seen. Rows of print have up to 0.7, of digits in cells 0.5."""

WORN = 0.5
"""The same where a line is missing among evenly spaced ones: dashes have more, the strokes of digits in a row 0.3."""

GRAIN = 0.65
"""Share of all places, paper for the most part, that is not to count as seen: it sets the level for noisy pictures."""

LEAST = 3.0
"""Grey levels below which nothing is seen: a scan of blank paper has none of its own."""


Span = tuple[float, float]


def faint_lines(traces: Traces, along: Span, across: Span, apart: float) -> list[float]:
    """Places of lines that go from one end of ``along`` to the other, between the two ends of ``across``; all in pixels
    of the view, and at least ``apart`` pixels from each other."""
    strength = traces.fine
    start, stop = max(0, round(along[0])), min(strength.shape[1], round(along[1]))
    top, bottom = max(0, round(across[0])), min(len(strength), round(across[1]))
    if stop - start < 16 or bottom - top < 3:
        return []
    near = cv2.dilate(np.ascontiguousarray(strength[top:bottom, start:stop]), np.ones((5, 1), np.uint8))
    level = max(LEAST, 0.3 * traces.pieces.least, float(np.quantile(near, GRAIN)))
    shares = np.asarray((near > level).mean(1), np.float64)
    return [top + place for place in _peaks(shares, near.mean(1), apart)]


def worn_lines(traces: Traces, along: Span, places: list[float]) -> list[float]:
    """Places of lines that are missing among evenly spaced ``places``, where dashes or worn pieces of one are seen."""
    gaps = np.diff(places)
    pitch = float(np.median(gaps)) if gaps.size else 0.0
    times = np.rint(gaps / max(pitch, 1))
    if (times == 1).sum() < 3 or (times < 1).any() or (np.abs(gaps - times * pitch) > 0.12 * pitch * times).any():
        return []
    start, stop = max(0, round(along[0])), min(traces.pieces.strength.shape[1], round(along[1]))
    found = []
    for place, gap, count in zip(places, gaps.tolist(), times.astype(int).tolist(), strict=False):
        for middle in (place + gap * i / count for i in range(1, count)):
            low, high = (round(middle + sign * 0.12 * pitch) for sign in (-1, 1))
            near = traces.pieces.strength[low : high + 1, start:stop]
            best = near[int(near.mean(1).argmax())]
            if (best > max(LEAST, 0.3 * traces.pieces.least)).mean() > WORN:
                found.append(float(low + near.mean(1).argmax()))
    return found


def _peaks(shares: NDArray[np.float64], strength: NDArray[np.float32], apart: float) -> list[float]:
    """The strongest places of a share of ``WHOLE`` at least, none near another."""
    left = np.where(shares >= WHOLE, strength, 0.0)
    found = []
    while left.max(initial=0) > 0:
        place = int(left.argmax())
        found.append(float(place))
        left[max(0, int(place - apart)) : int(place + apart) + 1] = 0
    return found
