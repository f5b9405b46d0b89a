"""Logits → ``Digit``, logits of a line → ``Number``: confidence, status, alternatives.

The confidence is the softmax of logits divided by the model's temperature (Guo, Pleiss, Sun and
Weinberger 2017, "On calibration of modern neural networks"), for the digit *and* for its being one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from guarismo import ctc, pattern, pieces, spelling
from guarismo.ctc import FLOOR, Language
from guarismo.errors import ModelError
from guarismo.model import LINE_LABELS, Model, Thresholds
from guarismo.pattern import Constraints
from guarismo.strip import Strip
from guarismo.types import Box, Digit, Logits, Number, Status, digits_of

BLANK = len(LINE_LABELS) - 1
"""The column in which a line model says "nothing"."""

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


STEP = 4
"""Columns of a strip to one step of the line model."""

REACH, FURTHEST, INKED = 15, 27, 0.3
"""Columns to either side of a digit's middle that its box has at most, and that the first and last digit's have where
their ink, of at least that level, goes on so far: digits are 36 rows high and narrower."""


def language(constraints: Constraints | None) -> Language | None:
    """The automaton of the texts that are allowed; None where all are. Raises UsageError where none can be."""
    return None if constraints is None else pattern.build(constraints, LINE_LABELS, BLANK)


def steps(logits: Logits, strip: Strip, model: Model) -> ctc.Steps:
    """Log shares (T, 17) of a strip's steps, at the model's temperature, from its logits, which may have more steps.

    Raises ModelError where the network and its ``model.json`` do not belong together.
    """
    wide = steps_of(strip.ink)
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

    Nothing said, where there is ink, is no number. A line that was squeezed to fit or stood in brackets is never surer
    than "unsure".
    """
    if not found:
        return Number("", (), "not_a_digit", 0.0, strip.box(0, strip.ink.shape[1]))
    best, *others = found
    least = model.thresholds.read if strip.squeeze == 1 and not strip.bracketed else np.inf
    characters = ctc.align(steps, best.spelled, LINE_LABELS, BLANK)
    digits = _digits_of(characters, strip, least)
    status: Status = ("read" if best.confidence >= least else "unsure") if digits else "not_a_digit"
    marks = _marks(characters, strip)
    box = _around([*(digit.box for digit in digits), *marks]) if digits else strip.box(0, strip.ink.shape[1])
    rest = tuple((one.spelled.strip(), one.confidence) for one in others)
    return Number(best.spelled.strip(), digits, status, best.confidence, box, rest[:OTHERS], best.digits_confidence)


