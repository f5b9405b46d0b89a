"""Paper: how dark is it where the writing lies? ``Gray``, dark on light, → contrast.

The first half of the one preprocessing, after ``polarity.py``; ``ink.py`` is the other.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from guarismo.types import Gray

Contrast = NDArray[np.float32]
"""float32 (H, W), 0 bare paper ... 255: how much darker than its paper a pixel is."""

FAINTEST = 10.0
"""Grey levels between paper and ink below which nothing is ink. JPEG's blocks on white paper reach
4 to 6; a hard pencil pressed lightly gives 15 to 25."""

NOISE_FACTOR = 0.62
"""The strongest ink, averaged over 3x3 pixels, must stand out from the paper's grain: by this share of
what the strongest of N pixels of pure noise reaches, sqrt(2 ln N) standard deviations (a third of it
after averaging). Lower, and noise on blank paper is ink; twice that, and one in forty faint or tightly
cut digits of held-out writers is lost (docs/LOG.md)."""


def evened(gray: Gray) -> Gray:
    """Without the plane that fits it best: light from one side is neither writing nor paper."""
    plane = _terms(gray.shape, 3)
    tilt = _least_squares(plane, gray.ravel().astype(np.float64))
    tilt[0] = 0
    return np.clip(np.rint(gray - (plane @ tilt).reshape(gray.shape)), 0, 255).astype(np.uint8)


def clusters(gray: NDArray[Any]) -> tuple[float, float]:
    """A level between the two clusters of grey (Ridler and Calvard 1978), alike for both polarities; and the share of
    the variance that lies between them: Otsu's (1979) is 0.64 for a bell, and above 0.8 for ink on even paper."""
    if gray.dtype == np.uint8:  # counting takes a third of the time of sorting
        counts = np.bincount(gray.ravel(), minlength=256)
        levels = np.flatnonzero(counts)
        numbers = np.cumsum(counts[levels])
    else:
        levels, numbers = np.sort(gray, axis=None), np.arange(1, gray.size + 1)
    many = np.diff(numbers, prepend=0)
    sums, count = np.cumsum(levels * many, dtype=np.float64), gray.size
    total = float(sums[-1])

    def parted(level: float) -> tuple[int, float, int, float]:
        """How many are below and above, and their means."""
        first, last = int(levels.searchsorted(level)), int(levels.searchsorted(level, "right"))
        below = int(numbers[first - 1]) if first else 0
        above = count - (int(numbers[last - 1]) if last else 0)
        if not below or not above:
            return below, 0.0, above, 0.0
        return below, float(sums[first - 1]) / below, above, (total - float(sums[last - 1])) / above

    middle = (float(levels[0]) + float(levels[-1])) / 2
    for _ in range(8):
        below, dark, above, light = parted(middle)
        if not below or not above or middle == (dark + light) / 2:
            break
        middle = (dark + light) / 2
    below, dark, above, light = parted(middle)
    mean = total / count
    spread = float((np.square(levels, dtype=np.float64) * many).sum()) - count * mean * mean
    if not below or not above or spread <= 0:
        return middle, 0.0
    return middle, (below * (dark - mean) ** 2 + above * (light - mean) ** 2) / spread


TWO, TWO_CLEAR = 0.7, 0.8
"""Shares from which on there are two clusters, and from which on without doubt."""


def shrink(gray: Gray, longest: int) -> Gray:
    """The picture scaled down, never up, so that its longest side is at most ``longest``."""
    scale = longest / max(gray.shape)
    if scale >= 1:
        return gray
    size = (max(1, round(gray.shape[1] * scale)), max(1, round(gray.shape[0] * scale)))
    return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)


def subtract_paper(dark: Gray) -> Contrast:
    """How much darker than the paper around it each pixel is: float32 (H, W), 0 ... 255, grain removed.

    Light falls on ink and paper alike, so the difference is taken in shares of the paper's level: a
    stroke in the shade counts as much as one in the sun.
    """
    contrast, parted, spread = _against(paper_level(dark), dark)
    strongest = float(calm(contrast).max(initial=0))
    if parted > TWO_CLEAR:
        spread = min(spread, strongest / 6)  # in a tight crop too little paper is left to measure its grain
    loudest = math.sqrt(2 * math.log(max(contrast.size, 2)))
    floor = np.float32(max(NOISE_FACTOR * loudest * spread, FAINTEST))
    if strongest < floor:
        return np.zeros(dark.shape, np.float32)
    contrast[contrast < np.float32(max(float(floor) / 2, 2 * spread))] = 0
    return contrast


