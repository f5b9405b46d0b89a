"""``Gray`` → ``Ink``: polarity, lighting, tight crop, MNIST's framing. The only preprocessing in the project.

Training calls this module too, and ``tests/vectors/`` holds pictures with their expected ink that
every port of it must reproduce. A change that alters any ink raises ``INK_VERSION``; a model
trained for another version is refused.

The stages, each a function: ``dark_on_light`` → ``subtract_paper`` → ``find_ink`` → ``frame``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from guarismo.cutout import enlarged
from guarismo.framing import SIDE, already_framed, place
from guarismo.paper import Contrast, calm, is_dust, median, sharpened, shrink, subtract_paper, subtract_patches
from guarismo.polarity import dark_on_light
from guarismo.rings import rings
from guarismo.shade import Lit, without_deep_shade, without_shade
from guarismo.types import Box, Gray, Ink, Inks

INK_VERSION = 2

WORK = 200
"""Longest side, in pixels, at which ink is searched for. At less, hairlines of large pictures
vanish; at more, time grows and paper grain becomes visible as ink. A digit that is small in its
picture is cut out of the original and looked at again at this size."""

SMALL, ENLARGED = 32, 40
"""Longest side, in pixels, of writing below which its picture is enlarged until it has the other, and looked at again:
an outline lies between pixels. Of 700 digits of 12 to 19 pixels, by writers held out, 20 are wrong without, 9 with it,
and 88 instead of 72 % are `read` (docs/LOG.md)."""

INK_LEVEL = 0.4
"""Share of the writing's own contrast from which a pixel belongs to it. Lower swallows shadows'
edges and paper texture; higher breaks strokes where the pen was lifted."""

_EMPTY = np.zeros((SIDE, SIDE), np.float32)
_EMPTY.flags.writeable = False


@dataclass(frozen=True, slots=True)
class Framed:
    """One digit's ink and where it was: ``box`` is in pixels of the given picture, None where it is blank.

    ``near`` is what ink was looked for in at last, dark on light, at most ``WORK`` pixels long: the picture or a part
    of it, made smaller, or larger where it has few; all of it where it is blank. None where the picture was framed
    already. ``coarse`` is what is seen by the picture's own few pixels where it was made larger.
    """

    ink: Ink
    box: Box | None
    near: Gray | None = None
    coarse: Framed | None = None


def frame(gray: Gray) -> Framed:
    """Find the writing on a picture of one digit and frame it as MNIST's digits are.

    Takes ``Gray`` uint8 (H, W) of either polarity. Gives ``Ink`` float32 (28, 28), 0.0 paper ... 1.0 ink,
    read-only; all 0.0 with ``box`` None where there is no writing. A picture that is framed already, as
    MNIST's are, comes back as it is, divided by 255.
    """
    if gray.shape == (SIDE, SIDE):
        inks, framed = already_framed(gray[None])
        if framed[0]:
            inks.flags.writeable = False
            return Framed(inks[0], _box_of(inks[0] > 0))
    dark = dark_on_light(gray)
    found = _find(dark, may_be_dust=max(gray.shape) >= 60)  # 8x8 pixels have strokes of one
    if found is None:
        return Framed(_EMPTY, None, shrink(dark, WORK))
    return Framed(_cut_out(found), found.box, found.near, found.coarse)


FOCUSES = ((0.015, -1.0), (0.03, 2.0), (0.08, 8.0))
"""Of further looks: blur in longest sides of what is looked at, and what is added of the difference that it makes. The
first is out of focus, a stroke being some five times as broad as the blur; the second is sharper, and the third much
sharper, with a broad blur: it opens holes that are out of focus."""


def again(one: Framed) -> list[Ink]:
    """Further looks at a picture: ``near`` as ``FOCUSES`` says, grain gone and breaks closed, or blur undone, the paper
    of each modelled anew; with its paper in patches; and all of it by its own few pixels. A look that finds no ink is
    left out; what was framed already has none.

    What a network makes of a doubtful picture hangs on how its paper was taken away; the mean of all looks errs less.
    """
    if (near := one.near) is None:
        return []
    found = [_found(sharpened(near, blur * max(near.shape), share)) for blur, share in FOCUSES]
    looks = [_cut_out(look) for look in (*found, _in_patches(near)) if look is not None]
    return looks if one.coarse is None else [*looks, one.coarse.ink, *again(one.coarse)]


def otherwise(one: Framed, size: tuple[int, int]) -> list[Framed]:
    """Last looks at a picture of (height, width) ``size`` that is blank, or that nothing can be made of, the paper in
    patches: where it is blank at what is dark on it, and at what is light in any case, if that was the writing. Where
    nothing is found there are none.
    """
    if one.near is None:
        return []
    nears = [255 - one.near] if one.box is not None else [one.near, 255 - one.near]
    return _last(one, size, *map(_in_patches, nears))


def lit(one: Framed, size: tuple[int, int]) -> list[Framed]:
    """Last looks at a picture that is blank or not clear, without the shadows, if deep ones or one with a straight edge
    lie on it; without deep ones also at what is light, for they may have been taken for the writing."""
    if one.near is None:
        return []
    return _last(one, size, _in_shade(one.near), _in_deep_shade(one.near), _in_deep_shade(255 - one.near))


def _last(one: Framed, size: tuple[int, int], *found: _Found | None) -> list[Framed]:
    """These looks at what ``near`` shows; where it seemed blank they tell the box, too."""
    assert one.near is not None
    scale = size[1] / one.near.shape[1], size[0] / one.near.shape[0]
    return [Framed(_cut_out(look), one.box or _scale(look.box, *scale, size), look.near) for look in found if look]


def frames(grays: Iterable[Gray]) -> list[Framed]:
    """``frame`` for many pictures, each let go once it is framed; digits that are framed already are done at once."""
    found: list[Framed] = []
    small: dict[int, Gray] = {}
    for i, gray in enumerate(grays):
        if gray.shape == (SIDE, SIDE):
            small[i] = gray
        found.append(Framed(_EMPTY, None) if i in small else frame(gray))
    if small:
        for i, framed in zip(small, _small_frames(np.stack(list(small.values()))), strict=True):
            found[i] = framed
    return found


def _small_frames(stack: NDArray[np.uint8]) -> list[Framed]:
    """Pictures uint8 (N, 28, 28): as they are where MNIST has framed them, else like any other."""
    inks, framed = already_framed(stack)
    boxes = _boxes_of(inks)
    inks.flags.writeable = False
    return [Framed(inks[i], boxes[i]) if framed[i] else frame(gray) for i, gray in enumerate(stack)]


def _boxes_of(inks: Inks) -> list[Box]:
    there = inks > 0
    rows, columns = np.asarray(there.any(2), bool), np.asarray(there.any(1), bool)
    sides = (columns.argmax(1), rows.argmax(1), SIDE - columns[:, ::-1].argmax(1), SIDE - rows[:, ::-1].argmax(1))
    return [Box(*edges) for edges in np.stack(sides, 1).tolist()]


def find_ink(contrast: Contrast) -> NDArray[np.bool_]:
    """Which pixels belong to the writing: bool (H, W). Specks and remains of lines at the edges do not."""
    level = ink_level(contrast)
    if level == 0:
        return np.zeros(contrast.shape, bool)
    mask = (contrast > INK_LEVEL * level).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    keep = np.zeros(count, bool)
    keep[1:] = _belongs(stats[1:].astype(np.int64), np.asarray(labels, np.int32))
    return np.asarray(keep[labels], bool)


def ink_level(contrast: Contrast) -> float:
    """The contrast of a fully inked pixel: the median of all that has at least half of the strongest.

    The strongest is looked for in the 3x3 mean, or one speck of salt and pepper would set it.
    """
    strongest = float(calm(contrast).max(initial=0))
    return median(contrast[contrast >= strongest / 2]) if strongest > 0 else 0.0


def _belongs(stats: NDArray[np.int64], labels: NDArray[np.int32]) -> NDArray[np.bool_]:
    """For connected components (left, top, width, height, area): part of the writing or not."""
    _left, _top, width, height, area = stats.T
    longest = np.maximum(width, height)
    lines = _edge_lines(stats, labels.shape)
    if lines.all():
        lines[:] = False
    left_out = lines | _frames(stats, labels) | rings(stats, labels, 1)
    if left_out.all():
        return np.zeros(len(stats), bool)
    main, largest = longest[~left_out].max(), area[~left_out].max()
    speck = (area < 0.015 * largest) | (longest < 0.07 * main)
    keep = ~left_out & ~speck & ~_edge_remains(stats, labels.shape, int(largest))
    keep &= ~_neighbours(stats, labels.shape, keep)
    return np.asarray(keep & ~_print(stats, labels, keep), bool)


PRINT_BREADTH, PRINT_AREA = 0.6, 0.12
"""Print behind the writing is narrower than the pen and small beside it: pieces under both shares of the
largest piece are left out. Wider, and the second stroke of a 4 or 5 goes, which the same pen wrote."""


def _print(stats: NDArray[np.int64], labels: NDArray[np.int32], keep: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Remains of security waves, dots and rules that do not hang together with the writing."""
    if keep.sum() < 2:
        return np.zeros(len(stats), bool)
    there = labels > 0
    depth = cv2.distanceTransform(there.astype(np.uint8), cv2.DIST_L2, 3)
    breadth = np.zeros(len(stats) + 1)
    np.maximum.at(breadth, labels[there], depth[there])
    area = stats[:, cv2.CC_STAT_AREA]
    main = int(np.argmax(np.where(keep, area, 0)))
    narrow = breadth[1:] < PRINT_BREADTH * breadth[1 + main]
    return np.asarray(narrow & (area < PRINT_AREA * area[main]), bool)


