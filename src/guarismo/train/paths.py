"""What the shapes of digits are made of. ``forms_low.py`` and ``forms_high.py`` hold the shapes themselves.

A form is a function from ``Dice`` to control points, stroke by stroke in the order of the pen: x about 0 .. 0.6 to the
right, y 0 (top) .. 1 (foot) DOWN. ``pens.smooth`` draws curves through the points; a point given twice is a corner.
A form keeps to what makes the digit certain (the flag of a 1 falls steeply, the bar of a 7 does not; the stem of a 4
crosses its bar and ends well below it). What belongs to the writer (slant, width, speed) is added in ``strokes.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

Point = tuple[float, float]
Path = list[Point]


class Dice(Protocol):
    """Draws a parameter between two bounds; a writer's dice are loaded by his habits."""

    def __call__(self, low: float, high: float) -> float: ...


Form = Callable[[Dice], list[Path]]


def arc(centre: Point, radii: Point, start: float, stop: float, grow: float = 1.0) -> Path:
    """Points along an ellipse; in degrees, 0 is right and 90 top. ``grow`` is the size of its end against its start."""
    n = max(2, round(abs(stop - start) / 40) + 1)
    angle = np.deg2rad(np.linspace(start, stop, n))
    size = np.linspace(1, grow, n)
    xs = centre[0] + radii[0] * size * np.cos(angle)
    ys = centre[1] - radii[1] * size * np.sin(angle)
    return list(zip(xs.tolist(), ys.tolist(), strict=True))


def corner(x: float, y: float) -> Path:
    """The pen stops here and leaves in another direction."""
    return [(x, y), (x, y)]


def slope(top: Point, foot: Point, bend: float) -> Path:
    """A line from ``top`` to ``foot``, bowed to the right by ``bend``."""
    middle = ((top[0] + foot[0]) / 2 + bend, (top[1] + foot[1]) / 2)
    return [top, middle, foot]
