"""Which grids are tables, boxes or puzzles, and which are squared paper, letters, or strokes between ruled lines."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from guarismo import inked, sheet, sides
from guarismo.cutout import Cutout
from guarismo.grids import Outline
from guarismo.types import Box

DRAWN, OPEN = 0.45, 1 / 3
"""Share of a column's height along which its cells begin, and share of the columns that may have less: merged cells are
few in any table, and the upright strokes of digits on ruled paper, which pass for lines, end at the next rule."""

LEAST_CELL = 19 / sheet.WORK
"""Height of a cell in shares of the picture's longest side: digits in it would be too low to be read, and words whose
letters touch look like such grids."""

UNEVEN, UNEVEN_HEIGHTS = 0.6, 0.1
"""Deviation of cells' widths in shares of their mean, for tables whose heights deviate, too; that of boxes in a row is
``sides.UNEVEN``."""

STRIPE = 5.0
"""Width against height of the cells of a single column: between the rules of a sheet they are wider."""


def is_ruled(grid: Outline) -> bool:
    """Whether it is a grid, and not letters, or digits between the rules of a sheet."""
    sizes, heights = _sizes(grid)
    uneven = float(sizes.std() / sizes.mean())
    if float(np.median(heights)) < LEAST_CELL * max(grid.shape):
        return False
    if grid.rows == 1:
        return uneven < sides.UNEVEN
    if uneven > UNEVEN and float(heights.std() / heights.mean()) > UNEVEN_HEIGHTS:
        return False
    if grid.columns == 1 and float(np.median(sizes / heights)) > STRIPE:
        return False
    columns, rows = np.zeros(grid.columns), np.zeros(grid.rows)
    for place in grid.places:
        columns[place.left] += (place.bottom - place.top) / grid.rows
        rows[place.top] += (place.right - place.left) / grid.columns
    return all(float((shares < DRAWN).mean()) <= OPEN for shares in (columns, rows))


def _sizes(grid: Outline) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Widths and heights of the cells' boxes in the caller's picture, merged ones shared out: float64 (N,)."""
    spans = np.array([(place.right - place.left, place.bottom - place.top) for place in grid.places], np.float64)
    corners = grid.sides()
    widths, heights = ((corners.max(1) - corners.min(1)) / spans).T
    return widths, heights


def may_be_paper(grid: Outline) -> bool:
    """Whether ``is_paper`` may say so."""
    return min(grid.rows, grid.columns) >= LEAST_SQUARES or _is_patchy(grid)


def is_paper(grid: Outline, page: inked.Inked, flat: Cutout) -> bool:
    """Whether it is squared paper, or a sheet's rules with strokes between them. Nothing of ``page`` is ignored."""
    if min(grid.rows, grid.columns) >= LEAST_SQUARES:
        if _is_fine(grid, flat) and _is_written_over(page, grid, flat):
            return True
        if _has_finer_lines(page, grid, flat):
            return True
    return _is_patchy(grid) and _is_among(page.lines, grid, flat)


LEAST_SQUARES, FINE, SQUARE = 3, 100, (0.75, 1.33)
"""Rows and columns of a grid that may be squared paper, at least; cells of one that may be so as it is, and their width
against height on the flat page."""

DIGIT, OVER, MOSTLY_OVER = 0.4, 0.2, 1 / 3
"""Heights of a row from which on ink may be a digit; how far it reaches out of its cell, in cells, where it is written
over the lines; and the share of such that makes squared paper. There nearly all is, in tables nothing."""

ENOUGH, SCATTERED, BAR = 12, 0.22, 0.12
"""Where squares are as high as a line, digits stand inside of them, but anywhere from side to side: so many at least,
the deviation of their middles in cells being 0.26 to 0.38, in tables of numbers at most 0.17 (docs/LOG.md). What is
narrower and as near to a cell's side may be a piece of this."""


def _is_fine(grid: Outline, flat: Cutout) -> bool:
    """Whether it has many cells, all about square."""
    if grid.rows * grid.columns < FINE:
        return False
    nodes = _nodes(grid, flat)
    across, down = np.diff(nodes, axis=1), np.diff(nodes, axis=0)
    widths, heights = (float(np.median(np.linalg.norm(one, axis=-1))) for one in (across, down))
    return SQUARE[0] < widths / max(heights, 1.0) < SQUARE[1]


def _is_written_over(page: inked.Inked, grid: Outline, flat: Cutout) -> bool:
    """Whether a grid is squared paper: what is as high as a digit takes no notice of its lines."""
    _count, _labels, stats, _centres = cv2.connectedComponentsWithStats(page.ink, connectivity=8)
    left, top, width, height, _area = stats[1:].T.astype(np.float64)
    outline = cv2.perspectiveTransform(grid.corners[None].astype(np.float64), np.linalg.inv(flat.back))[0]
    cells = np.array([[0, 0], [grid.columns, 0], [grid.columns, grid.rows], [0, grid.rows]], np.float32)
    there = cv2.getPerspectiveTransform(outline.astype(np.float32), cells)
    ends = np.stack([np.stack([left, top], -1), np.stack([left + width, top + height], -1)])
    if not ends.size:
        return False
    first, last = cv2.perspectiveTransform(ends.reshape(1, -1, 2), there)[0].reshape(2, -1, 2)
    own = np.floor((first + last) / 2)
    inside = ((own >= 0) & (own < cells[2])).all(1) & (last[:, 1] - first[:, 1] >= DIGIT)
    if not inside.any():
        return False
    over = ((first < own - OVER) | (last > own + 1 + OVER)).any(1)
    across, wide = ((first + last) / 2 - own)[inside, 0], (last - first)[inside, 0]
    across = across[(wide > BAR) | (np.abs(across - 0.5) < 0.5 - BAR)]
    return float(over[inside].mean()) > MOSTLY_OVER or (len(across) >= ENOUGH and float(across.std()) > SCATTERED)


