"""A pool of ink for training the digit model: digits of all sources, photographed, through ``ink.py``.

Making a picture costs more than training on it, so pictures are made once, kept as uint8, and bent a
little (``wiggle.py``) each time that they are seen.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from guarismo import cutout, framing, ink, paper, polarity, rings, shade
from guarismo.datasets import load_mnist, load_optdigits, load_pendigits, load_writers
from guarismo.files import claim, fingerprint, read_arrays, write_arrays
from guarismo.train import augment, fonts, forms_high, forms_low, nondigits, paths, pens, strokes
from guarismo.train.augment import Rng, as_bytes, photograph
from guarismo.types import Gray
from guarismo.workers import cores, run_all

NOT_A_DIGIT = 10
"""The label of everything that is no digit."""

SHARES = {
    "mnist": 0.24,
    "strokes": 0.32,
    "pendigits": 0.10,
    "optdigits": 0.05,
    "fonts": 0.09,
    "letters": 0.06,
    "nondigits": 0.14,
}
"""How often each source is drawn. MNIST also comes as it is, beside the pool; generated shapes have the
variety that it lacks; optdigits has 1,934 pictures only. "fonts" are digits in print and in handwriting fonts."""

BEND = {
    "mnist": 1.0,
    "strokes": 0.6,
    "pendigits": 0.8,
    "optdigits": 1.0,
    "fonts": 0.6,
    "letters": 0.8,
    "nondigits": 0.6,
}
"""Strength of the geometric changes: the stroke generator varies its shapes by itself."""

FAVOURED: dict[int, dict[str, float]] = {
    0: {"a": 0.12, "loop": 0.1, "curl": 0.1, "dip": 0.1},
    1: {"long_flag": 0.25, "arch": 0.25, "bar": 0.2},
    2: {"script": 0.12, "q": 0.18, "closed": 0.25},
    4: {"h": 0.15, "zigzag": 0.05, "low": 0.08},
    5: {"root": 0.14, "slim": 0.14},
    7: {"t": 0.1},
    9: {"open": 0.1, "stick": 0.18, "ribbon": 0.1, "p": 0.18},
}
"""Shapes drawn more often than by chance, which gives each of a digit's five to ten the same share: those that
MNIST lacks and that strangers write most."""

Draw = Callable[[Rng], tuple[Gray, int]]


@dataclass(frozen=True, slots=True)
class Pool:
    """uint8 (N, 28, 28), 0 paper ... 255 ink, and labels int64 (N,) in 0..10."""

    inks: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def where(self, rows: NDArray[np.bool_]) -> Pool:
        return Pool(self.inks[rows], self.labels[rows])


def held_out(folder: Path) -> NDArray[np.bool_]:
    """bool (60000,): the MNIST training digits of every twelfth writer, kept for selection and calibration."""
    writers = load_writers(folder)
    _, index = np.unique(writers, return_inverse=True)
    return np.asarray(index % 12 == 5, bool)


def sources(folder: Path, with_fonts: bool = True) -> dict[str, Draw]:
    """What can be drawn from, in the order of ``SHARES``: name → a function of a random generator that gives a
    clean picture and its label. Raises DatasetError, and UsageError where the fonts are not installed."""
    images, digits = load_mnist(folder), load_optdigits(folder)
    train = ~held_out(folder)
    drawers: dict[str, Draw] = {
        "mnist": _pictures(255 - images.train_images[train], images.train_labels[train], 56),
        "strokes": _strokes,
        "pendigits": pen_paths(folder, "tra"),
        "optdigits": _pictures(np.asarray(digits.images), digits.labels, 64),
    }
    if with_fonts:
        hand, printed = fonts.needed(fonts.HAND, 12), fonts.needed(fonts.PRINT, 15)
        drawers["fonts"] = _characters(hand + printed, "0123456789", int)
        drawers["letters"] = _characters(hand * 2 + printed, fonts.LETTERS, lambda _: NOT_A_DIGIT)
    return drawers | {"nondigits": lambda rng: (nondigits.nondigit(rng), NOT_A_DIGIT)}


def _characters(paths: list[Path], characters: str, label: Callable[[str], int]) -> Draw:
    def drawn(rng: Rng) -> tuple[Gray, int]:
        character = characters[int(rng.integers(len(characters)))]
        clean = fonts.letter(paths[int(rng.integers(len(paths)))], character, rng)
        if rng.random() < UNSHARP:  # as on a photo of a puzzle held too near
            reach = len(clean) * float(rng.uniform(0.02, 0.11))
            ring = int(2 * reach)
            clean = np.pad(clean, ring, constant_values=255)
            clean = np.asarray(cv2.GaussianBlur(clean, (0, 0), reach), np.uint8)
        return clean, label(character)

    return drawn


UNSHARP = 0.6
"""Share of a font's characters that are out of focus, by up to a tenth of their height: a printed 4 with its top
closed by blur is still a 4."""


def pen_paths(folder: Path, part: str) -> Draw:
    paths, labels = load_pendigits(folder, "tra" if part == "tra" else "tes")

    def drawn(rng: Rng) -> tuple[Gray, int]:
        i = int(rng.integers(len(paths)))
        upright = paths[i] / np.float32(100) * np.array([1, -1], np.float32) + np.array([0, 1], np.float32)
        return pens.draw([pens.smooth(upright)], int(rng.integers(44, 64)), pens.Pen.random(rng), rng), int(labels[i])

    return drawn


def _pictures(images: NDArray[np.uint8], labels: NDArray[Any], side: int) -> Draw:
    def drawn(rng: Rng) -> tuple[Gray, int]:
        i = int(rng.integers(len(images)))
        large = cv2.resize(images[i], (side, side), interpolation=cv2.INTER_CUBIC)
        return np.asarray(large, np.uint8), int(labels[i])

    return drawn


def _strokes(rng: Rng) -> tuple[Gray, int]:
    digit = int(rng.integers(10))
    form = None
    for name, share in FAVOURED.get(digit, {}).items():
        form = name if rng.random() < share else form
    sampled = rng.random() < SAMPLED
    if sampled and rng.random() < 0.6:
        form = DRAWN_ON.get(digit, form)
    written = strokes.Hand.random(rng).write(digit, rng, form)
    if sampled:
        written = [_sampled(strokes.dragged(written), rng)]
    if digit != 1 and rng.random() < (0.5 if sampled else SQUARED):
        written = _squared(written, rng)
    return pens.draw(written, int(rng.integers(44, 64)), pens.Pen.random(rng), rng), digit


SAMPLED = 0.1
"""Share of generated digits as slow tablets have them: one stroke of some eight to sixteen points, with no word of
where the pen was lifted. A crossed 7 has a loop then, and is not a 2."""


DRAWN_ON = {4: "bolt", 7: "crossed", 9: "five"}
"""Shapes that come most often of a pen that stays on its tablet."""


def _sampled(stroke: pens.Stroke, rng: Rng) -> pens.Stroke:
    leg = np.hypot(*np.diff(stroke, axis=0).T).sum()
    return pens.smooth(pens.resample(stroke, float(leg) / int(rng.integers(7, 16))))


SQUARED = 0.06
"""Share of generated digits that are stretched to a square, as digitizers and some scans have them; never a 1, whose
flag would lie down to the bar of a 7."""


def _squared(written: list[pens.Stroke], rng: Rng) -> list[pens.Stroke]:
    wide, high = np.ptp(np.concatenate(written), axis=0)
    stretch = np.array([high / max(wide, 0.3) * rng.uniform(0.85, 1.15), 1.0], np.float32)
    return [stroke * stretch for stroke in written]


@dataclass(frozen=True, slots=True)
class Made:
    """What a pool is made from: the data ``folder``, and whether fonts are drawn from."""

    folder: Path
    with_fonts: bool = True

    def described(self) -> dict[str, Any]:
        """What must be the same for a pool to be used again: sources, and how they become ink."""
        return {"fonts": self.with_fonts, "shares": SHARES, "code": fingerprint(*MADE_BY)}


MADE_BY = (
    sys.modules[__name__],
    framing,
    ink,
    paper,
    polarity,
    cutout,
    rings,
    shade,
    augment,
    fonts,
    nondigits,
    pens,
    strokes,
    forms_low,
    forms_high,
    paths,
)
"""The modules whose code decides what is drawn."""


def make(made: Made, count: int, seed: int) -> tuple[Pool, NDArray[np.str_]]:
    """``count`` pictures and the name of each one's source, the same for a seed. Blank ones, where the paper
    swallowed the ink, are drawn again."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng(seed)
    inks, labels, names = zip(*_inked(sources(made.folder, made.with_fonts), rng, count), strict=True)
    return Pool(np.stack(inks), np.array(labels, np.int64)), np.array(names)


