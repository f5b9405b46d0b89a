"""Ruled lines on a page: which of them hang together, and the view from which they are upright.

The first third of finding grids; ``unbend.py`` makes curved lines straight, ``lattice.py`` finds rows and columns.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from guarismo.types import Gray

Segments = NDArray[np.float64]
"""float64 (N, 4): x and y of both ends of straight pieces of lines, in pixels."""

SHORTEST = 10.0
"""Pixels: shorter pieces of lines are letters and grain. A cell of 16 pixels has sides of 10 between crossings."""

BRIDGES = (7, 20)
"""Pixels by which pieces of lines are made longer at both ends before it is seen which ones meet: at half of the first,
a broken line falls apart; at twice that, text hangs together with the grid beside it. So the second, for dashes and
worn lines, is tried where the first gives no grid."""

LEAST_EXTENT = 0.07
"""Share of the picture's longest side that a grid covers at least; anything less is a letter or a logo."""

MOST_GROUPS = 16
"""The largest groups of lines that are looked at: it bounds the time on pages full of text."""

APART = 50.0
"""Degrees between the two directions of a grid at least: a square seen from a steep side has 60."""

FAMILY = 18.0
"""Degrees within which lines are of one direction, perspective and bent paper included."""


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Lines that hang together, in two directions: ``level`` nearer to the horizontal, ``upright`` the others."""

    level: Segments
    upright: Segments

    @property
    def ends(self) -> NDArray[np.float64]:
        """float64 (N, 2): x and y of all ends."""
        return np.concatenate([self.level, self.upright]).reshape(-1, 2)


def even(gray: Gray) -> Gray:
    """The picture in even light: each pixel as a share of the mean around it, 180 for the mean itself."""
    window = max(5, max(gray.shape) // 14 | 1)
    around = gray.astype(np.float32)
    for _ in range(2):  # one alone leaves a faint line half a window from each line
        around = np.asarray(cv2.blur(around, (window, window)), np.float32)
    return np.asarray(np.clip(gray * (180 / np.maximum(around, 20)), 0, 255), np.uint8)


def segments(flat: Gray) -> Segments:
    """Straight pieces of edges (von Gioi and others 2010, LSD) of at least ``SHORTEST`` pixels."""
    found = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD).detect(flat)[0]
    if found is None:
        return np.zeros((0, 4))
    pieces = found.reshape(-1, 4).astype(np.float64)
    return np.asarray(pieces[_lengths(pieces) >= SHORTEST], np.float64)


def groups(pieces: Segments, shape: tuple[int, ...], bridge: int) -> list[Group]:
    """Lines that meet, or would if ``bridge`` pixels longer, the largest first, where they have two directions."""
    if not len(pieces):
        return []
    of = _meeting(pieces, shape, bridge)
    found = []
    for number in np.unique(of):
        mine = pieces[of == number]
        extent = np.ptp(mine.reshape(-1, 2), axis=0)
        if len(mine) >= 6 and extent.max() >= LEAST_EXTENT * max(shape):
            found.append((float(_lengths(mine).sum()), mine))
    found.sort(key=lambda one: -one[0])
    families = [_families(mine) for _length, mine in found[:MOST_GROUPS]]
    return [group for group in families if group is not None]


def _lengths(pieces: Segments) -> NDArray[np.float64]:
    return np.hypot(pieces[:, 2] - pieces[:, 0], pieces[:, 3] - pieces[:, 1])


def _meeting(pieces: Segments, shape: tuple[int, ...], bridge: int) -> NDArray[np.int64]:
    """Which group each piece belongs to: int64 (N,). The pieces are drawn, longer by ``bridge``."""
    along = (pieces[:, 2:] - pieces[:, :2]) / _lengths(pieces)[:, None] * bridge
    starts, ends = np.rint(pieces[:, :2] - along).astype(int), np.rint(pieces[:, 2:] + along).astype(int)
    canvas = np.zeros(shape[:2], np.uint8)
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        cv2.line(canvas, start, end, 1, 3)
    _count, labels = cv2.connectedComponents(canvas, connectivity=8)
    middles = np.rint((pieces[:, :2] + pieces[:, 2:]) / 2).astype(int)
    x, y = (np.clip(middles[:, i], 0, shape[1 - i] - 1) for i in (0, 1))
    return np.asarray(labels[y, x], np.int64)


def _angles(pieces: Segments) -> NDArray[np.float64]:
    """Direction in degrees, 0 level ... 180, downwards to the right: float64 (N,)."""
    return np.degrees(np.arctan2(pieces[:, 3] - pieces[:, 1], pieces[:, 2] - pieces[:, 0])) % 180


def _off(angles: NDArray[np.float64], direction: float) -> NDArray[np.float64]:
    """Degrees between directions, 0 ... 90."""
    return np.abs((angles - direction + 90) % 180 - 90)


def _families(pieces: Segments) -> Group | None:
    """The two directions in which most lines run."""
    angles, weights = _angles(pieces), _lengths(pieces) ** 2
    first = _direction(angles, weights)
    other = _off(angles, first) > APART
    if other.sum() < 3:
        return None
    second = _direction(angles[other], weights[other])
    if _off(np.array([first]), 0)[0] > _off(np.array([second]), 0)[0]:
        first, second = second, first
    return Group(pieces[_off(angles, first) < FAMILY], pieces[_off(angles, second) < FAMILY])


def _direction(angles: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """The commonest of these directions, in degrees."""
    counts = np.bincount((angles / 2).astype(int) % 90, weights, 90)
    around = sum(np.roll(counts, shift) for shift in range(-3, 4))
    middle = 2.0 * int(np.argmax(around)) + 1
    near = _off(angles, middle) < 8
    offsets = (angles[near] - middle + 90) % 180 - 90
    return float((middle + np.average(offsets, weights=weights[near])) % 180)


def upright(group: Group) -> NDArray[np.float64]:
    """float64 (3, 3): from a view in which the lines are level and upright, to the picture.

    Parallel lines meet in a vanishing point; both of them sent to infinity, nothing is left of perspective but a
    stretch along the axes.
    """
    ends = group.ends
    centre, radius = ends.mean(0), float(np.abs(ends - ends.mean(0)).max()) or 1.0
    points = []
    for family in (group.level, group.upright):
        own = (family - np.tile(centre, 2)) / radius
        points.append(_vanishing(own))
    if points[0][0] < 0:
        points[0] = -points[0]
    if points[1][1] < 0:
        points[1] = -points[1]
    back = np.column_stack([*points, [0, 0, 1.0]])
    place = np.array([[radius, 0, centre[0]], [0, radius, centre[1]], [0, 0, 1]])
    return np.asarray(place @ back @ np.diag([1 / radius, 1 / radius, 1]), np.float64)


def _vanishing(pieces: Segments) -> NDArray[np.float64]:
    """The point (x, y, w) where lines meet, its direction of length 1; by least squares on the lines' angles,
    again and again with less weight for what is off. Never nearer than 1.6 radii of the group: that is a bent page."""
    middles, along = (pieces[:, :2] + pieces[:, 2:]) / 2, pieces[:, 2:] - pieces[:, :2]
    lengths = _lengths(pieces)
    normals = np.column_stack([-along[:, 1], along[:, 0]]) / lengths[:, None]
    lines = np.column_stack([normals, -(normals * middles).sum(1)])
    weights = lengths.copy()
    point = np.zeros(3)
    for _ in range(6):
        scatter = (lines * weights[:, None]).T @ lines + np.diag([0, 0, 0.01 * weights.sum()])
        point = np.linalg.eigh(scatter)[1][:, 0]
        towards = point[:2] - point[2] * middles
        towards /= np.maximum(np.linalg.norm(towards, axis=1, keepdims=True), 1e-9)
        off = np.abs((normals * towards).sum(1))
        weights = lengths / (1 + (off / 0.03) ** 2)
    point = point / max(float(np.linalg.norm(point[:2])), 1e-9)
    point[2] = float(np.clip(point[2], -0.6, 0.6))
    return np.asarray(point, np.float64)
