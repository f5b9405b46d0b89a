"""The sheet on a picture: its corners where it lies on something darker, and how far its lines are from level.

Where neither can be told the picture is taken as it is. ``flat`` gives the sheet straightened, as a ``Cutout``.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from guarismo.cutout import Corners, Cutout, extent, straighten
from guarismo.paper import shrink
from guarismo.types import Gray

WORK = 1600
"""Longest side, in pixels, at which writing is looked for: digits of 4 mm on a sheet of A4 have 21. At half of that
points vanish; at twice that, which lower writing has, a page costs four times as much."""

SMALL = 320
"""Longest side of the copy on which corners are looked for: text is blurred away, and a corner is met within 1/300."""

LEAST_AREA, MOST_AREA = 0.15, 0.97
"""Shares of the picture that a sheet takes. Less is a label or a card among others; more leaves no table around it."""

FILLS = 0.94
"""Share of its quadrilateral that a bright region fills at least: a sheet with a finger on it has 0.96, a window's
light on a wall less."""

ANOTHER = 0.3
"""Share of its area that a second light region has less than, or it is another sheet, and to be read, too."""

STRAIGHT = 0.96
"""Share of the region's hull that its quadrilateral has at least: with a piece of the table to it there is a bulge."""

RIM = 0.012
"""Share by which corners are moved towards the middle: a corner is met within a pixel of the small copy, and the edge
of the sheet is no writing."""

LEVELS = 10
"""Thresholds that are tried, from dark to light: the first two that agree. One threshold for all would cut along the
sheet's own shadows."""

STEEPEST, STEP, FINE = 16.0, 1.0, 0.2
"""Degrees up to which lines are turned level, and the steps of the search. Beyond them a page is read as it lies."""

LEVEL_GAIN = 1.1
"""Rows must stand out by so much more than in the picture as it is, or three words decide how a sheet is turned."""


def turned(page: Cutout, quarters: int) -> Cutout:
    """All of it turned to the left by ``quarters`` (0 to 3) times 90 degrees."""
    gray = page.gray
    rows, columns = gray.shape
    turns = (
        np.eye(3),
        np.array([[0, -1, columns], [1, 0, 0], [0, 0, 1.0]]),
        np.array([[-1, 0, columns], [0, -1, rows], [0, 0, 1.0]]),
        np.array([[0, 1, 0], [-1, 0, rows], [0, 0, 1.0]]),
    )
    return Cutout(np.ascontiguousarray(np.rot90(gray, quarters)), page.shape, page.back @ turns[quarters])


