"""Rows and columns: from a straight view of ruled lines to lattices of them, with the sides that are there.

Lines count where they meet others: a ruling of one direction ends on or crosses at least two of the other, which
strokes of digits and letters hardly ever do. What hangs together so is one lattice.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guarismo.faint import faint_lines, worn_lines
from guarismo.sides import Lattice, cleared
from guarismo.unbend import FAINTEST, SMOOTH, Pieces, Traces, View, trace

SHORTEST = 12
"""Pixels of a view: shorter pieces are no side of a cell."""

EDGED = 0.45
"""Share of a line along which a straight edge of ten pixels or more is seen: rows of print look dark all along from
some way off, but nine in ten have less than 0.2."""

BREAK = 24
"""Pixels of a view over which a broken line goes on: a worn line has such holes. More, and two boxes side by side hang
together; a line in two parts is of the same lattice anyway where both parts meet lines across."""

ASIDE = 4.0
"""Pixels that pieces of one line may lie off each other."""

CROSSING = 4
"""Pixels from a crossing on in which a side is not looked at: the line across lies there."""

WORN = 0.3
"""Share of a line's own darkness under which it is not seen: half of that, and a fold of the paper is a line."""

REACH = 9
"""Pixels by which a line may miss the one that it ends on."""

COVERED = 0.85
"""Share of the way from one line to another that is drawn on a side of a cell: the strokes of digits in low rows come
near both of its lines, too, when they are smoothed."""

ALIKE = 3.0
"""Pixels by which one side may begin or end elsewhere than another of the same row. The sides of low rows fail or pass
by a pixel, and a row of boxes has all of them or none."""

LONG = (0.45, 0.2)
"""Shares of the view from which a line counts by itself; a shorter one must go from one such line to another. The long
lines of a puzzle come first, or the strokes and rows of the text around it would count as lines with them."""

SMALLEST_CELL = 12
"""Pixels of a view between two lines of a lattice; nearer ones are one double line."""

NARROW = 0.22
"""Share of the median width (or height) under which a strip is a double line."""


@dataclass(frozen=True, slots=True, eq=False)
class Ruling:
    """A line of a lattice. ``start`` and ``stop`` are its ends along, in pixels of the view; ``points`` float64
    (N, 2) are places along and across, in order. ``edged`` is the share on which a straight edge was seen.
    ``imagined``: nothing is drawn there, where the others end. A double line has its ``parts``, and lies in their
    middle."""

    start: float
    stop: float
    points: NDArray[np.float64]
    edged: float = 1.0
    imagined: bool = False
    parts: tuple[Ruling, ...] = ()

    def at(self, along: NDArray[np.floating] | float) -> NDArray[np.float64]:
        """Its place across where it is at ``along``; it goes on straight beyond its ends."""
        return np.asarray(np.interp(along, self.points[:, 0], self.points[:, 1]), np.float64)

    @property
    def across(self) -> float:
        return _median(self.points[:, 1])


