"""Black and grey cells of crosswords and other puzzles, and the dark bars over tables: given an outline.

Where two of them meet there is no line between, and what is dark on one side alone is none for ``unbend.ridges``.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from guarismo.paper import closing, median, shrink
from guarismo.types import Gray

SOLID, BROAD = 14 / 1200, 1.5
"""Side of a square that is dark as a whole, in shares of the picture's longest side; and how much larger the largest in
a block is at least: thick strokes have some where they meet. Cells on a quarter of a photo have two or three times."""

DARK, BLACK = 0.6, 0.35
"""Shares of their paper's grey below which blocks are dark, and black: nothing is written in dark ink in such ones."""

COARSE, WINDOW = 4, 0.25
"""How much smaller a copy the paper is looked for on; and its window, in shares of the picture's longest side: more
than the dark cells of a puzzle are together."""

LINE = 2
"""Pixels of a line that is drawn around a block, the outermost of it in the paper."""

INK = 0.3
"""How dark that is, in shares of the paper's grey."""


def outlined(gray: Gray) -> Gray:
    """The picture uint8 (H, W) with the blocks on it as light as its paper, each with a line around it; itself where
    there are none. What reaches to its edge is what lies around a sheet."""
    paper = _paper(gray)
    dark = (gray < np.float32(DARK) * paper).astype(np.uint8)
    side = max(5, round(SOLID * max(gray.shape)))
    core = cv2.erode(dark, np.ones((round(BROAD * side),) * 2, np.uint8), borderValue=0)
    if not core.any():
        return gray
    solid = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((side, side), np.uint8), borderValue=0)
    count, labels, stats, _centres = cv2.connectedComponentsWithStats(solid, connectivity=8)
    first, last = stats[:, :2], stats[:, :2] + stats[:, 2:4]
    chosen = (np.bincount(labels[core > 0], minlength=count) > 0) & ((first > 0) & (last < gray.shape[::-1])).all(1)
    chosen[0] = False
    if not chosen.any():
        return gray
    block = cv2.dilate(chosen[labels].astype(np.uint8), np.ones((3, 3), np.uint8))
    _count, labels, stats, _centres = cv2.connectedComponentsWithStats(block, connectivity=8)
    levels = [0.0]
    for i, (x, y, wide, high, _area) in enumerate(stats[1:].tolist(), 1):
        here = slice(y, y + high), slice(x, x + wide)
        levels.append(median(gray[here][labels[here] == i]))
    level = np.array(levels, np.float32)[labels]
    lines = np.maximum(level - gray, 0) * paper / np.maximum(level, 1) * (level > np.float32(BLACK) * paper)
    ring = block - cv2.erode(block, np.ones((2 * LINE + 1, 2 * LINE + 1), np.uint8))
    light = np.where(block > 0, paper - lines, gray)
    return np.clip(np.where(ring > 0, np.minimum(gray, np.float32(INK) * paper), light), 0, 255).astype(np.uint8)


def _paper(gray: Gray) -> NDArray[np.float32]:
    """The grey of the paper under each pixel: float32 (H, W)."""
    small = shrink(gray, max(1, max(gray.shape) // COARSE))
    window = max(3, round(WINDOW * max(small.shape)) | 1)
    return np.asarray(cv2.resize(closing(small, window).astype(np.float32), gray.shape[::-1]), np.float32)