def _inked(drawers: dict[str, Draw], rng: Rng, count: int) -> Iterator[tuple[NDArray[np.uint8], int, str]]:
    names = list(drawers)
    shares = np.array([SHARES[name] for name in names])
    while count:
        name = str(rng.choice(names, p=shares / shares.sum()))
        clean, label = drawers[name](rng)
        framed = ink.frame(photograph(clean, rng, BEND[name]))
        if framed.box is not None:
            count -= 1
            yield as_bytes(framed.ink), label, name


def make_parts(made: Made, out: Path, parts: int, seed: int) -> list[Path]:
    """Files of 10,000 pictures each below ``out``, made by a process on each core; those that are there are kept.

    Raises UsageError where they were made from other sources or by another ink.
    """
    claim(out, made.described(), "--pool")
    paths = [out / f"pool-{seed}-{part:03d}.npz" for part in range(parts)]
    missing = [(made, path, seed * 1000 + part) for part, path in enumerate(paths) if not path.exists()]
    for _made in run_all(cores(), _part, missing):
        pass
    return paths


def _part(made: Made, path: Path, seed: int) -> None:
    pool, names = make(made, 10_000, seed)
    write_arrays(path, {"inks": pool.inks, "labels": pool.labels, "sources": names})


def load_parts(paths: list[Path], without: tuple[str, ...] = ()) -> Pool:
    """The pictures of these files, less those from the sources ``without``."""
    parts = []
    for path in paths:
        part = read_arrays(path, ("inks", "labels", "sources"))
        parts.append(Pool(part["inks"], part["labels"]).where(~np.isin(part["sources"], without)))
    return Pool(np.concatenate([p.inks for p in parts]), np.concatenate([p.labels for p in parts]))
