"""What is ink on a flat page, and which of it is a ruled line: ``Gray`` → ``Inked``.

Pages have pencil beside print, and shadows; so ink is what is dark beside the paper *and* beside the ink near it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from guarismo.types import Gray

Mask = NDArray[np.uint8]
"""uint8 (H, W): 1 ink, 0 paper."""

Dark = NDArray[np.uint8]
"""uint8 (H, W): how much of the paper's light is missing, 255 all of it."""

FAINTEST = 0.07
"""Share of the paper's light that ink takes at least: a hard pencil takes 0.08, JPEG's blocks 0.03."""

GRAIN = 4.5
"""Standard deviations of the paper's grain that ink stands out by."""

SHARE = 0.38
"""Share of the darkness of the darkest ink near it from which a pixel is ink."""

STROKE = 60
"""Pixels of a page of ``sheet.WORK``: a stroke is narrower, and a shadow's soft edge wider."""

LOWEST = 7
"""Pixels of a digit's height at least: below that nobody can tell a 6 from an 8."""


@dataclass(frozen=True, slots=True, eq=False)
class Inked:
    """``ink`` without ruled lines, ``lines`` the ruled lines alone, ``ignored`` where nothing was looked for: uint8
    (H, W) of 0 and 1. ``paper`` uint8 (H, W) is the level of the paper under each pixel, ``dark`` uint8 (H, W) how much
    of it is missing, 255 all. ``ruled`` is 1 on lines and on strokes over them, where ``unruled`` uint8 (H, W) is the
    page as it would be without its lines."""

    ink: Mask
    lines: Mask
    ignored: Mask
    paper: Gray
    dark: Dark
    ruled: Mask
    unruled: Gray


def inked(gray: Gray, ignored: Mask | None = None) -> Inked:
    """Ink on a flat page uint8 (H, W), dark on light. Where ``ignored`` is 1 nothing is looked for."""
    paper = _paper(gray)
    dark = np.asarray(255 - cv2.divide(gray, np.maximum(paper, 1), scale=255), np.uint8)
    ignored = np.zeros_like(dark) if ignored is None else ignored
    parted = _parted(dark, dark, ignored)
    if parted.lines.any():  # printed rules are darker than pencil, and would set what is ink beside them
        written = np.where(cv2.dilate(parted.lines, np.ones((5, 5), np.uint8)) > 0, np.uint8(0), dark)
        parted = _parted(dark, written, ignored)
    ink = np.asarray(parted.ink & ~parted.lines & 1, np.uint8)
    unruled = np.asarray(cv2.multiply(paper, 255 - parted.left, scale=1 / 255), np.uint8)
    return Inked(ink, parted.lines, ignored, paper, dark, parted.ruled, unruled)


@dataclass(frozen=True, slots=True, eq=False)
class _Parted:
    """All ink; which of it is ruled lines; these and the strokes over them; how dark a page is without its lines."""

    ink: Mask
    lines: Mask
    ruled: Mask
    left: Dark


def _parted(dark: Dark, written: Dark, ignored: Mask) -> _Parted:
    """Of a page and of what is ``written`` on it, by which it is told what is dark enough for ink."""
    floor = _floor(dark)
    pens = _pens(written)
    faintest = np.maximum(pens * np.float32(SHARE), np.float32(floor))
    ink = np.asarray(dark > faintest, np.uint8)
    ink[ignored > 0] = 0
    _count, _labels, stats, _centres = cv2.connectedComponentsWithStats(ink, connectivity=8)
    height = usual_height(np.asarray(stats), len(ink))
    least = max(40, round(2.2 * height)), max(50, round(2.5 * height))
    there = np.asarray((dark > FAINT_RULES * floor) & (ignored == 0), np.uint8)
    level, crossed = _rules(ink, there, least[0])
    turned = _rules(np.ascontiguousarray(ink.T), np.ascontiguousarray(there.T), least[1])
    upright, across = (np.ascontiguousarray(one.T) for one in turned)
    ruled = np.asarray(level | upright | crossed | across, np.uint8)
    lines = np.asarray(level | upright | ((level | crossed) & (upright | across)), np.uint8)
    if not lines.any():
        return _Parted(ink, lines, ruled, dark)
    left = np.where(lines > 0, _without(dark, least), np.minimum(dark, pens)).astype(np.uint8)
    over = np.asarray(lines & (left > faintest), np.uint8)
    lines &= ~_strokes(over, np.asarray(ink & ~lines & 1, np.uint8), left > PLAINLY * faintest)
    return _Parted(ink, lines, ruled, left)


