"""Lines of writing on a flat page: connected ink → digits beside each other → what belongs to one number.

A number ends where the gap is wider than ``GAP``: columns stay apart, groups of thousands stay together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from guarismo.columns import Dividers, begins, dividers
from guarismo.inked import LOWEST, Inked, remains
from guarismo.rings import rings
from guarismo.rows import pieces_in_rows
from guarismo.types import Box

GAP = 1.3
"""Digit heights between two digits of one number at most: people leave 0.3 to 1.2 between groups of a telephone
number, and more between columns."""

OVERLAP, ALIKE, ASIDE = 0.45, 0.36, 0.45
"""Share of the lower one's height that two neighbours share; of the higher one's that the lower has, and by which their
middles differ at most. Raised cents and small zeros have half; a word in the next line shares its ascenders alone."""

MOST = 4000
"""Pieces of ink that are looked at: a page of small print has 3,000; cloth and gravel have any number."""

LONGEST = 26
"""Widths in heights: longer is a sentence. The longest number has 22 characters of 0.8."""

HIGHEST = 0.4
"""Share of the page's longest side: what is higher is no line of writing."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """``box`` on the flat page; ``height`` of its digits and ``slope``, down to the right, of its foot; ``head`` and
    ``foot``, rows that it lies between at the middle of the box; ``pieces`` int64 (N,) are the labels of its ink."""

    box: Box
    height: float
    slope: float
    head: float
    foot: float
    pieces: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Lines, and ``labels`` int32 (H, W), the pieces of ink that they name, each with its left, top, width, height and
    area: ``stats`` int64 (N, 5)."""

    lines: tuple[Line, ...]
    labels: NDArray[np.int32]
    stats: NDArray[np.int64]


def find(page: Inked) -> Lines:
    """All lines on a page, numbers or not."""
    labels, stats = pieces_in_rows(page.ink)
    width, height = stats[:, 2], stats[:, 3]
    tall = (height >= LOWEST) & (height < HIGHEST * max(labels.shape)) & (width < 0.5 * LONGEST * height)
    tall &= ~rings(stats, labels, 0)
    tall[0] = False
    chosen = np.flatnonzero(tall)
    if len(chosen) > MOST:
        chosen = np.sort(chosen[np.argsort(-height[chosen], kind="stable")[:MOST]])
    walls = dividers(page.lines, stats[chosen])
    groups = _groups(stats[chosen], walls)
    found = [_line(chosen[groups == number], stats) for number in range(groups.max(initial=-1) + 1)]
    loose = 1 + np.flatnonzero((~remains(page, labels, stats) & ~specks(stats, 0.0))[1:])
    loose = loose[np.argsort(stats[loose, 0], kind="stable")]
    lines = _together([_with_marks(line, stats, loose, walls) for line in found], stats, walls, _bridged)
    places, marks = np.array([astuple(line.box) for line in lines]).reshape(-1, 4), stats[loose]
    lines = _together(lines, stats, walls, lambda one, other: _goes_on(one, other, places, marks))
    lines = [_with_marks(line, stats, loose, walls) for line in lines]
    every, digits = np.array([astuple(line.box) for line in lines]).reshape(-1, 4), stats[chosen]
    columns = [part for line in _alone(lines) for part in _in_columns(line, every, stats, digits)]
    numbers = [part for line in columns for part in _not_too_long(line, stats)]
    kept = [line for line in numbers if _is_writing(line, stats, page, labels)]
    return Lines(tuple(kept), labels, stats)


NARROW = 0.6
"""Digit heights of paper between two columns without a rule at least."""


