"""Other people's digits, and what is no digit, through ``Reader``: writes results/strangers.json.

    python benchmarks/strangers.py                                      the bundled model, every set whole
    python benchmarks/strangers.py --model runs/mine --label "trained without optdigits" --sets optdigits
    python benchmarks/strangers.py --count 50 --name trial              fifty of each, in results/trial.json

Of the digits, ``optdigits`` and ``pendigits`` are strangers only to a model trained without these sources (writers of
pendigits' test part are in no training): say in ``--label`` whether it was. ``forms`` are of the generator that trains
too, and tell of regressions alone. Of the rest, ``letters`` are in fonts that no model has seen, and ``noise``, but for
its textures, is made here; the others come from the drawers that train, with other seeds. Every picture depends on its
set and number alone, so ``--count`` gives some of the same pictures.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import record
from numpy.typing import NDArray

from guarismo import Reader
from guarismo.datasets import Digits, load_optdigits, load_pendigits
from guarismo.errors import DatasetError
from guarismo.evaluate import figures as measure
from guarismo.mnist import data_folder
from guarismo.train import fonts, nondigits, pens, strokes
from guarismo.train.augment import photograph
from guarismo.types import Digit, Gray

Rng = np.random.Generator
Drawer = Callable[[Rng], Gray]

SEED = 20261
COUNT = 2000
"""Of each kind that is drawn: a share of 3 % is then known to 0.4 points (one standard error)."""

LIMIT = 0.03
"""Most of each kind of things that are no digits that may be accepted."""

AMBIGUOUS = {("Kristi.ttf", "G"), ("BecauseWeMentor-Regular.otf", "i")}
"""Held-out characters in the shape of a letter that ``fonts.LETTERS`` leaves out: a g, and a bare I. Found by looking
at the fonts, not at readings."""


def rng_of(name: str, number: int) -> Rng:
    """The dice of one picture, whatever else is drawn."""
    return np.random.default_rng([SEED, *name.encode(), number])


def folder() -> Path:
    found = data_folder()
    if found is None:
        raise DatasetError("{name}: not found; point GUARISMO_DATA to the folder that holds it", name="optdigits")
    return found


def some(total: int, count: int | None) -> list[int]:
    """Places of all of a set in its order, or of ``count`` spread over it."""
    places = list(range(total))
    if count is None or count >= total:
        return places
    return [int(place) for place in np.random.default_rng(SEED).permutation(total)[:count]]


def optdigits(count: int | None = None) -> Digits:
    """The bitmaps four times as large: 128x128, dark on light."""
    read = load_optdigits(folder())
    chosen = some(len(read), count)
    images = [cv2.resize(read.images[i], None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC) for i in chosen]
    return _digits("optdigits", [np.asarray(image, np.uint8) for image in images], read.labels[chosen], chosen)


def pendigits(count: int | None = None) -> Digits:
    """The paths of pendigits' test part, each with a pen of its own.

    They come as eight points in a square, with what was drawn in the air as ink: a crossed 7 may look like a 2 to
    anyone, so some mistakes are nobody's fault.
    """
    paths, labels = load_pendigits(folder(), "tes")
    chosen = some(len(paths), count)
    images = [_by_pen(paths[i], rng_of("pendigits", i)) for i in chosen]
    return _digits("pendigits", images, labels[chosen], chosen)


def _by_pen(path: NDArray[np.float32], rng: Rng) -> Gray:
    """As ``pool.pen_paths`` draws them, which cannot be told which path to take."""
    upright = path / np.float32(100) * np.array([1, -1], np.float32) + np.array([0, 1], np.float32)
    return pens.draw([pens.smooth(upright)], int(rng.integers(44, 64)), pens.Pen.random(rng), rng)


def forms(count: int | None = None) -> Digits:
    """Digits of the stroke generator: a hand and a pen for each, 0 to 9 in turn."""
    numbers = list(range(COUNT if count is None else count))
    images = [_by_hand(number % 10, rng_of("forms", number)) for number in numbers]
    return _digits("forms", images, np.array(numbers, np.int64) % 10, numbers)


def _by_hand(digit: int, rng: Rng) -> Gray:
    written = strokes.Hand.random(rng).write(digit, rng)
    return pens.draw(written, int(rng.integers(44, 64)), pens.Pen.random(rng), rng)


def _digits(name: str, images: list[Gray], labels: NDArray[np.int64], places: Sequence[int]) -> Digits:
    return Digits(tuple(images), labels, tuple(f"{name}#{place}" for place in places))


DIGITS: Final[dict[str, Callable[[int | None], Digits]]] = {
    "optdigits": optdigits,
    "pendigits": pendigits,
    "forms": forms,
}


def _shape(rng: Rng) -> tuple[int, int]:
    """Rows and columns of about the same number: a narrow strip of noise on white paper is a 1."""
    rows = rng.uniform(28, 160)
    return round(rows), round(rows * rng.uniform(0.7, 1.5))


def _bytes(values: NDArray[Any]) -> Gray:
    return np.asarray(np.rint(np.clip(values, 0, 255)), np.uint8)


def _grain(rng: Rng) -> Gray:
    """A wall in fair light: one grey and a camera's noise."""
    return _bytes(rng.normal(rng.uniform(40, 215), rng.uniform(3, 40), _shape(rng)))


