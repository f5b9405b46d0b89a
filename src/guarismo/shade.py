"""Shadows on a picture: a hard one's edge is found as a straight line, and what lies beyond is lit as the rest is; and
a deep one of any outline, as of a hand, is taken off with the paper that it lies on.

No surface through the paper bends so sharply: to ``paper.py`` the dark side is ink, or the picture a light digit on a
dark ground. So this is asked about pictures of which nothing sure is made else.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from guarismo.paper import closing, shrink
from guarismo.types import Gray

LOOKED, STROKE = 32, 5
"""Longest side of the copy in which the edge is looked for, and the pixels of it that a stroke is not as broad as."""

ANGLES, OFFSETS, FINER = 24, 17, 7
"""Directions of an edge and places of it in each that are tried; and of both, as many again between the best one's
neighbours."""

LEAST_SIDE, PARTED, STEP, DARKEST = 0.08, 0.5, 10.0, 0.2
"""Share of the picture on either side, at least; share of its paper's variance that lies between both, and grey levels
that do; and the share of the light that a shadow leaves: where it is less, nothing can be seen."""

BAND, PLACES = 0.2, 40
"""How far the edge's penumbra reaches at most, to either side, in halves of the picture's side; and the places across
it at which its light is measured."""


@dataclass(frozen=True, slots=True, eq=False)
class Lit:
    """A picture ``gray`` uint8 (H, W) as if a shadow were gone; bool (H, W), where its ``edge`` was, and remains of it
    may be."""

    gray: Gray
    edge: NDArray[np.bool_]


def without_shade(gray: Gray) -> Lit | None:
    """A picture uint8 (H, W) without its shadow; None where none with an edge lies on it."""
    tiny = shrink(gray, LOOKED)
    line = _edge(closing(tiny, STROKE).astype(np.float32))
    if line is None:
        return None
    angle, offset = line
    y, x = (np.linspace(-1, 1, n, dtype=np.float32) for n in gray.shape)
    away = np.float32(np.sin(angle)) * y[:, None] + np.float32(np.cos(angle)) * x - np.float32(offset)
    paper = closing(gray, max(3, round(STROKE * max(gray.shape) / LOOKED)))
    place = np.clip(np.floor((away / BAND + 1) / 2 * PLACES), -1, PLACES).astype(np.int64) + 1
    levels = _medians(paper, place)
    dark, light = min(levels[0], levels[-1]), max(levels[0], levels[-1])
    if dark < DARKEST * light:
        return None
    middles = np.concatenate([[-1.0], (np.arange(PLACES) + 0.5) / PLACES * 2 - 1, [1.0]]) * BAND
    lit = np.interp(away, middles, np.clip(levels, dark, light))
    changing = np.abs(lit - (dark + light) / 2) < WITHIN * (light - dark)
    edge = cv2.dilate(changing.astype(np.uint8), np.ones((STROKE, STROKE), np.uint8)) > 0
    bright = np.clip(np.rint(gray * (light / np.maximum(lit, 16.0))), 0, 255).astype(np.uint8)
    return Lit(bright, np.asarray(edge, bool))


WITHIN = 0.45
"""Share of the step, to either side of its middle, in which light is changing."""


def _edge(paper: NDArray[np.float32]) -> tuple[float, float] | None:
    """Angle and offset of the line that parts the picture (H, W) into the two evenest halves: where
    x cos + y sin = offset, both from -1 to 1."""
    whole = float(paper.var())
    if whole == 0:
        return None
    sides, angles, offsets = _sides(paper.shape)
    between, step = _between(sides, paper.ravel())
    best = int(between.argmax())
    if between[best] < PARTED * whole or step[best] < STEP:
        return None
    some = np.linspace(-1, 1, FINER)
    finer = np.meshgrid(angles[best] + some * np.pi / ANGLES, offsets[best] + some * 2.2 / (OFFSETS - 1), indexing="ij")
    near, (turned, moved) = _side_of(paper.shape, *finer), (each.ravel() for each in finer)
    best = int(_between(near, paper.ravel())[0].argmax())
    return float(turned[best]), float(moved[best])


def _between(
    sides: NDArray[np.float32], values: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Variance between both sides of each line (Otsu 1979), and the step from one to the other: (N,) each."""
    there = sides.sum(1)
    share = there / values.size
    first = sides @ values
    step = first / np.maximum(there, 1) - (values.sum() - first) / np.maximum(values.size - there, 1)
    is_edge = (share > LEAST_SIDE) & (share < 1 - LEAST_SIDE)
    return np.where(is_edge, share * (1 - share) * step**2, 0), np.abs(step)


OUTLINED, DEEP, GLANCE = 0.18, 1.5, 64
"""Window in longest sides of the picture, which no stroke fills but a shadow does; how many times lighter the light
paper is than the dark, at least; and the longest side of the copy in which that is seen."""


def without_deep_shade(gray: Gray) -> Lit | None:
    """A picture uint8 (H, W), dark on light, without shadows of whatever outline: divided by its closing (Serra 1982).
    None where none of them is deep, for bold strokes are thinner then, and specks of print as dark as ink; or one is so
    deep that nothing is seen in it, as the paper of a negative."""
    dark, light = np.percentile(_paper(shrink(gray, GLANCE)), (5, 95)).tolist()
    if not DARKEST * light < dark < light / DEEP:
        return None
    paper = _paper(gray)
    change = cv2.morphologyEx(paper, cv2.MORPH_GRADIENT, np.ones((STROKE, STROKE), np.uint8))
    edge = cv2.dilate((change > STEEP * (light - dark)).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    even = cv2.blur(paper, (3, 3)).astype(np.float32)
    lit = gray * (np.float32(np.percentile(even, 80)) / np.maximum(even, np.float32(24)))
    return Lit(np.clip(np.rint(lit), 0, 255).astype(np.uint8), np.asarray(edge, bool))


STEEP = 0.25
"""Share of the difference between light and dark paper by which it changes within a stroke's breadth, at an edge."""


def _paper(gray: Gray) -> Gray:
    calm = np.asarray(cv2.medianBlur(gray, 3), np.uint8)
    return closing(calm, max(3, round(OUTLINED * max(gray.shape)) | 1))


@lru_cache(maxsize=64)
def _sides(shape: tuple[int, ...]) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float64]]:
    """Which pixels lie beyond each line that is tried, float32 (N, H * W) of 0 and 1; its angle and offset, (N,)."""
    every = np.meshgrid(np.arange(ANGLES) * np.pi / ANGLES, np.linspace(-1.1, 1.1, OFFSETS), indexing="ij")
    return _side_of(shape, *every), every[0].ravel(), every[1].ravel()


def _side_of(shape: tuple[int, ...], angles: NDArray[np.float64], offsets: NDArray[np.float64]) -> NDArray[np.float32]:
    y, x = (each.ravel() for each in np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij"))
    across = np.cos(angles.ravel())[:, None] * x + np.sin(angles.ravel())[:, None] * y
    return (across > offsets.ravel()[:, None]).astype(np.float32)


def _medians(values: Gray, place: NDArray[np.int64]) -> NDArray[np.float64]:
    """The median of the values at each place from 0 to ``PLACES`` + 1; between its neighbours where there are none."""
    order = np.argsort(place, axis=None, kind="stable")
    ends = np.searchsorted(place.ravel()[order], np.arange(PLACES + 3))
    parts = [values.ravel()[order[first:last]] for first, last in pairwise(ends)]
    there = [i for i, part in enumerate(parts) if part.size]
    return np.interp(np.arange(PLACES + 2), there, [float(np.median(parts[i])) for i in there])