FINER, REGULAR, EVEN, AS_DARK, ON = 1.5, 0.25, 0.6, 1.35, 6
"""How many times as many lines as a grid has there are inside of it where it is some of those of squared paper, of
which a faint picture has lost the others; how much their distances differ, at most, and what share of them must be
such; how much darker the grid's own lines may be, for a table drawn on squared paper is darker; and pixels between a
line of the grid and one of the page that are the same."""


def _has_finer_lines(page: inked.Inked, grid: Outline, flat: Cutout) -> bool:
    """Whether a grid is some of the lines of squared paper: on the page there are more, evenly, and no fainter."""
    nodes = _nodes(grid, flat)
    wide, high = (int(np.ptp(nodes[..., axis])) for axis in (0, 1))
    if min(wide, high) < 8 * LEAST_SQUARES:
        return False
    upright = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)
    there = cv2.getPerspectiveTransform(nodes[[0, 0, -1, -1], [0, -1, -1, 0]].astype(np.float32), upright)
    nodes = cv2.perspectiveTransform(nodes.reshape(1, -1, 2), there)[0].reshape(nodes.shape)
    rules = np.asarray(cv2.warpPerspective(page.lines * np.uint8(255), there, (wide, high)), np.uint8) > 96
    dark = np.asarray(cv2.warpPerspective(page.dark, there, (wide, high)), np.uint8)
    mine: list[float] = []
    others: list[float] = []
    more = []
    for places, mask, shade in ((nodes[..., 1].mean(1), rules, dark), (nodes[..., 0].mean(0), rules.T, dark.T)):
        starts, ends = _drawn(mask.astype(np.uint8), 0.4)
        middles = (starts + ends) / 2
        steps = np.diff(middles)
        even = np.abs(steps - np.median(steps)) < REGULAR * np.median(steps) if steps.size else np.zeros(1)
        more.append(len(middles) / len(places) if float(even.mean()) >= EVEN else 0.0)
        for start, end, middle in zip(starts.tolist(), ends.tolist(), middles.tolist(), strict=True):
            own = float(np.abs(places - middle).min()) < ON
            (mine if own else others).append(float(np.median(shade[start:end].max(0))))
    if max(more) < FINER or min(more) < 1 or not others:
        return False
    return not mine or float(np.median(mine)) < AS_DARK * float(np.median(others))


def _nodes(grid: Outline, flat: Cutout) -> NDArray[np.float64]:
    """Where a grid's lines cross, on the flat page: float64 (rows + 1, columns + 1, 2)."""
    nodes = grid.nodes.reshape(1, -1, 2).astype(np.float64)
    return np.asarray(cv2.perspectiveTransform(nodes, np.linalg.inv(flat.back))[0], np.float64).reshape(
        grid.nodes.shape
    )


def _drawn(lines: inked.Mask, least: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last rows (excluded) of the level lines of a page that cover more than that share of its columns."""
    drawn = cv2.dilate(lines, np.ones((5, 1), np.uint8)).mean(1) > least
    starts, ends = (np.flatnonzero(np.diff(np.pad(drawn, 1).astype(np.int8)) == step) for step in (1, -1))
    return starts, ends


RULES, PITCH = 3, (0.75, 1.33)
"""Level rules above and below a grid that make it a part of ruled paper, and their distance in heights of its rows."""


def _is_patchy(grid: Outline) -> bool:
    """Whether digits' strokes and a margin, or the edges of the paper, may pass for its upright lines."""
    whole = len(grid.places) == grid.rows * grid.columns  # neither merged nor lost ones
    return grid.rows > 1 and (not whole or grid.columns == 1)


def _is_among(rules: inked.Mask, grid: Outline, flat: Cutout) -> bool:
    """Whether the level rules of the flat page uint8 (H, W) go on, evenly, above or below the grid."""
    box = on_page(grid.box, flat)
    pitch = box.height / grid.rows
    across = rules[:, max(0, box.left) : max(0, box.right)]
    if not across.size:  # beside the sheet
        return False
    starts, ends = _drawn(across, 0.5)
    middles = np.sort(np.concatenate([(starts + ends) / 2, [box.top, box.bottom]]))
    outside = (middles < box.top - 0.4 * pitch) | (middles > box.bottom + 0.4 * pitch)
    steps = np.diff(middles) / max(pitch, 1.0)
    even = (steps > PITCH[0]) & (steps < PITCH[1])
    return int((even & (outside[1:] | outside[:-1])).sum()) >= RULES


def on_page(box: Box, flat: Cutout) -> Box:
    """Where a box of the picture lies on the flat page."""
    there = Cutout(np.zeros((1, 1), np.uint8), (2**20, 2**20), np.asarray(np.linalg.inv(flat.back), np.float64))
    return there.box(box)
