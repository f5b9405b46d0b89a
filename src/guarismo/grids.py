"""Grids and tables on a page: ``Gray`` → cells, each cut out and upright.

The stages, each a module: ``blocks`` and ``tiles`` (cells without lines, outlined) → ``combs`` (sides that are drawn in
part, made whole) → ``rulings`` (which lines hang together) → ``unbend`` (a view in which they are straight) →
``lattice`` (rows, columns, and which sides are drawn) → ``cells`` (what they enclose, and its cut-out).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guarismo import blocks, combs, rulings, tiles, unbend
from guarismo import lattice as lattices
from guarismo.cells import LARGEST, Caller, Cell, Place, cut, light, places, writing
from guarismo.cutout import Corners, around, extent
from guarismo.paper import shrink
from guarismo.types import Box, Gray

__all__ = ["Cell", "GridCut", "Outline", "cut_up", "find", "outlines"]

WORK = 1200
"""Longest side, in pixels, at which lines are looked for: a puzzle that takes a quarter of a photo has cells of 33."""

TALLER = 1.5
"""Heights of a grid's cells from which on one is much taller than the others: shadows across it stay."""

LEAST_CELLS = 3
"""A box, or one with a line through it, is a frame around something; three are a grid, and two where others stand
beside them."""

AS_HIGH, PAIRS = 0.15, 3
"""Share by which the heights of two boxes and of others beside them differ at most; or how many pairs of one height
there are on the page: days and months of dates."""


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """Where a grid is: its lines cross at ``nodes`` float64 (R + 1, C + 1, 2), x and y in the caller's picture, whose
    (height, width) is ``shape``; ``places`` are its cells, row by row."""

    nodes: NDArray[np.float64]
    places: tuple[Place, ...]
    shape: tuple[int, int]

    @property
    def rows(self) -> int:
        return len(self.nodes) - 1

    @property
    def columns(self) -> int:
        return len(self.nodes[0]) - 1

    @property
    def corners(self) -> Corners:
        return np.asarray(self.nodes[[0, 0, -1, -1], [0, -1, -1, 0]], np.float32)

    @property
    def box(self) -> Box:
        return around(self.nodes.reshape(-1, 2), self.shape)

    def sides(self) -> NDArray[np.float64]:
        """The corners of each cell, float64 (N, 4, 2), in the order of ``Corners``."""
        top, left, bottom, right = (
            np.array([(p.top, p.left, p.bottom, p.right) for p in self.places], int).reshape(-1, 4).T
        )
        rows, columns = np.stack([top, top, bottom, bottom], -1), np.stack([left, right, right, left], -1)
        return np.asarray(self.nodes[rows, columns], np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class GridCut:
    """A grid, cut up: ``cells`` row by row; ``corners`` and ``box`` in the caller's picture."""

    rows: int
    columns: int
    cells: tuple[Cell, ...]
    corners: Corners
    box: Box


LOW, FINER = 45, 2
"""Pixels of a view under which rows are so low that strokes of digits pass for sides of cells, and how many times
larger their lines are looked at then."""


def find(gray: Gray) -> list[GridCut]:
    """All grids of a picture uint8 (H, W), cut up, from top to bottom; single rows of boxes are some, ``rows`` 1."""
    return [cut_up(gray, outline) for outline in outlines(gray)]


def outlines(gray: Gray) -> list[Outline]:
    """Where these are. Squared paper has thousands of cells, and is told by where its lines are."""
    if min(gray.shape) < 24:
        return []
    found = _found(gray, 1)
    if max(gray.shape) > WORK and any(_lowest(grid.box, grid.rows) < LOW for grid in found):
        found = _found(gray, FINER) or found
    return sorted(found, key=lambda grid: (grid.box.top, grid.box.left))


def _lowest(box: Box, rows: int) -> float:
    """Height of a grid's rows in the pixels of its view."""
    return box.height / rows * unbend.LONGEST / max(box.height, box.width)


def _found(gray: Gray, finer: int) -> list[Outline]:
    flat = rulings.even(tiles.outlined(blocks.outlined(shrink(gray, finer * WORK))))
    pieces = rulings.segments(flat)
    whole = combs.completed(flat, pieces)
    if whole is not None:
        flat, pieces = whole, rulings.segments(whole)
    shape, scale = (gray.shape[0], gray.shape[1]), np.array(gray.shape[::-1]) / flat.shape[::-1]
    found: list[Outline] = []
    for bridge in rulings.BRIDGES:
        for group in rulings.groups(pieces, flat.shape, bridge):
            for grid in _seen(unbend.view(flat, group, finer * unbend.LONGEST), scale, shape):
                if not any(_same(grid.box, other.box) for other in found):
                    found.append(grid)
        kept = [grid for grid in found if len(grid.places) >= LEAST_CELLS or _has_company(grid, found)]
        if kept:
            return kept
    return []


def _has_company(pair: Outline, found: list[Outline]) -> bool:
    """Whether there are more boxes in the row of two boxes, or more such pairs."""
    high = pair.box.height
    rows = [one for one in found if one is not pair and one.rows == 1]
    alike = [one for one in rows if abs(one.box.height - high) < AS_HIGH * high]
    level = [one for one in alike if abs(one.box.top + one.box.bottom - pair.box.top - pair.box.bottom) < high]
    return bool(level) or sum(len(one.places) == 2 for one in alike) >= PAIRS - 1


def _seen(view: unbend.View | None, scale: NDArray[np.float64], shape: tuple[int, int]) -> Iterator[Outline]:
    """Those in a view of the picture of ``shape``, or of a copy whose pixels are ``scale`` (x, y) of its own."""
    if view is None:
        return
    for lattice in lattices.lattices(view):
        grid = _outline(view.there(lattice.nodes) * scale, places(lattice), shape)
        if grid is not None:
            yield grid


def _outline(nodes: NDArray[np.float64], inside: list[Place], shape: tuple[int, int]) -> Outline | None:
    """A grid; None where it has too few cells to be one."""
    nodes, inside = _trimmed(nodes, inside)
    rows, columns = nodes.shape[0] - 1, nodes.shape[1] - 1
    if len(inside) < max(2 if rows == 1 else LEAST_CELLS, 0.5 * rows * columns):
        return None
    return Outline(nodes, tuple(inside), shape)


def cut_up(gray: Gray, grid: Outline) -> GridCut:
    """The cells of a grid on a picture uint8 (H, W), cut out."""
    high = float(np.median(np.linalg.norm(np.diff(grid.nodes, axis=0), axis=-1)))
    scale = min(1.0, LARGEST / high)
    base = gray if scale == 1 else shrink(gray, max(1, round(scale * max(gray.shape))))
    factor = np.array(base.shape[::-1]) / gray.shape[::-1]
    caller = Caller(grid.shape, np.diag([*(1 / factor), 1.0]))
    paper = light(base, scale * high)
    cells = []
    for place, sides in zip(grid.places, grid.sides(), strict=True):
        tall = extent(sides)[0] > TALLER * high  # its strokes may fill the window of the others
        cutout = cut(base, None if tall else paper, sides * factor, caller)
        span = (place.bottom - place.top, place.right - place.left)
        written = writing(cutout.gray)
        cells.append(Cell(place.top, place.left, *span, cutout, written.empty, written.several))
    return GridCut(grid.rows, grid.columns, tuple(cells), grid.corners, grid.box)


def _trimmed(nodes: NDArray[np.float64], inside: list[Place]) -> tuple[NDArray[np.float64], list[Place]]:
    """Without rows and columns that have no cell: what lies between a grid and the frame of its page."""
    if not inside:
        return nodes, inside
    rows, columns = np.zeros(nodes.shape[0], bool), np.zeros(nodes.shape[1], bool)
    for place in inside:
        rows[place.top : place.bottom + 1] = columns[place.left : place.right + 1] = True
    row, column = np.cumsum(rows) - 1, np.cumsum(columns) - 1
    moved = [Place(*(int(i) for i in (row[p.top], column[p.left], row[p.bottom], column[p.right]))) for p in inside]
    return nodes[rows][:, columns], moved


def _same(one: Box, other: Box) -> bool:
    """Whether two grids lie on the same place for the most part."""
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    smaller = min(one.width * one.height, other.width * other.height)
    return width > 0 and height > 0 and width * height > 0.3 * smaller
