"""What a line may say: texts with their shares, from its steps in several looks and from what is said of its pieces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from guarismo import alignment, ctc, pattern, pieces, spelling
from guarismo.ctc import FLOOR, Language
from guarismo.model import LINE_LABELS
from guarismo.pattern import Constraints
from guarismo.strip import FILLED, STEP
from guarismo.types import digits_of

BLANK = len(LINE_LABELS) - 1
"""The column in which a line model says "nothing"."""


def language(constraints: Constraints | None) -> Language | None:
    """The automaton of the texts that are allowed; None where all are. Raises UsageError where none can be."""
    return None if constraints is None else pattern.build(constraints, LINE_LABELS, BLANK)


@dataclass(frozen=True, slots=True)
class Reading:
    """A text, spaces around it too; how likely it is, and how likely its digits are."""

    spelled: str
    confidence: float
    digits_confidence: float


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
        means over all looks, and agreed with what is said of the pieces; that it says a number is taken for granted as
        far as it says anything (``raised``). The likeliest digits come first, in their likeliest spelling. What is all
        but sure at first sight is not searched, and nothing is searched twice.
        """
        looks = [(one, raised(one)) for one in (self.first, *further)]
        (_, first), *others = looks
        said = self.said if self.said is not None and len(self.said) >= SEVERAL else None
        weight = WELL_FORMED if self.allowed is None else 1.0  # who says what may stand there knows better
        text, score = ctc.greedy(first, LINE_LABELS, BLANK)
        if self.allowed is None and not further and score > _least_alone(text, said):
            found = _ranked([text], looks, said, weight)
            if found[0].confidence > ALONE:
                return found
        self._texts = self._texts or ctc.likely(first, LINE_LABELS, BLANK, self.allowed)
        more = (text for _, one in others for text in _best(one, self.allowed))  # of strips that may be longer
        texts = list(dict.fromkeys([*self._texts, *(text for text in more if _fits(text, self.first))]))
        other = _spelled(pieces.likeliest(said), texts[0]) if said is not None and texts else None
        if other is None or other in texts:
            return _ranked(texts, looks, said, weight)
        if _may_be(other, self.first, self.allowed):
            return _ranked([*texts, other], looks, said, weight)
        return _ranked(texts, looks, said, weight, other)


RAISED = 0.75
"""How much likelier a digit is, as a logarithm, at each step of a line that says a number. The network was taught on
lines without numbers too, and cannot ask at one step what the others say: of its errors on lines of writers held out,
digits left out were seventeen times as many as digits too many. The likelihood of these lines is much the same from
0.75 to 1.25, their readings at 0.75 and 1.0; the lower makes fewer words numbers (docs/LOG.md)."""

TALL = np.array([label.isdigit() or label == "/" for label in LINE_LABELS])
"""Which columns are raised: the digits, and the slash, or each would be a 1."""


def raised(steps: ctc.Steps) -> ctc.Steps:
    """The steps (T, 17) as they are if the line says a number."""
    more = np.log1p(np.expm1(RAISED) * np.exp(steps[:, TALL]).sum(1, keepdims=True))
    return np.asarray(steps + RAISED * TALL - more, np.float64)


def _nothing(looks: Sequence[ctc.Steps]) -> float:
    """How likely a line says no digit, mean over looks."""
    silent = [np.log(np.maximum(1 - np.exp(one[:, DIGITS]).sum(1), FLOOR)).sum() for one in looks]
    return float(np.exp(silent).mean())


DIGITS = np.array([label.isdigit() for label in LINE_LABELS])


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
    looks: Sequence[tuple[ctc.Steps, ctc.Steps]],
    said: NDArray[np.float64] | None,
    weight: float,
    other: str | None = None,
) -> list[Reading]:
    """Texts with their shares, best first, well-formed ones having so much ``weight``; ``other`` is what the pieces say
    and may not be read, which has its own. ``looks`` are steps as they are and ``raised``."""
    if not texts:
        return []
    every = [*texts, other] if other is not None else texts
    plain, numbers = zip(*looks, strict=True)
    whole, digits = ctc.agreed(numbers, every, LINE_LABELS, BLANK)
    nothing = _nothing(plain)
    some = (1 - nothing) / max(1 - _nothing(numbers), FLOOR)
    shares = np.minimum(np.exp(digits) * some, 1.0).tolist()
    named = dict(zip(map(digits_of, every), shares, strict=True))
    agreed = _agreed(named | ({"": nothing} if "" in named else {}), said)
    weights = np.array([weight if spelling.is_well_formed(text.strip()) else 1.0 for text in texts])
    weights *= _spaced(texts, plain[0])
    spelled = _spelled_so(texts, whole[: len(texts)], digits[: len(texts)], weights, weight)
    found: dict[str, Reading] = {}
    for i in np.argsort(-spelled, kind="stable").tolist():
        text, known, sure = texts[i].strip(), found.get(texts[i].strip()), agreed[digits_of(texts[i])]
        confidence = sure * float(spelled[i]) + (known.confidence if known else 0.0)
        found[text] = Reading(known.spelled if known else texts[i], min(confidence, 1.0), sure)
    best = max(found.values(), key=lambda one: (one.digits_confidence, one.confidence))
    return [best, *sorted((one for one in found.values() if one is not best), key=lambda one: -one.confidence)]


def _spelled_so(
    texts: Sequence[str],
    whole: NDArray[np.float64],
    digits: NDArray[np.float64],
    weights: NDArray[np.float64],
    weight: float,
) -> NDArray[np.float64]:
    """How likely each text is among all spellings of its digits, (N,), from the log probabilities of both and from how
    much each weighs. What is not among the texts has this ``weight``: it may be well formed."""
    shares = np.exp(np.minimum(whole - np.where(digits > -np.inf, digits, 0.0), 0.0))
    weighed = shares * weights
    names = np.array([digits_of(text) for text in texts])
    alike = names[:, None] == names
    left = np.maximum(1 - alike @ shares, 0.0)
    return np.asarray(weighed / np.maximum(alike @ weighed + weight * left, 1e-300), np.float64)


def _spaced(texts: Sequence[str], first: ctc.Steps) -> NDArray[np.float64]:
    """How much each text weighs, (N,), for its spaces standing where digits are far apart; 1 where none has several
    spellings. The middles of digits are those of the first look's best alignment."""
    middles: dict[str, list[float]] = {}
    weights = np.ones(len(texts))
    names = [digits_of(text) for text in texts]
    for i, (text, name) in enumerate(zip(texts, names, strict=True)):
        if " " in text.strip() and len(name) > spelling.GAPS and names.count(name) > 1 and _fits(text, first):
            if name not in middles:
                places = alignment.middles(first, text, LINE_LABELS, BLANK)
                middles[name] = [place / DIGIT for place in places]
            weights[i] = spelling.spaced(text.strip(), middles[name])
    return weights


DIGIT = FILLED / STEP
"""Steps of a line model to a digit's height."""


def _fits(text: str, steps: ctc.Steps) -> bool:
    """Whether there are steps enough for a text."""
    return ctc.fewest_steps(text) <= len(steps)


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
