"""Numbers of any scale, and colours, → grey levels uint8 0 black ... 255 white."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from guarismo.errors import PictureError
from guarismo.highlighter import unmarked
from guarismo.types import Gray

_DEPTHS = (255, 1023, 4095, 65535)
"""Full scales of 8, 10, 12 and 16 bit pictures: cameras store 10 and 12 bits in 16."""

_HIDDEN = 10
"""Grey levels on white paper below which strokes are taken to be hidden by it; ``paper.FAINTEST`` sees none either."""

OVERSHOT = 0.1
"""Share of full scale by which a cubic resampling goes beyond black or white; 0.07 beside a sharp edge."""


def eight_bits(array: NDArray[Any]) -> NDArray[np.uint8]:
    """Any numbers → 0..255, by the full scale that their largest value tells. Raises PictureError."""
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype == np.uint8 and array.max() > 1:
        return array
    return scaled(array, *full_scale(float(array.min()), float(array.max()), array.dtype.kind == "f"))


def scaled(array: NDArray[Any], black: float, white: float) -> NDArray[np.uint8]:
    """Numbers from ``black`` to ``white`` → 0..255; what lies beyond them is cut off."""
    shares = (array.astype(np.float64) - black) / (white - black)
    return np.rint(255 * np.clip(shares, 0, 1)).astype(np.uint8)


def full_scale(low: float, high: float, fractions: bool) -> tuple[float, float]:
    """Black and white of pictures whose least and largest values these are, which were ``fractions`` or whole numbers.
    Raises PictureError."""
    if not (np.isfinite(low) and np.isfinite(high)):
        raise PictureError("an array with NaN or infinite values is no picture; expected numbers in 0..1 or 0..255")
    if fractions and low > -0.5 and 1 < high <= 2:
        return 0, 1  # 0..1 after a resampling that overshoots
    if fractions and 0 < -low < OVERSHOT * high and (high <= 1 or 128 < high <= (1 + OVERSHOT) * 255):
        return 0, 1 if high <= 1 else 255
    if low < 0:
        if low < -1 or high > 1:
            raise PictureError(
                "an array with values from {low:g} to {high:g} is no picture; expected 0..1, -1..1 or 0..255",
                low=low,
                high=high,
            )
        return -1, 1
    if high <= 1:  # floats in 0..1, and masks of 0 and 1 of any dtype
        return 0, 1
    return 0, next((depth for depth in _DEPTHS if high <= depth), high)


def over_paper(rgba: NDArray[np.uint8]) -> Gray:
    """Transparent is white paper; if that hides everything (white strokes on nothing), black paper."""
    white = luminance(_in_bands(partial(_laid_on, paper=255), rgba))
    alpha = rgba[..., 3]
    if int(white.max()) - int(white.min()) < _HIDDEN and alpha.min() < alpha.max():
        return luminance(_in_bands(partial(_laid_on, paper=0), rgba))
    return white


def _laid_on(rgba: NDArray[np.uint8], paper: int) -> NDArray[np.uint8]:
    alpha = rgba[..., 3:].astype(np.float32) / 255
    return np.rint(rgba[..., :3].astype(np.float32) * alpha + paper * (1 - alpha)).astype(np.uint8)


def luminance(rgb: NDArray[np.uint8]) -> Gray:
    """What the eye sees of colours uint8 (H, W, 3): ``luminance_of`` their picture."""
    return luminance_of(Image.fromarray(rgb))


def luminance_of(picture: Image.Image) -> Gray:
    """What the eye sees, without highlighters, unless the writing differs from its paper by colour alone.

    Yellow on white has an eighth of the contrast of black in luminance, all of it in blue: where one
    channel stands out from what is around more than twice as much as luminance does, that channel is
    taken. The picture is one of mode "RGB".
    """
    gray = np.asarray(picture.convert("L"))  # 0.299 R + 0.587 G + 0.114 B, ITU-R BT.601
    lit = unmarked(picture, gray)
    if lit is not gray:
        return lit
    step = max(1, math.isqrt(gray.size // 40_000))  # so many pixels tell the spread of any photograph
    few = (max(1, picture.width // step), max(1, picture.height // step))
    spread = _spread(np.asarray(picture.resize(few, Image.Resampling.NEAREST)))
    best = int(spread.argmax())
    plain = spread[best] <= 2 * _spread(gray[::step, ::step, None])[0] + 1
    return gray if plain else np.asarray(picture.getchannel(best))


def _spread(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Of each channel of (H, W, C) the standard deviation from what it is around: light from one side is no writing."""
    window = max(3, max(pixels.shape[:2]) // 4 | 1)
    around = cv2.blur(pixels, (window, window)).reshape(pixels.shape)
    return np.asarray(np.subtract(pixels, around, dtype=np.int16).std(axis=(0, 1)), np.float64)


def _in_bands(
    function: Callable[[NDArray[np.uint8]], NDArray[np.uint8]], pixels: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """``function`` of some rows at a time: the floats of a whole 50-megapixel photograph take 2 GB."""
    rows = max(1, 1_000_000 // pixels.shape[1])
    return np.concatenate([function(pixels[top : top + rows]) for top in range(0, len(pixels), rows)])
