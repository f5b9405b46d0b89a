"""Logits → ``Digit``: confidence, status, alternatives.

The confidence is the softmax of logits divided by the model's temperature (Guo, Pleiss, Sun and
Weinberger 2017, "On calibration of modern neural networks"), for the digit *and* for its being one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from guarismo.errors import ModelError
from guarismo.model import Model, Thresholds
from guarismo.types import Box, Digit, Logits, Number, Status

BLANK_PROBABILITIES = (0.1,) * 10
"""Nothing is known of blank paper: each digit is as likely as the other."""


def shares(logits: Logits, temperature: float) -> NDArray[np.float64]:
    """Softmax at a temperature: float64 (N, L), rows sum to 1."""
    scaled = logits.astype(np.float64) / temperature
    scaled -= scaled.max(1, keepdims=True)
    np.exp(scaled, out=scaled)
    scaled /= scaled.sum(1, keepdims=True)
    return scaled


def digits(logits: Logits, boxes: Sequence[Box | None], sizes: Sequence[tuple[int, int]], model: Model) -> list[Digit]:
    """One ``Digit`` for each row of logits (N, L); where the box is None the picture is blank.

    ``sizes`` are the pictures' (height, width): a blank's box is its whole picture.
    Raises ModelError where the network and its ``model.json`` do not belong together.
    """
    if not len(boxes):
        return []
    if logits.shape[1:] != (len(model.labels),):
        raise ModelError(
            "{name}: its network gives {came} values a picture, model.json names {expected} labels; export it again",
            name=model.info.name,
            came=logits.shape[-1],
            expected=len(model.labels),
        )
    shared = shares(logits, model.temperature)
    ten = shares(logits[:, :10], model.temperature)  # of these alone: beside a sure "no digit" they vanish to 0
    values = ten.argmax(1)
    confidences = shared[np.arange(len(values)), values]
    other = shared[:, 10] if shared.shape[1] > 10 else np.zeros(len(values))
    return [
        _blank(size)
        if box is None
        else Digit(value, _status(confidence, strange, model.thresholds), confidence, tuple(ten_of_it), box)
        for value, confidence, strange, ten_of_it, box, size in zip(
            values.tolist(), confidences.tolist(), other.tolist(), ten.tolist(), boxes, sizes, strict=True
        )
    ]


def _status(confidence: float, strange: float, thresholds: Thresholds) -> Status:
    if strange >= thresholds.not_a_digit:
        return "not_a_digit"
    return "read" if confidence >= thresholds.read else "unsure"


def _blank(size: tuple[int, int]) -> Digit:
    height, width = size
    return Digit(None, "blank", 1.0, BLANK_PROBABILITIES, Box(0, 0, width, height))


def as_number(digit: Digit) -> Number:
    """A single digit as the number that it is. The alternatives' confidences, too, allow for its being no digit."""
    if digit.value is None:
        return Number("", (), digit.status, digit.confidence, digit.box)
    scale = digit.confidence / digit.probabilities[digit.value]
    others = tuple((str(value), share * scale) for value, share in digit.top(10)[1:])
    return Number(digit.text, (digit,), digit.status, digit.confidence, digit.box, others)
