"""Where things are on a page, never what they say: grids, rows of boxes, lines of writing.

``sheet`` (straight and level) → ``grids`` → ``inked`` (ink without rules) → ``textlines`` → cut-outs for the networks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from guarismo import grids, inked, sheet, tables, textlines
from guarismo.cutout import Cutout, around, onto
from guarismo.grids import GridCut
from guarismo.order import in_reading_order
from guarismo.paper import shrink
from guarismo.polarity import dark_on_light, has_light_strokes
from guarismo.textlines import Line, Lines
from guarismo.types import Box, Gray

T = TypeVar("T")

SHARP = 110
"""Pixels of a line's cut-out at most, margins included: a strip has 48 rows."""

MARGIN = 0.3
"""Digit heights of paper around a cut-out line: enough to tell paper from ink, too little for a neighbour."""


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """``grids`` and ``parts``, both in reading order, as cut-outs of the caller's picture: a part is a line of writing,
    or a single row of boxes. ``sample``: some of what may be single digits, dark on light, by which it can be told
    whether the picture is the right way up. By their places in ``parts``: ``struck`` lines, which have a stroke through
    them, and ``gaps``, the columns of lines' cut-outs at which they may be parted where they are a number and words.
    ``height`` is that of the writing, the median of lines, in pixels of the flat page, and of cells, which are cut from
    the caller's picture, in its pixels; 0 where there is none.
    """

    grids: tuple[GridCut, ...]
    parts: tuple[Cutout | GridCut, ...]
    sample: tuple[Gray, ...] = ()
    struck: frozenset[int] = frozenset()
    gaps: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    height: float = 0.0


IN_CELL = 0.6
"""Height of what is written in a cell, in heights of the cell."""


def layout(gray: Gray, longest: int = sheet.WORK) -> Layout:
    """What is where on a picture uint8 (H, W), looked at with so many pixels to its longest side, at most."""
    ruled = [grid for grid in grids.outlines(gray) if tables.is_ruled(grid)]
    flat = sheet.flat(gray, longest)
    inverted = _is_light_on_dark(shrink(flat.gray, GLANCE))
    dark, base = (255 - one if inverted else one for one in (flat.gray, gray))
    page = None
    if any(tables.may_be_paper(grid) for grid in ruled):
        page = inked.inked(dark)
        ruled = [grid for grid in ruled if not tables.is_paper(grid, page, flat)]
    found = [grids.cut_up(gray, grid) for grid in ruled]
    table = None if inverted else sheet.beside_cards(flat.gray)
    if found or page is None or table is not None:
        covered = _covered(found, flat)
        page = inked.inked(dark, covered if table is None else covered | table)
    lines = textlines.find(page)
    rows = [grid for grid in found if grid.rows == 1]
    boxes = [tables.on_page(grid.box, flat) for grid in rows]
    lines = replace(lines, lines=tuple(line for line in lines.lines if not _parts_boxes(line.box, boxes)))
    places = [line.box for line in lines.lines] + boxes
    heights = [line.height for line in lines.lines] + [float(box.height) for box in places[len(lines.lines) :]]
    written = [_cutout(base, flat, page, lines, line) for line in lines.lines]
    parts: list[Cutout | GridCut] = [*written, *rows]
    order = in_reading_order(places, heights)
    struck = {i for i, line in enumerate(lines.lines) if _is_struck(line, page)}
    gaps = [_gaps(line, lines, one.gray.shape[1]) for line, one in zip(lines.lines, written, strict=True)]
    return Layout(
        tuple(grid for grid in found if grid.rows > 1),
        tuple(parts[i] for i in order),
        _sample(found, lines, dark),
        frozenset(place for place, i in enumerate(order) if i in struck),
        {place: gaps[i] for place, i in enumerate(order) if i < len(gaps) and gaps[i]},
        _height(lines, found),
    )


def _height(lines: Lines, found: Sequence[GridCut]) -> float:
    cells = [cell.cutout.box().height for grid in found for cell in grid.cells if not cell.empty]
    heights = [line.height for line in lines.lines] + [IN_CELL * height for height in cells]
    return float(np.median(heights)) if heights else 0.0


NEXT, SLENDER = 2.5, 0.7
"""Heights of a box between two rows of them at most where what stands there parts them; and its width at most."""


def _parts_boxes(box: Box, rows: Sequence[Box]) -> bool:
    """Whether a stroke or a dash stands between two rows of boxes on one level: day / month / year."""

    def beside(one: Box, gap: int) -> bool:
        shared = min(one.bottom, box.bottom) - max(one.top, box.top)
        return shared > 0.5 * min(one.height, box.height) and -2 <= gap < NEXT * one.height - box.width

    level = [one for one in rows if box.width <= SLENDER * one.height]
    before = any(beside(one, box.left - one.right) for one in level)
    return before and any(beside(one, one.left - box.right) for one in level)


WORD, WIDEST = 0.45, 0.75
"""Digit heights of paper between a number and a word or a unit beside it, at least; and its share of the line's widest
gap, for digits may stand apart, too."""


