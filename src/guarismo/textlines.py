"""Lines of writing on a page: ``Gray`` → boxes of what is written side by side, in reading order.

What they say is not known here: words, signatures and numbers all come out. Ruled lines do not.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from guarismo.paper import dark_on_light, shrink
from guarismo.rulings import even
from guarismo.types import Box, Gray

WORK = 1600
"""Longest side at which writing is looked for: a digit of 3 mm on a photo of a whole sheet has 16 pixels."""

CONTRAST = 0.12
"""Share of the light around it that ink takes away at least; a hard pencil takes 0.2, a crease 0.1."""

LOWEST, HIGHEST = 7, 0.3
"""Pixels below which a piece is a mark or dirt, and the share of the page's height above which it is a drawing."""

RULE = 1 / 14
"""Share of the page's longest side from which a straight, thin piece is a ruled line; digits and dashes are shorter."""

APART = 0.75
"""Gap, in heights of the higher of two pieces, up to which they are one number. A space has 0.5 to 1 digit heights, so
that a number in groups stays whole and two columns come apart."""

ASIDE = 0.45
"""Share of the lower piece's height that must lie beside the other for both to be on one line."""

MOST = 400
"""Lines of a page; a page of print has sixty, and what is more than that is texture."""


def find(gray: Gray, taken: Sequence[Box] = ()) -> list[Box]:
    """Boxes around lines of writing in a picture uint8 (H, W), in its pixels, from top to bottom and left to right.
    Nothing is looked for in the boxes ``taken``."""
    small = shrink(dark_on_light(gray), WORK)
    factor = gray.shape[1] / small.shape[1]
    mask = _ink(small, [_scaled(box, 1 / factor) for box in taken])
    pieces = _pieces(mask)
    lines = [_joined(group) for group in _groups(pieces)]
    lines = [line for line in lines if line.height >= LOWEST and line.width >= 3][:MOST]
    return [_within(_scaled(line, factor), gray.shape) for line in _in_order(lines)]


def _ink(dark: Gray, taken: Sequence[Box]) -> NDArray[np.uint8]:
    """uint8 (H, W), 1 where there is ink that belongs to no ruled line."""
    flat = even(cv2.GaussianBlur(dark, (0, 0), 0.8).astype(np.uint8))
    spread = 1.48 * float(np.median(np.abs(flat.astype(np.int16) - 180)))
    mask = (flat < 180 - max(180 * CONTRAST, 4.5 * spread)).astype(np.uint8)
    for box in taken:
        mask[box.top : box.bottom, box.left : box.right] = 0
    for wide, high in ((max(15, round(RULE * max(dark.shape))), 1), (1, max(15, round(RULE * max(dark.shape))))):
        rules = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((high, wide), np.uint8))
        thick = cv2.morphologyEx(rules, cv2.MORPH_OPEN, np.ones((7, 7), np.uint8))  # a marker's stroke is no rule
        mask = np.asarray(cv2.subtract(mask, cv2.subtract(rules, thick)), np.uint8)
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)), np.uint8)


def _pieces(mask: NDArray[np.uint8]) -> list[Box]:
    """Boxes of what hangs together, without specks, drawings and what the edge cuts off."""
    _count, _labels, stats, _middles = cv2.connectedComponentsWithStats(mask, connectivity=8)
    rows, columns = mask.shape
    found = []
    for left, top, width, height, area in stats[1:].tolist():
        small = height < LOWEST and width < 2 * LOWEST
        cut_off = left == 0 or top == 0 or left + width == columns or top + height == rows
        if small or height > HIGHEST * rows or (cut_off and area > 0.5 * width * height) or area < 8:
            continue
        found.append(Box(left, top, left + width, top + height))
    return found


def _groups(pieces: list[Box]) -> list[list[Box]]:
    """Pieces that stand side by side: each is joined to the nearest on its right that is on the same line."""
    pieces = sorted(pieces, key=lambda box: box.left)
    parent = list(range(len(pieces)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    edges = np.array([[box.left, box.top, box.right, box.bottom] for box in pieces], np.float64).reshape(-1, 4)
    heights = edges[:, 3] - edges[:, 1]
    for i, box in enumerate(pieces):
        high = np.maximum(heights, box.height)
        gap = edges[:, 0] - box.right
        beside = np.minimum(edges[:, 3], box.bottom) - np.maximum(edges[:, 1], box.top)
        near = (gap < APART * high) & (edges[:, 0] >= box.left) & (edges[:, 2] > box.left)
        near &= beside > ASIDE * np.minimum(heights, box.height)
        low = np.minimum(heights, box.height)  # a point or a dash belongs to a digit that is near, dirt to none
        near &= (high < 3.5 * low) | (high < 3 * LOWEST) | (gap < 0.45 * high)
        for j in np.flatnonzero(near).tolist():
            if j != i:
                parent[root(j)] = root(i)
    groups: dict[int, list[Box]] = {}
    for i, box in enumerate(pieces):
        groups.setdefault(root(i), []).append(box)
    return list(groups.values())


def _joined(group: list[Box]) -> Box:
    return Box(
        min(box.left for box in group),
        min(box.top for box in group),
        max(box.right for box in group),
        max(box.bottom for box in group),
    )


def _in_order(lines: list[Box]) -> list[Box]:
    """From top to bottom; those whose middles lie beside one another from left to right."""
    rows: list[list[Box]] = []
    for line in sorted(lines, key=lambda box: box.top + box.bottom):
        middle = (line.top + line.bottom) / 2
        if rows and rows[-1][0].top < middle < rows[-1][0].bottom:
            rows[-1].append(line)
        else:
            rows.append([line])
    return [line for row in rows for line in sorted(row, key=lambda box: box.left)]


def _scaled(box: Box, factor: float) -> Box:
    left, top, right, bottom = (round(edge * factor) for edge in (box.left, box.top, box.right, box.bottom))
    return Box(left, top, max(right, left + 1), max(bottom, top + 1))


def _within(box: Box, shape: tuple[int, ...]) -> Box:
    """With a quarter of its height of paper around, as far as the picture goes."""
    around = max(2, box.height // 4)
    return Box(
        max(box.left - around, 0),
        max(box.top - around, 0),
        min(box.right + around, shape[1]),
        min(box.bottom + around, shape[0]),
    )
