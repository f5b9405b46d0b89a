"""Things that are not digits, as clean pictures: what people give to a digit reader all the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np

from guarismo.train.fonts import LETTERS
from guarismo.train.pens import Pen, Stroke, draw, smooth
from guarismo.train.strokes import Hand
from guarismo.types import Gray

Rng = np.random.Generator

_FACES = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
    cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
)


def nondigit(rng: Rng) -> Gray:
    """Something that is no digit, uint8 (H, W), dark ink on white paper 255."""
    return _KINDS[int(rng.integers(len(_KINDS)))](rng)


def drawing(rng: Rng) -> Gray:
    """Of these, what is no letter, mark or digit: scribbles, figures, textures."""
    return (_scribble, _figures, _texture)[int(rng.integers(3))](rng)


def _drawn(strokes: Sequence[Stroke], rng: Rng) -> Gray:
    return draw(list(strokes), int(rng.integers(40, 72)), Pen.random(rng), rng)


def _letter(rng: Rng) -> Gray:
    """In OpenCV's own faces, which are on every machine; ``fonts.py`` has the many others."""
    face = int(rng.choice(_FACES)) | (cv2.FONT_ITALIC if rng.random() < 0.3 else 0)
    canvas = np.full((96, 96), 255, np.uint8)
    letter = LETTERS[int(rng.integers(len(LETTERS)))]
    cv2.putText(canvas, letter, (22, 66), face, 1.8, 0, int(rng.integers(1, 7)), cv2.LINE_AA)
    return canvas


def _scribble(rng: Rng) -> Gray:
    """A line that goes to and fro: a signature, a crossing-out, a child's drawing."""
    strokes = []
    for _ in range(int(rng.integers(1, 4))):
        count = int(rng.integers(5, 14))
        path = np.cumsum(rng.normal(0, 0.35, (count, 2)), 0) * rng.uniform(0.4, 1, 2)
        path = (path - path.min(0)) / max(float(np.ptp(path, axis=0).max()), 1e-3)
        strokes.append(smooth(path))
    return _drawn(strokes, rng)


def _marks(rng: Rng) -> Gray:
    """Crosses, ticks, plus signs, arrows, double lines, brackets, carets: two or three straight strokes."""
    a, b, c = (float(v) for v in rng.uniform(0.6, 1.0, 3))
    kinds: tuple[list[list[tuple[float, float]]], ...] = (
        [[(0, 0), (a, b)], [(a, 0), (0, c)]],  # cross
        [[(0, 0.5), (0.3 * a, b), (b, 0)]],  # tick
        [[(0, 0.5), (a, 0.5)], [(a / 2, 0), (a / 2, b)]],  # plus
        [[(0, 0.35), (a, 0.35)], [(0, 0.65), (b, 0.65)]],  # equals
        [[(0, 0.5), (a, 0.5)]],  # dash
        [[(a / 2, 0), (0, b), (a, b), (a / 2, 0)]],  # triangle
        [[(0, 0), (a, 0), (a, b), (0, b), (0, 0)]],  # box
        [[(0, b), (a, b), (a, 0)]],  # box corner
        [[(0, 0), (0, b)], [(0.4 * a, 0), (0.4 * a, c)]],  # double stroke
        [[(0, 0), (0, b)], [(0.4, 0), (0.4, c)], [(0.8, 0), (0.8, a)]],  # tally
        [[(0, 0.5), (a, 0.5)], [(0.6 * a, 0.2), (a, 0.5), (0.6 * a, 0.8)]],  # arrow
        [[(0, 0), (a / 2, b), (a, 0), (1.4 * a, b)]],  # zigzag
        [[(0, b), (a / 4, 0), (a / 2, b), (3 * a / 4, 0), (a, b)]],  # m
        [[(0, 0), (0.5 * a, b)]],  # backslash: no hand leans its ones so far back
        [[(0, 0), (a / 2, b), (a, 0)]],  # v
        [[(0, b), (a / 2, 0), (a, b)]],  # caret
        [[(0, 0), (a, 0)], [(0, 0.4), (b, 0.4)], [(0, 0.8), (c, 0.8)]],  # three bars
        [[(0, 0), (a, b)], [(a, 0), (0, b)], [(a / 2, -0.1), (a / 2, 1)], [(-0.1, 0.5), (1, 0.5)]],  # asterisk
        [[(0, 0.2), (a, 0.2)], [(0, 0.7), (b, 0.7)], [(0.3, 0), (0.25, 1)], [(0.7, 0), (0.65, 1)]],  # hash
        [[(0.4, 0), (0, 0), (0, b), (0.4, b)]],  # bracket
    )
    chosen = kinds[int(rng.integers(len(kinds)))]
    strokes = [_straight(stroke, rng) for stroke in chosen]
    return _drawn(strokes, rng)


def _straight(points: list[tuple[float, float]], rng: Rng) -> Stroke:
    jitter = np.asarray(points, np.float32) + rng.normal(0, 0.03, (len(points), 2)).astype(np.float32)
    return np.asarray(np.repeat(jitter, 2, axis=0), np.float32)


