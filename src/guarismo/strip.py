"""``Gray`` → ``Strip``: the picture of one line of writing, scaled to the height that the line model reads.

The partner of ``ink.py`` for whole lines; both stand on ``paper.py``. Training calls this module too. Nothing but
``signs`` is dropped, not even a speck, which may be a decimal point: what is no writing has no say in the scale.

    Strip   float32 (48, W)   0.0 paper ... 1.0 ink; the writing's height fills about 36 rows, its middle in the middle

The stages, each a function: ``_contrast`` → ``_extent`` → ``_cut``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from guarismo.cutout import enlarged
from guarismo.paper import Contrast, calm, is_dust, median, sharpened, subtract_paper, subtract_patches
from guarismo.polarity import has_light_strokes
from guarismo.signs import signs
from guarismo.types import Box, Gray, Look

STRIP_VERSION = 2
"""Raised by a change that alters any strip: a model that was trained on another is not to be used."""

HEIGHT, FILLED = 48, 36
"""Rows of a strip, and how many the writing fills: six above and below for a descender or a 1 that shoots up.
At 24 rows the gap of an open 9 closes; at 72 the network costs four times as much and reads no better."""

MAX_WIDTH = 2048
"""Columns of the longest strip: some eighty digits. What is longer is squeezed to it, and ``squeeze`` says so."""

STEP = 4
"""Columns of a strip to one step of the line model."""

MARGIN = 8
"""Columns of paper left before the first ink and after the last: a third of a digit."""

AREA = 120_000
"""Pixels in which writing is looked for: 12 megapixels as 400x300. What is small is cut out and looked at again."""

WIDEST = 5
"""Width against height of the pieces whose paper is estimated together: in ``paper.py``'s copies of 32 to 96 pixels a
longer line would be two or three rows high."""

WINDOW = 0.7
"""Height of the window for the paper's light, in heights of the picture. At 0.3 the body of a marker's 8 is paper; at
1.5 the half of a line that lies in a shadow is ink."""

INK_LEVEL = 0.4
"""Share of the writing's contrast from which a pixel counts as ink, as in ``ink.py``."""

LEAST = 0.12
"""Contrast below this share is paper: the tails of blur and faint print. A pencil's lightest strokes have 0.25."""

LOW, TIMES = 12, 3
"""Height of writing, in pixels, below which its picture is enlarged so many times and looked at again: outlines lie
between pixels. Of 300 strings of six to nine pixels, by writers held out, 87 instead of 77 % are right."""

SMALLEST = 6
"""Pixels: lower writing is not enlarged to full height, it would be a lone dash or a speck."""


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """A line of writing and where it was.

    ``ink`` float32 (48, W), W <= ``MAX_WIDTH``, 0.0 paper ... 1.0 ink, read-only. ``left`` and ``top`` are the place of
    its corner in the caller's picture, in pixels and fractions, and ``scale`` the rows of the strip to one of these
    pixels. ``squeeze`` is 1.0; less where the line was too long and its columns were pushed together by that factor.
    ``shape`` is the caller's picture's. ``near`` is what writing was looked for in at last, dark on light: the picture
    or a part of it, of at most ``AREA`` pixels, and ``zoom`` the rows of the strip to one of its own. ``bracketed``
    tells that there were brackets around it, which are gone, and so is a plus before it.
    """

    ink: NDArray[np.float32]
    left: float
    top: float
    scale: float
    squeeze: float
    shape: tuple[int, int]
    near: Gray
    zoom: float
    bracketed: bool = False

    def box(self, first: float, last: float) -> Box:
        """The box, in the caller's picture, of columns ``first`` to ``last`` (excluded), over the writing's height."""
        across = self.scale * self.squeeze
        spare = (HEIGHT - FILLED) / 2
        left, right = (self.left + column / across for column in (first, last))
        top, bottom = (self.top + row / self.scale for row in (spare, HEIGHT - spare))
        return _inside(left, top, right, bottom, self.shape)