def _in_columns(
    line: Line, places: NDArray[np.int64], stats: NDArray[np.int64], digits: NDArray[np.int64]
) -> list[Line]:
    """The line, or the numbers of columns that it is made of, by the ``places`` of all lines and all ``digits``."""
    pieces, paper, middles = gaps(line, stats)
    cuts = (1 + np.flatnonzero(paper >= NARROW * _heights(line, pieces, stats))).tolist()
    row, left, right = (line.box.top + line.box.bottom) / 2, stats[pieces, 0], stats[pieces, 0] + stats[pieces, 2]
    kept = []
    for cut, after in zip(cuts, [*cuts, len(pieces)][1:], strict=True):
        column = float(left[cut]), float(right[cut:after].max())
        if begins(column, float(middles[cut - 1]), row, line.height, places, digits):
            kept.append(cut)
    return [_part(part, stats, line) for part in np.split(pieces, kept)] if kept else [line]


def _heights(line: Line, pieces: NDArray[np.int64], stats: NDArray[np.int64]) -> NDArray[np.float64]:
    """Of the digits at each gap between a line's pieces, (N - 1,): beside print those of a hand are larger."""
    high = stats[pieces, 3]
    return np.asarray(np.maximum(np.minimum(high[1:], high[:-1]), line.height), np.float64)


LARGER = 1.5
"""Heights of a line from which on those of a part of it are its own: a number after a printed label."""


def _part(pieces: NDArray[np.int64], stats: NDArray[np.int64], line: Line) -> Line:
    """These pieces of a line as one by themselves."""
    part = _line(pieces, stats)
    return part if part.height > LARGER * line.height else _line(pieces, stats, line.height)


