"""Lines without a number: words, signatures, drawings, cloth; and words and units beside a number, which are to be left
out."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw

from guarismo.train import fonts, nondigits, pens
from guarismo.types import Gray

Rng = np.random.Generator

CONSONANTS, VOWELS = "bcdfghjklmnprstvz", "aeiou"
SHAPES = ("vc", "cv", "cvc", "cvcv", "cvccv", "vccv", "cvcvc", "cvcvcv", "cvccvcv", "cvcvcvc")


def word(rng: Rng) -> str:
    """Something that could be a word, in small letters, with a capital, or in capitals."""
    shape = SHAPES[int(rng.integers(len(SHAPES)))]
    letters = "".join(str(rng.choice(list(VOWELS if place == "v" else CONSONANTS))) for place in shape)
    cases = (letters, letters.capitalize(), letters.upper())
    return cases[int(rng.choice(3, p=[0.55, 0.3, 0.15]))]


def written(text: str, path: Path, size: int, rng: Rng) -> Gray:
    """Text in a font, about ``size`` pixels high: uint8 (H, W), black on white 255, without a margin."""
    font = fonts.font(path, size)
    bold = int(rng.choice([0, 0, 0, 1, 2]))
    left, top, right, bottom = (round(side) for side in font.getbbox(text, stroke_width=bold))
    canvas = Image.new("L", (max(right - left, 2), max(bottom - top, 2)), 255)
    ImageDraw.Draw(canvas).text((-left, -top), text, 0, font, stroke_width=bold)
    return np.asarray(canvas, np.uint8)


def nonline(paths: list[Path], size: int, rng: Rng) -> Gray:
    """A clean line without a number: uint8 (H, W), ink on white 255, about ``size`` pixels high."""
    chance = rng.random()
    if chance < 0.5:
        words = " ".join(word(rng) for _ in range(int(rng.integers(1, 4))))
        return written(words, paths[int(rng.integers(len(paths)))], size, rng)
    if chance < 0.8:
        return _signature(size, rng)
    gray = nondigits.drawing(rng)
    high = round(size * rng.uniform(0.8, 1.6))
    wide = max(2, round(high * gray.shape[1] / gray.shape[0] * rng.uniform(1, 4)))
    return np.asarray(cv2.resize(gray, (wide, high), interpolation=cv2.INTER_AREA), np.uint8)


def _signature(size: int, rng: Rng) -> Gray:
    """A pen that runs to the right in loops and waves that are no letters, sometimes with a flourish below."""
    count = int(rng.integers(8, 30))
    x = np.cumsum(rng.uniform(-0.12, 0.35, count))
    y = 0.5 + np.cumsum(rng.normal(0, 0.1, count)) * 0.3 + rng.choice([-1, 1], count) * rng.uniform(0.05, 0.5, count)
    strokes = [pens.smooth(np.stack([x, y], 1))]
    if rng.random() < 0.4:
        ends = np.linspace(x[0], x[-1], 5)
        strokes.append(pens.smooth(np.stack([ends, 1.1 + rng.normal(0, 0.06, 5)], 1)))
    return pens.draw(strokes, size, pens.Pen.random(rng), rng)


UNITS = (
    "kg", "kg", "cm", "cm", "m", "mm", "km", "ml", "min", "h", "h", "hrs", "kr", "V", "A", "mA", "W", "kW", "kWh", "Hz",
    "dB", "Pa", "hPa", "bar", "ppm", "rpm", "pts", "EUR", "USD", "CHF", "Uhr", "%", "%",
)  # fmt: skip
"""Units in letters, without those that are digits to the eye where nothing else is beside them: l, s, g, b, o."""

NUMBERED = ("No", "No.", "Nr", "Nr.", "Fr.", "Rs", "kr", "p.", "pag.", "Tel.", "x=", "T=", "n=", "m:", "EUR", "CHF")
"""What stands before a number and is near it."""


def beside(line: Gray, paths: list[Path], size: int, rng: Rng) -> Gray:
    """A clean line with a word, or something shorter that is nearer, before or after its number; a reader leaves it
    out."""
    near, before = rng.random() < 0.5, rng.random() < 0.6
    if near:
        before = rng.random() < 0.3
        label, gap = str(rng.choice(NUMBERED if before else UNITS)), size * rng.uniform(0.12, 0.7)
    else:
        label, gap = word(rng) + str(rng.choice(["", "", ":", "."])), size * rng.uniform(0.4, 1.5)
    high = round(size * rng.uniform(0.8, 1.3)) if near else size
    words = written(label, paths[int(rng.integers(len(paths)))], high, rng)
    if rng.random() < 0.5:  # by the same pen
        words = np.maximum(words, line.min())
    pieces = [words, line] if before else [line, words]
    high = max(piece.shape[0] for piece in pieces)
    sheets = [np.pad(piece, ((high - len(piece), 0), (0, round(gap))), constant_values=255) for piece in pieces]
    return np.concatenate(sheets, axis=1)[:, : -round(gap)]
