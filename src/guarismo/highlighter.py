"""What people mark with a highlighter, as if they had not: a broad stroke of light colour, with writing under it.

In grey levels a pink or green one is as dark as pencil, and what it covers is one blot. Its colour tells it from ink,
and its breadth; the light that it leaves is measured beside the writing, and made up for.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from guarismo.types import Gray

LOOKED, LEAST_SIDE = 640, 400
"""Longest side of the copy in which strokes are looked for, and of a picture that may have some: in a smaller one a
highlighter covers all of the paper."""

COLOURED = 0.05
"""By how much the share of one of the three colours differs from what it is on the paper: 0.09 to 0.16 under
highlighters of five colours, 0.03 in a bluish shadow."""

BROAD, LARGEST = 7, 0.3
"""Pixels of the copy that a stroke is broad, at least: a digit of 4 mm on a sheet of A4 has 9; and the share of the
picture that it has at most."""

SQUARE, FULL = 1.3, 0.85
"""Longer side against the shorter one below which a patch is a square, and share of it that has its colour: a box of a
tinted form (``tiles``), which is to stay."""

LIGHT = 0.6, 0.97
"""Shares of the paper's light that a highlighter leaves."""

EVEN, ALIKE = 0.5, 0.06
"""How much of a stroke is of one lightness, within such a share of it, at least: ink fades at its edges."""

WIDE, LONG = 20, 1.2
"""Pixels of the copy that a stroke is wide, at least, and in heights of itself: it covers a number. Several one above
the other are twice as many pixels wide, or a blurred digit of bold print is one (docs/LOG.md)."""

INK, WRITTEN, BARE = 0.85, (0.01, 0.5), 0.1
"""Share of that light below which it is ink; how much of a stroke's area ink has; and how much bare paper has at most:
white boxes on a tinted form have more."""


@dataclass(frozen=True, slots=True, eq=False)
class _Stroke:
    """Where it is in the copy, rows and columns, with some paper around it; the ``gain`` that makes up for the light
    that it takes, 1 outside; and the level of the ``paper`` there without it: float32 (h, w)."""

    here: tuple[slice, slice]
    gain: NDArray[np.float32]
    paper: NDArray[np.float32]


def unmarked(picture: Image.Image, gray: Gray) -> Gray:
    """``gray`` uint8 (H, W), which is ``picture`` of mode "RGB" in grey levels, without highlighters' strokes; itself
    where there are none."""
    if max(picture.size) < LEAST_SIDE:
        return gray
    scale = min(1.0, LOOKED / max(picture.size))
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    strokes = _strokes(np.asarray(picture.resize(size, Image.Resampling.NEAREST)))
    if not strokes:
        return gray
    lit = gray.copy()
    for stroke in strokes:
        (top, bottom), (left, right) = (
            [round(edge * full / few) for edge in (side.start, side.stop)]
            for side, full, few in zip(stroke.here, gray.shape, size[::-1], strict=True)
        )
        here = (slice(top, bottom), slice(left, right))
        gain, paper = (cv2.resize(one, (right - left, bottom - top)) for one in (stroke.gain, stroke.paper))
        most = np.maximum(lit[here], paper)  # or its edge would be lighter than the paper
        lit[here] = np.rint(np.minimum(lit[here] * gain, most))
    return lit


def _strokes(small: NDArray[np.uint8]) -> list[_Stroke]:
    """Those in a picture uint8 (H, W, 3)."""
    gray = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)
    calm = cv2.medianBlur(small, 3).astype(np.float32) + 8
    light = cv2.transform(calm, np.ones((1, 3), np.float32))
    some = calm[::6, ::6][gray[::6, ::6] >= np.percentile(gray[::6, ::6], 70)]  # the lightest is no table
    paper = np.median(some / some.sum(1, keepdims=True), axis=0)
    coloured = np.zeros(gray.shape, np.uint8)
    for channel, share in zip(cv2.split(calm), paper.tolist(), strict=True):
        away = cv2.absdiff(channel, light * np.float32(share))
        coloured |= away > light * np.float32(COLOURED)
    if not coloured.any():
        return []
    broad = np.asarray(cv2.morphologyEx(coloured, cv2.MORPH_OPEN, np.ones((BROAD, BROAD), np.uint8)), np.uint8)
    edged = np.pad(broad, 1, constant_values=1)
    cv2.floodFill(edged, None, (0, 0), 0)  # a table around the sheet, or whatever else goes on outside
    outlines, _ = cv2.findContours(edged[1:-1, 1:-1], cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    found = [_stroke(np.asarray(outline, np.int32), coloured, gray) for outline in outlines]
    return [one for one in found if one is not None]


def _stroke(outline: NDArray[np.int32], coloured: NDArray[np.uint8], gray: Gray) -> _Stroke | None:
    """What lies within an outline, where it is a highlighter's stroke over writing."""
    left, top, wide, high = cv2.boundingRect(outline)
    rows, columns = gray.shape
    if wide < WIDE or wide * high > LARGEST * gray.size:
        return None
    is_square = max(wide, high) < SQUARE * min(wide, high) and cv2.contourArea(outline) > FULL * wide * high
    if is_square or (wide < LONG * high and wide < 2 * WIDE):
        return None
    here = tuple(
        slice(max(0, first - high // 2), min(first + extent + high // 2, most))
        for first, extent, most in ((top, high, rows), (left, wide, columns))
    )
    own = np.zeros((here[0].stop - here[0].start, here[1].stop - here[1].start), np.uint8)
    cv2.drawContours(own, [outline], -1, 1, cv2.FILLED, offset=(-here[1].start, -here[0].start))
    near, tinted = gray[here].astype(np.float32), (own & coloured[here]) > 0
    beside = cv2.dilate(own, np.ones((5, 5), np.uint8)) == 0
    if not tinted.any() or not beside.any():
        return None
    light, paper = float(np.median(near[tinted])), float(np.percentile(near[beside], 70))
    within = near[own > 0]
    written, bare = (within < INK * light).mean(), ((own > 0) & ~tinted & (near > light)).sum() / within.size
    even = (np.abs(within - light) < ALIKE * light).mean() >= EVEN
    is_light = LIGHT[0] * paper < light < LIGHT[1] * paper
    if not (even and is_light and WRITTEN[0] < written < WRITTEN[1] and bare < BARE):
        return None
    level = _beside(near, beside & (near > INK * paper), 2 * high + 1)
    window = np.ones([max(3, min(wide, high) // 3 | 1)] * 2, np.uint8)
    tint = cv2.morphologyEx(np.where(tinted, near, np.float32(0)), cv2.MORPH_CLOSE, window)
    gain = level / np.clip(tint, 0.8 * light, level)
    return _Stroke((here[0], here[1]), np.where(cv2.dilate(own, np.ones((3, 3), np.uint8)) > 0, gain, 1), level)


def _beside(near: NDArray[np.float32], bare: NDArray[np.bool_], window: int) -> NDArray[np.float32]:
    """The mean level, float32 (H, W), of the ``bare`` pixels in a window about each, or of all where there are none."""
    there = bare.astype(np.float32)
    some, total = (cv2.blur(one, (window, window)) for one in (there, there * near))
    mean = np.float32(near[bare].mean())
    return np.where(some > 0, total / np.maximum(some, np.float32(1e-6)), mean).astype(np.float32)
