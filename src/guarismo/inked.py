"""What is ink on a flat page, and which of it is a ruled line: ``Gray`` → ``Inked``.

Pages have pencil beside print, and shadows; so ink is what is dark beside the paper *and* beside the ink near it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from guarismo.types import Gray

Mask = NDArray[np.uint8]
"""uint8 (H, W): 1 ink, 0 paper."""

FAINTEST = 0.07
"""Share of the paper's light that ink takes at least: a hard pencil takes 0.08, JPEG's blocks 0.03."""

GRAIN = 4.5
"""Standard deviations of the paper's grain that ink stands out by."""

SHARE = 0.38
"""Share of the darkness of the darkest ink near it from which a pixel is ink."""

STROKE = 60
"""Pixels of a page of ``sheet.WORK``: a stroke is narrower, and a shadow's soft edge wider."""

LOWEST = 7
"""Pixels of a digit's height at least: below that nobody can tell a 6 from an 8."""


@dataclass(frozen=True, slots=True, eq=False)
class Inked:
    """``ink`` without ruled lines, ``lines`` the ruled lines alone, ``ignored`` where nothing was looked for: uint8
    (H, W) of 0 and 1. ``paper`` uint8 (H, W) is the level of the paper under each pixel, ``dark`` uint8 (H, W) how much
    of it is missing, 255 all."""

    ink: Mask
    lines: Mask
    ignored: Mask
    paper: Gray
    dark: NDArray[np.uint8]


def inked(gray: Gray, ignored: Mask | None = None) -> Inked:
    """Ink on a flat page uint8 (H, W), dark on light. Where ``ignored`` is 1 nothing is looked for."""
    paper = _paper(gray)
    dark = np.asarray(255 - cv2.divide(gray, np.maximum(paper, 1), scale=255), np.uint8)
    ignored = np.zeros_like(dark) if ignored is None else ignored
    ink, lines = _parted(dark, dark, ignored)
    if lines.any():  # printed rules are darker than pencil, and would set what is ink beside them
        written = np.where(cv2.dilate(lines, np.ones((5, 5), np.uint8)) > 0, np.uint8(0), dark)
        ink, lines = _parted(dark, written, ignored)
    return Inked(np.asarray(ink & ~lines & 1, np.uint8), lines, ignored, paper, dark)


def _parted(dark: NDArray[np.uint8], written: NDArray[np.uint8], ignored: Mask) -> tuple[Mask, Mask]:
    """All ink, by the darkness of what is ``written`` near it, and which of it is ruled lines."""
    ink = _ink(dark, written)
    ink[ignored > 0] = 0
    height = usual_height(ink)
    level = _rules(ink, max(40, round(2.2 * height)))
    upright = np.ascontiguousarray(_rules(np.ascontiguousarray(ink.T), max(50, round(2.5 * height))).T)
    return ink, np.asarray(level | upright, np.uint8)


def _paper(gray: Gray) -> Gray:
    """The paper's level: a closing wider than a stroke, of a copy a quarter as large."""
    size = (max(1, gray.shape[1] // 4), max(1, gray.shape[0] // 4))
    small = cv2.medianBlur(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), 3)
    window = max(3, STROKE // 4 | 1)
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((window, window), np.uint8))
    smooth = cv2.blur(closed, (3, 3))  # more, and both sides of a shadow's edge are ink
    return np.asarray(cv2.resize(smooth, gray.shape[::-1], interpolation=cv2.INTER_LINEAR), np.uint8)


def _ink(dark: NDArray[np.uint8], written: NDArray[np.uint8]) -> Mask:
    """``dark`` uint8 (H, W) is how much of the paper's light is missing, 255 all of it; ``written`` the same without
    ruled lines."""
    bare = np.abs(dark[::3, ::3].astype(np.int16) - np.median(dark[::3, ::3]))
    grain = 1.4826 * float(np.median(bare))
    floor = max(GRAIN * grain, FAINTEST * 255)
    calm = cv2.blur(written, (3, 3))
    size = (max(1, dark.shape[1] // 4), max(1, dark.shape[0] // 4))
    peaks = cv2.resize(calm, size, interpolation=cv2.INTER_NEAREST)
    near = cv2.blur(cv2.dilate(peaks, np.ones((13, 13), np.uint8)), (9, 9))
    level = np.maximum(cv2.resize(near, dark.shape[::-1], interpolation=cv2.INTER_LINEAR) * SHARE, floor)
    return np.asarray(dark > level, np.uint8)


def usual_height(ink: Mask) -> float:
    """The height of most writing, in pixels; ``LOWEST`` where there is none."""
    _count, _labels, stats, _centres = cv2.connectedComponentsWithStats(ink, connectivity=8)
    width, height = stats[1:, cv2.CC_STAT_WIDTH], stats[1:, cv2.CC_STAT_HEIGHT]
    written = (height >= LOWEST) & (height < 0.3 * len(ink)) & (width < 4 * height) & (height < 8 * width)
    return float(np.percentile(height[written], 60)) if written.any() else float(LOWEST)


def _rules(ink: Mask, least: int) -> Mask:
    """Level lines at least ``least`` pixels long: a line's own pixels, and not those of strokes that cross it.

    The mask is thickened first, or a line one degree off the level would be many short runs.
    """
    thick = cv2.dilate(cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((1, 3), np.uint8)), np.ones((3, 1), np.uint8))
    runs = cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((1, least), np.uint8))
    runs = np.asarray(cv2.dilate(runs, np.ones((1, 5), np.uint8)), np.uint8) & ink
    count, labels, stats, _centres = cv2.connectedComponentsWithStats(runs, connectivity=8)
    rules = np.zeros_like(ink)
    for number in range(1, min(count, 400)):
        left, top, width, height, area = stats[number].tolist()
        thickness = area / width
        if width < 0.8 * least or thickness > 0.12 * width or height > 0.5 * width:
            continue
        tall = max(3, round(1.5 * thickness + 2))
        rows = slice(max(0, top - tall), top + height + tall)
        near = ink[rows, left : left + width]
        strokes = cv2.morphologyEx(near, cv2.MORPH_OPEN, np.ones((tall, 1), np.uint8))
        rules[rows, left : left + width] |= (labels[rows, left : left + width] == number) & (strokes == 0)
    return rules