def steps_of(ink: NDArray[np.float32]) -> int:
    """How many of a line model's steps belong to a strip (48, W): the rest are filling."""
    return -(-int(ink.shape[1]) // STEP) + 1


CLEAR_LINE, CLEAR_TEXT = 0.99, 0.6
"""Shares of a line's digits and of its text, marks too, from which on it is clear at first sight: further looks would
change little. Of marks they know less."""


HOPELESS = 0.02
"""Share of a line's digits below which these are words, and further looks are wasted: none of three such in 780 numbers
was read right in the end."""


def is_clear(found: Sequence[Reading]) -> bool:
    """Whether a line's readings, best first, leave so little doubt, or so little hope, that it needs no more looks."""
    if not found:
        return False
    digits = found[0].digits_confidence
    return digits < HOPELESS or (digits >= CLEAR_LINE and found[0].confidence >= CLEAR_TEXT)


OTHERS = 4
"""Readings besides the best one."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A text, spaces around it too; how likely it is, and how likely its digits are."""

    spelled: str
    confidence: float
    digits_confidence: float


@dataclass(slots=True)
class Hearing:
    """What a line may say, by its steps (T, 17) at first sight and by what the digit network says of its pieces.

    ``said`` is (P, 11), or None; ``allowed`` the automaton of the texts that are allowed, None where all are.
    """

    first: ctc.Steps
    said: NDArray[np.float64] | None = None
    allowed: Language | None = None
    _texts: list[str] = field(default_factory=list)

    def readings(self, further: Sequence[ctc.Steps] = ()) -> list[Reading]:
        """Best first; spaces around make no other reading. ``further`` are steps in further looks (``types.Look``).

        Confidences are shares of everything that the line may say, summed over all alignments (Graves et al. 2006),
        means over all looks, and agreed with what is said of the pieces. The likeliest digits come first, in their
        likeliest spelling. What is all but sure at first sight is not searched, and nothing is searched twice.
        """
        looks = [self.first, *further]
        said = self.said if self.said is not None and len(self.said) >= SEVERAL else None
        weight = WELL_FORMED if self.allowed is None else 1.0  # who says what may stand there knows better
        text, score = ctc.greedy(self.first, LINE_LABELS, BLANK)
        if self.allowed is None and not further and score > _least_alone(text, said):
            found = _ranked([text], looks, said, weight)
            if found[0].confidence > ALONE:
                return found
        self._texts = self._texts or ctc.likely(self.first, LINE_LABELS, BLANK, self.allowed)
        more = (text for one in further for text in _best(one, self.allowed))  # of strips that may be longer
        texts = list(dict.fromkeys([*self._texts, *(text for text in more if _fits(text, self.first))]))
        other = _spelled(pieces.likeliest(said), texts[0]) if said is not None and texts else None
        if other is None or other in texts:
            return _ranked(texts, looks, said, weight)
        if _may_be(other, self.first, self.allowed):
            return _ranked([*texts, other], looks, said, weight)
        return _ranked(texts, looks, said, weight, other)


SEVERAL = 2
"""Pieces from which on the digit network has a say in a line: about what stands alone it is asked by itself, where two
opinions are wanted (``page``)."""

SURE, AGREED, ALONE = -0.02, -1.2, 0.98
"""Log probabilities of one alignment from which on its text may be the answer, by itself and where the pieces agree;
and the share that it must then have for nothing else to be looked for."""

SAME = 0.95
"""Share of a text among all that the pieces may say from which on they agree with it."""


def _least_alone(text: str, said: NDArray[np.float64] | None) -> float:
    agree = said is not None and pieces.share(said, digits_of(text)) >= SAME
    return AGREED if agree else SURE


WELL_FORMED = 12.0
"""How many times more a well-formed spelling weighs than another of the same digits. Of 3,800 lines of writers held out
55 are mended and one is spoilt; 7 and 20 mend 51 and 55 (docs/LOG.md)."""


def _ranked(
    texts: Sequence[str],
    looks: Sequence[ctc.Steps],
    said: NDArray[np.float64] | None,
    weight: float,
    other: str | None = None,
) -> list[Reading]:
    """Texts with their shares, best first, well-formed ones having so much ``weight``; ``other`` is what the pieces say
    and may not be read, which has its own."""
    if not texts:
        return []
    every = [*texts, other] if other is not None else texts
    whole, digits = ctc.agreed(looks, every, LINE_LABELS, BLANK)
    shares = np.minimum(np.exp(digits), 1.0).tolist()
    agreed = _agreed(dict(zip(map(digits_of, every), shares, strict=True)), said)
    spelled = _spelled_so(texts, whole[: len(texts)], digits[: len(texts)], weight)
    found: dict[str, Reading] = {}
    for i in np.argsort(-spelled, kind="stable").tolist():
        text, known, sure = texts[i].strip(), found.get(texts[i].strip()), agreed[digits_of(texts[i])]
        confidence = sure * float(spelled[i]) + (known.confidence if known else 0.0)
        found[text] = Reading(known.spelled if known else texts[i], min(confidence, 1.0), sure)
    best = max(found.values(), key=lambda one: (one.digits_confidence, one.confidence))
    return [best, *sorted((one for one in found.values() if one is not best), key=lambda one: -one.confidence)]


def _spelled_so(
    texts: Sequence[str], whole: NDArray[np.float64], digits: NDArray[np.float64], weight: float
) -> NDArray[np.float64]:
    """How likely each text is among all spellings of its digits, (N,), from the log probabilities of both. Well-formed
    ones have this ``weight``, and so has what is not among the texts: it may be well formed."""
    shares = np.exp(np.minimum(whole - np.where(digits > -np.inf, digits, 0.0), 0.0))
    weights = shares * [weight if spelling.is_well_formed(text.strip()) else 1.0 for text in texts]
    names = np.array([digits_of(text) for text in texts])
    alike = names[:, None] == names
    left = np.maximum(1 - alike @ shares, 0.0)
    return np.asarray(weights / np.maximum(alike @ weights + weight * left, 1e-300), np.float64)


def _fits(text: str, steps: ctc.Steps) -> bool:
    """Whether there are steps enough for a text: one for each character, and a blank between two that are alike."""
    return len(text) + sum(one == after for one, after in pairwise(text)) <= len(steps)


def _may_be(text: str, first: ctc.Steps, allowed: Language | None) -> bool:
    """Whether a text is allowed, and the first look's steps (T, 17) have room and a little likelihood for it."""
    if not _fits(text, first) or (allowed is not None and not _is_allowed(text, allowed)):
        return False
    best = ctc.greedy(first, LINE_LABELS, BLANK)[1]
    return bool(ctc.log_probability(first, text, LINE_LABELS, BLANK) > best + np.log(FLOOR))


def _is_allowed(text: str, allowed: Language) -> bool:
    state = 0
    for character in text:
        state = int(allowed.table[state, LINE_LABELS.index(character)])
        if state < 0:
            return False
    return bool(allowed.accepting[state])


def _spelled(digits: str, like: str) -> str:
    """These digits with the marks of a text that has as many."""
    if len(digits_of(like)) != len(digits):
        return digits
    each = iter(digits)
    return "".join(next(each) if character.isdigit() else character for character in like)


PIECES_COUNT, UNKNOWN = 0.7, 0.03
"""How much the digit network's word on a line's pieces counts beside the line network's, as an exponent; and the share
left to their having been cut where they should not. Chosen by the likelihood of held-out lines (docs/LOG.md)."""


def _agreed(shares: dict[str, float], said: NDArray[np.float64] | None) -> dict[str, float]:
    """Shares of digits, by what the line network says of the line and the digit network of its pieces: the product of
    both, what is not among these digits being a further possibility (Hinton 2002, "products of experts")."""
    if said is None:
        return shares
    weights = {text: share * (pieces.share(said, text) + UNKNOWN) ** PIECES_COUNT for text, share in shares.items()}
    other = max(1 - sum(shares.values()), 0.0) * UNKNOWN**PIECES_COUNT
    total = sum(weights.values()) + other
    return {text: weight / total for text, weight in weights.items()} if total else shares


def _best(steps: ctc.Steps, allowed: Language | None) -> list[str]:
    if allowed is None:
        return [ctc.greedy(steps, LINE_LABELS, BLANK)[0]]
    return [text for text, _score in ctc.search(steps, LINE_LABELS, BLANK, allowed, count=1)]


def _digits_of(characters: list[ctc.Character], strip: Strip, least: float) -> tuple[Digit, ...]:
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


def _marks(characters: list[ctc.Character], strip: Strip) -> list[Box]:
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
