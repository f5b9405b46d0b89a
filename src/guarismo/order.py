"""In which order what stands on a page is read: row by row, each from left to right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from guarismo.types import Box

SMALL = 1.25
"""How many times as high as a small thing another is that it stands beside, between the same foot and head."""


def in_reading_order(boxes: Sequence[Box], heights: Sequence[float]) -> list[int]:
    """Places in ``boxes``, row by row, each from left to right. ``heights`` are those of the digits in them: what lies
    less than half a digit above or below a row's last stands in that row; so does what is small beside one of it."""
    tops, bottoms, high = (np.array(one, float) for one in ([b.top for b in boxes], [b.bottom for b in boxes], heights))
    middles = (tops + bottoms) / 2
    beside: dict[int, int] = {}
    for i, middle in enumerate(middles):
        taller = np.flatnonzero((high >= SMALL * high[i]) & (tops <= middle) & (middle <= bottoms))
        if taller.size:
            beside[i] = int(taller[np.abs(middles[taller] - middle).argmin()])
    rows: list[list[int]] = []
    for i in sorted(set(range(len(boxes))) - set(beside), key=lambda place: middles[place]):
        last = rows[-1][-1] if rows else i
        if rows and middles[i] - middles[last] < 0.5 * min(heights[i], heights[last]):
            rows[-1].append(i)
        else:
            rows.append([i])
    row_of = {i: row for row in rows for i in row}
    for i in sorted(beside, key=lambda place: -heights[place]):
        row_of[i] = row_of[beside[i]]
        row_of[i].append(i)
    return [i for row in rows for i in sorted(row, key=lambda place: boxes[place].left)]