def steps_of(columns: int) -> int:
    """How many of a line model's steps belong to a strip of so many columns: the rest are filling."""
    return -(-columns // STEP) + 1


def strip(gray: Gray) -> Strip | None:
    """The line of writing on a picture uint8 (H, W) of either polarity; None where there is no ink."""
    inverted = _is_light_on_dark(gray)
    shape = (int(gray.shape[0]), int(gray.shape[1]))
    return _look(gray, inverted, (0, 0), shape)


def _look(gray: Gray, inverted: bool, corner: tuple[int, int], shape: tuple[int, int]) -> Strip | None:
    """Look at a small copy; where the writing is small in its picture, again at a cut-out of the original. ``corner``
    (left, top) is the place of ``gray`` in the caller's picture of ``shape``."""
    small = _shrunk(gray)
    dark = 255 - small if inverted else small
    contrast = _contrast(dark)
    found = _extent(contrast)
    if found is None:
        return None
    scale = np.array(small.shape, np.float64) / gray.shape
    near = _near(found, scale, gray.shape)
    cut = gray[near.top : near.bottom, near.left : near.right].copy()  # a view would keep the whole photograph
    place = corner[0] + near.left, corner[1] + near.top
    if small is not gray and near.width * near.height <= 0.6 * gray.size:
        return _look(cut, inverted, place, shape)
    low = small is gray and found.bottom - found.top < LOW
    return (low and _enlarged(cut, inverted, place, shape)) or _cut(_Near(dark, contrast), found, scale, corner, shape)


def _enlarged(gray: Gray, inverted: bool, corner: tuple[int, int], shape: tuple[int, int]) -> Strip | None:
    """Low writing, as if its picture had more pixels; None where nothing is found in it then."""
    times = min(TIMES, math.sqrt(AREA / gray.size), 4 * MAX_WIDTH / gray.shape[1])
    if times <= 1:
        return None
    large = enlarged(gray, times).gray
    dark = 255 - large if inverted else large
    contrast = _contrast(dark)
    found = _extent(contrast)
    scale = np.array(large.shape, np.float64) / gray.shape
    return None if found is None else _cut(_Near(dark, contrast), found, scale, corner, shape)


@dataclass(frozen=True, slots=True)
class _Found:
    """The writing's extent in rows and columns, and the contrast ``level`` of full ink."""

    top: float
    bottom: float
    left: int
    right: int
    level: float


def _shrunk(gray: Gray, area: int = AREA) -> Gray:
    """At most ``area`` pixels and 4 * ``MAX_WIDTH`` on a side; the picture itself where it is small enough."""
    rows, columns = gray.shape
    scale = min(1.0, math.sqrt(area / gray.size))
    size = [max(1, min(round(n * scale), 4 * MAX_WIDTH)) for n in (columns, rows)]
    if size == [columns, rows]:
        return gray
    return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)


