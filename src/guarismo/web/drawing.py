"""Strokes drawn on the page → ``Gray``. There is no second rasteriser in the browser: what is read is drawn here."""

from __future__ import annotations

import cv2
import numpy as np
from pydantic import BaseModel, Field

from guarismo.types import Gray

SIDE = 280
"""Pixels of a digit's longer side as it is drawn: ten to a pixel of ink. Of a line of digits
it is the lower side, which has a tenth of it at least."""

PART = 4
"""Bits of a pixel's fraction in which OpenCV takes points."""

Point = tuple[float, float]


class Drawing(BaseModel):
    """Pen strokes in any unit, y downwards; ``width`` of the pen in the same unit."""

    strokes: list[list[Point]] = Field(max_length=500)
    width: float = Field(ge=1e-3, le=1e5, allow_inf_nan=False)

    model_config = {
        "json_schema_extra": {
            "examples": [{"strokes": [[[10, 10], [60, 10], [30, 90]], [[25, 50], [55, 50]]], "width": 8}]
        }
    }


MOST_POINTS = 50_000
"""A page full of writing has a few thousand."""

FARTHEST = 1e5
"""Of a point from the origin, in the drawing's unit."""


def points(drawing: Drawing) -> list[np.ndarray]:
    """Each stroke as float64 (N, 2). Raises ValueError where there are too many points, or one lies out of bounds."""
    strokes = [np.asarray(stroke, np.float64).reshape(-1, 2) for stroke in drawing.strokes if stroke]
    if sum(map(len, strokes)) > MOST_POINTS:
        raise ValueError(f"more than {MOST_POINTS} points; leave out every second one")
    if any(not (np.abs(stroke) <= FARTHEST).all() for stroke in strokes):
        raise ValueError(f"a point farther than {FARTHEST:.0f} from the origin, or one that is no number")
    return strokes


def drawn(drawing: Drawing) -> tuple[Gray, float, Point]:
    """uint8 (H, W), black on white, with a margin; ``SIDE`` says how large; with the scale and the corner, so
    that pixel = (point - corner) * scale. A drawing without points is blank. Raises ValueError, as ``points`` does."""
    strokes = points(drawing)
    if not strokes:
        return np.full((SIDE, SIDE), 255, np.uint8), 1.0, (0.0, 0.0)
    every = np.concatenate(strokes)
    low, high = every.min(0) - drawing.width, every.max(0) + drawing.width
    across, down = high - low
    # a line wider than ten to one keeps a tenth of the height that a digit has
    scale = SIDE / max(min(max(across, down), 10 * min(across, down)), max(across, down) / 10)
    margin = SIDE // 8
    shape = (round(down * scale) + 2 * margin, round(across * scale) + 2 * margin)
    gray = np.full(shape, 255, np.uint8)
    thick = max(2, round(drawing.width * scale))
    for stroke in strokes:
        moved = np.rint(((stroke - low) * scale + margin) * (1 << PART)).astype(np.int32)
        if len(moved) == 1:
            cv2.circle(gray, tuple(moved[0].tolist()), max(1, thick << PART >> 1), 0, -1, cv2.LINE_AA, PART)
        else:
            cv2.polylines(gray, [moved], False, 0, thick, cv2.LINE_AA, PART)
    corner = low - margin / scale
    return gray, float(scale), (float(corner[0]), float(corner[1]))