def _figures(rng: Rng) -> Gray:
    """What else people draw to try it: a face, a heart, a spiral, a lying eight, a sun, a flower, a wave."""
    turn = np.linspace(0, 2 * np.pi, 24)
    circle = np.stack([np.cos(turn), np.sin(turn)], 1)
    wide, high = rng.uniform(0.7, 1.2, 2)
    mouth = np.stack([0.5 * np.cos(turn[1:12]), rng.choice([-1, 1]) * 0.4 * np.sin(turn[1:12]) + 0.15], 1)
    eyes = [[(side * 0.35, -0.4), (side * 0.35, -0.25)] for side in (-1, 1)]
    heart = np.stack([np.sin(turn) ** 3, -(13 * np.cos(turn) - 5 * np.cos(2 * turn) - 2 * np.cos(3 * turn)) / 16], 1)
    rays = [[(0.6 * x, 0.6 * y), (x, y)] for x, y in circle[:: int(rng.integers(2, 5))]]
    grow = np.linspace(0.1, 1, 40)
    winds = 2 * np.pi * rng.uniform(2, 3.5) * grow
    waves = np.linspace(-1, 1, 30)
    kinds: list[list[Any]] = [
        [circle, mouth, *eyes],
        [heart],
        [np.stack([grow * np.cos(winds), grow * np.sin(winds)], 1)],  # spiral
        [np.stack([np.cos(turn), 0.45 * np.sin(2 * turn)], 1)],  # lying eight
        [0.5 * circle, *rays],  # sun
        [circle * (0.7 + 0.3 * np.cos(int(rng.integers(3, 7)) * turn))[:, None]],  # flower, star
        [np.stack([waves, 0.25 * np.sin(np.pi * rng.integers(2, 5) * waves)], 1)],  # wave
    ]
    chosen = kinds[int(rng.integers(len(kinds)))]
    shape = np.array([wide, high]) / 2
    bent = [np.asarray(stroke) * shape + rng.normal(0, 0.02, (len(stroke), 2)) for stroke in chosen]
    return _drawn([smooth(stroke) for stroke in bent], rng)


def _sideways(rng: Rng) -> Gray:
    """A digit turned by a quarter: the picture's fault, and nothing to guess at. Others turn into digits or nearly."""
    whole = _drawn(Hand.random(rng).write(int(rng.choice([3, 4])), rng), rng)
    return np.ascontiguousarray(np.rot90(whole, int(rng.choice([1, 3]))))


def _dots(rng: Rng) -> Gray:
    """One to four dots or commas."""
    canvas = np.full((64, 64), 255, np.uint8)
    for _ in range(int(rng.integers(1, 5))):
        x, y = (int(v) for v in rng.integers(16, 48, 2))
        axes = (int(rng.integers(2, 6)), int(rng.integers(2, 9)))
        cv2.ellipse(canvas, (x, y), axes, float(rng.uniform(0, 180)), 0, 360, 0, -1, cv2.LINE_AA)
    return canvas


def _digits_together(rng: Rng) -> Gray:
    """Two or three digits at once, side by side or touching."""
    hand, strokes, right = Hand.random(rng), [], 0.0
    for _ in range(int(rng.integers(2, 4))):
        digit = 1 if rng.random() < 0.3 else int(rng.integers(10))  # a bar is what is most easily overlooked
        written = hand.write(digit, rng)
        strokes += [stroke + np.array([right, 0], np.float32) for stroke in written]
        right = max(float(stroke[:, 0].max()) for stroke in strokes) + rng.uniform(-0.05, 0.25)
    return _drawn(strokes, rng)


def _half(rng: Rng) -> Gray:
    """A piece of a digit that no one could name: a third or less of it, cut off by the edge."""
    whole = _drawn(Hand.random(rng).write(int(rng.choice([0, 2, 3, 4, 5, 6, 8, 9])), rng), rng)
    rows, columns = whole.shape
    share = rng.uniform(0.3, 0.42)
    if rng.random() < 0.5:
        return whole[: int(rows * share)] if rng.random() < 0.5 else whole[rows - int(rows * share) :]
    return whole[:, : int(columns * share)] if rng.random() < 0.5 else whole[:, columns - int(columns * share) :]


def _texture(rng: Rng) -> Gray:
    """Cloth, leaves, walls, faces out of focus: smooth noise at several scales, no writing at all."""
    size = 64
    field = np.zeros((size, size), np.float32)
    for cells in (4, 8, 16, 32):
        coarse = rng.normal(size=(cells, cells)).astype(np.float32) * np.float32(rng.uniform(0, 1))
        field += cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)
    if rng.random() < 0.5:
        field = np.asarray((field > np.quantile(field, rng.uniform(0.5, 0.9))), np.float32)
    low, high = float(field.min()), float(field.max())
    return np.asarray(255 - (field - low) / max(high - low, 1e-6) * 255, np.uint8)


_KINDS: tuple[Callable[[Rng], Gray], ...] = (
    _letter,
    *[_scribble] * 3,
    *[_marks] * 3,
    *[_figures] * 2,
    _dots,
    *[_digits_together] * 5,
    _half,
    _sideways,
    _texture,
)
