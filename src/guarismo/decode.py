"""Logits → ``Digit``, logits of a line → ``Number``: confidence, status, alternatives.

The confidence is the softmax of logits divided by the model's temperature (Guo, Pleiss, Sun and
Weinberger 2017, "On calibration of modern neural networks"), for the digit *and* for its being one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from guarismo import ctc
from guarismo.alignment import Character, align
from guarismo.errors import ModelError
from guarismo.hearing import BLANK, Reading, raised
from guarismo.model import LINE_LABELS, Model, Thresholds
from guarismo.strip import STEP, Strip, steps_of
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


CLEAR_DIGIT = 0.97
"""Share of one digit, or of "not a digit", from which on it is clear at first sight: further looks would
change little. Of 3,200 photographs of digits and other things 363 are plainly none at first sight; further looks change
the reading of none of these."""


def sureness(logits: Logits, temperature: float) -> NDArray[np.float64]:
    """Share of the likeliest digit of each picture with these logits (N, L), its being none allowed for: (N,)."""
    return np.asarray(shares(logits, temperature)[:, :10].max(1, initial=0), np.float64)


def are_clear(logits: Logits, temperature: float) -> NDArray[np.bool_]:
    """Which of the pictures with these logits (N, L) need no further look: bool (N,)."""
    return np.asarray(shares(logits, temperature).max(1, initial=0) >= CLEAR_DIGIT, bool)


def mean_logits(looks: Logits, temperature: float) -> NDArray[np.float32]:
    """Logits (L,) whose shares are the means of those of several looks (N, L) at one picture."""
    mean = shares(looks, temperature).mean(0)
    return np.asarray(temperature * np.log(np.maximum(mean, 1e-30)), np.float32)


def labelled(logits: Logits, model: Model) -> NDArray[np.float64]:
    """The shares (N, L) of a digit model's labels. Raises ModelError where the network gives another number of them."""
    if logits.shape[1:] != (len(model.labels),):
        raise ModelError(
            "{name}: its network gives {came} values a picture, model.json names {expected} labels; export it again",
            name=model.info.name,
            came=logits.shape[-1],
            expected=len(model.labels),
        )
    return shares(logits, model.temperature)


def digits(logits: Logits, boxes: Sequence[Box | None], sizes: Sequence[tuple[int, int]], model: Model) -> list[Digit]:
    """One ``Digit`` for each row of logits (N, L); where the box is None the picture is blank.

    ``sizes`` are the pictures' (height, width): a blank's box is its whole picture.
    Raises ModelError where the network and its ``model.json`` do not belong together.
    """
    if not len(boxes):
        return []
    shared = labelled(logits, model)
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


REACH, FURTHEST, INKED = 15, 27, 0.3
"""Columns to either side of a digit's middle that its box has at most, and that the first and last digit's have where
their ink, of at least that level, goes on so far: digits are 36 rows high and narrower."""


def steps(logits: Logits, strip: Strip, model: Model) -> ctc.Steps:
    """Log shares (T, 17) of a strip's steps, at the model's temperature, from its logits, which may have more steps.

    Raises ModelError where the network and its ``model.json`` do not belong together.
    """
    wide = steps_of(strip.ink.shape[1])
    if logits.ndim != 2 or len(logits) < wide - 1 or logits.shape[1] != len(LINE_LABELS):
        raise ModelError(
            "{name}: its network gives values of shape {came} for a line, expected {expected}; export it again",
            name=model.info.name,
            came=logits.shape,
            expected=(wide - 1, len(LINE_LABELS)),
        )
    return ctc.log_softmax(logits[:wide], model.temperature)


def number(found: Sequence[Reading], steps: ctc.Steps, strip: Strip, model: Model) -> Number:
    """The number that a line's ``readings`` come to, with up to four others; where its digits are, by its ``steps``.

    Nothing said, where there is ink, is no number. A line that was squeezed to fit, stood in brackets, or has something
    between its digits that no character stands for (``3 x 4`` is not 34) is never surer than "unsure".
    """
    if not found:
        return Number("", (), "not_a_digit", 0.0, strip.box(0, strip.ink.shape[1]))
    best, *others = found
    characters = align(raised(steps), best.spelled, LINE_LABELS, BLANK)
    doubtful = strip.squeeze != 1 or strip.bracketed or _passes_over(characters, strip.ink)
    least = np.inf if doubtful else model.thresholds.read
    digits = _digits_of(characters, strip, least)
    status: Status = ("read" if best.confidence >= least else "unsure") if digits else "not_a_digit"
    marks = _marks(characters, strip)
    box = _around([*(digit.box for digit in digits), *marks]) if digits else strip.box(0, strip.ink.shape[1])
    rest = tuple((one.spelled.strip(), one.confidence) for one in others)
    return Number(best.spelled.strip(), digits, status, best.confidence, box, rest[:OTHERS], best.digits_confidence)


