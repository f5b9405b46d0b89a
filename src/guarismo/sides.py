"""Which lines and sides of a lattice are real: strokes of text beside a grid, folds of the paper and worn lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

THERE, HINTED = 0.55, 0.2
"""Share of a side on which a line is seen: from the first on it is there, under the second it is not. Between, it is
worn off, and there where the rest of its line is."""

CLEAR = 0.9
"""Share of a side to be seen of a line that has not half of its sides: a digit's stroke on it stops short of them."""

CLOSED = 0.5
"""Share of an outer row or column that must be cells, or it is text or the frame of the page."""

STRIP = (0.35, 0.7)
"""Shares of the rows' median height under which an outer row is none: whatever is in it, and where nothing parts it."""

DIRTY = 0.2
"""Share of an outer row's sides that may be seen by half, beyond twice that of the rest: rows of text have more."""

EVEN = 0.12
"""Rows and columns are as in a puzzle where they differ by no more than this share of their median."""

FEW = 0.06
"""Share of the sides that may be lost in such a grid, with hardly a hint of them left, or none at all where it is as
wide as it is high; more, and its cells are merged on purpose."""


@dataclass(frozen=True, slots=True, eq=False)
class Lattice:
    """Lines that cross: R rows and C columns of places for cells.

    ``nodes`` float64 (R + 1, C + 1, 2): x and y of crossings in the view. ``level`` float64 (R + 1, C) and ``upright``
    float64 (R, C + 1): the share of each side of a cell on which a line is seen, 0 ... 1.
    """

    nodes: NDArray[np.float64]
    level: NDArray[np.float64]
    upright: NDArray[np.float64]

    @property
    def rows(self) -> int:
        return len(self.nodes) - 1

    @property
    def columns(self) -> int:
        return int(self.nodes.shape[1]) - 1

    @property
    def heights(self) -> NDArray[np.float64]:
        """Of the rows, in pixels: float64 (R,)."""
        return np.asarray(np.median(np.diff(self.nodes[..., 1], axis=0), axis=1), np.float64)

    def turned(self) -> Lattice:
        """Rows as columns."""
        return Lattice(self.nodes.transpose(1, 0, 2)[..., ::-1], self.upright.T, self.level.T)

    def some_rows(self, first: int, last: int) -> Lattice:
        """Rows ``first`` to ``last``, this one excluded."""
        return Lattice(self.nodes[first : last + 1], self.level[first : last + 1], self.upright[first:last])

    def without_line(self, line: int) -> Lattice:
        """The rows above and below a level line as one."""
        weights = self.heights[line - 1 : line + 1]
        joined = np.average(self.upright[line - 1 : line + 1], axis=0, weights=weights)[None]
        upright = np.concatenate([self.upright[: line - 1], joined, self.upright[line + 1 :]])
        return Lattice(np.delete(self.nodes, line, 0), np.delete(self.level, line, 0), upright)


