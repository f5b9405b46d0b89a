"""Signs of the writer's own pen beside a number: of currencies and sums before it, units after it.

Strokes in digit heights, as in ``pens.py``. They are not labelled: a reader has to pass over them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from guarismo.train.paths import Path, arc
from guarismo.train.pens import Stroke, shaken

Rng = np.random.Generator


def _letter_s(left: float, wide: float, top: float = 0.05, foot: float = 0.95) -> Path:
    high = foot - top
    ys = [0.12, 0.0, 0.05, 0.28, 0.5, 0.72, 0.95, 1.0, 0.88]
    xs = [0.95, 0.55, 0.1, 0.05, 0.5, 0.95, 0.85, 0.45, 0.0]
    return [(left + wide * x, top + high * y) for x, y in zip(xs, ys, strict=True)]


def _dollar(rng: Rng) -> list[Path]:
    wide = rng.uniform(0.35, 0.55)
    bars = (0.5,) if rng.random() < 0.7 else (0.38, 0.62)
    lean = rng.uniform(0, 0.1)
    return [_letter_s(0, wide), *([(wide * x + lean, -0.12), (wide * x - lean, 1.12)] for x in bars)]


def _euro(rng: Rng) -> list[Path]:
    wide, mid = rng.uniform(0.25, 0.35), rng.uniform(0.4, 0.48)
    bars: list[Path] = [[(-0.08, y), (1.1 * wide, y)] for y in (mid, mid + rng.uniform(0.12, 0.2))]
    return [arc((wide, 0.5), (wide, 0.5), 50, 310), *bars]


def _soles(rng: Rng) -> list[Path]:
    wide = rng.uniform(0.35, 0.5)
    return [_letter_s(0, wide), [(wide + 0.42, -0.05), (wide + 0.12, 1.1)]]


def _bolivianos(rng: Rng) -> list[Path]:
    wide = rng.uniform(0.3, 0.42)
    bows = [*arc((0.02, 0.25), (wide, 0.25), 90, -90), *arc((0.02, 0.74), (wide * 1.15, 0.26), 90, -90)]
    return [[(0.0, 0.0), (0.0, 1.0)], bows, _letter_s(wide * 1.15 + 0.12, 0.25, 0.5, 1.0)]


def _hash(rng: Rng) -> list[Path]:
    lean = rng.uniform(0.05, 0.2)
    return [
        [(0.2 + lean, 0.0), (0.15, 1.0)],
        [(0.45 + lean, 0.0), (0.4, 1.0)],
        [(0.0, 0.38), (0.7, 0.33)],
        [(0.0, 0.68), (0.66, 0.63)],
    ]


def _pound(rng: Rng) -> list[Path]:
    stem = [(0.5, 0.15), (0.38, 0.0), (0.22, 0.12), (0.25, 0.55), (0.18, 0.9), (0.02, 1.0), (0.3, 0.93), (0.55, 0.98)]
    return [stem, [(0.05, 0.52), (0.42, rng.uniform(0.48, 0.52))]]


def _plus(rng: Rng) -> list[Path]:
    """As before a country's code."""
    arm, y = rng.uniform(0.16, 0.28), rng.uniform(0.5, 0.62)
    return [[(arm, y - arm * rng.uniform(0.8, 1.2)), (arm, y + arm)], [(0, y), (2 * arm, y + rng.normal(0, 0.02))]]


def _equals(rng: Rng) -> list[Path]:
    long, y, apart = rng.uniform(0.3, 0.6), rng.uniform(0.4, 0.55), rng.uniform(0.18, 0.28)
    return [[(0, y), (long, y)], [(0, y + apart), (long * rng.uniform(0.8, 1.1), y + apart)]]


def _times(rng: Rng) -> list[Path]:
    wide, top = rng.uniform(0.3, 0.5), rng.uniform(0.35, 0.55)
    return [[(0, top), (wide, 1.0)], [(wide, top), (0, 1.0)]]


def _percent(rng: Rng) -> list[Path]:
    """Two rings and a stroke between them, steep or lying."""
    ring, wide = (rng.uniform(0.09, 0.14), rng.uniform(0.1, 0.17)), rng.uniform(0.4, 0.75)
    high = rng.uniform(0.18, 0.3)
    rings = [arc((ring[0], high), ring, 60, 420), arc((ring[0] + wide, rng.uniform(0.78, 0.88)), ring, 60, 420)]
    return [*rings, [(wide + ring[0] * 1.2, rng.uniform(-0.05, 0.15)), (ring[0] * 0.8, 1.05)]]


def _degrees(rng: Rng) -> list[Path]:
    size = rng.uniform(0.07, 0.13)
    return [arc((size, rng.uniform(0.0, 0.15)), (size, size), 90, 450)]


def _celsius(rng: Rng) -> list[Path]:
    left, wide = rng.uniform(0.28, 0.42), rng.uniform(0.22, 0.32)
    return [*_degrees(rng), arc((left + wide, 0.5), (wide, rng.uniform(0.4, 0.52)), 50, 310)]


_BEFORE: tuple[Callable[[Rng], list[Path]], ...] = (
    _dollar, _dollar, _dollar, _euro, _euro, _soles, _bolivianos, _hash, _pound, _plus, _plus, _equals, _times,
)  # fmt: skip

_AFTER: tuple[Callable[[Rng], list[Path]], ...] = (
    _percent, _percent, _percent, _celsius, _celsius, _degrees, _euro, _euro, _euro, _dollar, _pound, _times,
)  # fmt: skip


def sign(rng: Rng) -> list[Stroke]:
    """What stands before a number: a currency, a #, a sign of sums."""
    return shaken(_BEFORE[int(rng.integers(len(_BEFORE)))](rng), rng)


def unit(rng: Rng) -> list[Stroke]:
    """What stands after a number: per cent, degrees, a currency. Units in letters are in ``nonlines.py``."""
    return shaken(_AFTER[int(rng.integers(len(_AFTER)))](rng), rng)