def _snow(rng: Rng) -> Gray:
    """A television without a station."""
    return np.asarray(rng.integers(0, 256, _shape(rng)), np.uint8)


def _pepper(rng: Rng) -> Gray:
    """Black grains on white."""
    return np.where(rng.random(_shape(rng)) < rng.uniform(0.02, 0.5), 0, 255).astype(np.uint8)


def _photons(rng: Rng) -> Gray:
    """A photo in the dark."""
    return _bytes(rng.poisson(rng.uniform(0.3, 6), _shape(rng)) * rng.uniform(10, 60))


def _clouds(rng: Rng) -> Gray:
    """Noise out of focus, in all its range of greys."""
    rows, columns = _shape(rng)
    blurred = cv2.GaussianBlur(rng.normal(size=(rows, columns)), (0, 0), float(rng.uniform(1, 12)))
    return np.asarray(cv2.normalize(blurred, None, 0, 255, cv2.NORM_MINMAX), np.uint8)  # type: ignore[call-overload]


def _stripes(rng: Rng) -> Gray:
    """Cloth, blinds, a screen: waves in any direction, under some noise."""
    rows, columns = _shape(rng)
    y, x = np.mgrid[:rows, :columns]
    angle, period = rng.uniform(0, np.pi), rng.uniform(4, 40)
    wave = np.cos(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / period)
    return _bytes(128 + 90 * wave + rng.normal(0, rng.uniform(0, 25), (rows, columns)))


def _half(rng: Rng) -> Gray:
    """A piece of a digit, but for those that are one: the stem of a 4 is a 1, and the head of an 8 a 0."""
    while _is_bar_or_ring(piece := nondigits._half(rng)):
        pass
    return piece