def _is_light_on_dark(gray: Gray) -> bool:
    """Polarity of a line. ``polarity.dark_on_light`` judges by a copy of 96 pixels; of 2,500 generated lines it takes
    61 for their negatives, and this 12: bold digits in a tight crop, which have more ink than paper."""
    small = _shrunk(gray, AREA // 8)
    return has_light_strokes(small, max(3, round(0.4 * len(small)) | 1), REACH)


REACH = 6.0
"""Standard deviations up to which ink counts for polarity. With 2.5, of 300 lines with much paper about them 160 were
taken for their negatives, with this 2; of 1,980 photographed and scanned ones one is seen otherwise."""


def _even(dark: Gray) -> Gray:
    """Without shadows: divided by its grey closing, with a window that no stroke fills but the edge of a shadow does,
    and before it by a plane, for a closing leaves what grows dark towards the picture's edge. ``paper.py`` closes with
    half of the longest side, and a line is wider than most shadows."""
    level = dark / _plane(dark)
    window = max(3, round(WINDOW * min(len(dark), 3 * dark.shape[1])) | 1)  # a column would take half a second
    light = cv2.morphologyEx(level, cv2.MORPH_CLOSE, np.ones((window, window), np.uint8))
    flat = level * (np.float32(median(light.ravel())) / np.maximum(light, np.float32(24)))
    return np.asarray(np.clip(np.rint(flat), 0, 255), np.uint8)


def _plane(dark: Gray) -> NDArray[np.float32]:
    """Light that changes evenly along rows and columns, about 1: float32 (H, W)."""
    planes = []
    for axis in (0, 1):
        profile = dark.mean(axis, dtype=np.float64)
        along = np.arange(len(profile)) - (len(profile) - 1) / 2
        slope = float(along @ profile) / max(float(along @ along), 1.0)
        planes.append(slope * along / max(float(profile.mean()), 1.0))
    plane = 1 + planes[0][None, :] + planes[1][:, None]
    return np.clip(plane, 0.3, 3).astype(np.float32)


def _contrast(dark: Gray) -> Contrast:
    """How much darker than its paper each pixel is, piece by piece of a long line: float32 (H, W), all 0 if blank."""
    even = _even(dark)
    rows, columns = dark.shape
    count = max(1, round(columns / (WIDEST * rows)))
    if columns < 8 * count:
        count = 1
    edges = [round(columns * i / count) for i in range(count + 1)]
    pieces = [np.ascontiguousarray(even[:, a:b]) for a, b in pairwise(edges)]
    contrast = np.concatenate([subtract_paper(piece) for piece in pieces], axis=1)
    return contrast if contrast.any() else np.concatenate([subtract_patches(piece) for piece in pieces], axis=1)


def _extent(contrast: Contrast) -> _Found | None:
    """Where the writing lies. Rules, specks and what a neighbour left at the edges do not decide its height."""
    level = _level(contrast)
    if level == 0:
        return None
    mask = (contrast > INK_LEVEL * level).astype(np.uint8)
    written = mask & ~rules(mask)
    if not written.any():
        written = mask
    rows = len(written)
    if rows >= 24 and is_dust(written):
        return None
    # Gaps of a broken stroke are closed, or half an 8 would be taken for a small digit.
    joined = cv2.morphologyEx(written, cv2.MORPH_CLOSE, np.ones((max(1, rows // 10), min(3, rows)), np.uint8))
    if not joined.any():  # a window of even height may close what lies along an edge out of the picture
        joined = written
    _count, _labels, stats, _centres = cv2.connectedComponentsWithStats(joined, connectivity=8)
    top, bottom = _height(stats[1:].astype(np.int64), rows)
    inside = np.flatnonzero(written[max(0, int(top)) : max(int(top) + 1, int(bottom))].any(0))
    if not inside.size:
        return None
    return _Found(top, bottom, int(inside[0]), int(inside[-1]) + 1, level)


def _level(contrast: Contrast) -> float:
    """The contrast of full ink: the median of all that has half of the strongest, and printed rules apart."""
    strongest = float(calm(contrast).max(initial=0))
    if strongest == 0:
        return 0.0
    strong = contrast >= strongest / 2
    strong &= rules(strong.astype(np.uint8)) == 0
    return median(contrast[strong]) if strong.any() else strongest


ACROSS = 0.9
"""Share of the columns that a level line covers which goes from side to side."""


def rules(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """1 on printed lines, else 0: level runs longer than the picture is high, upright ones over all of its height. A
    dotted line is one run. A hand's long dashes go with them; none of these says how high the digits are."""
    rows, columns = mask.shape
    if columns < 12:
        return np.zeros_like(mask)
    gap = max(1, min(rows, 2 * columns) // 12)  # in a tall picture the digits of a number are no dots of a line
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((1, gap), np.uint8))
    longest = np.ones((1, min(columns, max(12, round(1.2 * rows)))), np.uint8)
    # outside is paper, or a dash at the edge would need half the length only
    run = cv2.morphologyEx(closed, cv2.MORPH_OPEN, longest, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    run = np.where(closed.mean(1, keepdims=True) > ACROSS, closed, run)
    thick = cv2.morphologyEx(run, cv2.MORPH_OPEN, np.ones((max(3, rows // 8), 1), np.uint8))
    rules = (np.asarray(run) > np.asarray(thick)) & (mask > 0)  # a picture full of ink is no rule
    if min(rows, columns) >= 24:
        rules |= (mask.mean(0) > 0.96) & (mask > 0)
    return rules.astype(np.uint8)


EDGE_SHARE = 0.55
"""A piece that touches the upper or lower edge and has less than this share of the digits' height is a neighbour's."""

BEYOND = 0.2
"""Shares of the digits' height by which one digit may reach out of the middle one's rows and still count: a
descender may, and it has six rows of margin besides; a flourish of three lines' height may not."""


def _height(stats: NDArray[np.int64], rows: int) -> tuple[float, float]:
    """First row and last (excluded) of the writing, from its components (left, top, width, height, area)."""
    _left, top, width, height, _area = stats.T
    bottom = top + height
    weight = height * np.minimum(width, height)  # by ink, a bar under the number would outweigh it
    usual = _weighted_median(height, weight)
    cut_off = ((top == 0) | (bottom == rows)) & (height < EDGE_SHARE * usual)
    tall = (height > 0.5 * usual) & ~cut_off
    if not tall.any():
        tall = np.ones(len(stats), bool)
    high = _weighted_median(height[tall], weight[tall])
    first, last = (_weighted_median(edge[tall], weight[tall]) for edge in (top, bottom))
    first = max(float(top[tall].min()), first - BEYOND * high)
    last = min(float(bottom[tall].max()), last + BEYOND * high)
    missing = max(0.0, SMALLEST - (last - first)) / 2
    return first - missing, last + missing


def _weighted_median(values: NDArray[np.int64], weights: NDArray[np.int64]) -> float:
    order = np.argsort(values, kind="stable")
    along = np.cumsum(weights[order])
    return float(values[order][int(np.searchsorted(along, along[-1] / 2))])


def _near(found: _Found, scale: NDArray[np.float64], shape: tuple[int, ...]) -> Box:
    """The writing's box in the picture that was shrunk, with paper around it: half its height."""
    spare = 0.5 * (found.bottom - found.top) + 2
    rows = [found.top - spare, found.bottom + spare]
    columns = [found.left - 2 * spare, found.right + 2 * spare]
    return _inside(columns[0] / scale[1], rows[0] / scale[0], columns[1] / scale[1], rows[1] / scale[0], shape)


def _inside(left: float, top: float, right: float, bottom: float, shape: tuple[int, ...]) -> Box:
    """Whole pixels around these edges, within the picture, at least one wide and high."""
    x = min(max(math.floor(left), 0), shape[1] - 1)
    y = min(max(math.floor(top), 0), shape[0] - 1)
    return Box(x, y, max(x + 1, min(shape[1], math.ceil(right))), max(y + 1, min(shape[0], math.ceil(bottom))))


@dataclass(frozen=True, slots=True)
class _Near:
    """What is looked at, uint8 (H, W), dark on light, and its contrast."""

    dark: Gray
    contrast: Contrast


def _cut(
    near: _Near, found: _Found, small: NDArray[np.float64], corner: tuple[int, int], shape: tuple[int, int]
) -> Strip:
    """The strip, by one affine map from the shrunk picture; ``small``: its rows and columns to one of the original."""
    rows = FILLED / (found.bottom - found.top)
    across = rows * small[0] / small[1]  # where a side was shrunk more than the other, that is undone
    wide = round((found.right - found.left) * across) + 2 * MARGIN
    squeeze = min(1.0, MAX_WIDTH / wide)
    wide, across = min(wide, MAX_WIDTH), across * squeeze
    left = found.left - MARGIN / across
    top = (found.top + found.bottom) / 2 - HEIGHT / 2 / rows
    ink = np.clip((near.contrast / np.float32(found.level) - LEAST) / np.float32(1 - LEAST), 0, 1)
    ink = _resized(np.asarray(ink, np.float32), (left, top), (across, rows), wide)
    strange = signs(ink)
    ink = strange.blanked(ink)
    ink.flags.writeable = False
    place = (float(corner[0] + left / small[1]), float(corner[1] + top / small[0]))
    zoomed = (float(rows * small[0]), float(squeeze))
    return Strip(ink, *place, *zoomed, shape, near.dark, float(rows), strange.bracketed)


def _resized(
    ink: NDArray[np.float32], corner: tuple[float, float], scale: tuple[float, float], wide: int
) -> NDArray[np.float32]:
    """(48, ``wide``) of ``ink`` from ``corner`` (x, y) on, else paper. What shrinks is averaged first, so that no
    hairline falls between two pixels."""
    x, y = max(0, math.floor(corner[0])), max(0, math.floor(corner[1]))
    cut = ink[y : y + math.ceil(HEIGHT / scale[1]) + 2, x : x + math.ceil(wide / scale[0]) + 2]
    size = [max(1, round(n * min(s, 1.0))) for n, s in zip(cut.shape[::-1], scale, strict=True)]
    averaged = cut if size == list(cut.shape[::-1]) else cv2.resize(cut, size, interpolation=cv2.INTER_AREA)
    left = [scale[i] * cut.shape[1 - i] / size[i] for i in (0, 1)]  # what is still to be scaled
    shift = [(edge - place) * s for edge, place, s in zip((x, y), corner, scale, strict=True)]
    turn = np.array([[left[0], 0, shift[0] + (left[0] - 1) / 2], [0, left[1], shift[1] + (left[1] - 1) / 2]])
    way: Any = cv2.INTER_CUBIC if max(left) > 1.05 else cv2.INTER_LINEAR
    moved = cv2.warpAffine(averaged, turn, (wide, HEIGHT), flags=way, borderMode=cv2.BORDER_CONSTANT, borderValue=0.0)
    return np.asarray(np.clip(moved, 0, 1), np.float32)


def again(strip: Strip, look: Look) -> NDArray[np.float32] | None:
    """The ink (48, W') of a line in a further look; None where none is found in its picture, sharpened."""
    sharp = sharper(strip, look.sharp) if look.sharp else strip
    return None if sharp is None else viewed(sharp.ink, look)


BLUR = 0.06
"""Of the blur that takes detail, in heights of the writing: half of a thin pen."""


def sharper(strip: Strip, share: float) -> Strip | None:
    """The line with ``share`` of its picture's detail added once more, and the paper modelled anew."""
    dark = sharpened(strip.near, BLUR * FILLED / strip.zoom, share)
    return _look(dark, False, (0, 0), (int(dark.shape[0]), int(dark.shape[1])))


def viewed(ink: NDArray[np.float32], look: Look) -> NDArray[np.float32]:
    """The ink (48, W) of a strip as ``look`` sizes, leans and thickens it: (48, W'), about its middle row."""
    spare = HEIGHT / 2 * abs(look.lean)
    columns = max(1, round(ink.shape[1] * look.wide + 2 * spare))
    middle = (spare + HEIGHT / 2 * look.lean, HEIGHT / 2 * (1 - look.tall))
    turn = np.array([[look.wide, -look.lean, middle[0]], [0, look.tall, middle[1]]])
    moved = cv2.warpAffine(ink, turn, (columns, HEIGHT), flags=cv2.INTER_LINEAR)
    if look.bold:
        moved = cv2.addWeighted(cv2.dilate(moved, _CROSS), look.bold, moved, 1 - look.bold, 0)
    return np.asarray(moved, np.float32)


_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