def _gaps(line: Line, lines: Lines, columns: int) -> tuple[int, ...]:
    """The middles of a line's wide gaps, in columns of its cut-out, which has so many."""
    _pieces, paper, middles = textlines.gaps(line, lines.stats)
    wide = paper >= max(WORD * line.height, WIDEST * paper.max(initial=0))
    ends = _corners(line, lines.labels.shape)[:2, 0]
    return tuple(np.rint((middles[wide] - ends[0]) * columns / (ends[1] - ends[0])).astype(int).tolist())


STRUCK, BESIDE, BAND, AS_DARK = 0.8, 0.3, (0.25, 0.75), 0.5
"""Share of a number's length, and of the paper beside it, along which there is a ruled line in the middle of its
height, where it is struck through, for a rule of the paper goes on at both ends; shares of the height that are its
middle; and how dark the line is at least beside the digits' ink, whose soft edges hang together, too."""


def _is_struck(line: Line, page: inked.Inked) -> bool:
    """Whether a stroke goes through all of a line of writing."""
    box, near, far = line.box, round(0.7 * line.height), round(1.5 * line.height)
    first, last = (max(0, round(line.head + share * (line.foot - line.head))) for share in BAND)
    dark = page.dark[first : last + 1]
    own = dark[:, box.left : box.right][page.ink[first : last + 1, box.left : box.right] > 0]
    if len(line.pieces) < 2 or not own.size:
        return False
    drawn = ((page.ruled[first : last + 1] > 0) & (dark >= AS_DARK * np.median(own))).max(0)
    sides = drawn[max(0, box.left - far) : max(0, box.left - near)], drawn[box.right + near : box.right + far]
    beside = min(float(side.mean()) if side.size else 0.0 for side in sides)
    return bool(drawn[box.left : box.right].mean() >= STRUCK) and beside < BESIDE


SAMPLE, LEAST_SAMPLED, HIGHEST_SAMPLED = 64, 12, 0.15
"""How many single digits are looked at to tell which way up a picture is, and their longest side: at least so many
pixels, and at most this share of the page's. Lines play no part in it: on its side a page has none."""


EDGE, FEWEST_INSIDE = 0.07, 3
"""Shares of a page's sides within which the wires and holes of its binding lie, a row of which looks like nines when
turned; and the pieces that there must be besides for these to have no say."""


def _sample(found: list[GridCut], lines: Lines, dark: Gray) -> tuple[Gray, ...]:
    """What stands in cells, or else pieces of ink as large as digits, each alone on its paper."""
    filled = [cell.cutout.gray for grid in found for cell in grid.cells if not cell.empty]
    if filled:
        pieces = [piece for gray in _spread(filled) for piece in _pieces_in(gray)]
        return tuple(_spread(pieces))
    sizes = lines.stats[:, 2:4].max(1)
    large = np.flatnonzero((sizes >= LEAST_SAMPLED) & (sizes <= HIGHEST_SAMPLED * max(dark.shape)))
    middles = lines.stats[large, :2] + lines.stats[large, 2:4] / 2
    edge = EDGE * np.array(dark.shape[::-1])
    inside = ((middles > edge) & (middles < dark.shape[::-1] - edge)).all(1)
    if inside.sum() >= FEWEST_INSIDE:
        large = large[inside]
    return tuple(_piece_alone(piece, lines.labels, lines.stats, dark) for piece in _spread(large.tolist()))


