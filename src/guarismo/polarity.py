"""Which is paper, and which writing: dark on light, light on dark, or a band in negative across the picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from guarismo.paper import FAINTEST, clusters, evened, shrink
from guarismo.types import Gray


def dark_on_light(gray: Gray) -> Gray:
    """The same picture with dark writing on light paper: inverted where it was light on dark.

    The paper is what there is more of, over the whole picture and along its border together: a border
    alone is fooled by black scanner edges, the whole alone by a marker that fills the frame. And the
    writing is what is thin: that decides where half of the sheet lies in the shade. A band in negative across the
    picture is turned first.
    """
    small = shrink(gray, 96)
    turned = _without_negative_band(gray, small)
    small = evened(small if turned is gray else shrink(turned, 96))
    middle, _share = clusters(small)
    inset = round(0.1 * min(small.shape))  # a black frame stands on the outer ring alone
    border = np.concatenate([_ring(small, 0), _ring(small, inset)])
    dark_share = float((small < middle).mean() - (small > middle).mean())
    dark_border = float((border < middle).mean() - (border > middle).mean())
    lighter, darker = _thin(small, cv2.MORPH_TOPHAT), _thin(small, cv2.MORPH_BLACKHAT)
    light_strokes = (lighter - darker) / max(lighter + darker, 1e-6)
    return 255 - turned if dark_share + dark_border + 1.5 * light_strokes > 0 else turned


NEGATIVE_EDGE, NEAR_END, WRITTEN = 0.6, 0.2, 0.005
"""Of a band in negative: share of its edge along which grey turns into its opposite, strokes that end there being in
the way; how near its paper and that beside it are to black and white, in shares of their range; and the least of it
that is written on."""


def _without_negative_band(gray: Gray, small: Gray) -> Gray:
    """The picture, looked at in a ``small`` copy, with a band of it, upright or level, from side to side, turned where
    it is the negative of the rest; itself where there is none.

    As a marked field, a heading on a bar, a stripe across. A shadow's edge is none: writing in the shade is still
    darker than its paper. Nor is a bar: nothing is written in it, and it is narrower than the paper beside it.
    """
    if min(gray.shape) < BROAD:  # in so few pixels a stroke's side goes from edge to edge
        return gray
    if max(np.ptp(small[0]), np.ptp(small[:, 0])) < max(4 * FAINTEST, 0.4 * np.ptp(small)):
        return gray  # nearly always, and four times as fast: a band begins and ends at the picture's sides
    below = np.cumsum(np.bincount(small.ravel(), minlength=256))
    dark, light = (int(np.searchsorted(below, share * small.size)) for share in (0.02, 0.98))
    level = (small.astype(np.float32) - dark) / max(light - dark, 1.0) - 0.5
    upright, lying = _negative_band(level), _negative_band(level.T)
    if upright is not None:
        return _turned(gray, upright, dark + light)
    if lying is not None:
        return np.ascontiguousarray(_turned(np.ascontiguousarray(gray.T), lying, dark + light).T)
    return gray


BROAD = 28
"""Edges that are narrower than such a part of the longest side are as their lens or their scaling has made them."""


def _negative_band(level: NDArray[np.float32]) -> tuple[float, float] | None:
    """Where such a band begins and ends, in shares of the width, on a picture (H, W) of -0.5 dark ... 0.5 light."""
    rows, columns = level.shape
    wide, ends = max(1, round(max(level.shape) / BROAD)), max(1, rows // 20)  # the ends are paper, unless cut close
    at_ends = _turns(np.concatenate([level[:ends], level[-ends:]]), wide).all(0)
    if not at_ends.any():
        return None
    edge = at_ends & (_turns(level, wide).mean(0) >= NEGATIVE_EDGE)
    runs = np.flatnonzero(np.diff(edge.astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
    places = [(int(begin + end) + wide) // 2 for begin, end in runs]
    if not 1 <= len(places) <= 2:
        return None
    first, last = places[0], places[1] if len(places) == 2 else columns
    inside = level[:, first + wide : last - wide]
    outside = np.concatenate([level[:, : max(0, first - 2 * wide)], level[:, last + wide :]], 1)
    if not inside.size or not outside.size:
        return None
    within, without = (float(np.median(np.concatenate([part[:ends], part[-ends:]]))) for part in (inside, outside))
    if min(within, without) > NEAR_END - 0.5 or max(within, without) < 0.5 - NEAR_END:
        return None
    on_dark, on_light = (inside, outside) if within < without else (outside, inside)
    in_light_ink = float((on_dark > 0).mean()) >= WRITTEN
    beside_dark_paper = on_dark.size >= on_light.size and float((on_light < 0).mean()) >= WRITTEN
    return (first / columns, last / columns) if in_light_ink or beside_dark_paper else None


def _turns(level: NDArray[np.float32], wide: int) -> NDArray[np.bool_]:
    """Where light turns into dark or dark into light within ``wide`` columns: bool (H, W - wide)."""
    left, right = level[:, :-wide], level[:, wide:]
    return np.asarray((left * right < 0) & (np.abs(left - right) > 0.5), bool)


def _turned(gray: Gray, band: tuple[float, float], ends: float) -> Gray:
    """The picture with these columns in negative, ``ends`` being the sum of black and white. Where the edges are
    blurred, or their place is not known to a pixel, what is beside them leads across."""
    columns = gray.shape[1]
    out, blurred = gray.copy(), round(max(gray.shape) / BROAD / 2)
    first, last = (round(place * columns) for place in band)
    out[:, first:last] = np.clip(np.rint(ends - out[:, first:last].astype(np.float32)), 0, 255)
    for place in {first, last} - {columns}:
        begin, end = max(0, place - blurred), min(columns, place + blurred)
        if begin > 0 and end < columns and begin < end:
            way = np.linspace(0, 1, end - begin + 2, dtype=np.float32)[1:-1]
            before, after = out[:, begin - 1 : begin].astype(np.float32), out[:, end : end + 1].astype(np.float32)
            out[:, begin:end] = np.rint(before + (after - before) * way)
    return out


def has_light_strokes(gray: Gray, window: int, reach: float = 2.5) -> bool:
    """Whether what is written is lighter than what is written on. Against the mean of what is around it (``window``
    pixels, odd) most is paper, a little the better for it, and some is ink, and far the worse: the third moment tells
    on which side the ink lies. The edge of a shadow lies on both. Beyond ``reach`` standard deviations nothing counts
    for more, or a dark rule would say more than all digits."""
    small = gray.astype(np.float32)
    above = small - cv2.blur(small, (window, window))
    above -= above.mean()
    most = np.float32(reach * float(above.std()))
    above = np.clip(above, -most, most)
    return float((above * above * above).sum()) > 0


def _ring(gray: Gray, inset: int) -> Gray:
    """The pixels at that distance from the picture's edge, all round: uint8 (N,)."""
    inner = gray[inset : gray.shape[0] - inset, inset : gray.shape[1] - inset]
    return np.concatenate([inner[0], inner[-1], inner[:, 0], inner[:, -1]])


def _thin(gray: Gray, hat: int) -> float:
    """How much there is that is lighter (top hat) or darker (black hat) and narrower than a sixth of the picture."""
    window = max(3, max(gray.shape) // 6 | 1)
    return float(cv2.morphologyEx(gray, hat, np.ones((window, window), np.uint8)).mean())
