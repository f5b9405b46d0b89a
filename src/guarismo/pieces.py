"""A line's ink cut where paper parts it: one by one, what the digit network says of its pieces.

The line network needs no cutting, and reads what touches. Where digits stand apart, though, the digit network knows
each of them better. Both together err half as often as the line network alone on such lines (docs/decisions/017).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from guarismo.framing import leaning, place
from guarismo.strip import FILLED, HEIGHT, rules
from guarismo.types import Box, Ink

LEVEL = 0.3
"""Ink of a strip from which on it hangs together."""

TALL, LEAST = round(0.36 * FILLED), 20
"""Rows and pixels of what may be a digit by itself. Lower are marks, and parts of the digit above or below them."""

SPECK = 6
"""Pixels of the smallest part of a digit that counts: the bar of a five that is written apart."""


def pieces(ink: NDArray[np.float32]) -> list[Ink]:
    """What stands apart on a strip's ink (48, W), from left to right, each framed as one digit is: float32 (28, 28).

    Strokes one above the other are one piece, printed rules and what is too low for a digit none.
    """
    mask = (ink > LEVEL).astype(np.uint8)
    mask &= ~rules(mask)
    _count, labels, stats, _centres = cv2.connectedComponentsWithStats(mask, connectivity=8)
    boxes: list[list[int]] = stats[1:].tolist()
    return [_framed(ink, labels, boxes, numbers) for numbers in _together(boxes)]


def further(piece: Ink) -> list[Ink]:
    """Further looks at a piece: with steeper edges, for what was scaled up and down again is softer than the digits
    that the network knows best; and leaning so."""
    crisp = np.asarray(np.clip(2 * piece - cv2.GaussianBlur(piece, (0, 0), SOFT), 0, 1), np.float32)
    return [crisp, *leaning(crisp)]


SOFT = 0.7
"""Of the blur that takes a piece's edges, in pixels of 28x28: half of a thin stroke. 0.7 and 1.0 are alike on digits of
writers held out (docs/LOG.md); nothing beside these was tried."""


def _framed(
    ink: NDArray[np.float32], labels: NDArray[Any], boxes: Sequence[Sequence[int]], numbers: Sequence[int]
) -> Ink:
    """These components alone, and the ink that fades at their edges."""
    left, top = (min(boxes[i][side] for i in numbers) for side in (0, 1))
    right, bottom = (max(boxes[i][side] + boxes[i][side + 2] for i in numbers) for side in (0, 1))
    rows, columns = slice(max(0, top - 1), bottom + 1), slice(max(0, left - 1), right + 1)
    near = labels[rows, columns]
    part = (near == numbers[0] + 1).astype(np.uint8)
    for i in numbers[1:]:
        part |= near == i + 1
    around = cv2.dilate(part, np.ones((3, 3), np.uint8)) > 0
    x, y = left - columns.start, top - rows.start
    own = np.where(around, ink[rows, columns], np.float32(0))
    return place(own, part > 0, Box(x, y, x + right - left, y + bottom - top))


def _together(stats: Sequence[Sequence[int]]) -> list[list[int]]:
    """Which components (left, top, width, height, area) are one piece, from left to right: their numbers."""
    spans: list[tuple[int, int, list[int]]] = []
    tall = [i for i, (_left, _top, _wide, high, area) in enumerate(stats) if high >= TALL and area >= LEAST]
    for i in sorted(tall, key=lambda i: stats[i][0]):
        left, right = stats[i][0], stats[i][0] + stats[i][2]
        if spans and _shared((left, right), spans[-1]) > 0.5 * min(right - left, spans[-1][1] - spans[-1][0]):
            first, last, numbers = spans[-1]
            spans[-1] = (min(first, left), max(last, right), [*numbers, i])
        else:
            spans.append((left, right, [i]))
    for i in set(range(len(stats))) - set(tall):
        left, top, wide, high, area = stats[i]
        near = max(spans, key=lambda span: _shared((left, left + wide), span), default=None)
        if near is None or area < SPECK:
            continue
        shared = _shared((left, left + wide), near)
        is_bar = wide > 1.5 * high and top + high / 2 < HEIGHT / 2 and left + wide / 2 > (near[0] + near[1]) / 2
        if shared >= 0.5 * wide or (is_bar and shared >= -3):  # the bar of a five lies above, to the right
            near[2].append(i)
    return [numbers for _left, _right, numbers in spans]


def _shared(one: tuple[int, int], span: tuple[int, int, list[int]]) -> int:
    """Columns that both have; less than nothing where there is paper between them."""
    return min(one[1], span[1]) - max(one[0], span[0])


def share(said: NDArray[np.float64], digits: str) -> float:
    """How likely pieces say these digits in this order, where each is a digit or none.

    ``said`` (P, 11): each piece's shares of the ten digits and of "not a digit". More digits than pieces have 0.
    """
    reached = np.zeros(len(digits) + 1)
    reached[0] = 1.0
    columns = [int(digit) for digit in digits]
    for piece in said:
        begun = reached[:-1] * piece[columns]
        reached *= piece[10]
        reached[1:] += begun
    return float(reached[-1])


def likeliest(said: NDArray[np.float64]) -> str:
    """The digits of pieces (P, 11), each taken for what it looks most like."""
    return "".join(str(value) for value in said.argmax(1).tolist() if value < 10)
