"""Cells of a lattice: which sides close them, and their cut-outs without the ruled lines."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from guarismo.cutout import Cutout, around, extent, straighten
from guarismo.ink import WORK, find_ink
from guarismo.paper import closing, shrink, subtract_paper
from guarismo.polarity import dark_on_light, has_light_strokes
from guarismo.sides import Lattice, drawn, regions
from guarismo.types import Box, Gray

LARGEST = 128
"""Pixels of a cut-out's height at most: writing in cells is read at 28 or 48 pixels."""

THICKEST = 0.18
"""Share of the shorter of a cell's sides that a ruled line may take. More, and strokes beside it are lost."""


SMALLEST = 0.18
"""Share of a cell's height that writing has at least; the smallest digits in cells have a quarter, specks a tenth."""


RIM = 0.06
"""Share of a cell's width or height along its sides where what is dark may be a remain of its lines."""


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """``cutout`` is the inside of the cell, upright, without its ruled lines; ``empty`` that no ink is in it.

    ``several``: high pieces of ink stand side by side in it, paper between them, as two digits do.
    ``row`` and ``column`` count from 0; a merged cell has a ``row_span`` or ``column_span`` above 1.
    """

    row: int
    column: int
    row_span: int
    column_span: int
    cutout: Cutout
    empty: bool
    several: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A cell's place in a lattice: rows ``top`` to ``bottom`` and columns ``left`` to ``right``, these excluded."""

    top: int
    left: int
    bottom: int
    right: int


def places(lattice: Lattice) -> list[Place]:
    """The cells, row by row: closed on all sides. Cells without a side between them are one, if a rectangle; where
    they are none, the side was worn off. What is open to the outside is no cell."""
    of = regions(*drawn(lattice))
    found = []
    for number in np.unique(of[of >= 0]):
        rows, columns = np.nonzero(of == number)
        place = Place(int(rows.min()), int(columns.min()), int(rows.max()) + 1, int(columns.max()) + 1)
        if len(rows) == (place.bottom - place.top) * (place.right - place.left):
            found.append(place)
        else:
            found += [
                Place(row, column, row + 1, column + 1)
                for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
            ]
    return sorted(found, key=lambda place: (place.top, place.left))


def cut(base: Gray, paper: Gray | None, corners: NDArray[np.float64], caller: Caller) -> Cutout:
    """The inside of a cell. ``corners`` float64 (4, 2) are the crossings around it in ``base``, the caller's picture or
    a smaller copy, whose ``paper`` it is (``light``), where shadows are to be taken off."""
    high, wide = extent(corners)
    size = (max(4, round(high)), max(4, round(wide)))
    whole = straighten(base, corners.astype(np.float32), size)
    place = _inside(whole.gray)
    inside = whole.cut(place)
    gray = np.ascontiguousarray(inside.gray)
    if paper is not None and _is_shadowed(paper, around(corners, paper.shape)):
        gray = _unshadowed(gray, straighten(paper, corners.astype(np.float32), size).cut(place).gray)
    return Cutout(gray, caller.shape, caller.there @ inside.back)


@dataclass(frozen=True, slots=True, eq=False)
class Caller:
    """The caller's picture: its ``shape``, and the way ``there`` float64 (3, 3) from the pixels of a copy of it."""

    shape: tuple[int, int]
    there: NDArray[np.float64]


SHADOW, WINDOW, FINE = 1.2, 0.6, 2
"""How many times lighter the paper in a cell is where it is light than where it is dark, from which on the edge of a
shadow lies in it; the window that no stroke fills, in shares of a cell's height; how much smaller a copy it is moved
over."""


