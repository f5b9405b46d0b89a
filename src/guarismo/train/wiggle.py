"""The cheap change that a digit gets each time it is trained on: turned, sheared, stretched, bent, moved."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from guarismo.framing import SIDE

Rng = np.random.Generator

MIDDLE = (SIDE - 1) / 2
KNOTS = 5
"""A side of the grid of random arrows that a digit is bent along (Simard, Steinkraus and Platt 2003)."""


def wiggle(inks: NDArray[np.uint8], rng: Rng) -> NDArray[np.uint8]:
    """Framed ink, uint8 (N, 28, 28) 0 paper ... 255, N at most 1,000, each bent a little.

    All in one call of OpenCV, as one tall picture with empty rings between the digits: 20 microseconds
    a digit, a third of what one call each would take.
    """
    count = len(inks)
    x, y = _sources(count, rng)
    tall = np.pad(inks, ((0, 0), (1, 1), (1, 1))).reshape(-1, SIDE + 2)
    below = np.arange(count, dtype=np.float32)[:, None, None] * np.float32(SIDE + 2) + 1
    x, y = (np.clip(places, -1, SIDE, out=places) for places in (x, y))
    moved = cv2.remap(tall, (x + 1).reshape(-1, SIDE), (y + below).reshape(-1, SIDE), cv2.INTER_LINEAR)
    return np.asarray(moved, np.uint8).reshape(inks.shape)


def _sources(count: int, rng: Rng) -> NDArray[np.float32]:
    """From where each pixel is taken: float32 (2, N, 28, 28), x and y."""
    angle, shear = np.deg2rad(rng.normal(0, 7, count)), rng.normal(0, 0.1, count)
    wide, high = np.exp(rng.normal(0, 0.07, (2, count)))
    cos, sin = np.cos(angle), np.sin(angle)
    # the inverse of a turn after a stretch and a shear
    rows = np.array([[cos / wide + sin * shear / (wide * high), sin / wide - cos * shear / (wide * high)]])
    matrix = np.concatenate([rows, np.array([[-sin / high, cos / high]])]).astype(np.float32)
    moved = rng.uniform(-1.6, 1.6, (2, count)).astype(np.float32)
    axis = np.arange(SIDE, dtype=np.float32) - np.float32(MIDDLE)
    x, y = (axis - part[:, None] for part in moved)
    xs, ys = x[:, None, :], y[:, :, None]
    straight = [a[:, None, None] * xs + b[:, None, None] * ys for a, b in matrix]
    return np.stack(straight) + np.float32(MIDDLE) + _bends(count, rng)


def _bends(count: int, rng: Rng) -> NDArray[np.float32]:
    """Smooth arrows of up to a pixel for half of the digits, none for the rest: float32 (2, N, 28, 28)."""
    strength = rng.uniform(0.2, 0.9, count) * (rng.random(count) < 0.5)
    arrows = rng.standard_normal((2, count, KNOTS, KNOTS), np.float32) * strength[:, None, None].astype(np.float32)
    return np.asarray(_FINER @ arrows @ _FINER.T, np.float32)


_FINER = np.stack(
    [
        cv2.resize(row[:, None], (1, SIDE), interpolation=cv2.INTER_CUBIC)[:, 0]
        for row in np.eye(KNOTS, dtype=np.float32)
    ]
).T
"""float32 (28, KNOTS): cubic interpolation of a grid's side, as a matrix."""