OTHERS = 4
"""Readings besides the best one."""


SIGN_ROWS, SIGN_PIXELS = 6, 20
"""Rows and pixels of the least that counts as something between two digits: a sixth of a digit's height. Of 600 sums
(``12 + 5``) by writers held out 17 are taken for one number as "read", where 110 were; of what is right 1 in 200 is
"unsure" for it (docs/LOG.md). At 13 rows, which a + or an = hardly has, 42 are."""


def _passes_over(characters: list[Character], ink: NDArray[np.float32]) -> bool:
    """Whether between two characters there is ink that stands apart and is neither's: a + or an x in a sum."""
    middles = np.array([STEP * one.centre + STEP / 2 for one in characters if one.text != " "])
    there = ink > INKED
    edges = np.flatnonzero(np.diff(np.r_[False, there.any(0), False].astype(np.int8)))
    lefts, rights = edges[::2], edges[1::2]
    if len(middles) < 2 or not len(lefts):
        return False
    away = np.maximum(lefts[:, None] - middles, middles - rights[:, None])
    spoken_for = np.unique(np.maximum(away, 0).argmin(0))
    between = (lefts >= middles[0]) & (rights <= middles[-1])
    between[spoken_for] = False
    for left, right in zip(lefts[between], rights[between], strict=True):
        rows = np.flatnonzero(there[:, left:right].any(1))
        if np.ptp(rows) + 1 >= SIGN_ROWS and there[:, left:right].sum() >= SIGN_PIXELS:
            return True
    return False


def _digits_of(characters: list[Character], strip: Strip, least: float) -> tuple[Digit, ...]:
    middles = [STEP * character.centre + STEP / 2 for character in characters]
    digits = []
    inked = strip.ink.max(0) > INKED
    for i, (character, middle) in enumerate(zip(characters, middles, strict=True)):
        if character.probabilities is not None:
            before, after = (middles[i - 1] if i else -np.inf), (middles[i + 1] if i + 1 < len(middles) else np.inf)
            left, right = max(middle - REACH, (before + middle) / 2), min(middle + REACH, (middle + after) / 2)
            left = left if i else len(inked) - _ends(inked[::-1], len(inked) - left, len(inked) - middle)
            right = right if i + 1 < len(middles) else _ends(inked, right, middle)
            box = strip.box(max(left, 0), max(min(right, strip.ink.shape[1]), left + 1))
            confidence = min(character.confidence, 1.0)
            status: Status = "read" if confidence >= least else "unsure"
            digits.append(Digit(int(character.text), status, confidence, character.probabilities, box))
    return tuple(digits)


def _marks(characters: list[Character], strip: Strip) -> list[Box]:
    """Where the ink of points, dashes, ... is."""
    inked = strip.ink.max(0) > INKED
    boxes = []
    for character in characters:
        if character.probabilities is None and character.text != " ":
            middle = min(STEP * character.centre + STEP / 2, len(inked) - 1.0)
            left = len(inked) - _ends(inked[::-1], len(inked) - 1 - middle, len(inked) - 1 - middle)
            boxes.append(strip.box(max(left, 0), max(_ends(inked, middle, middle), left + 1)))
    return boxes


def _ends(inked: NDArray[np.bool_], edge: float, middle: float) -> float:
    """The column in which the outermost digit ends, where it reaches on beyond ``edge``: the bar of a wide 7."""
    place = edge
    while place < min(len(inked), middle + FURTHEST) and inked[int(place)]:
        place += 1
    return place


def _around(boxes: list[Box]) -> Box:
    return Box(
        min(box.left for box in boxes),
        min(box.top for box in boxes),
        max(box.right for box in boxes),
        max(box.bottom for box in boxes),
    )


def blank_number(size: tuple[int, int]) -> Number:
    """Blank paper of (height, width), as a number."""
    return as_number(_blank(size))
