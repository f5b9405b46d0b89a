"""Which way up a page is: the way in which its digits are read best."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from guarismo.ink import frames
from guarismo.types import Gray, Inks

Sureness = Callable[[Inks], NDArray[np.float64]]
"""The share of each ink's best digit, its being none allowed for: float64 (N,)."""

CLEAR, FEWEST_TURNED, BETTER, MOSTLY = 0.9, 5, 0.12, 0.45
"""Confidence, one way up or another, of what has a say in which way up a picture is; how many such there must be; the
mean confidence that they gain by a turn; and the share of all that they make up, weighted by it. Upside down a half of
all digits are still digits; of printed words, turned, a third look like some: rendered sheets have 0.51 to 1, text at
most 0.39."""


BY_CHANCE = 1.5
"""Standard errors of that gain which it must exceed: of a dozen letters of words a few look like digits, turned."""

FEW, PLAINLY = 16, 0.8
"""Where so many pieces have a clear digit as they lie, at least by this share, a page is the right way up."""


def quarters_to_turn(sample: Sequence[Gray], sureness: Sureness) -> int:
    """By how many times 90 degrees to the left a page with these pieces, dark on light, must be turned."""
    few = _inks(sample[:: max(1, len(sample) // FEW)])
    if len(few) and float((sureness(few) >= CLEAR).mean()) >= PLAINLY:
        return 0
    inks = _inks(sample)
    if not len(inks):
        return 0
    sure = np.stack([sureness(np.rot90(inks, turn, (1, 2))) for turn in range(4)])
    clear = sure[:, sure.max(0) >= CLEAR]
    if clear.shape[1] < FEWEST_TURNED or clear.sum(1).max() < MOSTLY * len(inks):
        return 0
    best = int(clear.mean(1).argmax())
    better = clear[best] - clear[0]
    chance = BY_CHANCE * float(better.std()) / np.sqrt(len(better))
    return best if float(better.mean()) > max(BETTER, chance) else 0


def _inks(sample: Sequence[Gray]) -> Inks:
    return np.array([one.ink for one in frames(sample) if one.box is not None], np.float32)