LOPSIDED, LEAST_INK, WEAKEST = 0.1, 0.004, 0.45
"""Where paper is taken to be lit in patches: how much of the picture may be as far above the paper as a half of its ink
is below, in shares of that ink; the least ink, in shares of the picture; and the share of the strongest from which on
a pixel is ink."""


def subtract_patches(dark: Gray) -> Contrast:
    """``subtract_paper`` for where that leaves nothing that can be read: the paper under a pixel is the lightest within
    half of the picture that reaches it (a closing), whatever surface that makes. A hard shadow, print in waves, and
    writing that fills its picture are paper and ink then. Grain and print go as far to the light as to the dark, ink to
    one side alone: where it does not, there is none."""
    contrast, _parted, _spread = _against(closing(_smooth(dark), _half(dark)), dark)
    calmed = calm(contrast)
    strongest = float(calmed.max(initial=0))
    ink, light = ((way > strongest / 2).mean() for way in (calmed, -calmed))
    if strongest < FAINTEST or ink < LEAST_INK or light > LOPSIDED * ink:
        return np.zeros(dark.shape, np.float32)
    contrast[contrast < np.float32(WEAKEST * strongest)] = 0
    return contrast


def _against(paper: NDArray[Any], dark: Gray) -> tuple[Contrast, float, float]:
    """How far below ``paper`` (H, W) each pixel is, bare paper at 0; the share of its variance that lies between two
    clusters; and the deviation of the paper's grain."""
    paper = paper.astype(np.float32)
    share = np.float32(median(paper.ravel())) / np.maximum(paper, np.float32(24))
    contrast = np.asarray((paper - dark) * share, np.float32)
    middle, parted = clusters(contrast)
    offset, spread = _grain(contrast, middle if parted > TWO else math.inf)
    return contrast - np.float32(offset), parted, spread


def _smooth(dark: Gray) -> Gray:
    return np.asarray(cv2.medianBlur(dark, 3), np.uint8) if min(dark.shape) >= 40 else dark


def _half(dark: Gray) -> int:
    """Half of the picture in pixels, odd."""
    return max(3, round(int(max(dark.shape)) / 2) | 1)


def calm(contrast: Contrast) -> Contrast:
    """Averaged over 3x3: grain falls to a third, a stroke stays. Small pictures have strokes too thin for it."""
    return np.asarray(cv2.blur(contrast, (3, 3)), np.float32) if min(contrast.shape) >= 16 else contrast


def _grain(contrast: Contrast, most: float) -> tuple[float, float]:
    """Where the contrast of bare paper, ``most`` or less, lies, and its standard deviation, from the light side alone:
    nothing is lighter than paper but paper, while the dark side is mixed with ink."""
    bare = contrast[contrast <= most]
    counts = np.bincount(np.clip(np.rint(bare / 2) + 128, 0, 255).astype(np.int64), minlength=256)
    offset = 2.0 * (int(np.convolve(counts, np.ones(3), "same").argmax()) - 128)
    lighter = offset - contrast[contrast < offset - 1]
    few = lighter.size < 0.02 * contrast.size
    return offset, 0.0 if few else 1.4826 * median(lighter)


def paper_level(dark: Gray) -> NDArray[Any]:
    """The paper's grey under each pixel, (H, W): one level, else a smooth surface, else a closing.

    The closing (Serra 1982) has a window of half the picture: it follows the hard edge of a shadow and
    fills everything narrower, but not a gradient that falls towards the edge; the surface does that.
    """
    closed = closing(_smooth(dark), _half(dark))
    counts = np.bincount(dark.ravel(), minlength=256)
    mode = int(counts.argmax())
    if counts[mode] >= 0.4 * dark.size and closed.max() <= mode + 6 and closed.min() >= mode - 6:
        return np.full(dark.shape, mode, np.uint8)  # a screen, or a cleaned scan
    surface, spread = _smooth_paper(dark)
    in_the_shade = closed < surface - max(3 * spread, 12)
    return closed if in_the_shade.mean() > 0.1 else surface