def drawn(lattice: Lattice) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which sides are there: bool (R + 1, C) level ones, bool (R, C + 1) upright ones."""
    level, upright = _drawn(lattice.level), _drawn(lattice.upright.T).T
    lost = int((~level).sum() + (~upright).sum())
    if 0 < lost <= FEW * (level.size + upright.size) and _is_even(lattice) and _is_even(lattice.turned()):
        hint = -1 if lattice.rows == lattice.columns >= 6 else 0.05
        level, upright = level | (lattice.level > hint), upright | (lattice.upright > hint)
    return level, upright


def _is_even(lattice: Lattice) -> bool:
    heights = lattice.heights
    middle = float(np.median(heights))
    return len(heights) >= 4 and bool((np.abs(heights - middle) < EVEN * middle).all())


def _drawn(seen: NDArray[np.float64]) -> NDArray[np.bool_]:
    """A line to a row: a worn side is there where most of its line is; of a line that has few sides, the clear ones."""
    there = seen >= THERE
    share = there.mean(1, keepdims=True)
    half = ((seen > 0.1) & (seen < CLEAR)).mean(1, keepdims=True) > 0.3  # digits lie on it: a line has a side or not
    there &= (share >= 0.5) | ~half
    return np.asarray(there & ((share >= 0.5) | (seen >= CLEAR)) | ((share >= 0.5) & (seen >= HINTED)), bool)


def regions(level: NDArray[np.bool_], upright: NDArray[np.bool_]) -> NDArray[np.int64]:
    """int64 (R, C): which places have no side between them, -1 for what is open to the outside."""
    rows, columns = len(upright), level.shape[1]
    canvas = np.zeros((2 * rows + 3, 2 * columns + 3), np.uint8)
    canvas[[0, -1]] = canvas[:, [0, -1]] = 1
    inner = canvas[1:-1, 1:-1]
    inner[1::2, 1::2] = 1
    inner[::2, 1::2] = ~level
    inner[1::2, ::2] = ~upright
    _count, labels = cv2.connectedComponents(canvas, connectivity=4)
    of = labels[2:-2:2, 2:-2:2].astype(np.int64)
    of[of == labels[0, 0]] = -1
    return np.asarray(of, np.int64)


def cleared(lattice: Lattice) -> list[Lattice]:
    """Without rows and columns outside the grid and lines that are none; in parts where it is two grids."""
    lattice = _evened(lattice)  # or a stroke in the last box would leave a strip, which is no box
    while lattice.rows >= 1 and lattice.columns >= 1:
        smaller = _smaller(lattice)
        if smaller is lattice:
            return [_evened(part) for part in _parts(lattice)]
        lattice = smaller
    return []


def _smaller(lattice: Lattice) -> Lattice:
    """One row, column or line less; the same where all are good. Lines without a side go first: they would make what
    stands at the edge look like another's."""
    less = _without(lattice, _bare_line) or _without(lattice, _stroke_line)
    if less is not None:
        return less
    turned = lattice.turned()
    of = regions(*drawn(lattice))
    shares = [_share(of, lattice), _share(of[::-1], lattice, -1)]
    shares += [_share(of.T, turned), _share(of.T[::-1], turned, -1)]
    worst = int(np.argmin(shares))
    if shares[worst] < CLOSED:
        first, last = int(worst % 2 == 0), -int(worst % 2 == 1)
        if worst < 2:
            return lattice.some_rows(first, lattice.rows + last)
        return turned.some_rows(first, lattice.columns + last).turned()
    return _without(lattice, _cutting_line) or lattice


def _without(lattice: Lattice, found: Callable[[Lattice], int | None]) -> Lattice | None:
    """Without the level line, or else the upright one, that is ``found``; None where there is none."""
    line = found(lattice)
    if line is not None:
        return lattice.without_line(line)
    line = found(lattice.turned())
    return None if line is None else lattice.turned().without_line(line).turned()


def _share(of: NDArray[np.int64], lattice: Lattice, row: int = 0) -> float:
    """How much of an outer row, the first of ``of``, is cells. A narrow strip with nothing across it is a frame, and
    a very narrow one the gap to it."""
    width = lattice.heights[row] / float(np.median(lattice.heights))
    strip = len(np.unique(of[0])) == 1 and len(of[0]) > 1
    if lattice.rows > 1 and (width < STRIP[0] or (strip and width < STRIP[1])):
        return 0.0
    rest, inner = (_shorter(lattice, row, count) for count in (1, 2))
    own, others = np.concatenate([lattice.level[row], lattice.upright[row]]), (rest.level.ravel(), rest.upright.ravel())
    beside = len(np.unique(of[0])) < 0.6 * len(of[0])
    if any((beside or _sparse(lattice, row, count)) and _puzzle(part) for count, part in ((1, rest), (2, inner))):
        return 0.0
    if lattice.rows > 2 and _doubtful(own) > DIRTY + 2 * _doubtful(np.concatenate(others)) and not _puzzle(lattice):
        return 0.0
    return float((of[0] >= 0).mean())


def _puzzle(lattice: Lattice) -> bool:
    """Whether its cells are alike and all of their sides there, or nearly."""
    if lattice.rows < 4 or lattice.columns < 4 or not (_is_even(lattice) and _is_even(lattice.turned())):
        return False
    level, upright = drawn(lattice)
    return float(level.mean() + upright.mean()) > 1.9


SPARSE = 0.8
"""Share of the sides in what stands beside a puzzle up to which it is another's: its own rows have them all."""


def _sparse(lattice: Lattice, row: int, count: int) -> bool:
    """Whether sides are missing from the ``count`` outer rows, the first (``row`` 0) or the last (-1)."""
    level, upright = drawn(lattice)
    outer = slice(0, count) if row == 0 else slice(-count, None)
    sides = np.concatenate([level[outer].ravel(), upright[outer].ravel()])
    return float(sides.mean()) < SPARSE