def _spread(many: Sequence[T]) -> Sequence[T]:
    """At most ``SAMPLE`` of these, evenly from all."""
    return many[:: max(1, -(-len(many) // SAMPLE))]


def _pieces_in(gray: Gray) -> list[Gray]:
    """What hangs together in a cell and is as large as a digit: digits of a number, if they do not touch."""
    dark = dark_on_light(gray)
    _level, ink = cv2.threshold(dark, 0, 1, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    _count, labels, stats, _centres = cv2.connectedComponentsWithStats(np.asarray(ink, np.uint8), connectivity=8)
    sizes = stats[1:, 2:4].max(1)
    large = 1 + np.flatnonzero((sizes >= LEAST_SAMPLED) & (sizes >= 0.6 * sizes.max(initial=0)))
    return [_piece_alone(piece, np.asarray(labels, np.int32), stats, dark) for piece in large.tolist()]


def _piece_alone(piece: int, labels: NDArray[np.int32], stats: NDArray[Any], dark: Gray) -> Gray:
    left, top, width, height, _area = stats[piece].tolist()
    spare = max(2, max(width, height) // 8)
    near = (slice(max(0, top - spare), top + height + spare), slice(max(0, left - spare), left + width + spare))
    mine = cv2.dilate((labels[near] == piece).astype(np.uint8), np.ones((3, 3), np.uint8))
    return np.where(mine > 0, dark[near], np.uint8(255)).astype(np.uint8)


LIGHT, REACH = 101, 6.0
"""Pixels of a copy of ``GLANCE`` in which the light of a page is taken to be even, some six lines of writing, and
standard deviations: pages are mostly bare, so that their ink has more than those of lines. With half of both, one
rendered sheet in six was taken for its negative, those in pencil first."""


def _is_light_on_dark(small: Gray) -> bool:
    return has_light_strokes(small, LIGHT, REACH)


GLANCE, LEAST_PAGE = 800, 200
"""Longest side of the copy on which it is seen whether a picture has several lines, and of a picture that may have."""

SEVERAL = 3
"""Lines of about one height that are several beside something higher: a heading, a signature, a stain."""


def has_several_lines(gray: Gray) -> bool:
    """Whether there is more on a picture than a digit or one line; seen at a glance, in a tenth of a page's time."""
    if max(gray.shape) < LEAST_PAGE:
        return False
    small = shrink(gray, GLANCE)
    if _is_light_on_dark(small):
        small = 255 - small
    lines = textlines.find(inked.inked(small)).lines
    inside = [line for line in lines if line.box.top > 0 and line.box.bottom < len(small)]  # or a neighbour's remains
    heights = np.array([line.height for line in inside])
    alike = [int(((heights >= 0.7 * high) & (heights <= 1.4 * high)).sum()) for high in heights]
    return bool((heights >= 0.5 * heights.max(initial=0)).sum() > 1) or max(alike, default=0) >= SEVERAL


def _covered(found: list[GridCut], flat: Cutout) -> inked.Mask:
    """1 on the cells of grids and the lines around them, as they lie on the flat page: uint8 (H, W)."""
    covered = np.zeros(flat.gray.shape, np.uint8)
    there = np.linalg.inv(flat.back)
    for grid in found:
        own = np.zeros_like(covered)
        outlines = [cell.cutout.outline() for cell in grid.cells] + [grid.corners.astype(np.float64)]
        on_page = [cv2.perspectiveTransform(outline[None], there)[0] for outline in outlines]
        for outline in on_page:
            cv2.fillConvexPoly(own, np.rint(outline).astype(np.int32), 1)
        inside = np.concatenate(on_page[:-1])
        # the frame's rim lies as far outside of its middle as the cells lie inside
        half = np.median([*(inside.min(0) - on_page[-1].min(0)), *(on_page[-1].max(0) - inside.max(0))])
        reach = max(1, max(flat.gray.shape) // 320, math.ceil(float(half)))
        covered |= np.asarray(cv2.dilate(own, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)), np.uint8)
    return covered


def _cutout(base: Gray, flat: Cutout, page: inked.Inked, lines: Lines, line: Line) -> Cutout:
    """One line, level, with bare paper where other ink and ruled lines are. Specks stay: one may be a point, which the
    network knows better."""
    corners = _corners(line, flat.gray.shape)
    cut = sheet.sharp(base, flat, corners, SHARP)
    rows, columns = cut.gray.shape
    box = around(corners, flat.gray.shape)
    there = onto(corners, (rows, columns)) @ np.array([[1, 0, box.left], [0, 1, box.top], [0, 0, 1]], np.float64)
    near = (slice(box.top, box.bottom), slice(box.left, box.right))
    labels = lines.labels[near]
    mine = np.isin(labels, line.pieces).astype(np.uint8)
    kept = textlines.specks(lines.stats, line.height)
    kept[0] = True
    grown = np.ones((3, 3), np.uint8)
    other = (~kept[labels] & (mine == 0)).astype(np.uint8) | page.lines[near]
    apart = cv2.subtract(cv2.dilate(other, grown), cv2.dilate(mine, grown))
    foreign = (np.asarray(apart, np.uint8) & (1 - page.lines[near])) | page.ignored[near]

    def over(mask: inked.Mask) -> NDArray[np.bool_]:
        there_too = cv2.warpPerspective(mask * np.uint8(255), there, (columns, rows), flags=cv2.INTER_LINEAR)
        return np.asarray(there_too > 96)

    def seen(gray: Gray) -> Gray:
        warped = cv2.warpPerspective(gray[near], there, (columns, rows), borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(warped, np.uint8)

    unruled = np.where(over(page.ruled[near]), seen(page.unruled), cut.gray)
    return replace(cut, gray=np.where(over(foreign), seen(page.paper), unruled).astype(np.uint8))


def _corners(line: Line, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Around a line with its margin, as steep as it is, within the page: float32 (4, 2)."""
    box, spare = line.box, MARGIN * line.height + 2
    left, right = max(0.0, box.left - spare), min(float(shape[1]), box.right + spare)
    middle, half = (line.head + line.foot) / 2, max((line.foot - line.head) / 2, 0.5 * line.height) + spare
    tilt = line.slope * (right - left) / 2
    across = [(left, -tilt - half), (right, tilt - half), (right, tilt + half), (left, -tilt + half)]
    return np.array([(x, min(max(middle + y, 0), shape[0])) for x, y in across], np.float32)