def _smooth_paper(dark: Gray) -> tuple[Contrast, float]:
    """A level, a plane or a quadratic surface through the paper, and the paper's deviation from it.

    The simplest wins unless a richer one halves the deviation or nearly so: in a tight crop a quadratic
    would bend down into the strokes.
    """
    tiny = shrink(dark, 32)
    small, even = tiny.astype(np.float64), evened(tiny)
    light, (middle, parted) = _light_part(small), clusters(even)
    if parted > TWO and (light & (even > middle)).any():
        light &= even > middle  # in a tight crop a whole block may be ink
    start = light.ravel() if light.any() else np.ones(light.size, bool)
    best, least = None, math.inf
    for count in (1, 3, 6):
        if least <= _cost(SMOOTHEST, count):  # none with as many terms can be better
            break
        fit = _fit_paper(_terms(small.shape, count), small.ravel(), start)
        if _cost(fit[1], count) < least:
            best, least = fit, _cost(fit[1], count)
    assert best is not None
    solution, spread, low, high = best
    level, across, down, bowed, twisted, arched = [*solution.tolist(), 0.0, 0.0, 0.0, 0.0, 0.0][:6]
    y, x = np.linspace(-1, 1, dark.shape[0])[:, None], np.linspace(-1, 1, dark.shape[1])
    surface = (level + (across + bowed * x) * x) + (down + arched * y) * y
    if twisted:
        surface += twisted * y * x
    return np.clip(surface, low, high).astype(np.float32), spread


SMOOTHEST = 1.5
"""Deviation in grey levels that paper is taken to have at least: rounding is no grain."""


def _cost(spread: float, count: int) -> float:
    """Of a surface with ``count`` terms and that deviation: the least is taken."""
    return (spread + 0.5) * (1 + 0.12 * count)


def _fit_paper(
    terms: NDArray[np.float64], values: NDArray[np.float64], paper: NDArray[np.bool_]
) -> tuple[NDArray[Any], float, float, float]:
    """Least squares through the paper, again and again without what lies far off: coefficients, deviation
    on the light side, and the range of what was taken for paper (beyond it nothing is extrapolated)."""
    for _ in range(5):
        there = np.flatnonzero(paper)  # NumPy takes rows by number in a third of the time that it takes by truth
        solution = _least_squares(terms.take(there, 0), values.take(there))
        error = values - terms @ solution
        spread = max(1.4826 * median(error[error > 1e-9]), SMOOTHEST)
        near = (error > -2.5 * spread) & (error < 4 * spread)
        if near.sum() < max(12, 0.1 * values.size) or (near == paper).all():
            break
        paper = near
    return solution, spread, float(values[paper].min()), float(values[paper].max())


def _least_squares(terms: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Coefficients of the terms (N, K). A ridge of nearly nothing keeps few or aligned pixels from having no solution;
    a tenth of the time of NumPy's ``lstsq``."""
    normal = terms.T @ terms
    diagonal = normal.ravel()[:: len(normal) + 1]
    diagonal += 1e-13 * diagonal.sum()
    return np.asarray(cv2.solve(normal, terms.T @ values, flags=cv2.DECOMP_LU)[1].ravel(), np.float64)


def _light_part(gray: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Pixels lighter than the mean of their block, of 5x5 blocks over the picture."""
    means = cv2.resize(gray, (5, 5), interpolation=cv2.INTER_AREA)
    return np.asarray(gray >= cv2.resize(means, gray.shape[::-1], interpolation=cv2.INTER_NEAREST), bool)


def median(values: NDArray[Any]) -> float:
    """The upper median, 0.0 of nothing; NumPy's own takes ten times as long on so few values."""
    return float(np.partition(values, values.size // 2)[values.size // 2]) if values.size else 0.0


@lru_cache(maxsize=128)
def _terms(shape: tuple[int, ...], count: int) -> NDArray[np.float64]:
    """The first ``count`` of 1, x, y, xx, xy, yy at each pixel of a small copy (H, W), whose shapes come back again and
    again: (H * W, ``count``), not to be written to."""
    y, x = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")
    x, y = x.ravel(), y.ravel()
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y][:count], 1)


def closing(gray: Gray, window: int) -> Gray:
    """Grey closing with a square of ``window`` pixels; a straight edge of light stays exactly where it is."""
    return np.asarray(cv2.morphologyEx(gray, cv2.MORPH_CLOSE, np.ones((window, window), np.uint8)), np.uint8)


def sharpened(gray: Gray, blur: float, share: float) -> Gray:
    """The picture uint8 (H, W) with ``share`` of the detail that a ``blur`` of so many pixels takes added once more;
    out of focus where ``share`` is -1."""
    floats = gray.astype(np.float32)
    detail = floats - cv2.GaussianBlur(floats, (0, 0), max(0.3, blur))
    return np.clip(np.rint(floats + np.float32(share) * detail), 0, 255).astype(np.uint8)


def is_dust(mask: NDArray[np.uint8]) -> bool:
    """Whether nothing hangs together for more than three pixels, which the grain of bare paper does not."""
    stats = cv2.connectedComponentsWithStats(mask, connectivity=8)[2]
    return int(stats[1:, cv2.CC_STAT_WIDTH : cv2.CC_STAT_HEIGHT + 1].max(initial=0)) <= 3