def _shorter(lattice: Lattice, row: int, count: int) -> Lattice:
    """Without ``count`` rows, the first (``row`` 0) or the last (-1)."""
    count = min(count, lattice.rows)
    return lattice.some_rows(count, lattice.rows) if row == 0 else lattice.some_rows(0, lattice.rows - count)


def _doubtful(seen: NDArray[np.float64]) -> float:
    """The share of sides that are neither there nor missing: text lies on them."""
    return float(((seen > 0.1) & (seen < 0.85)).mean()) if seen.size else 0.0


def _bare_line(lattice: Lattice) -> int | None:
    """A level line inside that has no sides."""
    level, _upright = drawn(lattice)
    bare = np.flatnonzero(~level[1:-1].any(1))
    return int(bare[0]) + 1 if bare.size else None


def _stroke_line(lattice: Lattice) -> int | None:
    """A level line so near to the first or last one that it is made of the heads or feet of digits that touch that, and
    seen less than it."""
    seen = lattice.level.mean(1)
    for outer, inner, row in ((0, 1, 0), (-1, -2, -1)):
        others = np.delete(lattice.heights, row)
        narrow = others.size > 0 and lattice.heights[row] < STRIP[0] * float(np.median(others))
        if narrow and seen[inner] < seen[outer] - WEAKER:
            return 1 if row == 0 else lattice.rows - 1
    return None


WEAKER = 0.2
"""How much less of its sides a line of strokes shows than the ruled one beside it."""


def _cutting_line(lattice: Lattice) -> int | None:
    """A level line inside that cuts a row of a puzzle in two."""
    heights = lattice.heights
    for line, (above, below) in enumerate(pairwise(heights.tolist()), 1):
        others = np.delete(heights, [line - 1, line])
        pitch = float(np.median(others)) if len(others) >= 3 else 0.0
        even = pitch > 0 and bool((np.abs(others - pitch) < EVEN * pitch).all())
        if even and abs(above + below - pitch) < EVEN * pitch:
            return line
    return None


UNEVEN, NEAR = 0.15, 0.12
"""Deviation of boxes' widths from which on strokes are among their lines, and how far lines lie from where boxes of one
width end, both in shares of the mean width."""


def _evened(lattice: Lattice) -> Lattice:
    """A row of boxes without the strokes in them that are as high as they are, in each of its groups by itself: between
    groups there is no line above nor below."""
    if lattice.rows != 1:
        return lattice
    boxes, places = np.flatnonzero((lattice.level >= HINTED).any(0)), lattice.nodes[..., 0].mean(0)
    strokes: set[int] = set()
    for group in np.split(boxes, 1 + np.flatnonzero(np.diff(boxes) > 1)):
        if len(group):
            strokes |= _strokes(places, int(group[0]), int(group[-1]) + 1)
    turned = lattice.turned()
    for line in sorted(strokes, reverse=True):
        turned = turned.without_line(line)
    return turned.turned()


def _strokes(places: NDArray[np.float64], first: int, last: int) -> set[int]:
    """Which of the lines ``first`` to ``last``, at ``places``, end no box: where boxes are of one width, those that
    end them do. As many boxes as can be."""
    widths = np.diff(places[first : last + 1])
    if float(widths.std()) < UNEVEN * float(widths.mean()):
        return set()
    for count in range(len(widths) - 1, 2, -1):
        ends = np.linspace(places[first], places[last], count + 1)
        far = np.abs(places[first : last + 1, None] - ends)
        if float(far.min(0).max()) < NEAR * float(ends[1] - ends[0]):
            return set(range(first, last + 1)) - {first + i for i in far.argmin(0).tolist()}
    return set()


def _parts(lattice: Lattice) -> list[Lattice]:
    """Grids that lie apart, with nothing closed between. A row of boxes stays one."""
    closed = (regions(*drawn(lattice)) >= 0).astype(np.uint8)
    count, _labels, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=4)
    if count == 2 or lattice.rows == 1:
        return [lattice]
    found = []
    for left, top, width, height, _area in stats[1:].tolist():
        part = lattice.some_rows(top, top + height).turned().some_rows(left, left + width).turned()
        whole = (part.rows, part.columns) == (lattice.rows, lattice.columns)  # cells around others, with a gap between
        found += [part] if whole else cleared(part)
    return found
