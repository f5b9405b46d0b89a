"""Lines of handwritten numbers for training the line model: how what ``texts.py`` says is written, by one writer each.

A writer gives a ``Glyph`` for a digit; ``_laid`` sets glyphs side by side as his line does; ``_inked`` inks them.
Labels are as written: one short dash after a sum is "-". What is not labelled is in ``grounds.py``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path as File
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from guarismo import paper, strip
from guarismo.datasets import load_mnist, load_optdigits, load_pendigits, load_writers
from guarismo.files import claim, write_arrays
from guarismo.train import augment, grounds, texts
from guarismo.train.paths import Path, arc
from guarismo.train.pens import Pen, Stroke, draw, smooth
from guarismo.train.pool import FAVOURED, held_out
from guarismo.train.strokes import Hand
from guarismo.train.texts import Rng
from guarismo.train.workers import workers
from guarismo.types import Gray

Part = Literal["train", "held_out"]

SIZE = 44
"""Pixels of digit height at which lines are inked; a strip has 36. More costs time, and nothing of it is left."""

SHARES = {"hands": 0.47, "mnist": 0.33, "pendigits": 0.14, "optdigits": 0.06}
"""How often each source writes. Hands have the shapes that the recorded sets lack; optdigits has 1,934 pictures."""

BANDS, BAND, HIGHEST = 24, 0.1, -0.7
"""An outline is kept in bands of a tenth of a digit height, from ``HIGHEST`` (y down, the foot is 1) on."""

PEN_PATHS = 250
"""Digits that each of the writers of pendigits gave, in the order of the file: neighbours in it are by one hand."""

VARIANTS = 4
"""How often a hand writes each digit before it repeats itself; lines change size, slant and spacing besides."""


@dataclass(frozen=True, slots=True, eq=False)
class Glyph:
    """A digit, a chain of zeros or a mark, in digit heights: left edge 0, head about y = 0, foot 1.

    Either ``strokes``, or ``bitmap`` uint8 (H, W) 0 paper ... 255 ink, ``high`` digit heights high and standing on the
    foot. ``left`` and ``right`` float64 (BANDS,): its outline; +inf and -inf where there is nothing.
    """

    strokes: tuple[Stroke, ...]
    left: NDArray[np.float64]
    right: NDArray[np.float64]
    bitmap: NDArray[np.uint8] | None = None
    high: float = 1.0

    @property
    def width(self) -> float:
        return float(self.right.max())


def _outline(x: NDArray[Any], y: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Leftmost and rightmost ink at points (N,) for each band and the bands beside it, which it should not touch."""
    band = np.clip(((y - HIGHEST) / BAND).astype(np.int64), 0, BANDS - 1)
    left, right = np.full(BANDS, np.inf), np.full(BANDS, -np.inf)
    np.minimum.at(left, band, x)
    np.maximum.at(right, band, x)
    left[1:-1] = np.minimum(np.minimum(left[:-2], left[2:]), left[1:-1])
    right[1:-1] = np.maximum(np.maximum(right[:-2], right[2:]), right[1:-1])
    return left, right


def _stroked(strokes: Sequence[Stroke]) -> Glyph:
    every = np.concatenate(strokes)
    edge = np.array([every[:, 0].min(), 0], np.float32)
    return Glyph(tuple(stroke - edge for stroke in strokes), *_outline(every[:, 0] - edge[0], every[:, 1]))