def _median(values: NDArray[np.float64]) -> float:
    """NumPy's own takes twenty times as long on so few values, and is asked for a thousand of them a view."""
    ordered, count = np.sort(values), len(values)
    return float((ordered[(count - 1) // 2] + ordered[count // 2]) / 2)


def lattices(view: View) -> list[Lattice]:
    """All lattices in a view, of one cell or more."""
    level, upright = trace(view, 0, SHORTEST), trace(view, 1, SHORTEST)
    across = [ruling for ruling in _rulings(level.pieces, view.edges(0)) if ruling.edged >= EDGED]
    down = [ruling for ruling in _rulings(upright.pieces, view.edges(1).T) if ruling.edged >= EDGED]
    found: list[Lattice] = []
    for share in LONG:
        across = [ruling for ruling in across if not any(_within(ruling, 0, one) for one in found)]
        down = [ruling for ruling in down if not any(_within(ruling, 1, one) for one in found)]
        for some, others in _hanging_together(across, down, share * np.array(view.gray.shape)):
            lattice = _lattice([across[i] for i in some], [down[i] for i in others], level, upright)
            if lattice is not None:
                found += cleared(lattice)
    return found


def _within(ruling: Ruling, axis: int, lattice: Lattice) -> bool:
    """Whether the middle of a level (``axis`` 0) or upright (1) ruling lies in a lattice."""
    middle = np.array([(ruling.start + ruling.stop) / 2, ruling.across])
    x, y = middle[::-1] if axis else middle
    left, top = lattice.nodes.min((0, 1)) - REACH
    right, bottom = lattice.nodes.max((0, 1)) + REACH
    return bool(left <= x <= right and top <= y <= bottom)


def _rulings(traced: Pieces, edges: NDArray[np.bool_]) -> list[Ruling]:
    """Pieces one behind the other, put together. ``edges`` are those of the view, turned as the pieces are."""
    if not traced.count:
        return []
    order = np.lexsort((traced.along, traced.piece))
    points = np.column_stack([traced.along, traced.across])[order].astype(np.float64)
    pieces = np.split(points, np.flatnonzero(np.diff(traced.piece[order])) + 1)
    pieces.sort(key=lambda piece: float(piece[0, 0]))
    rulings: list[list[NDArray[np.float64]]] = []
    tails = np.zeros((len(pieces), 3))  # of each ruling's last piece: its end along, its place across, its length
    for piece in pieces:
        best = _continued(tails[: len(rulings)], piece)
        if best is None:
            best = len(rulings)
            rulings.append([])
        rulings[best].append(piece)
        tails[best] = piece[-1, 0], _median(piece[-12:, 1]), len(piece)
    return [_ruling(np.concatenate(parts), edges) for parts in rulings]


def _continued(tails: NDArray[np.float64], piece: NDArray[np.float64]) -> int | None:
    """The ruling that this piece goes on, of those that end with ``tails`` float64 (N, 3)."""
    if not len(tails):
        return None
    gap = piece[0, 0] - tails[:, 0]
    off = np.abs(tails[:, 1] - _median(piece[:12, 1]))
    furthest = np.clip(0.3 * np.minimum(tails[:, 2], len(piece)), 5, BREAK)
    good = (gap >= -BREAK / 2) & (gap <= furthest) & (off <= ASIDE) & (tails[:, 0] < piece[-1, 0])
    if not good.any():
        return None
    return int(np.argmin(np.where(good, off + np.maximum(gap, 0) / BREAK, np.inf)))


def _ruling(points: NDArray[np.float64], edges: NDArray[np.bool_]) -> Ruling:
    """The line in the middle of pixels float64 (N, 2), by means of sixteen pixels along."""
    bins = ((points[:, 0] - points[:, 0].min()) // 16).astype(int)
    counts = np.bincount(bins)
    means = np.stack([np.bincount(bins, points[:, i])[counts > 0] / counts[counts > 0] for i in (0, 1)], -1)
    edged = float(edges[points[:, 1].astype(int), points[:, 0].astype(int)].mean())
    return Ruling(float(points[:, 0].min()), float(points[:, 0].max()) + 1, means, edged)


def _spans(rulings: list[Ruling]) -> NDArray[np.float64]:
    return np.array([[r.start, r.stop, r.across] for r in rulings]).reshape(-1, 3)


def _crossings(level: list[Ruling], upright: list[Ruling]) -> NDArray[np.bool_]:
    """Which rulings of both directions meet: bool (H, V)."""
    h, v = _spans(level)[:, None], _spans(upright)[None]
    across = (h[..., 0] - REACH <= v[..., 2]) & (v[..., 2] <= h[..., 1] + REACH)
    return np.asarray(across & (v[..., 0] - REACH <= h[..., 2]) & (h[..., 2] <= v[..., 1] + REACH), bool)


def _long(rulings: list[Ruling], least: float) -> NDArray[np.bool_]:
    spans = _spans(rulings)
    return np.asarray(spans[:, 1] - spans[:, 0] > least, bool)


def _ends_on(pieces: list[Ruling], others: list[Ruling], chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which pieces start and stop on two different chosen ones of the other direction, or where such a one does."""
    meet = _crossings(pieces, others) & chosen[None]
    own, place = _spans(pieces), _spans(others)[None, :, 2]
    starts = meet & (np.abs(place - own[:, :1]) <= REACH)
    stops = meet & (np.abs(place - own[:, 1:2]) <= REACH)
    first = np.where(starts, place, np.inf).min(1)
    last = np.where(stops, place, -np.inf).max(1)
    between = last > first
    good = between & (own[:, 1] - own[:, 0] - SMOOTH >= COVERED * (last - first))
    alike = (np.abs(own[:, None, :2] - own[good][None, :, :2]) <= ALIKE).all(-1).any(1)
    return np.asarray(good | (between & alike), bool)


def _chosen(level: list[Ruling], upright: list[Ruling], least: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Who meets whom, among long rulings and the short ones that go from one ruling to another: bool (H, V)."""
    h, v = _long(level, least[1]), _long(upright, least[0])
    for _ in range(4):
        h, v = h | _ends_on(level, upright, v), v | _ends_on(upright, level, h)
    meet = _crossings(level, upright) & h[:, None] & v[None]
    while True:
        kept = meet & (meet.sum(1, keepdims=True) >= 2) & (meet.sum(0, keepdims=True) >= 2)
        if (kept == meet).all():
            return np.asarray(meet, bool)
        meet = kept


def _hanging_together(
    level: list[Ruling], upright: list[Ruling], least: NDArray[np.float64]
) -> list[tuple[list[int], list[int]]]:
    """Sets of rulings that meet each other, each at least two others."""
    if not level or not upright:
        return []
    meet = _chosen(level, upright, least)
    found = []
    left = set(np.flatnonzero(meet.any(1)).tolist())
    while left:
        h: NDArray[Any] = np.arange(len(level)) == min(left)
        while not ((more := np.asarray(meet[:, meet[h].any(0)].any(1))) == h).all():
            h = more
        left -= set(np.flatnonzero(h).tolist())
        found.append((np.flatnonzero(h).tolist(), np.flatnonzero(meet[h].any(0)).tolist()))
    return found


def _lattice(level: list[Ruling], upright: list[Ruling], across: Traces, down: Traces) -> Lattice | None:
    """One lattice of rulings that meet."""
    rows, columns = _lines(level), _lines(upright)
    for _ in range(2):
        rows, columns = _with_faint(rows, columns, across), _with_faint(columns, rows, down)
    rows, columns = _open_ends(rows, columns, across), _open_ends(columns, rows, down)
    if len(rows) < 2 or len(columns) < 2:
        return None
    nodes = _nodes(rows, columns)
    return Lattice(nodes, _seen(rows, nodes, across, 0), _seen(columns, nodes, down, 1))


def _lines(rulings: list[Ruling]) -> list[Ruling]:
    """Rulings at the same place across are one line of the lattice, and so are double lines."""
    ordered = sorted(rulings, key=lambda ruling: ruling.across)
    while True:
        places = np.array([ruling.across for ruling in ordered])
        gaps = np.diff(places)
        wide = gaps[gaps > SMALLEST_CELL]
        least = max(SMALLEST_CELL, NARROW * float(np.median(wide)) if wide.size else 0.0)
        near = np.flatnonzero(gaps < least)
        if not near.size:
            return ordered
        i = int(near[np.argmin(gaps[near])])
        ordered[i : i + 2] = [_merged(ordered[i], ordered[i + 1])]


def _merged(one: Ruling, other: Ruling) -> Ruling:
    """Two lines as one: in their middle where they run side by side, as those of boxes that do not touch."""
    points = np.concatenate([one.points, other.points])
    points = points[np.argsort(points[:, 0], kind="stable")]
    shared = min(one.stop, other.stop) - max(one.start, other.start)
    if shared > 0.5 * min(one.stop - one.start, other.stop - other.start):
        points[:, 1] = (one.at(points[:, 0]) + other.at(points[:, 0])) / 2
    parts = tuple(part for each in (one, other) for part in each.parts or (each,))
    return Ruling(min(one.start, other.start), max(one.stop, other.stop), points, parts=parts)


def _with_faint(lines: list[Ruling], others: list[Ruling], traces: Traces) -> list[Ruling]:
    """With lines that are too faint to be traced: between these, or one cell beyond
    them, where most of the ``others`` go."""
    if len(lines) < 2 or len(others) < 2:
        return lines
    places = [line.across for line in lines]
    pitch = float(np.median(np.diff(places)))
    start, stop = others[0].across, others[-1].across
    low, high = places[0] - 1.2 * pitch, places[-1] + 1.2 * pitch
    least = max(SMALLEST_CELL, 0.25 * pitch)
    new = faint_lines(traces, (start, stop), (low, high), least)
    starts, stops = (np.array([getattr(other, name) for other in others]) for name in ("start", "stop"))
    reached = [float(((starts <= place + 2 * REACH) & (place - 2 * REACH <= stops)).mean()) for place in new]
    new = [place for place, share in zip(new, reached, strict=True) if share > 0.5]
    new = [place for place in new if min(abs(place - other) for other in places) > least]
    new += worn_lines(traces, (start, stop), sorted([*places, *new]))
    ends = np.array([start, stop])
    added = [Ruling(start, stop, np.column_stack([ends, [place, place]])) for place in new]
    return sorted([*lines, *added], key=lambda line: line.across)


def _open_ends(lines: list[Ruling], others: list[Ruling], traces: Traces) -> list[Ruling]:
    """With a line at the ends of ``others`` where none is drawn: tables without a frame on the left and right, and
    grids that the picture cuts off. Of a row that it cuts off, the larger part must be there."""
    if len(others) < 2:
        return lines
    pitch = float(np.median(np.diff([line.across for line in lines]))) if len(lines) > 1 else 0.0
    starts, stops = (np.array([getattr(other, name) for other in others]) for name in ("start", "stop"))
    span = np.array([others[0].across, others[-1].across])
    added = list(lines)
    for ends, edge, sign in ((starts, lines[0].across, -1), (stops, lines[-1].across, 1)):
        far = sign * (ends - edge) > max(2 * SMALLEST_CELL, 0.35 * pitch)
        if far.mean() > 0.6 and (len(ends) > 2 or np.ptp(ends) <= REACH):  # two rules may be of something else
            place = float(np.median(ends[far]))
            outside = np.clip([place + sign * 2 * REACH, span.mean()], 0, np.array(traces.inside.shape) - 1).astype(int)
            if not traces.inside[tuple(outside)] and sign * (place - edge) < 0.6 * pitch:
                continue
            line = Ruling(float(span[0]), float(span[1]), np.column_stack([span, [place, place]]), imagined=True)
            added = [line, *added] if sign < 0 else [*added, line]
    return added


def _nodes(rows: list[Ruling], columns: list[Ruling]) -> NDArray[np.float64]:
    x = np.tile([column.across for column in columns], (len(rows), 1))
    y = np.zeros_like(x)
    for _ in range(3):
        y = np.stack([row.at(x[i]) for i, row in enumerate(rows)])
        x = np.stack([column.at(y[:, j]) for j, column in enumerate(columns)], 1)
    return np.stack([x, y], -1) + 0.5


def _seen(lines: list[Ruling], nodes: NDArray[np.float64], traces: Traces, axis: int) -> NDArray[np.float64]:
    """The share of each side on which its line is seen: float64 (R + 1, C) for level lines, (R, C + 1) for upright."""
    grid = nodes[..., ::-1].transpose(1, 0, 2) if axis else nodes
    seen = np.stack([_seen_sides(line, row[:, 0], traces) for line, row in zip(lines, grid, strict=True)])
    return seen.T if axis else seen


def _seen_sides(line: Ruling, places: NDArray[np.float64], traces: Traces) -> NDArray[np.float64]:
    """The shares of one line's sides between ``places`` float64 (N + 1,) along: float64 (N,)."""
    if line.imagined:
        return np.ones(len(places) - 1)
    if line.parts:
        return np.asarray(np.max([_seen_sides(part, places, traces) for part in line.parts], axis=0), np.float64)
    sides = []
    for start, stop in pairwise(places.tolist()):
        along = np.arange(start + CROSSING, stop - CROSSING)
        across = np.rint(line.at(along)).astype(int)
        x = np.clip(along.astype(int), 0, traces.fine.shape[1] - 1)
        near = [traces.fine[np.clip(across + k, 0, len(traces.fine) - 1), x] for k in range(-3, 4)]
        sides.append(np.max(near, axis=0))
    every = np.concatenate(sides)
    level = max(FAINTEST, WORN * float(np.median(every[every > FAINTEST])) if (every > FAINTEST).any() else 0.0)
    return np.array([float((side > level).mean()) if len(side) else 0.0 for side in sides])