def _edge_lines(stats: NDArray[np.int64], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Rules: apart from the digit, thin, along most of one side and close to it."""
    left, top, width, height, _area = stats.T
    rows, columns = shape
    near_side = (left < 0.15 * columns) & (left + width < 0.3 * columns) | (left > 0.7 * columns)
    near_end = (top < 0.15 * rows) & (top + height < 0.3 * rows) | (top > 0.7 * rows)
    upright = (height > 0.75 * rows) & (width < 0.12 * columns + 2) & near_side
    level = (width > 0.75 * columns) & (height < 0.12 * rows + 2) & near_end
    return np.asarray((upright | level) & (len(stats) > 1), bool)


def _frames(stats: NDArray[np.int64], labels: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Boxes printed around: as large as the picture or nearly, and all of it along its own straight sides.
    An oval 0 that fills its picture has half of its ink away from the sides of its box."""
    _left, _top, width, height, area = stats.T
    rows, columns = labels.shape
    frame = (width > 0.75 * columns) & (height > 0.75 * rows) & (area < 0.4 * width * height)
    frame &= min(rows, columns) >= 24  # in fewer pixels a 0 is a box too
    for i in np.flatnonzero(frame).tolist():
        inside, margin = _piece(stats[i], labels, i), max(2, round(0.1 * min(width[i], height[i])))
        frame[i] = inside[margin:-margin, margin:-margin].sum() < 0.05 * area[i]
    return np.asarray(frame, bool)


def _piece(stat: NDArray[np.int64], labels: NDArray[np.int32], number: int) -> NDArray[np.bool_]:
    """One component alone, cut to its box: bool (height, width)."""
    left, top, width, height, _area = stat
    return np.asarray(labels[top : top + height, left : left + width] == number + 1, bool)


def _edge_remains(stats: NDArray[np.int64], shape: tuple[int, ...], largest: int) -> NDArray[np.bool_]:
    """Pieces of neighbours: small, cut by the picture's edge, and not reaching far into it. A ring around leaves larger
    ones in the corners."""
    left, top, width, height, area = stats.T
    rows, columns = shape
    side = ((left == 0) | (left + width == columns)) & (width < 0.25 * columns)
    end = ((top == 0) | (top + height == rows)) & (height < 0.2 * rows)
    cut_off = [
        (first == 0) | (first + long == edge) for first, long, edge in ((left, width, columns), (top, height, rows))
    ]
    corner = cut_off[0] & cut_off[1] & (width < 0.35 * columns) & (height < 0.35 * rows) & (area < 0.3 * largest)
    return np.asarray(((side | end) & (area < 0.15 * largest)) | corner, bool)


BESIDE, AS_LARGE, AWAY = 0.3, 0.6, 0.12
"""Shares of a picture's side and of the digit's ink that what the edge has left of a digit beside, above or below may
have; and of the digit's height the paper between rows at least, for the bar of a 5 may stand apart, too."""


def _neighbours(stats: NDArray[np.int64], shape: tuple[int, ...], keep: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What an edge has cut off the digits around: pieces at one side of the picture, apart from a larger one that is at
    neither of this and the other side. Where a digit is cut close, it touches both itself."""
    strange = np.zeros(len(stats), bool)
    area = stats[:, cv2.CC_STAT_AREA]
    for axis, away in ((0, 0.0), (1, AWAY)):
        begin, long, edge = stats[:, axis], stats[:, axis + 2], shape[1 - axis]
        end = begin + long
        free = keep & (begin > 0) & (end < edge)
        cut_off = keep & ~free & (long < BESIDE * edge)
        if free.any() and cut_off.any():
            first, last, largest = begin[free].min(), end[free].max(), area[free].max()
            spare = away * (last - first)
            strange |= cut_off & ((end <= first - spare) | (begin >= last + spare)) & (area < AS_LARGE * largest)
    return strange


@dataclass(frozen=True, slots=True)
class _Found:
    """Writing in a picture: its box there, and the copy (H, W) that was looked at with its contrast and mask;
    ``coarse`` as in ``Framed``."""

    box: Box
    near: Gray
    contrast: Contrast
    mask: NDArray[np.bool_]
    coarse: Framed | None = None


def _find(dark: Gray, may_be_dust: bool) -> _Found | None:
    """Look at a small copy; if the writing is small in its picture, again at a cut-out of the original."""
    small = shrink(dark, WORK)
    here = _found(small)
    if here is None:
        return None
    full = _scale(here.box, dark.shape[1] / small.shape[1], dark.shape[0] / small.shape[0], dark.shape)
    near = _grow(full, dark.shape)
    cut = dark[near.top : near.bottom, near.left : near.right].copy()  # a view would keep the whole photograph
    if small is not dark and max(near.width, near.height) <= 0.8 * max(dark.shape):
        found = _find(cut, may_be_dust)
    elif may_be_dust and is_dust(here.mask.astype(np.uint8)):
        return None
    else:
        found = _enlarged(cut, here, max(full.width, full.height))
        if found is None:
            return replace(here, box=full)
    return found and replace(found, box=_shift(found.box, near.left, near.top))


def _enlarged(cut: Gray, here: _Found, longest: int) -> _Found | None:
    """Writing of fewer than ``SMALL`` pixels, found ``here``, as if its picture had more; its box in ``cut``."""
    if longest >= SMALL:
        return None
    times = math.ceil(ENLARGED / longest)
    found = _found(enlarged(cut, times).gray)
    return found and replace(
        found,
        box=_scale(found.box, 1 / times, 1 / times, cut.shape),
        coarse=Framed(_cut_out(here), here.box, here.near),
    )


def _found(small: Gray) -> _Found | None:
    return _found_in(subtract_paper(small), small)


def _in_patches(small: Gray) -> _Found | None:
    return _found_in(subtract_patches(small), small)


def _in_shade(small: Gray) -> _Found | None:
    """Which way the writing goes is seen only when the shadow is gone."""
    lit = without_shade(small)
    return None if lit is None else _off_its_edge(lit, dark_on_light(lit.gray))


def _in_deep_shade(small: Gray) -> _Found | None:
    lit = without_deep_shade(small)
    return None if lit is None else _off_its_edge(lit, lit.gray)


def _off_its_edge(lit: Lit, dark: Gray) -> _Found | None:
    """What lies along the edge of a shadow is no writing."""
    found = _found(dark)
    return found if found and found.mask[lit.edge].sum() < ALONG * found.mask.sum() else None


ALONG = 0.6
"""Share of the ink that lies where the edge of a shadow was from which on it is what is left of that edge."""


def _found_in(contrast: Contrast, small: Gray) -> _Found | None:
    mask = find_ink(contrast)
    box = _box_of(mask)
    return None if box is None else _Found(box, small, contrast, mask)


def _box_of(mask: NDArray[np.bool_]) -> Box | None:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not rows.size:
        return None
    return Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def _scale(box: Box, x: float, y: float, shape: tuple[int, ...]) -> Box:
    right, bottom = min(shape[1], int(np.ceil(box.right * x))), min(shape[0], int(np.ceil(box.bottom * y)))
    return Box(min(int(box.left * x), right - 1), min(int(box.top * y), bottom - 1), right, bottom)


def _shift(box: Box, x: int, y: int) -> Box:
    return Box(box.left + x, box.top + y, box.right + x, box.bottom + y)


def _grow(box: Box, shape: tuple[int, ...]) -> Box:
    """A third more on each side, inside the picture: enough paper around to tell paper from ink."""
    margin = max(4, round(max(box.width, box.height) / 3))
    return Box(
        max(0, box.left - margin),
        max(0, box.top - margin),
        min(shape[1], box.right + margin),
        min(shape[0], box.bottom + margin),
    )


def _cut_out(found: _Found) -> Ink:
    mask, contrast = found.mask, found.contrast
    level = ink_level(np.where(mask, contrast, np.float32(0)))
    around = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    ink = np.where(around, np.clip(contrast / np.float32(max(level, 1)), 0, 1), np.float32(0))
    box = _box_of(mask)
    return _EMPTY if box is None else place(ink, mask, box)
