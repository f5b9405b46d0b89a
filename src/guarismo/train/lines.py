"""Lines of handwritten numbers for training the line model: how what ``texts.py`` says is written, by one writer each.

A writer gives a ``Glyph`` for a digit; ``_laid`` sets glyphs side by side as his line does; ``_inked`` inks them.
Labels are as written: one short dash after a sum is "-". What is not labelled is in ``affixes.py``,
``nonlines.py`` and ``grounds.py``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path as File
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from guarismo import signs, strip
from guarismo.files import claim, fingerprint, read_arrays, write_arrays
from guarismo.train import affixes, augment, fonts, grounds, nonlines, pool, texts, writers
from guarismo.train.pens import Pen, Stroke, draw, smooth
from guarismo.train.texts import Rng
from guarismo.train.writers import BAND, BANDS, HIGHEST, SHARES, Glyph, Part, Writer, Writers, stroked
from guarismo.types import Gray
from guarismo.workers import cores, run_all

SIZE = 44
"""Pixels of digit height at which lines are inked; a strip has 36. More costs time, and nothing of it is left."""


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
            space=rng.uniform(0.45, 1.0) + max(gap, 0),
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
    for run in ("".join(group) for _, group in groupby(written)):
        for piece in [run] if run[0] == "0" and chained else run:
            known = writer.write(piece, rng) if piece[0].isdigit() else None
            found.append((piece, known if known or piece == " " else stroked(marks.strokes(piece, rng))))
    return found


def _laid(glyphs: Sequence[tuple[str, Glyph | None]], habits: Habits, nib: float, rng: Rng) -> list[_Placed]:
    """Glyphs from left to right, each as near to all before it as its outline and the line's gap allow.

    ``nib`` is the pen's width where outlines are those of strokes' middles.
    """
    front, edge, before, extra, mark = np.full(BANDS, -np.inf), 0.0, 1.0, 0.0, False
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
        gap, wide = rng.normal(habits.gap, habits.loose) + extra, size * glyph.width
        if mark or not what.isdigit():
            # or overlapping digits swallow the points between them, and points are learnt where none can be seen
            gap = max(gap, rng.uniform(0.06, 0.13))
        gap = max(gap, -0.3 * min(wide, before))  # and a thin 1 lies upon its neighbour
        gap += nib if glyph.bitmap is None else 0.0
        tuck = TUCK if what in MARKS_BELOW else min(TUCK, 0.35 * wide)
        near = max(float(np.max(front - left)), edge - tuck) if placed else 0.0
        placed.append(_Placed(what, glyph, near + gap, dy, size))
        front = np.maximum(front, right + near + gap)
        edge, before, extra, mark = max(edge, near + gap + wide), wide, 0.0, not what.isdigit()
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
    if rng.random() < 0.05:  # at a tenth, ones with a long flag are taken for signs
        glyphs.insert(0, ("sign", stroked(affixes.sign(rng))))
    chance = rng.random()
    if chance < 0.06:
        glyphs += [(" ", None)] if rng.random() < 0.5 else []
        glyphs.append(("unit", stroked(affixes.unit(rng))))
    elif chance < 0.25 and not written.endswith("-"):  # after a dash it would be one with it
        glyphs.append(("fill", stroked(grounds.fill(writer.pen.width, rng))))
    placed = _laid(glyphs, habits, writer.pen.width, rng)
    strokes = [stroke for one in placed for stroke in one.strokes()]
    if writer.joins and rng.random() < 0.6:
        strokes += _ligatures(placed, rng)
    if rng.random() < 0.1:
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


SCANNED = 0.4
"""Share of lines on bare paper, undisturbed, as most of what people have: from disturbed ones alone the network learns
to guess."""

NO_NUMBER, WORDS = 0.08, 0.08
"""Shares of lines on which no number is written, and of those with a word or a unit beside it. Without fonts there are
none."""


def make_line(rng: Rng, part: Part, sources: Writers) -> tuple[Gray, str]:
    """A line as somebody's camera has it, uint8 (H, W) of either polarity, and what a reader should make of it: ""
    where no number is written."""
    chance, faces = rng.random(), fonts.found(fonts.HAND + fonts.PRINT if part == "train" else fonts.HELD_OUT)
    if faces and chance < NO_NUMBER:
        return grounds.photographed(nonlines.nonline(faces, SIZE, rng), SIZE, rng, SCANNED), ""
    written = texts.text(rng)
    clean = write_line(written, sources.writer(part, rng), rng)
    if faces and chance < NO_NUMBER + WORDS:
        clean = nonlines.beside(clean, faces, SIZE, rng)
    return grounds.photographed(clean, SIZE, rng, SCANNED), written


# ---- strips to train on

LINES = 5_000
"""Lines in one file: forty seconds' work, 42 MB."""