def flat(gray: Gray, longest: int = WORK) -> Cutout:
    """The sheet on ``gray``, straightened, its lines level; ``longest`` side of the picture looked at, at most."""
    sheet = _sheet(gray, longest)
    angle = skew(sheet.gray)
    if abs(angle) < FINE:
        return sheet
    there, size = _turn(sheet.gray.shape, angle)
    moved = cv2.warpAffine(sheet.gray, there[:2], size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return Cutout(np.asarray(moved, np.uint8), sheet.shape, sheet.back @ np.linalg.inv(there))


def sharp(gray: Gray, sheet: Cutout, corners: Corners, highest: int) -> Cutout:
    """What lies between ``corners`` of a flat ``sheet``, taken from ``gray``, the picture that the sheet is of, as it
    has more detail; scaled down where it is more than ``highest`` pixels high."""
    place = cv2.perspectiveTransform(corners[None].astype(np.float64), sheet.back)[0]
    high, wide = extent(place)
    scale = min(1.0, highest / max(high, 1))
    size = (max(4, round(high * scale)), max(4, round(wide * scale)))
    left, top = np.clip(np.floor(place.min(0)) - 2, 0, np.array(gray.shape[::-1]) - 1).astype(int)
    right, bottom = np.clip(np.ceil(place.max(0)) + 3, [left + 1, top + 1], gray.shape[::-1]).astype(int)
    piece = shrink(gray[top:bottom, left:right], max(4, round(scale * max(right - left, bottom - top))))
    factor = np.array(piece.shape[::-1]) / [right - left, bottom - top]
    cut = straighten(piece, ((place - [left, top]) * factor).astype(np.float32), size)
    to_picture = np.array([[1 / factor[0], 0, left], [0, 1 / factor[1], top], [0, 0, 1]])
    return Cutout(cut.gray, sheet.shape, to_picture @ cut.back)


def _sheet(gray: Gray, longest: int) -> Cutout:
    shape = (int(gray.shape[0]), int(gray.shape[1]))
    small = shrink(gray, longest)
    factor = np.array(gray.shape[::-1]) / small.shape[::-1]
    to_picture = np.diag([factor[0], factor[1], 1.0])
    found = corners(small)
    if found is None:
        return Cutout(small, shape, to_picture)
    high, wide = extent(found)
    cut = straighten(small, found, (round(high), round(wide)))
    return Cutout(cut.gray, shape, to_picture @ cut.back)


def corners(gray: Gray) -> Corners | None:
    """The corners of a light sheet on something darker; None where there is none, or it fills the picture."""
    small = cv2.medianBlur(shrink(gray, SMALL), 5) if min(gray.shape) >= 64 else None
    if small is None:
        return None
    low, high = np.percentile(small, [3, 90])
    if high - low < 40:
        return None
    before = None
    for level in np.linspace(low, high, LEVELS + 2)[1:-1]:
        found = _light_quadrilateral((np.asarray(small) > level).astype(np.uint8))
        if found is not None and before is not None and float(np.abs(found - before).max()) < 0.03 * SMALL:
            if _is_half(np.asarray(small, np.uint8), found):
                return None
            return np.asarray(found * (np.array(gray.shape[::-1]) / small.shape[::-1]), np.float32)
        before = found
    return None


BEYOND, HALF = 0.03, 0.35
"""How far outside of its sides the table is looked at, and inside the sheet, in shares of ``SMALL``; how much of the
difference of sheet and table is left beyond one side where the sheet goes on there, folded, in a shadow."""


def _is_half(small: Gray, found: NDArray[np.float64]) -> bool:
    """Whether what lies beyond one side of a quadrilateral is nearly as light as the sheet, beside the other sides."""
    middle = found.mean(0)
    outside: list[float] = []
    inside: list[float] = []
    for first, last in zip(found, np.roll(found, -1, axis=0), strict=True):
        side = first + np.linspace(0.1, 0.9, 33)[:, None] * (last - first)
        across = np.array([last[1] - first[1], first[0] - last[0]]) / max(float(np.linalg.norm(last - first)), 1.0)
        across *= np.sign((side.mean(0) - middle) @ across) * (BEYOND + RIM) * SMALL
        for places, levels in ((side + across, outside), (side - across, inside)):
            x, y = np.rint(places).astype(int).T
            there = (x >= 0) & (y >= 0) & (x < small.shape[1]) & (y < small.shape[0])
            levels.append(float(np.median(small[y[there], x[there]])) if there.mean() > 0.5 else np.nan)
    if np.isnan(outside).all() or np.isnan(inside).all():
        return False
    table, sheet = np.nanmin(outside), np.nanmedian(inside)
    return bool((np.array(outside) - table > HALF * (sheet - table)).any())


def _light_quadrilateral(light: NDArray[np.uint8]) -> NDArray[np.float64] | None:
    """The corners of the largest light region, where it is a quadrilateral with table on three sides of it."""
    opened = cv2.morphologyEx(light, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    outlines, _ = cv2.findContours(opened, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines:
        return None
    outline, *others = sorted(outlines, key=cv2.contourArea, reverse=True)
    area, whole = cv2.contourArea(outline), light.size
    if not LEAST_AREA * whole < area < MOST_AREA * whole:
        return None
    if others and cv2.contourArea(others[0]) > ANOTHER * area:
        return None
    hull = cv2.convexHull(outline)
    polygon = np.asarray(cv2.approxPolyDP(hull, 0.03 * cv2.arcLength(hull, True), True).reshape(-1, 2), np.int32)
    if len(polygon) != 4 or _on_edges(polygon, light.shape) > 1:
        return None
    first = int(polygon.sum(1).argmin())
    ordered = _along_sides(np.roll(polygon, -first, axis=0).astype(np.float64), np.asarray(outline[:, 0], np.int32))
    own = cv2.contourArea(ordered.astype(np.float32))  # the polygon's own is up to a twentieth less
    if area < FILLS * own or cv2.contourArea(hull) > own / STRAIGHT:
        return None
    ordered += RIM * (ordered.mean(0) - ordered)
    return ordered if _clockwise(ordered) else ordered[[0, 3, 2, 1]]


def _along_sides(polygon: NDArray[np.float64], outline: NDArray[np.int32]) -> NDArray[np.float64]:
    """The corners where lines through the outline's four sides cross: nearer than the polygon's own."""
    sides = []
    for first, last in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        along = (last - first) / max(float(np.linalg.norm(last - first)), 1.0)
        offset = outline - first
        place, off = offset @ along / max(float(np.linalg.norm(last - first)), 1.0), offset @ [-along[1], along[0]]
        near = outline[(np.abs(off) < 8) & (place > 0.1) & (place < 0.9)]
        if len(near) < 10:
            return polygon
        dx, dy, x, y = cv2.fitLine(near.astype(np.float32), cv2.DIST_HUBER, 0, 0.01, 0.01).ravel().tolist()
        sides.append(np.array([-dy, dx, dy * x - dx * y]))
    crossings = [np.cross(sides[i - 1], sides[i]) for i in range(4)]
    if min(abs(point[2]) for point in crossings) < 1e-6:
        return polygon
    return np.array([point[:2] / point[2] for point in crossings])


def _on_edges(polygon: NDArray[np.int32], shape: tuple[int, ...]) -> int:
    """How many sides of the quadrilateral lie on the picture's edge."""
    near = 0.015 * max(shape)
    ends = np.stack([polygon, np.roll(polygon, -1, axis=0)])
    at = [(ends[..., 0] < near), (ends[..., 1] < near)]
    at += [ends[..., 0] > shape[1] - 1 - near, ends[..., 1] > shape[0] - 1 - near]
    return sum(int(side.all(0).any()) for side in at)


def _clockwise(points: NDArray[np.float64]) -> bool:
    """As the eye sees it, with y downwards."""
    x, y = points.T
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum()) > 0


def skew(gray: Gray) -> float:
    """Degrees by which lines run down to the right: what makes the rows differ most when it is turned back."""
    small = shrink(gray, 500)
    window = max(3, max(small.shape) // 25 | 1)
    dark = cv2.morphologyEx(small, cv2.MORPH_BLACKHAT, np.ones((window, window), np.uint8)).astype(np.float32)
    dark[dark < max(12.0, 0.25 * float(np.percentile(dark, 99.5)))] = 0
    inset = window // 2
    dark[:inset], dark[-inset:], dark[:, :inset], dark[:, -inset:] = 0, 0, 0, 0
    coarse = {float(angle): _standing_out(dark, float(angle)) for angle in np.arange(-STEEPEST, STEEPEST + 1, STEP)}
    best = max(coarse, key=lambda angle: coarse[angle])
    fine = {float(a): _standing_out(dark, float(a)) for a in np.arange(best - STEP, best + STEP + FINE / 2, FINE)}
    best = max(fine, key=lambda angle: fine[angle])
    return best if fine[best] > LEVEL_GAIN * coarse[0.0] else 0.0


def _standing_out(dark: NDArray[np.float32], angle: float) -> float:
    """How much the rows differ from their neighbours once the picture is turned back by ``angle``."""
    rows, columns = dark.shape
    slope = np.tan(np.deg2rad(angle))
    shear = np.array([[1, 0, 0], [-slope, 1, slope * columns / 2]], np.float64)
    profile = cv2.warpAffine(dark, shear, (columns, rows), flags=cv2.INTER_LINEAR).sum(1, dtype=np.float64)
    return float((np.diff(profile) ** 2).sum())


def _turn(shape: tuple[int, ...], angle: float) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """The turn that makes lines level, float64 (3, 3), and the (width, height) that holds all of the picture."""
    rows, columns = shape
    turn = cv2.getRotationMatrix2D((columns / 2, rows / 2), angle, 1.0)
    cos, sin = abs(turn[0, 0]), abs(turn[0, 1])
    wide, high = round(rows * sin + columns * cos), round(rows * cos + columns * sin)
    turn[:, 2] += [(wide - columns) / 2, (high - rows) / 2]
    return np.vstack([turn, [0, 0, 1]]), (wide, high)


CARD, ALONE, DARKER = (0.015, 0.4), 0.9, 30
"""Least and largest share of a picture that one of several cards on a table has, and its share of its own rectangle;
and grey levels by which nearly all of the table is darker than they are."""


def beside_cards(gray: Gray) -> NDArray[np.uint8] | None:
    """1 where a picture is the table between several light cards, notes or tags, 0 on these: uint8 (H, W); None where
    there are no two. A table's grain would join what is written on one to what is on the next."""
    small = np.asarray(cv2.medianBlur(shrink(gray, 2 * SMALL), 5), np.uint8)
    low, high = np.percentile(small, [3, 97])
    if high - low < DARKER:
        return None
    cards = max((_cards(small > level) for level in np.linspace(low, high, LEVELS + 2)[1:-1]), key=_covered)
    if len(cards) < 2:
        return None
    table = np.ones(small.shape, np.uint8)
    for card in cards:
        cv2.fillConvexPoly(table, card, 0)
    table = np.asarray(cv2.dilate(table, np.ones((5, 5), np.uint8)), np.uint8)
    if np.percentile(small[table > 0], 90) > np.median(small[table == 0]) - DARKER:
        return None
    return np.asarray(cv2.resize(table, gray.shape[::-1], interpolation=cv2.INTER_NEAREST), np.uint8)


def _cards(light: NDArray[np.bool_]) -> list[NDArray[np.int32]]:
    """The hulls of light regions that are rectangles of such a size."""
    opened = cv2.morphologyEx(light.astype(np.uint8), cv2.MORPH_OPEN, np.ones((7, 7), np.uint8))
    found = []
    for outline in cv2.findContours(opened, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]:
        (_middle, (wide, high), _angle), area = cv2.minAreaRect(outline), cv2.contourArea(outline)
        if CARD[0] * light.size < area < CARD[1] * light.size and area > ALONE * wide * high:
            found.append(np.asarray(cv2.convexHull(outline), np.int32))
    return found


def _covered(cards: list[NDArray[np.int32]]) -> tuple[int, float]:
    """By how many, and by how much."""
    return len(cards), float(sum(map(cv2.contourArea, cards)))
