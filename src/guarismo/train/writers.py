"""Who writes the lines of ``lines.py``: recorded people and made-up ones, each with a pen of his own.

A ``Writer`` gives a ``Glyph`` for a digit, in digit heights; ``Writers`` has them all, in two parts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from guarismo.datasets import load_mnist, load_optdigits, load_pendigits, load_writers
from guarismo.train.paths import Path, arc
from guarismo.train.pens import Pen, Stroke, smooth
from guarismo.train.pool import FAVOURED, held_out
from guarismo.train.strokes import Hand
from guarismo.train.texts import Rng

Part = Literal["train", "held_out"]

SHARES = {"hands": 0.51, "mnist": 0.31, "pendigits": 0.13, "optdigits": 0.05}
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


def stroked(strokes: Sequence[Stroke]) -> Glyph:
    every = np.concatenate(strokes)
    edge = np.array([every[:, 0].min(), 0], np.float32)
    return Glyph(tuple(stroke - edge for stroke in strokes), *_outline(every[:, 0] - edge[0], every[:, 1]))


def pictured(ink: NDArray[np.uint8]) -> Glyph:
    """A digit's bitmap, ink 255. The sets scale the longest side alike; here a wide 2 gets half of its height back."""
    rows, columns = np.flatnonzero(ink.max(1) > 60), np.flatnonzero(ink.max(0) > 60)
    cut = np.ascontiguousarray(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    high = (len(cut) / max(cut.shape)) ** 0.5
    y, x = np.nonzero(cut > 100)
    unit = high / len(cut)
    xs, ys = np.concatenate([x, x + 1]) * unit, 1 - high + (np.concatenate([y, y]) + 0.5) * unit
    return Glyph((), *_outline(xs, ys), cut, high)


@dataclass(frozen=True, slots=True)
class Writer:
    """One person with one pen: ``write`` gives a digit, or a chain of zeros where he ``joins``."""

    write: Callable[[str, Rng], Glyph]
    pen: Pen
    joins: bool = False


def _nine_p(d: Rng) -> list[Path]:
    """Like a P, or a Q: a ring closed from below, whose tail leaves it on the left, in the middle or across it."""
    start, wide, foot = d.uniform(190, 290), d.uniform(0.18, 0.32), d.uniform(-0.05, 0.4)
    ring = arc((wide, 0.26), (wide, 0.26), start, start - d.uniform(330, 390))
    end = ring[-1]
    return [[*ring, ((end[0] + foot) / 2 + d.uniform(-0.06, 0.06), 0.72), (foot, 1.0)]]


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
    "4": (0.10, _four_h),
    "5": (0.10, _five_s),
    "7": (0.18, _seven_plus),
    "9": (0.14, _nine_p),
}
"""Digit → share of the hands that write it so, and the shape. Alone on a picture they could be letters, so that
``strokes.py`` does not have them; among other digits people read them without a thought."""


def chain(zeros: int, d: Rng) -> list[Stroke]:
    """Zeros written without lifting the pen: one coil, or rings joined from head to head."""
    r, coil = d.uniform(0.22, 0.38), d.random() < 0.4
    step = r * (d.uniform(1.2, 1.9) if coil else d.uniform(1.9, 2.8))
    start, sizes = d.uniform(60, 110), np.exp(d.normal(0, 0.1, zeros + 2))
    turn = 360 if coil else d.uniform(335, 365)
    turns = [np.arange(start, start + turn - (0.1 if coil else -0.1), 30.0) for _ in range(zeros)]
    angle = np.deg2rad(np.concatenate(turns))
    along = np.concatenate([i + (turn_ - start) / 360 * coil for i, turn_ in enumerate(turns)])
    size = np.interp(along, np.arange(zeros + 2), sizes)
    x, y = step * along + r * size * np.cos(angle), 0.5 - 0.5 * size * np.sin(angle)
    return [smooth(np.stack([x, y], 1) * d.uniform(0.6, 1.0) + np.array([0.0, d.uniform(0, 0.2)]))]


class _Hands:
    """``count`` people of ``strokes.py``, the same for a seed. What they write is kept: writing costs the most."""

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
            strokes = chain(len(what), now)
        elif extra[int(what)] < share:
            strokes = [smooth(np.asarray(p) + now.normal(0, 0.015, (len(p), 2))) for p in shape(always)]
        else:
            strokes = hand.write(int(what), now, _favourite(int(what), always))
            return stroked(strokes)
        lean = np.array([[min(hand.aspect, 1.2), 0], [-np.tan(np.deg2rad(hand.slant)), 1]])
        return stroked([((s - (0, 1)) @ lean + (0, 1)).astype(np.float32) for s in strokes])


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
                self._kept[i] = pictured(self._images[i])
            return self._kept[i]

        return Writer(write, Pen(_breadth(write("1", rng)) * float(rng.uniform(0.85, 1.15)), pressure=0.1, softness=0))


def _breadth(glyph: Glyph) -> float:
    """Width of a bitmap's stroke, in digit heights. A strip of width w has a mean distance to its rim of w/4."""
    inside = cv2.distanceTransform(np.pad((glyph.bitmap > 100).astype(np.uint8), 1), cv2.DIST_L2, 3)  # type: ignore
    width = 4 * float(inside[inside > 0].mean()) - 1
    return width * glyph.high / float(len(inside))


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
            return glyphs.setdefault(i, glyphs.get(i) or stroked([smooth(upright[i])]))

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
        self._people: dict[Part, frozenset[int]] = {}
        sides: tuple[tuple[Part, NDArray[np.bool_], int], ...] = (("train", ~kept, 0), ("held_out", kept, 1))
        for part, mine, salt in sides:
            written = {int(one): _by_digit(digits, np.flatnonzero(who == one)) for one in np.unique(who[mine])}
            whole = {one: by_digit for one, by_digit in written.items() if all(map(len, by_digit))}
            a, b = (slice(0, int(0.9 * n)) if not salt else slice(int(0.9 * n), n) for n in (len(opt), len(labels)))
            self._people[part] = frozenset(whole)
            self._of[part] = {
                "hands": _Hands(2 * seed + salt, hands).writer,
                "mnist": _Pictures(images.train_images, list(whole.values())).writer,
                "pendigits": _pen_paths(paths[b], labels[b]),
                "optdigits": _Pictures(opt_images, [_by_digit(opt.labels, np.arange(len(opt))[a])]).writer,
            }

    def people(self, part: Part) -> frozenset[int]:
        """QMNIST's numbers of the writers of that part: those who wrote all ten digits."""
        return self._people[part]

    def writer(self, part: Part, rng: Rng) -> Writer:
        chance = rng.random() * sum(SHARES.values())
        names, edges = list(SHARES), np.cumsum(list(SHARES.values()))
        return self._of[part][names[int(np.searchsorted(edges[:-1], chance, side="right"))]](rng)