def _pictured(ink: NDArray[np.uint8]) -> Glyph:
    """A digit's bitmap, ink 255. The sets scale the longest side alike; here a wide 2 gets half of its height back."""
    rows, columns = np.flatnonzero(ink.max(1) > 60), np.flatnonzero(ink.max(0) > 60)
    cut = np.ascontiguousarray(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    high = (len(cut) / max(cut.shape)) ** 0.5
    y, x = np.nonzero(cut > 100)
    unit = high / len(cut)
    xs, ys = np.concatenate([x, x + 1]) * unit, 1 - high + (np.concatenate([y, y]) + 0.5) * unit
    return Glyph((), *_outline(xs, ys), cut, high)


# ---- writers


@dataclass(frozen=True, slots=True)
class Writer:
    """One person with one pen: ``write`` gives a digit, or a chain of zeros where he ``joins``."""

    write: Callable[[str, Rng], Glyph]
    pen: Pen
    joins: bool = False


def _nine_p(d: Rng) -> list[Path]:
    start = d.uniform(190, 250)
    ring = arc((0.28, 0.25), (d.uniform(0.18, 0.26), 0.25), start, start - d.uniform(330, 380))
    return [[*ring, (d.uniform(0.06, 0.2), 0.65), (d.uniform(0.0, 0.16), 1.0)]]


def _seven_plus(d: Rng) -> list[Path]:
    x, y, wide = d.uniform(0.3, 0.4), d.uniform(0.42, 0.6), d.uniform(0.22, 0.36)
    hook = [(x - d.uniform(0.1, 0.3), d.uniform(0.02, 0.16)), (x - 0.08, 0.03), (x, 0.0), (x, 0.0)]
    return [[*hook, (x - d.uniform(0.0, 0.12), 1.0)], [(x - wide, y), (x + wide, y + d.uniform(-0.08, 0.03))]]


def _four_h(d: Rng) -> list[Path]:
    bar, foot = d.uniform(0.5, 0.62), d.uniform(0.66, 0.95)
    sides: list[Path] = [[(0.12, 0.0), (0.0, foot)], [(d.uniform(0.4, 0.5), d.uniform(0, 0.3)), (0.4, 1.0)]]
    return [*sides, [(0.0, bar), (d.uniform(0.5, 0.65), bar + d.uniform(-0.06, 0.03))]]


def _five_s(d: Rng) -> list[Path]:
    top = [(d.uniform(0.4, 0.6), d.uniform(-0.03, 0.05)), (0.25, 0.02), (0.09, 0.1), (0.08, 0.3), (0.25, 0.45)]
    return [[*top, (0.42, 0.6), (0.42, 0.84), (0.22, 1.0), (d.uniform(-0.08, 0.03), d.uniform(0.86, 0.96))]]


_EXTRA: dict[str, tuple[float, Callable[[Rng], list[Path]]]] = {
    "4": (0.08, _four_h),
    "5": (0.10, _five_s),
    "7": (0.12, _seven_plus),
    "9": (0.15, _nine_p),
}
"""Digit → share of the hands that write it so, and the shape. Alone on a picture they could be letters, so that
``strokes.py`` does not have them; among other digits people read them without a thought."""


def _chain(zeros: int, d: Rng) -> list[Stroke]:
    """Zeros written without lifting the pen: one coil, or rings joined from head to head."""
    coil = d.random() < 0.5
    r, step = d.uniform(0.22, 0.38), d.uniform(1.2, 1.9) if coil else d.uniform(1.7, 2.6)
    turns = zeros + d.uniform(-0.1, 0.15)
    angle = np.arange(d.uniform(60, 110), 360 * turns + 90, 30.0)
    along = (angle - 90) / 360
    if not coil:  # a ring first, then on: the pen moves on along the upper quarter only
        along = np.floor(along) + np.clip((along % 1 - 0.8) / 0.2, 0, 1)
    size = np.interp(along, np.arange(-1, zeros + 2), np.exp(d.normal(0, 0.1, zeros + 3)))
    x = r * step * along + r * size * np.cos(np.deg2rad(angle))
    y = 0.5 - 0.5 * size * np.sin(np.deg2rad(angle))
    return [smooth(np.stack([x, y], 1) * d.uniform(0.6, 1.0) + np.array([0.0, d.uniform(0, 0.2)]))]


class _Hands:
    """``count`` people of ``strokes.py``, the same for a seed. What they write is kept: writing costs most of a line."""

    def __init__(self, seed: int, count: int) -> None:
        self._seed, self._count = seed, count
        self._kept: dict[tuple[int, str, int], Glyph] = {}

    def writer(self, rng: Rng) -> Writer:
        who = int(rng.integers(self._count))

        def write(what: str, rng: Rng) -> Glyph:
            key = (who, what, int(rng.integers(VARIANTS)))
            if key not in self._kept:
                self._kept[key] = self._written(*key)
            return self._kept[key]

        return Writer(write, _line_pen(rng), joins=who % 3 == 0)

    def _written(self, who: int, what: str, variant: int) -> Glyph:
        always = np.random.default_rng([self._seed, who])
        hand, extra = Hand.random(always), always.random(10)
        now = np.random.default_rng([self._seed, who, int(what[0]), len(what), variant])
        share, shape = _EXTRA.get(what[0], (0.0, _five_s))
        if len(what) > 1:
            strokes = _chain(len(what), now)
        elif extra[int(what)] < share:
            strokes = [smooth(np.asarray(p) + now.normal(0, 0.015, (len(p), 2))) for p in shape(always)]
        else:
            strokes = hand.write(int(what), now, _favourite(int(what), always))
            return _stroked(strokes)
        lean = np.array([[min(hand.aspect, 1.2), 0], [-np.tan(np.deg2rad(hand.slant)), 1]])
        return _stroked([((s - (0, 1)) @ lean + (0, 1)).astype(np.float32) for s in strokes])


def _favourite(digit: int, rng: Rng) -> str | None:
    """A shape that MNIST lacks, by the shares of the digit model's pool; None for the hand's own."""
    chance = rng.random()
    for name, share in FAVOURED.get(digit, {}).items():
        if chance < share and digit:  # zeros like an a come often enough by chance
            return name
        chance -= share
    return None


def _line_pen(rng: Rng) -> Pen:
    """Any pen but the broadest markers, with which nobody fills in a form."""
    while (pen := Pen.random(rng)).width > 0.17:
        pass
    return pen


class _Pictures:
    """Recorded bitmaps uint8 (N, H, W), ink 255, by groups: each a list of ten arrays of indices, one for a digit."""

    def __init__(self, images: NDArray[np.uint8], groups: list[list[NDArray[np.int64]]]) -> None:
        self._images, self._groups = images, groups
        self._kept: dict[int, Glyph] = {}

    def writer(self, rng: Rng) -> Writer:
        group = self._groups[int(rng.integers(len(self._groups)))]

        def write(what: str, rng: Rng) -> Glyph:
            of = group[int(what)]
            i = int(of[rng.integers(len(of))])
            if i not in self._kept:
                self._kept[i] = _pictured(self._images[i])
            return self._kept[i]

        return Writer(write, Pen(_breadth(write("1", rng)) * float(rng.uniform(0.85, 1.15)), pressure=0.1, softness=0))


def _breadth(glyph: Glyph) -> float:
    """Width of a bitmap's stroke, in digit heights. A strip of width w has a mean distance to its rim of w/4."""
    inside = cv2.distanceTransform(np.pad((glyph.bitmap > 100).astype(np.uint8), 1), cv2.DIST_L2, 3)  # type: ignore
    return float(4 * inside[inside > 0].mean() - 1) * glyph.high / inside.shape[0]


def _pen_paths(paths: NDArray[np.float32], labels: NDArray[np.int64]) -> Callable[[Rng], Writer]:
    """Recorded trajectories (N, 8, 2), redrawn with any pen: one writer's are those about one place of the file."""
    upright = paths / np.float32(100) * np.array([1, -1], np.float32) + np.array([0, 1], np.float32)
    glyphs: dict[int, Glyph] = {}

    def writer(rng: Rng) -> Writer:
        first = int(rng.integers(max(1, len(labels) - PEN_PATHS)))
        near = labels[first : first + PEN_PATHS]

        def write(what: str, rng: Rng) -> Glyph:
            of = np.flatnonzero(near == int(what))
            i = first + int(of[rng.integers(len(of))])
            return glyphs.setdefault(i, glyphs.get(i) or _stroked([smooth(upright[i])]))

        return Writer(write, _line_pen(rng))

    return writer


def _by_digit(labels: NDArray[Any], chosen: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    return [chosen[labels[chosen] == digit] for digit in range(10)]


class Writers:
    """All who write, loaded once, for training and for selection: nobody is in both parts.

    MNIST's writers are parted as ``pool.held_out`` does; of optdigits and pendigits, in the order of their files, the
    last tenth is held out; hands are of another seed.
    """

    def __init__(self, folder: File, seed: int = 0, hands: int = 200) -> None:
        images, kept, who = load_mnist(folder), held_out(folder), load_writers(folder)
        opt, (paths, labels) = load_optdigits(folder), load_pendigits(folder)
        opt_images, digits = 255 - np.asarray(opt.images), images.train_labels
        self._of: dict[Part, dict[str, Callable[[Rng], Writer]]] = {}
        for part, mine, salt in (("train", ~kept, 0), ("held_out", kept, 1)):
            people = [_by_digit(digits, np.flatnonzero(who == one)) for one in np.unique(who[mine])]
            people = [person for person in people if all(map(len, person))]
            a, b = (slice(0, int(0.9 * n)) if not salt else slice(int(0.9 * n), n) for n in (len(opt), len(labels)))
            crowd = [_by_digit(opt.labels, np.arange(len(opt))[a])]
            self._of[part] = {  # type: ignore[index]
                "hands": _Hands(2 * seed + salt, hands).writer,
                "mnist": _Pictures(images.train_images, people).writer,
                "pendigits": _pen_paths(paths[b], labels[b]),
                "optdigits": _Pictures(opt_images, crowd).writer,
            }

    def writer(self, part: Part, rng: Rng) -> Writer:
        chance = rng.random() * sum(SHARES.values())
        for name, share in SHARES.items():
            chance -= share
            if chance < 0:
                break
        return self._of[part][name](rng)


# ---- the line


@dataclass(frozen=True, slots=True)
class Habits:
    """How one line is set, in digit heights: mean ``gap`` and its deviation ``loose``, what a ``space`` adds,
    ``drift`` of the baseline per length and its ``wave``, ``grow`` of the size per length, ``uneven`` sizes,
    size of ``zeros``, ``shear``, whether cents are ``raised``."""

    gap: float
    loose: float
    space: float
    drift: float
    wave: float
    grow: float
    uneven: float
    zeros: float
    shear: float
    raised: bool

    @classmethod
    def random(cls, rng: Rng) -> Habits:
        chance = rng.random()
        if chance < 0.5:
            gap = rng.uniform(0.06, 0.25)
        elif chance < 0.68:
            gap = rng.uniform(0.25, 0.7)
        elif chance < 0.9:
            gap = rng.uniform(-0.02, 0.06)  # digits touch
        else:
            gap = rng.uniform(-0.16, -0.02)  # and overlap
        return cls(
            gap=gap,
            loose=rng.uniform(0.01, 0.06) + 0.15 * max(gap, 0),
            space=rng.uniform(0.35, 0.9) + 0.7 * max(gap, 0),
            drift=rng.normal(0, 0.025),
            wave=abs(rng.normal(0, 0.03)),
            grow=rng.normal(0, 0.02),
            uneven=rng.uniform(0.02, 0.09),
            zeros=rng.uniform(0.55, 0.95) if rng.random() < 0.3 else 1.0,
            shear=rng.normal(0.06, 0.13),
            raised=rng.random() < 0.25,
        )


@dataclass(frozen=True, slots=True)
class _Placed:
    """A glyph for ``what`` at ``x``, its foot at 1 + ``dy``, ``size`` times as large."""

    what: str
    glyph: Glyph
    x: float
    dy: float
    size: float

    def strokes(self) -> list[Stroke]:
        moved = np.array([self.x, 1 + self.dy - self.size], np.float32)
        return [stroke * np.float32(self.size) + moved for stroke in self.glyph.strokes]


def _glyphs(written: str, writer: Writer, rng: Rng) -> list[tuple[str, Glyph | None]]:
    """Text → what stands for it, None for a space: marks by one habit, runs of zeros as chains where he joins."""
    chained, marks, found = writer.joins and rng.random() < 0.6, grounds.Marks(rng, writer.pen.width), []
    for what, run in ((key, list(group)) for key, group in groupby(written)):
        if what == "0" and len(run) > 1 and chained:
            run = ["".join(run)]
        for piece in run:
            known = writer.write(piece, rng) if piece[0].isdigit() else None
            found.append((piece, known if known or piece == " " else _stroked(marks.strokes(piece, rng))))
    return found


def _laid(glyphs: Sequence[tuple[str, Glyph | None]], habits: Habits, nib: float, rng: Rng) -> list[_Placed]:
    """Glyphs from left to right, each as near to all before it as its outline and the line's gap allow.

    ``nib`` is the pen's width where outlines are those of strokes' middles.
    """
    front, edge, before, extra, before_mark = np.full(BANDS, -np.inf), 0.0, 1.0, 0.0, False
    placed: list[_Placed] = []
    phase, cents = rng.uniform(0, 6), _cents([what for what, _ in glyphs], habits)
    for i, (what, glyph) in enumerate(glyphs):
        if glyph is None:
            extra = habits.space * rng.uniform(0.8, 1.2)
            continue
        size, dy = _sized(what, edge, habits, rng)
        if i >= cents:
            size, dy = 0.6 * size, dy - 0.35
        dy += habits.wave * float(np.sin(phase + 1.3 * edge)) + habits.drift * edge
        left, right = _moved(glyph, size, dy)
        gap = rng.normal(habits.gap, habits.loose) + extra
        if before_mark or not what.isdigit():
            gap = max(gap, 0.03)  # or overlapping digits swallow the points between them
        gap += nib if glyph.bitmap is None else 0.0
        gap = max(gap, -0.3 * min(size * glyph.width + nib, before))  # a thin 1 does not slip behind its neighbour
        tuck = TUCK if what in MARKS_BELOW else min(TUCK, 0.35 * size * glyph.width)
        near = max(float(np.max(front - left)), edge - tuck) if placed else 0.0
        placed.append(_Placed(what, glyph, near + gap, dy, size))
        front = np.maximum(front, right + near + gap)
        edge, before, extra = max(edge, near + gap + size * glyph.width), size * glyph.width + nib, 0.0
        before_mark = not what.isdigit()
    return placed


TUCK, MARKS_BELOW = 0.22, ".,"
"""Digit heights that a point or comma may reach under what is before it, as under the flag of a 7; a digit by a third
of its width at most. At twice that a dash is written through digits."""


def _sized(what: str, edge: float, habits: Habits, rng: Rng) -> tuple[float, float]:
    """Size of a glyph and the shift of its foot. Small zeros stand on the line, or half-way up."""
    size = float(np.exp(np.clip(habits.grow * edge, -0.4, 0.3) + habits.uneven * rng.standard_normal()))
    dy = 0.6 * habits.uneven * float(rng.standard_normal())
    if what[0] == "0" and habits.zeros < 1:
        return size * habits.zeros, dy - (0.35 * (1 - habits.zeros) if habits.raised else 0.0)
    return size, dy


def _cents(pieces: list[str], habits: Habits) -> int:
    """From which place on cents are small and raised: nowhere, unless two digits follow the last mark."""
    usual = habits.raised and len(pieces) > 4 and pieces[-3] in {",", "."} and all(p.isdigit() for p in pieces[-2:])
    return len(pieces) - 2 if usual else len(pieces)


def _moved(glyph: Glyph, size: float, dy: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The outline of a glyph that is ``size`` times as large about its foot and moved down by ``dy``."""
    y = HIGHEST + BAND * (np.arange(BANDS) + 0.5)
    source = ((1 - (1 + dy - y) / size - HIGHEST) / BAND).astype(np.int64)
    outside = (source < 0) | (source >= BANDS)
    source = np.clip(source, 0, BANDS - 1)
    return np.where(outside, np.inf, glyph.left[source] * size), np.where(outside, -np.inf, glyph.right[source] * size)


def _ligatures(placed: Sequence[_Placed], rng: Rng) -> list[Stroke]:
    """Strokes from a digit's end to the next one's start, where the pen would not leave the paper."""
    found = []
    for one, other in pairwise(placed):
        if not (one.what.isdigit() and other.what.isdigit()):
            continue
        end, start = one.strokes()[-1][-1], other.strokes()[0][0]
        far = float(np.hypot(*(start - end)))
        if start[0] - end[0] > -0.1 and 0.05 < far < 1.0 and rng.random() < 0.7:
            sag = np.array([0.05 * far, rng.uniform(-0.05, 0.12) * far], np.float32)
            found.append(smooth(np.stack([end, (start + end) / 2 + sag, start])))
    return found


def write_line(written: str, writer: Writer, rng: Rng) -> Gray:
    """A clean line without margins: uint8 (H, W), ink on white 255, ``SIZE`` pixels to a digit."""
    habits = Habits.random(rng)
    glyphs = _glyphs(written, writer, rng)
    if rng.random() < 0.09:
        glyphs.insert(0, ("sign", _stroked(grounds.sign(rng))))
    if rng.random() < 0.2 and not written.endswith("-"):  # after a dash it would be one with it
        glyphs.append(("fill", _stroked(grounds.fill(writer.pen.width, rng))))
    placed = _laid(glyphs, habits, writer.pen.width, rng)
    strokes = [stroke for one in placed for stroke in one.strokes()]
    if writer.joins and rng.random() < 0.6:
        strokes += _ligatures(placed, rng)
    if rng.random() < 0.05:
        strokes += grounds.underlines(placed[0].x, placed[-1].x + placed[-1].glyph.width, rng)
    pictures = [one for one in placed if one.glyph.bitmap is not None]
    lean = np.array([[1, 0], [-habits.shear, 1]], np.float32)
    if not pictures:
        return draw([stroke @ lean for stroke in strokes], SIZE, writer.pen, rng)
    return _pressed(_pasted(pictures, strokes, writer.pen, rng), habits.shear, rng)


def _pasted(pictures: Sequence[_Placed], strokes: Sequence[Stroke], pen: Pen, rng: Rng) -> NDArray[np.uint8]:
    """Bitmaps and the strokes of the marks among them on one sheet: uint8 (H, W), ink 255."""
    pieces = [(one.x, 1 + one.dy - one.size * one.glyph.high, _enlarged(one)) for one in pictures]
    if strokes:
        ink = 255 - draw(strokes, SIZE, pen, rng)
        every = np.concatenate(strokes)
        corner, extent = every.min(0), np.ptp(every, axis=0)
        # ``draw`` adds the same margin on all sides.
        margin = (ink.shape[1] - int(np.ceil(extent[0] * SIZE))) // 2 / SIZE
        pieces.append((float(corner[0]) - margin, float(corner[1]) - margin, ink))
    left, top = min(x for x, _, _ in pieces), min(y for _, y, _ in pieces)
    places = [(round((y - top) * SIZE), round((x - left) * SIZE), ink) for x, y, ink in pieces]
    shape = [max(place[axis] + place[2].shape[axis] for place in places) for axis in (0, 1)]
    sheet = np.zeros(shape, np.uint8)
    for y, x, ink in places:
        under = sheet[y : y + ink.shape[0], x : x + ink.shape[1]]
        np.maximum(under, ink, out=under)
    return sheet


def _enlarged(one: _Placed) -> NDArray[np.uint8]:
    bitmap = one.glyph.bitmap
    assert bitmap is not None
    rows = max(3, round(SIZE * one.size * one.glyph.high))
    columns = max(2, round(rows * bitmap.shape[1] / bitmap.shape[0]))
    return np.asarray(cv2.resize(bitmap, (columns, rows), interpolation=cv2.INTER_CUBIC), np.uint8)


def _pressed(sheet: NDArray[np.uint8], shear: float, rng: Rng) -> Gray:
    """Ink 255 → clean line: sheared, all strokes made thicker or thinner alike, edges crisp again: ink on white 255."""
    rows, columns = sheet.shape
    wide = columns + int(np.ceil(abs(shear) * rows)) + 2
    turn = np.array([[1, -shear, max(shear, 0) * rows + 1], [0, 1, 1]], np.float64)
    sheet = np.asarray(cv2.warpAffine(sheet, turn, (wide, rows + 2), flags=cv2.INTER_LINEAR), np.uint8)
    if rng.random() < 0.25:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
        sheet = np.asarray((cv2.dilate, cv2.erode)[int(rng.random() < 0.6)](sheet, kernel), np.uint8)
    sheet = np.asarray(cv2.GaussianBlur(sheet, (0, 0), 1.2), np.uint8)
    middle, gain, ink = rng.uniform(70, 150), rng.uniform(1.5, 4), 1 - 0.7 * rng.beta(1.0, 2.5)
    levels = np.clip((np.arange(256) - middle) * gain + 128, 0, 255)
    return np.asarray(cv2.LUT(sheet, np.rint(255 - ink * levels).astype(np.uint8)), np.uint8)


def make_line(rng: Rng, part: Part, sources: Writers) -> tuple[Gray, str]:
    """A line as somebody's camera has it, uint8 (H, W) of either polarity, and what a reader should make of it."""
    written = texts.text(rng)
    clean = write_line(written, sources.writer(part, rng), rng)
    return grounds.photographed(clean, SIZE, rng), written


# ---- strips to train on

LINES = 5_000
"""Lines in one file: half a minute's work, 40 MB."""


@dataclass(frozen=True, slots=True)
class Strips:
    """Strips uint8 (48, sum of widths), 0 paper ... 255 ink, side by side; strip i begins at column ``offsets[i]`` and
    ends at ``offsets[i + 1]``; int64 (N + 1,). ``texts`` str (N,)."""

    ink: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    texts: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.texts)

    def strip(self, i: int) -> NDArray[np.uint8]:
        return self.ink[:, self.offsets[i] : self.offsets[i + 1]]


def make(folder: File, part: Part, count: int, seed: int) -> Strips:
    """``count`` lines through ``strip.py``, the same for a seed. Blank ones are drawn again."""
    cv2.setNumThreads(1)
    rng, sources = np.random.default_rng(seed), Writers(folder, seed)
    inks: list[NDArray[np.uint8]] = []
    written: list[str] = []
    while len(inks) < count:
        gray, label = make_line(rng, part, sources)
        found = strip.strip(gray)
        if found is not None:
            inks.append(augment.as_bytes(found.ink))
            written.append(label)
    widths = [ink.shape[1] for ink in inks]
    return Strips(np.concatenate(inks, axis=1), np.cumsum([0, *widths]), np.array(written))


def described() -> dict[str, Any]:
    """What must be the same for files of strips to be used again: the code that makes them."""
    modules = (strip, paper, grounds, texts, augment)
    code = b"".join(File(str(module.__file__)).read_bytes() for module in modules) + File(__file__).read_bytes()
    return {"shares": SHARES, "code": hashlib.sha256(code).hexdigest()}


def make_parts(folder: File, out: File, part: Part, parts: int, seed: int) -> list[File]:
    """Files of ``LINES`` strips each below ``out``, made by two processes; those that are there are kept.

    Raises UsageError where they were made by other code.
    """
    claim(out, described())
    paths = [out / f"lines-{part}-{seed}-{number:03d}.npz" for number in range(parts)]
    missing = [(path, number) for number, path in enumerate(paths) if not path.exists()]
    with workers(2) as pool:
        jobs = [pool.submit(_part, folder, path, part, seed * 1000 + number) for path, number in missing]
        for job in as_completed(jobs):
            job.result()
    return paths


def _part(folder: File, path: File, part: Part, seed: int) -> None:
    made = make(folder, part, LINES, seed)
    write_arrays(path, {"ink": made.ink, "offsets": made.offsets, "texts": made.texts})


def load_parts(paths: Sequence[File]) -> Strips:
    parts = [np.load(path) for path in paths]
    inks = np.concatenate([part["ink"] for part in parts], axis=1)
    widths = np.concatenate([np.diff(part["offsets"]) for part in parts])
    return Strips(inks, np.cumsum([0, *widths]), np.concatenate([part["texts"] for part in parts]))