def gaps(line: Line, stats: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """A line's pieces from left to right, (N,); pixels of paper before each but the first, less than nothing where they
    overlap, and the columns in its middle, (N - 1,)."""
    pieces = line.pieces[np.argsort(stats[line.pieces, 0], kind="stable")]
    left = stats[pieces[1:], 0]
    reached = np.maximum.accumulate(stats[pieces, 0] + stats[pieces, 2])[:-1]
    return pieces, left - reached, (left + reached) / 2


APART = 0.8
"""Digit heights between two numbers of a row that is too long to be one: more than printed words have between them."""


def _not_too_long(line: Line, stats: NDArray[np.int64]) -> list[Line]:
    """The line, or the numbers of narrow columns that it is made of; nothing of a sentence."""
    if line.box.width < LONGEST * line.height:
        return [line]
    pieces, paper, _middles = gaps(line, stats)
    cuts = 1 + np.flatnonzero(paper >= APART * _heights(line, pieces, stats))
    parts = [_part(part, stats, line) for part in np.split(pieces, cuts)] if cuts.size else []
    return [part for part in parts if part.box.width < LONGEST * part.height]


def _groups(stats: NDArray[np.int64], walls: Dividers) -> NDArray[np.int64]:
    """Which line each piece (left, top, width, height, area) belongs to: int64 (N,)."""
    left, top, width, height, _area = stats.T
    right, bottom = left + width, top + height
    order = np.argsort(left, kind="stable")
    parent = np.arange(len(stats))
    reach = GAP * float(height.max(initial=0))
    for place, i in enumerate(order):
        after = order[place + 1 :]
        after = after[: np.searchsorted(left[after], right[i] + reach, side="right")]
        shared = np.minimum(bottom[i], bottom[after]) - np.maximum(top[i], top[after])
        low, high = np.minimum(height[i], height[after]), np.maximum(height[i], height[after])
        near = left[after] - right[i] <= GAP * high
        near &= (shared >= OVERLAP * low) & (low >= ALIKE * high)
        near &= np.abs(top[i] + bottom[i] - top[after] - bottom[after]) <= 2 * ASIDE * high
        after = after[near]
        row = (top[i] + bottom[i] + top[after] + bottom[after]) / 4
        for j in after[~walls.between(right[i], left[after], row)]:
            _join(parent, int(i), int(j))
    roots = np.array([_root(parent, i) for i in range(len(parent))], np.int64)
    return np.asarray(np.unique(roots, return_inverse=True)[1], np.int64).reshape(-1)


def _root(parent: NDArray[np.int64], i: int) -> int:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = int(parent[i])
    return i


def _join(parent: NDArray[np.int64], i: int, j: int) -> None:
    one, other = _root(parent, i), _root(parent, j)
    parent[max(one, other)] = min(one, other)


def _around(stats: NDArray[np.int64]) -> Box:
    left, top, width, height, _area = stats.T
    return Box(int(left.min()), int(top.min()), int((left + width).max()), int((top + height).max()))


def _line(pieces: NDArray[np.int64], stats: NDArray[np.int64], height: float = 0.0) -> Line:
    mine = stats[pieces]
    height = height or float(np.percentile(mine[:, 3], 60))
    return _sloping(pieces, stats, height, _slope(mine, height))


def _sloping(pieces: NDArray[np.int64], stats: NDArray[np.int64], height: float, slope: float) -> Line:
    left, top, wide, high, _area = stats[pieces].T
    box = _around(stats[pieces])
    lift = slope * (left + wide / 2 - (box.left + box.right) / 2)
    return Line(box, height, slope, float((top - lift).min()), float((top + high - lift).max()), pieces)


EQUAL = 0.65, 1.5
"""Heights, in those of its line's digits, of a piece that tells how steep the line is."""


def _slope(mine: NDArray[np.int64], height: float) -> float:
    """Of a line through the middles of its pieces of about that height, for raised cents are not a slope; 0 where they
    are too near to each other to tell."""
    mine = mine[(mine[:, 3] > EQUAL[0] * height) & (mine[:, 3] < EQUAL[1] * height)]
    middles = mine[:, 0] + mine[:, 2] / 2, mine[:, 1] + mine[:, 3] / 2
    if len(mine) < 3 or np.ptp(middles[0]) < 3.5 * height:
        return 0.0
    slope = float(np.polyfit(*middles, 1)[0])
    return slope if abs(slope) < 0.3 else 0.0


BEFORE, AFTER, DASHED = 0.6, 1.05, 1.6
"""Digit heights between a line's ends and a mark that is its own: a sign, the colon of a score, a dash that closes a
sum. The dash in ``3.500.-`` is as near to its point as a colon."""


FLAT, AT_FOOT = 2.0, 0.1
"""Width against height of a dash, and how far from the foot of a line, in heights of it: lower are worn rules."""


def _with_marks(line: Line, stats: NDArray[np.int64], loose: NDArray[np.int64], walls: Dividers) -> Line:
    """Points, commas, dashes and strokes about it are its own too, rows of dots are not. ``loose`` are the pieces that
    may be such, from left to right."""
    box, high = line.box, line.height
    loose = loose[slice(*np.searchsorted(stats[loose, 0], (box.left - 3 * high, box.right + 3 * high)))]
    left, top, width, height, _area = stats[loose].T
    x, y = left + width / 2, top + height / 2
    lift = line.slope * (x - (box.left + box.right) / 2)
    fit = (y - lift > line.head - 0.15 * high) & (y - lift < line.foot + 0.3 * high)
    fit &= (height < 1.2 * high) & (width < 1.6 * high) & ~specks(stats[loose], high)
    fit &= (width < FLAT * height) | (y - lift < line.foot - AT_FOOT * high)
    fit &= ~np.isin(loose, line.pieces)
    fit &= ~(walls.between(box.right, left, y) | walls.between(left + width, box.left, y))
    reach = box.right + np.where(width > 1.5 * height, DASHED, AFTER) * high
    near = fit & (left + width > box.left - BEFORE * high) & (left < reach)
    end = (left + width)[near].max(initial=box.left)
    marks = loose[near | (fit & (left > box.left) & (left < end + AFTER * high))]
    if not marks.size or len(marks) > 3 + 1.5 * len(line.pieces):
        return line
    return _sloping(np.concatenate([line.pieces, marks]), stats, high, line.slope)


def specks(stats: NDArray[np.int64], high: float) -> NDArray[np.bool_]:
    """Which pieces are too small to be told from grain beside writing of that height: bool (N,)."""
    longest, area = stats[:, 2:4].max(1), stats[:, 4]
    return np.asarray((longest < max(2.0, 0.05 * high)) | (area < max(3.0, 0.003 * high * high)), bool)


def _together(
    lines: list[Line], stats: NDArray[np.int64], walls: Dividers, one_number: Callable[[Line, Line], bool]
) -> list[Line]:
    """Those that are ``one_number`` with another, further left, and not parted from it, as one line."""

    def belong(one: Line, other: Line) -> bool:
        row = (one.box.top + one.box.bottom + other.box.top + other.box.bottom) / 4
        return not walls.between(one.box.right, other.box.left, row) and one_number(one, other)

    joined: list[Line] = []
    ends = np.zeros((len(lines), 4))  # of those joined: right, top, bottom, height
    for line in sorted(lines, key=lambda one: one.box.left):
        right, top, bottom, height = ends[: len(joined)].T
        reach = WIDE_WITH_MARK * np.maximum(height, line.height)
        near = (right + reach >= line.box.left) & (top - reach < line.box.bottom) & (bottom + reach > line.box.top)
        i = next((i for i in np.flatnonzero(near).tolist() if belong(joined[i], line)), len(joined))
        if i < len(joined):
            pieces = np.union1d(joined[i].pieces, line.pieces)
            joined[i] = _line(pieces, stats, max(joined[i].height, line.height))
        else:
            joined.append(line)
        ends[i] = joined[i].box.right, joined[i].box.top, joined[i].box.bottom, joined[i].height
    return joined


def _bridged(one: Line, other: Line) -> bool:
    """Whether ``other``, on the right of ``one``, goes on where a mark after it, or before, ends: 21 - 10 - 1932."""
    high = max(one.height, other.height)
    gap = other.box.left - one.box.right
    if not _are_level(one, other) or min(one.height, other.height) <= ALIKE * high:
        return False
    # or they share a dash that is as near to both
    return -0.5 * high < gap < 0.9 * GAP * high or bool(np.isin(one.pieces, other.pieces).any())


def _are_level(one: Line, other: Line) -> bool:
    """Whether ``other``, on the right of ``one``, stands in its row."""
    middles = [(line.box.top + line.box.bottom) / 2 for line in (one, other)]
    lift = one.slope * (other.box.left + other.box.right - one.box.left - one.box.right) / 2
    return abs(middles[1] - middles[0] - lift) < ASIDE * max(one.height, other.height)


WIDE, WIDE_WITH_MARK = 2.3, 4.5
"""Digit heights between two groups of one number at most where no column begins, and where a mark stands between."""

LIKE = 0.7
"""Height of the lower group against the higher one's."""

MARK = 0.5, 0.9
"""Height and width, against the digits', of what begins no column: dashes and points that no line has taken yet."""


def _goes_on(one: Line, other: Line, places: NDArray[np.int64], marks: NDArray[np.int64]) -> bool:
    """Whether ``other``, on the right of ``one`` and farther off than ``GAP``, is the same number: 24 732, 3 - 1.

    It is where the page has no columns there. Rows above and below tell: some go on through the gap, or several end
    before it, and hardly any begins there. ``places`` are all lines' left, top, right and bottom (N, 4), ``marks`` the
    stats (M, 5) of what may be marks.
    """
    high, low = max(one.height, other.height), min(one.height, other.height)
    start, end = one.box.right, other.box.left
    if not 0 < end - start <= WIDE_WITH_MARK * high or low < LIKE * high or not _are_level(one, other):
        return False
    if end - start > WIDE * high and not _has_mark(one, other, marks):
        return False
    left, top, right, bottom = places.T
    elsewhere = (bottom < max(one.box.top, other.box.top) + 0.3 * high) | (
        top > min(one.box.bottom, other.box.bottom) - 0.3 * high
    )
    later = left > one.box.left + 0.7 * high
    mark = (bottom - top < MARK[0] * high) & (right - left < MARK[1] * high)
    begins = elsewhere & later & ~mark & (left < end + 0.5 * high)
    through = elsewhere & ~later & (right > end)
    ends = elsewhere & (right <= start + 0.5 * high) & (right > one.box.left)
    return bool(through.sum() >= begins.sum() and (through.any() or ends.sum() >= 2))


def _has_mark(one: Line, other: Line, marks: NDArray[np.int64]) -> bool:
    """Whether there is something like a dash or a colon in the middle between them."""
    left, top, width, height, _area = marks.T
    high, gap = max(one.height, other.height), other.box.left - one.box.right
    middle = (one.box.top + one.box.bottom + other.box.top + other.box.bottom) / 4
    away = top + height / 2 - middle
    there = (left > one.box.right + 0.2 * gap) & (left + width < other.box.left - 0.2 * gap)
    there &= (height < 0.4 * high) & (np.abs(away) < 0.55 * high) & ~specks(marks, high)
    dash = there & (width > 0.15 * high) & (np.abs(away) < 0.3 * high)
    above, below = (np.flatnonzero(there & (width < 0.4 * high) & side) for side in (away < 0, away > 0))
    colon = np.abs(left[above][:, None] - left[below]) < 0.2 * high
    return bool(dash.any() or colon.any())


THICKEST = 0.38
"""Half of a stroke's width, in heights of the line: where a marker fills the loop of an 8 it is 0.34. Blots have
more."""

QUIET = 4.0
"""How much darker ink is than its ground, in standard deviations of that ground: pencil on grain has 6."""

SOFT = 0.55
"""Share of the ink's darkness that is left three pixels beside it at most: a shadow's edge keeps nearly all of it."""


def _is_writing(line: Line, stats: NDArray[np.int64], page: Inked, labels: NDArray[np.int32]) -> bool:
    """Whether it is made of strokes, sharp, on quiet ground: leaves, clouds and the edges of shadows are not."""
    box, spare = line.box, max(4, round(0.25 * line.height))
    near = (
        slice(max(0, box.top - spare), box.bottom + spare),
        slice(max(0, box.left - spare), box.right + spare),
    )
    mine = np.isin(labels[near], line.pieces)
    depth = cv2.distanceTransform(np.pad(mine, 1).astype(np.uint8), cv2.DIST_L2, 3)
    own = np.maximum(stats[labels[near], 3], line.height)  # beside small zeros a large 2 has a broad stroke
    if line.height >= 2 * LOWEST and bool((depth[1:-1, 1:-1] > THICKEST * own).any()):
        return False
    written = page.ink[near] | page.lines[near] | page.ignored[near]
    ground = cv2.dilate(written, np.ones((5, 5), np.uint8)) == 0
    beside = ground & (cv2.dilate(mine.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0)
    if beside.sum() < 20:
        return True
    dark = page.dark[near]
    level, noise, ink = float(dark[ground].mean()), float(dark[ground].std()), float(dark[mine].mean())
    return ink - level > QUIET * max(noise, 1.0) and float(dark[beside].mean()) < SOFT * ink


def _alone(lines: list[Line]) -> list[Line]:
    """Without those that lie inside others: the inner strokes of a drawing, or what a mark's own line was."""
    kept: list[Line] = []
    for line in sorted(lines, key=lambda one: -len(one.pieces)):
        if not any(set(line.pieces.tolist()) <= set(other.pieces.tolist()) for other in kept if _touch(line, other)):
            kept.append(line)
    return kept


def _touch(one: Line, other: Line) -> bool:
    a, b = one.box, other.box
    return a.left < b.right and b.left < a.right and a.top < b.bottom and b.top < a.bottom