def _without(dark: Dark, least: tuple[int, int]) -> Dark:
    """How dark a page is on its ruled lines without these: what is written over one is darker than the line is along
    ``least`` pixels (a top-hat by openings)."""
    light = np.full_like(dark, 255, np.float32)
    for thick, long in (((3, 1), (1, least[0])), ((1, 3), (least[1], 1))):
        thickened = cv2.dilate(dark, np.ones(thick, np.uint8))  # or it would be lost where it is not quite level
        rule = cv2.morphologyEx(thickened, cv2.MORPH_OPEN, np.ones(long, np.uint8))
        light *= (255 - rule) / np.float32(255)
    return np.asarray(np.clip(255 - (255 - dark) * (255 / np.maximum(light, 1)), 0, 255), np.uint8)


PLAINLY, LEAST_MARK, LONGEST_MARK = 2.0, 6, 2.5
"""Of a mark on a rule with no ink beside it: its darkness, times that of the faintest ink; its pixels; and its length
against its width at most, for a rule that leans is darker than itself along the level, too."""


def _strokes(over: Mask, ink: Mask, plain: NDArray[np.bool_]) -> Mask:
    """Of places on rules that are darker than these, those that ``ink`` beside the rules reaches, and marks that are
    ``plain`` to see: no dirt."""
    count, labels, stats, _centres = cv2.connectedComponentsWithStats(over, connectivity=8)
    short = stats[:, 2:4].max(1) <= LONGEST_MARK * stats[:, 2:4].min(1)
    kept = short & (np.bincount(labels[plain], minlength=count) >= LEAST_MARK)
    kept[labels[cv2.dilate(ink, np.ones((3, 3), np.uint8)) > 0]] = True
    return np.asarray(over & kept[labels], np.uint8)


