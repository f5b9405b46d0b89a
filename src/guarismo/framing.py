"""How a digit's ink lies on its sheet of 28x28, as MNIST's digits do: scaled, thickened, centred; and leaning."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from guarismo.types import Box, Ink, Inks

SIDE = 28
"""MNIST: 28x28 pictures, the digit's longest side scaled to 20, its centre of mass in the middle
(LeCun, Bottou, Bengio, Haffner 1998, "Gradient-based learning applied to document recognition")."""
LONGEST = 20
CENTRE = 14.0

THINNEST = 1.7
"""Strokes thinner than this, in pixels of the 28x28 picture, are thickened. MNIST's thinnest are
about 1.5 to 2; a hairline left as it is fades to a fifth of its darkness when scaled down."""


def place(ink: NDArray[np.float32], mask: NDArray[np.bool_], box: Box) -> Ink:
    """Scale the writing's longest side to 20 and put its centre of mass in the middle of 28x28."""
    scale = LONGEST / max(box.width, box.height)
    ink = _thicken(ink, mask, scale)
    cut = ink[box.top : box.bottom, box.left : box.right]
    size = (max(1, round(box.width * scale)), max(1, round(box.height * scale)))
    if size != cut.shape[::-1]:
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        cut = np.asarray(cv2.resize(cut, size, interpolation=way), np.float32)
    cut = np.clip(cut / max(float(cut.max()), 1e-6), 0, 1)
    ink = _centred(np.asarray(cut, np.float32))
    ink.flags.writeable = False
    return ink


def _thicken(ink: NDArray[np.float32], mask: NDArray[np.bool_], scale: float) -> NDArray[np.float32]:
    """Hairlines to the width that survives scaling down. A strip of width w has a mean distance to its rim of w/4."""
    if scale >= 1:
        return ink
    inside = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 3)
    width = 4 * float(inside[inside > 0].mean()) - 1
    missing = round(THINNEST / scale - width)
    if missing < 1:
        return ink
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (missing + 1, missing + 1))
    return np.asarray(cv2.dilate(ink, kernel), np.float32)


def _centred(cut: NDArray[np.float32]) -> Ink:
    """``cut`` (at most 20x20) on a 28x28 sheet, moved by whole pixels as MNIST's digits were."""
    rows, columns = cut.shape
    mass = float(cut.sum())
    y = float(cut.sum(1) @ np.arange(rows, dtype=np.float32)) / mass
    x = float(cut.sum(0) @ np.arange(columns, dtype=np.float32)) / mass
    top = min(max(round(CENTRE - y), 0), SIDE - rows)
    left = min(max(round(CENTRE - x), 0), SIDE - columns)
    ink = np.zeros((SIDE, SIDE), np.float32)
    ink[top : top + rows, left : left + columns] = cut
    return ink


def already_framed(stack: NDArray[np.uint8]) -> tuple[Inks, NDArray[np.bool_]]:
    """Which of uint8 (N, 28, 28) are framed as MNIST's are, and their ink, whatever the polarity.

    MNIST's 70,000 digits all pass: longest side 19 or 20, centre of mass within half a pixel of 14,
    darkest pixel 254 or 255, paper exactly 0.
    """
    inks = np.where((stack[:, :1, :1] < 128), stack, 255 - stack).astype(np.float32) / np.float32(255)
    rows, columns = inks.sum(2), inks.sum(1)
    longest = np.maximum(_extent(rows), _extent(columns))
    places = np.arange(SIDE, dtype=np.float32)
    mass = np.maximum(rows.sum(1), np.float32(1e-6))
    off_centre = np.maximum(np.abs(rows @ places / mass - CENTRE), np.abs(columns @ places / mass - CENTRE))
    peak = inks.reshape(len(inks), -1).max(1)
    good = (longest >= LONGEST - 1) & (longest <= LONGEST) & (off_centre <= 0.52) & (peak >= 254 / 255)
    return inks, good


def _extent(profile: NDArray[np.float32]) -> NDArray[np.int64]:
    """Length from the first to the last place with ink, for profiles float32 (N, 28)."""
    there = profile > 0
    length = SIDE - there.argmax(1) - there[:, ::-1].argmax(1)
    return np.asarray(np.where(there.any(1), length, 0), np.int64)


LEANINGS = (-0.2, 0.2)
"""Of further looks at ink alone: how far it leans, to the right and to the left, in rows to a row. Of bent looks at
digits of writers held out these bring most: 27 wrong of the doubtful without, 22 with them (docs/LOG.md)."""


def leaning(ink: Ink) -> list[Ink]:
    """Framed ink (28, 28) leaning otherwise, as ``LEANINGS`` says: further looks where there is no picture to go back
    to."""
    middle = (SIDE - 1) / 2
    turns = (np.array([[1, lean, -lean * middle], [0, 1, 0]], np.float32) for lean in LEANINGS)
    return [np.asarray(cv2.warpAffine(ink, turn, (SIDE, SIDE)), np.float32) for turn in turns]