def light(base: Gray, height: float) -> Gray:
    """The level of the paper under each pixel of a picture whose cells are so high, uint8 (H, W): a closing."""
    size = (max(1, base.shape[1] // FINE), max(1, base.shape[0] // FINE))
    small = cv2.blur(cv2.resize(base, size, interpolation=cv2.INTER_AREA), (3, 3))
    window = max(3, round(WINDOW * height / FINE) | 1)
    closed = closing(np.asarray(small, np.uint8), window)
    return np.asarray(cv2.resize(closed, base.shape[::-1], interpolation=cv2.INTER_LINEAR), np.uint8)


def _is_shadowed(paper: Gray, box: Box) -> bool:
    dark, bright = np.percentile(paper[box.top : box.bottom, box.left : box.right], (2, 98))
    return bool(bright > SHADOW * dark)


def _unshadowed(gray: Gray, paper: Gray) -> Gray:
    """The inside of a cell as it would be without the edge of a shadow across it: such an edge joins with the strokes
    that it crosses. Light writing on dark is left as it is."""
    if has_light_strokes(gray, max(3, round(0.5 * len(gray)) | 1)):
        return gray
    bright = float(np.percentile(paper, 98))
    even = gray.astype(np.float32) * (np.float32(bright) / np.maximum(paper, np.uint8(24)))
    return np.clip(np.rint(even), 0, 255).astype(np.uint8)


def _inside(gray: Gray) -> Box:
    """What the ruled lines along a cell's edges leave."""
    dark = np.abs(float(np.median(gray)) - gray.astype(np.float32))
    most = max(1, round(THICKEST * min(gray.shape)))
    top, bottom, left, right = (_line_end(side, most) for side in (dark, dark[::-1], dark.T, dark.T[::-1]))
    return Box(left, top, gray.shape[1] - right, gray.shape[0] - bottom)


def _line_end(dark: NDArray[np.float32], most: int) -> int:
    """Rows from the first on, at most ``most``, that belong to the line there: to where it has a quarter of its
    darkness, in each third in which it has an end. In one that has none a digit stands on it."""
    columns = dark.shape[1]
    ends = []
    for third in np.array_split(dark[:, columns // 8 : columns - columns // 8], 3, axis=1):
        profile = np.median(third[: most + 1], axis=1) if third.size else np.zeros(1)
        peak = float(profile[: max(2, most // 2)].max(initial=0))
        below = np.flatnonzero(profile < max(0.25 * peak, 6.0))
        after = below[below > int(profile[: max(2, most // 2)].argmax())]
        if peak <= 6:
            ends.append(0)
        elif after.size:
            ends.append(int(after[0]))
    return int(min(most, max(ends, default=most) + 1))


ALIKE = 0.6
"""Share of the highest one's height from which on a piece of ink beside it may be another digit."""


@dataclass(frozen=True, slots=True, eq=False)
class Writing:
    """The pieces of ink inside of a cell, int64 (N, 5): left, top, width, height, area; and the ``rows`` of the picture
    in which these are counted."""

    pieces: NDArray[np.int64]
    rows: int

    @property
    def empty(self) -> bool:
        """No ink but specks, grain and remains of the cell's lines."""
        longest = self.pieces[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(initial=0)
        return bool(longest < max(4, SMALLEST * self.rows))

    @property
    def several(self) -> bool:
        """High pieces stand side by side, paper between them."""
        left, _top, width, height, _area = self.pieces.T
        high = height >= max(ALIKE * height.max(initial=0), SMALLEST * self.rows)
        order = np.argsort(left[high])
        ends = np.maximum.accumulate((left + width)[high][order])
        return bool((left[high][order][1:] > ends[:-1]).any())


def writing(gray: Gray) -> Writing:
    """What is written inside of a cell, uint8 (H, W) without its lines."""
    small = shrink(gray, WORK)
    mask = find_ink(subtract_paper(dark_on_light(small))).astype(np.uint8)
    mask[_lies_along_a_side(mask)] = 0
    rim = max(2, round(RIM * min(mask.shape)))
    mask[:rim] = mask[-rim:] = mask[:, :rim] = mask[:, -rim:] = 0
    _count, _labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    return Writing(np.asarray(stats[1:], np.int64), len(mask))


ALONG, REACHES = 0.4, 0.55
"""Share of a side along which a shadow's edge lies, and of the way across up to which it reaches, if it does not lie
along two sides: a digit crosses a side by the width of its strokes."""


def _lies_along_a_side(mask: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """What is a wedge of shadow rather than writing: bool (H, W)."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    rows, columns = mask.shape
    level, upright = labels[[0, -1]], labels[:, [0, -1]].T
    along = np.array([np.bincount(side, minlength=count) > ALONG * len(side) for side in (*level, *upright)])
    short = np.array([stats[:, cv2.CC_STAT_HEIGHT] < REACHES * rows, stats[:, cv2.CC_STAT_WIDTH] < REACHES * columns])
    wedge = (along & short.repeat(2, axis=0)).any(0) | (along.sum(0) > 1)
    wedge[0] = False
    return np.asarray(wedge[labels], bool)
