"""Grids and tables on a page: ``Gray`` → cells, each cut out and upright.

The stages, each a module: ``combs`` (sides that are drawn in part, made whole) → ``rulings`` (which lines hang
together) → ``unbend`` (a view in which they are straight) → ``lattice`` (rows, columns, and which sides are drawn) →
``cells`` (what they enclose, and its cut-out).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guarismo import combs, rulings, unbend
from guarismo import lattice as lattices
from guarismo.cells import LARGEST, Caller, Cell, Place, cut, light, places, writing
from guarismo.cutout import Corners, around, extent
from guarismo.paper import shrink
from guarismo.types import Box, Gray

__all__ = ["Cell", "GridCut", "find"]

WORK = 1200
"""Longest side, in pixels, at which lines are looked for: a puzzle that takes a quarter of a photo has cells of 33."""

TALLER = 1.5
"""Heights of a grid's cells from which on one is much taller than the others: shadows across it stay."""

LEAST_CELLS = 3
"""A box, or one with a line through it, is a frame around something; three are a grid."""


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
    """All grids of a picture uint8 (H, W), from top to bottom; single rows of boxes are some, with ``rows`` 1."""
    if min(gray.shape) < 24:
        return []
    found = _found(gray, 1)
    if max(gray.shape) > WORK and any(_lowest(grid) < LOW for grid in found):
        found = _found(gray, FINER) or found
    return sorted(found, key=lambda grid: (grid.box.top, grid.box.left))


def _lowest(grid: GridCut) -> float:
    """Height of a grid's rows in the pixels of its view."""
    return grid.box.height / grid.rows * unbend.LONGEST / max(grid.box.height, grid.box.width)


def _found(gray: Gray, finer: int) -> list[GridCut]:
    flat = rulings.even(shrink(gray, finer * WORK))
    pieces = rulings.segments(flat)
    whole = combs.completed(flat, pieces)
    if whole is not None:
        flat, pieces = whole, rulings.segments(whole)
    found: list[GridCut] = []
    for bridge in rulings.BRIDGES:
        for group in rulings.groups(pieces, flat.shape, bridge):
            for grid in _grids(gray, flat, unbend.view(flat, group, finer * unbend.LONGEST)):
                if not any(_same(grid, other) for other in found):
                    found.append(grid)
        if found:
            break
    return found


def _grids(gray: Gray, flat: Gray, view: unbend.View | None) -> Iterator[GridCut]:
    """Those in a view of ``flat``, the picture in even light or a smaller copy of it."""
    if view is None:
        return
    for lattice in lattices.lattices(view):
        grid = _grid(gray, view.there(lattice.nodes) * (np.array(gray.shape[::-1]) / flat.shape[::-1]), places(lattice))
        if grid is not None:
            yield grid


def _grid(gray: Gray, nodes: NDArray[np.float64], inside: list[Place]) -> GridCut | None:
    """A grid whose lines cross at ``nodes`` float64 (R + 1, C + 1, 2) of the caller's picture."""
    nodes, inside = _trimmed(nodes, inside)
    rows, columns = nodes.shape[0] - 1, nodes.shape[1] - 1
    if len(inside) < max(LEAST_CELLS, 0.5 * rows * columns):
        return None
    high = float(np.median(np.linalg.norm(np.diff(nodes, axis=0), axis=-1)))
    scale = min(1.0, LARGEST / high)
    base = gray if scale == 1 else shrink(gray, max(1, round(scale * max(gray.shape))))
    factor = np.array(base.shape[::-1]) / gray.shape[::-1]
    caller = Caller((gray.shape[0], gray.shape[1]), np.diag([*(1 / factor), 1.0]))
    paper = light(base, scale * high)
    cells = []
    for place in inside:
        sides = nodes[
            [place.top, place.top, place.bottom, place.bottom], [place.left, place.right, place.right, place.left]
        ]
        tall = extent(sides)[0] > TALLER * high  # its strokes may fill the window of the others
        cutout = cut(base, None if tall else paper, sides * factor, caller)
        span = (place.bottom - place.top, place.right - place.left)
        written = writing(cutout.gray)
        cells.append(Cell(place.top, place.left, *span, cutout, written.empty, written.several))
    corners = nodes[[0, 0, -1, -1], [0, -1, -1, 0]].astype(np.float32)
    return GridCut(rows, columns, tuple(cells), corners, around(nodes.reshape(-1, 2), gray.shape))


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


def _same(one: GridCut, other: GridCut) -> bool:
    """Whether two grids lie on the same place for the most part."""
    width = min(one.box.right, other.box.right) - max(one.box.left, other.box.left)
    height = min(one.box.bottom, other.box.bottom) - max(one.box.top, other.box.top)
    smaller = min(one.box.width * one.box.height, other.box.width * other.box.height)
    return width > 0 and height > 0 and width * height > 0.3 * smaller