def _paper(gray: Gray) -> Gray:
    """The paper's level: a closing wider than a stroke, of a copy a quarter as large."""
    size = (max(1, gray.shape[1] // 4), max(1, gray.shape[0] // 4))
    small = cv2.medianBlur(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), 3)
    window = max(3, STROKE // 4 | 1)
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((window, window), np.uint8))
    smooth = cv2.blur(closed, (3, 3))  # more, and both sides of a shadow's edge are ink
    return np.asarray(cv2.resize(smooth, gray.shape[::-1], interpolation=cv2.INTER_LINEAR), np.uint8)


def _floor(dark: Dark) -> float:
    """How dark anything is at least that is not the paper's grain."""
    bare = np.abs(dark[::3, ::3].astype(np.int16) - np.median(dark[::3, ::3]))
    return max(GRAIN * 1.4826 * float(np.median(bare)), FAINTEST * 255)


def _pens(written: Dark) -> NDArray[np.float32]:
    """How dark the darkest ink near each pixel is, float32 (H, W), of what is ``written``."""
    calm = cv2.blur(written, (3, 3))
    size = (max(1, written.shape[1] // 4), max(1, written.shape[0] // 4))
    peaks = cv2.resize(calm, size, interpolation=cv2.INTER_NEAREST)
    near = cv2.blur(cv2.dilate(peaks, np.ones((13, 13), np.uint8)), (9, 9))
    return np.asarray(cv2.resize(near, written.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def usual_height(stats: NDArray[Any], rows: int, percentile: float = 60) -> float:
    """The height of most writing, in pixels, among connected pieces (N, 5), the first of which is no ink, of a page of
    so many ``rows``; ``LOWEST`` where there is none. Broken strokes lower it less, the higher the ``percentile``."""
    width, height = stats[1:, 2], stats[1:, 3]
    written = (height >= LOWEST) & (height < 0.3 * rows) & (width < 4 * height) & (height < 8 * width)
    return float(np.percentile(height[written], percentile)) if written.any() else float(LOWEST)


MOST_PIECES = 2000
"""Pieces of rules at most, the longest, that are looked at: squared paper has a hundred lines, each in some pieces."""

FAINT_RULES = 0.6
"""Share of the darkness of the faintest ink that a rule has at least: it is thin and long, as grain never is."""

BARE = 0.5
"""Share of a rule's length that no stroke crosses, at least: the feet of bold digits close together, or of a word's
letters, are as long and as level."""

THIN = 8
"""Pixels across from which on what is fainter than ink is a blot or a letter out of focus, but no rule."""


def _rules(ink: Mask, there: Mask, least: int) -> tuple[Mask, Mask]:
    """Level lines at least ``least`` pixels long: a line's own pixels, and those of strokes that cross it. What is
    ``there``, though fainter than ink, is of a line, too, where it is thin.

    The mask is thickened first, or a line one degree off the level would be many short runs.
    """
    thin = cv2.subtract(there, cv2.morphologyEx(there, cv2.MORPH_OPEN, np.ones((THIN, 1), np.uint8)))
    ruled = np.asarray(cv2.bitwise_or(ink, thin), np.uint8)
    whole = np.asarray(cv2.morphologyEx(ruled, cv2.MORPH_CLOSE, np.ones((1, 5), np.uint8)), np.uint8)
    runs = cv2.morphologyEx(cv2.dilate(whole, np.ones((3, 1), np.uint8)), cv2.MORPH_OPEN, np.ones((1, least), np.uint8))
    runs = np.asarray(cv2.dilate(runs, np.ones((1, 5), np.uint8)), np.uint8) & whole
    _count, labels, stats, _centres = cv2.connectedComponentsWithStats(runs, connectivity=8)
    rules, crossed = np.zeros_like(ink), np.zeros_like(ink)
    longest = 1 + np.argsort(-stats[1:, cv2.CC_STAT_WIDTH], kind="stable")[:MOST_PIECES]
    for number in longest.tolist():
        left, top, width, height, area = stats[number].tolist()
        thickness = area / width
        if width < 0.8 * least:
            break
        if thickness > 0.12 * width or height > 0.5 * width:
            continue
        tall = max(3, round(1.5 * thickness + 2))
        rows = slice(max(0, top - tall), top + height + tall)
        near = (rows, slice(left, left + width))
        own = (labels[near] == number) & (ruled[near] > 0)
        strokes = cv2.morphologyEx(ink[near], cv2.MORPH_OPEN, np.ones((tall, 1), np.uint8)) > 0
        if int((own & ~strokes).sum()) < BARE * int(own.sum()):
            continue
        rules[near] |= own & ~strokes
        crossed[near] |= own & strokes
    return rules, crossed


BESIDE, MOSTLY = 2, 0.8
"""A piece counts as what remains of a ruled line where this share of it lies within so many pixels of the line: a point
that rests on it reaches out farther."""

AS_DARK, AROUND = 1.4, 40
"""How dark at most it is then, beside what is left and right of it, or above and below, within so many pixels: a pen's
point is darker than a rule, and than a rule's edge where it stands on it."""

LEAST_ASKED, MOST_ASKED = 4, 1000
"""Pixels of a piece that may be a point, and how many pieces are asked at most, which bounds the time."""


def remains(page: Inked, labels: NDArray[np.int32], stats: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which pieces are what is left of ruled lines: bool (N,)."""
    around = np.ones((2 * BESIDE + 1, 2 * BESIDE + 1), np.uint8)
    near = np.bincount(labels[cv2.dilate(page.lines, around) > 0], minlength=len(stats))
    remains = np.asarray(near >= MOSTLY * stats[:, 4], bool)
    remains[0] = False
    for piece in np.flatnonzero(remains & (stats[:, 4] >= LEAST_ASKED))[:MOST_ASKED].tolist():
        box = stats[piece].tolist()
        level = _beside(page.dark, labels, box)
        upright = _beside(page.dark.T, labels.T, [box[1], box[0], box[3], box[2]])
        left, top, width, height = box[:4]
        here = (slice(top, top + height), slice(left, left + width))
        mine = page.dark[here][labels[here] == piece]
        remains[piece] = float(np.percentile(mine, 75)) <= AS_DARK * max(level, upright)
    return remains


def _beside(dark: Dark, labels: NDArray[np.int32], box: list[int]) -> float:
    """How dark it is to the left and right of a piece (left, top, width, height, area), in its own rows, where no ink
    but of rules is: 255 all of the light missing."""
    left, top, width, height = box[:4]
    rows = slice(top, top + height)
    sides = slice(max(0, left - AROUND), max(0, left - 2)), slice(left + width + 2, left + width + AROUND)
    near = [dark[rows, side][labels[rows, side] == 0] for side in sides]
    bare = np.concatenate(near)
    return float(np.percentile(bare, 90)) if bare.size else 0.0