NARROWEST = 7
"""Columns for each character of a strip: the narrowest hand's have ten, and below seven it is a speck or a stamp."""


@dataclass(frozen=True, slots=True)
class Strips:
    """Strips uint8 (48, sum of widths), 0 paper ... 255 ink, side by side; strip i begins at column ``offsets[i]`` and
    ends at ``offsets[i + 1]``; int64 (N + 1,). ``texts`` str (N,). ``sharp`` are those of the same lines by
    ``strip.sharper``, where they were made: for what is not trained on."""

    ink: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    texts: NDArray[np.str_]
    sharp: Strips | None = None

    @classmethod
    def of(cls, inks: Sequence[NDArray[np.uint8]], texts: NDArray[np.str_], sharp: Strips | None = None) -> Strips:
        """Each uint8 (48, its width)."""
        return cls(np.concatenate(inks, axis=1), np.cumsum([0, *(ink.shape[1] for ink in inks)]), texts, sharp)

    def __len__(self) -> int:
        return len(self.texts)

    def strip(self, i: int) -> NDArray[np.uint8]:
        return self.ink[:, self.offsets[i] : self.offsets[i + 1]]


def make(folder: File, part: Part, count: int, seed: int) -> Strips:
    """``count`` lines through ``strip.py``, the same for a seed.

    Those that paper or print have swallowed are drawn again: blank, squeezed, or too narrow for what they say.
    """
    cv2.setNumThreads(1)
    rng, sources = np.random.default_rng(seed), Writers(folder, seed)
    inks: list[NDArray[np.uint8]] = []
    sharp: list[NDArray[np.uint8]] = []
    written: list[str] = []
    while len(inks) < count:
        gray, label = make_line(rng, part, sources)
        found = strip.strip(gray)
        if found is not None and found.squeeze == 1 and found.ink.shape[1] >= NARROWEST * len(label):
            inks.append(augment.as_bytes(found.ink))
            written.append(label)
            if part == "held_out":
                sharp.append(augment.as_bytes((strip.sharper(found, SHARP) or found).ink))
    texts_ = np.array(written)
    return Strips.of(inks, texts_, Strips.of(sharp, texts_) if sharp else None)


SHARP = 2.0
"""Share of a picture's detail that is added for a further look, by trial on lines of writers held out."""


def described() -> dict[str, Any]:
    """What must be the same for files of strips to be used again: the code that makes them."""
    return {"shares": SHARES, "code": fingerprint(*MADE_BY)}


MADE_BY = (sys.modules[__name__], strip, signs, affixes, grounds, texts, writers, nonlines, *pool.MADE_BY)
"""The modules whose code decides what is drawn."""


def make_parts(folder: File, out: File, part: Part, parts: int, seed: int) -> list[File]:
    """Files of ``LINES`` strips each below ``out``, made by a process on each core; those that are there are kept.

    Raises UsageError where they were made by other code.
    """
    claim(out, described(), "--lines")
    paths = [out / f"lines-{part}-{seed}-{number:03d}.npz" for number in range(parts)]
    missing = [(folder, path, part, seed * 1000 + number) for number, path in enumerate(paths) if not path.exists()]
    for _made in run_all(cores(), _part, missing):
        pass
    return paths


def _part(folder: File, path: File, part: Part, seed: int) -> None:
    made = make(folder, part, LINES, seed)
    arrays = {"ink": made.ink, "offsets": made.offsets, "texts": made.texts}
    if made.sharp is not None:
        arrays |= {"sharp_ink": made.sharp.ink, "sharp_offsets": made.sharp.offsets}
    write_arrays(path, arrays)


def load_parts(paths: Sequence[File]) -> Strips:
    """The strips of these files, in their order. Raises DataError where one cannot be read."""
    parts = [read_arrays(path, ("ink", "offsets", "texts")) for path in paths]
    texts_ = np.concatenate([part["texts"] for part in parts])

    def joined(ink: str, offsets: str, sharp: Strips | None = None) -> Strips:
        inks = np.concatenate([part[ink] for part in parts], axis=1)
        return Strips(inks, np.cumsum([0, *np.concatenate([np.diff(part[offsets]) for part in parts])]), texts_, sharp)

    with_sharp = all("sharp_ink" in part for part in parts)
    return joined("ink", "offsets", joined("sharp_ink", "sharp_offsets") if with_sharp else None)