def _is_bar_or_ring(piece: Gray) -> bool:
    """All ink in a box, however turned, three times as long as it is wide; or around a tenth of its box."""
    ink = np.asarray(piece < (255 + int(piece.min())) / 2, np.uint8)
    if not ink.any():
        return False
    contours, tree = cv2.findContours(ink, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    (_, (one, another), _) = cv2.minAreaRect(np.concatenate(contours))
    holes = [cv2.contourArea(c) for c, (*_, parent) in zip(contours, tree[0].tolist(), strict=True) if parent >= 0]
    return 3 * min(one, another) < max(one, another) or max(holes, default=0.0) > 0.1 * one * another


OTHERS: Final[dict[str, dict[str, Drawer]]] = {
    "scribbles": {"scribble": nondigits._scribble, "figure": nondigits._figures},
    "noise": {
        "grain": _grain,
        "snow": _snow,
        "pepper": _pepper,
        "photons": _photons,
        "clouds": _clouds,
        "stripes": _stripes,
        "texture": nondigits._texture,
    },
    "marks": {"mark": nondigits._marks, "dots": nondigits._dots},
    "several": {"digits": nondigits._digits_together},
    "halves": {"half": _half},
}
"""Set → what is in it, in turn → how one is drawn. ``letters`` come beside them."""

SETS = (*DIGITS, *OTHERS, "letters")


@lru_cache(maxsize=1)
def characters() -> tuple[tuple[Path, str], ...]:
    """Each letter in each font held out, shuffled, so that the first ones are of all fonts.

    Raises UsageError where a font is missing: with fewer it is another benchmark.
    """
    paths = fonts.needed(fonts.HELD_OUT, len(fonts.HELD_OUT))
    letters = [letter for letter in fonts.LETTERS if letter.isalpha()]
    every = [(path, letter) for path in paths for letter in letters if (path.name, letter) not in AMBIGUOUS]
    return tuple(every[i] for i in np.random.default_rng(SEED).permutation(len(every)))


def other(name: str, number: int) -> tuple[Gray, str]:
    """Picture ``number`` of a set of things that are no digits, and what it is; every second one photographed."""
    rng = rng_of(name, number)
    if name == "letters":
        every = characters()
        path, what = every[number % len(every)]
        clean = fonts.letter(path, what, rng)
    else:
        drawers = OTHERS[name]
        what = list(drawers)[number % len(drawers)]
        clean = drawers[what](rng)
    return (photograph(clean, rng) if rng.random() < 0.5 else clean), what


def digits_row(reader: Reader, digits: Digits) -> dict[str, Any]:
    """n, share right, share ``read``, share of wrong ones among those, and the five commonest confusions."""
    read = reader.digits(digits.images)
    found = measure(read, digits.labels).to_dict()
    pairs = zip(digits.labels.tolist(), read, strict=True)
    wrong = Counter((label, digit.value) for label, digit in pairs if digit.value != label)
    return {
        "n": len(read),
        **{key: found[key] for key in ("accuracy", "read", "wrong_read", "not_a_digit")},
        "confusions": [{"label": label, "value": value, "n": n} for (label, value), n in wrong.most_common(5)],
    }


def others_row(reader: Reader, name: str, count: int) -> dict[str, Any]:
    """n, share accepted as ``read``, and what was accepted as which digit the most."""
    pictures, what = zip(*(other(name, number) for number in range(count)), strict=True)
    read = reader.digits(pictures)
    accepted = Counter((thing, digit.value) for thing, digit in zip(what, read, strict=True) if _accepted(digit))
    share = accepted.total() / count
    return {
        "n": count,
        "read": round(share, 6),
        "within_limit": share <= LIMIT,
        "accepted": [{"what": thing, "value": value, "n": n} for (thing, value), n in accepted.most_common(10)],
    }


def _accepted(digit: Digit) -> bool:
    return digit.status == "read"


def rows(reader: Reader, names: Sequence[str], count: int | None) -> dict[str, dict[str, Any]]:
    """A row for each set, digits and others apart."""
    found: dict[str, dict[str, Any]] = {"digits": {}, "others": {}}
    for name in names:
        if name in DIGITS:
            found["digits"][name] = digits_row(reader, DIGITS[name](count))
        else:
            found["others"][name] = others_row(reader, name, COUNT if count is None else count)
        print(name, "done", flush=True)
    return found


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := [name for name in names if name not in SETS]:
        raise argparse.ArgumentTypeError(f"no set {', '.join(unknown)}; there are {', '.join(SETS)}")
    return names


def positive(text: str) -> int:
    if int(text) < 1:
        raise ValueError(text)
    return int(text)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", help="a model directory; the bundled one otherwise")
    parser.add_argument("--sets", type=_names, default=list(SETS), help="names with commas: " + ",".join(SETS))
    parser.add_argument("--count", type=positive, help="at most so many of each set")
    parser.add_argument("--label", default="", help="what to know of the model: what it was trained without")
    parser.add_argument("--name", default="strangers", help="of the file in benchmarks/results")
    words = sys.argv[1:] if arguments is None else list(arguments)
    given = parser.parse_args(words)
    cv2.setNumThreads(1)
    reader = Reader(given.model, threads=1)
    began = time.perf_counter()
    found = rows(reader, given.sets, given.count)
    record.write(
        given.name,
        {
            "command": shlex.join(["python", "benchmarks/strangers.py", *words]),
            "model": reader.model.to_dict(),
            "label": given.label,
            "seed": SEED,
            "limit": LIMIT,
            "fonts": sorted({path.name for path, _ in characters()}) if "letters" in given.sets else [],
            **found,
            "seconds": round(time.perf_counter() - began, 1),
        },
    )


if __name__ == "__main__":
    main()
