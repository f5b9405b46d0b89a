"""The two networks with what goes before and after them: pictures → ``Digit``, pictures → ``Number``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice

import numpy as np
from numpy.typing import NDArray

from guarismo import ctc, decode, stack, strip
from guarismo.ctc import Language
from guarismo.engine import Engine
from guarismo.framing import SIDE, leaning
from guarismo.hearing import Hearing, is_clear
from guarismo.image import noting
from guarismo.ink import Framed, again, frame, frames, lit, otherwise
from guarismo.model import Model
from guarismo.pieces import further, pieces
from guarismo.stack import Key
from guarismo.types import Box, Digit, Gray, Ink, Logits, Number, is_single

LINES_TOGETHER = 64
"""Lines read at once: they are filled up to the widest, so that more together are no faster."""

LOST, PLAIN = 0.5, 0.9
"""Share of the likeliest digit below which a picture is looked at otherwise, and from which on that counts. On 4,000
digits cut close and 4,000 photographed ones of writers held out, this reads 1.2 and 1.1 points more and errs no more
often in what it accepts; of 908 blank papers it takes one for a digit (docs/LOG.md)."""

Seen = tuple[Framed, tuple[int, int]]
"""A picture's ink and its (height, width)."""


@dataclass(frozen=True, slots=True)
class DigitNetwork:
    """``ink.frame`` → ``engine.run`` → ``decode.digits``; what is not clear at first sight is looked at again."""

    model: Model
    engine: Engine

    def read(self, grays: Iterable[Gray]) -> list[Digit]:
        """One digit on each picture uint8 (H, W), as one batch; no picture is kept."""
        return self.begun(grays)()

    def begun(self, grays: Iterable[Gray]) -> Callable[[], list[Digit]]:
        """``read`` in two halves: the ink is found, and what is returned asks the network."""
        sizes: list[tuple[int, int]] = []
        framed = frames(noting(grays, lambda gray: sizes.append(gray.shape)))
        return partial(self.named, list(zip(framed, sizes, strict=True)))

    def named(self, looks: list[Seen]) -> list[Digit]:
        """What digits these are, as one batch."""
        logits = self._looked([one.ink for one, _size in looks], lambda i: _further(looks[i][0]))
        boxes = [one.box for one, _size in looks]
        self._last_looks(looks, logits, boxes)
        return decode.digits(logits, boxes, [size for _one, size in looks], self.model)

    def _last_looks(self, looks: list[Seen], logits: Logits, boxes: list[Box | None]) -> None:
        """Look otherwise at what is blank or nothing can be made of, and without a shadow also at what is not clear;
        take that where it is plainly a digit."""
        lost = np.array([box is None for box in boxes], bool) | (decode.sureness(logits, self.model.temperature) < LOST)
        doubtful = lost | ~decode.are_clear(logits, self.model.temperature)
        tried = [(i, look) for i in np.flatnonzero(lost).tolist() for look in otherwise(*looks[i])]
        tried += [(i, look) for i in np.flatnonzero(doubtful).tolist() for look in lit(*looks[i])]
        if not tried:
            return
        said = self._said([look.ink for _i, look in tried])
        best = decode.sureness(said, self.model.temperature)
        for n in np.argsort(best):  # of two the better one is written last
            if best[n] >= PLAIN:
                i, look = tried[n]
                logits[i], boxes[i] = said[n], look.box

    def _looked(self, inks: list[Ink], further: Callable[[int], list[Ink]]) -> Logits:
        return looked(self._said, inks, further, self.model.temperature)

    def _said(self, inks: list[Ink]) -> Logits:
        return self.engine.run(np.array(inks, np.float32).reshape(-1, SIDE, SIDE))

    def apart(self, lines: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float64]]:
        """For each strip's ink (48, W) what its pieces look like: (P, 11), their shares of the ten digits and of "not a
        digit", 0 where the network knows no such."""
        cut = [pieces(ink) for ink in lines]
        every = [piece for each in cut for piece in each]
        if not every:
            return [np.zeros((0, 11))] * len(cut)
        shares = decode.labelled(self._looked(every, lambda i: further(every[i])), self.model)
        shares = np.pad(shares, ((0, 0), (0, 11 - shares.shape[1])))
        ends = np.cumsum([len(each) for each in cut], dtype=np.int64)
        return [shares[end - len(each) : end] for end, each in zip(ends, cut, strict=True)]


def looked(
    said: Callable[[list[Ink]], Logits], inks: list[Ink], further: Callable[[int], list[Ink]], temperature: float
) -> Logits:
    """What a network, ``said``, makes of inks, (N, L); where that is not clear, the mean with ``further(i)`` looks."""
    logits = said(inks)
    doubtful = np.flatnonzero(~decode.are_clear(logits, temperature)).tolist()
    looks = {i: more for i in doubtful if (more := further(i))}
    logits = logits.copy()  # an engine's own
    if looks:
        rest = iter(said([ink for more in looks.values() for ink in more]))
        for i, more in looks.items():
            logits[i] = decode.mean_logits(np.stack([logits[i], *islice(rest, len(more))]), temperature)
    return logits


def _further(one: Framed) -> list[Ink]:
    """Further looks at a digit: at its picture, or at its ink where that came framed; none at bare paper."""
    if one.box is None:
        return []
    return leaning(one.ink) if one.near is None else again(one)


@dataclass(frozen=True, slots=True)
class LineNetwork:
    """``strip.strip`` → ``engine.run`` → ``hearing.Hearing`` → ``decode.number``. Where ink stands apart, the digit
    network has a say."""

    model: Model
    engine: Engine
    digits: DigitNetwork

    def read(self, grays: Iterable[Gray], language: Language | None = None) -> Iterator[Number]:
        """One number on each picture uint8 (H, W), one by one, ``LINES_TOGETHER`` at once; no picture is kept."""
        pictures = iter(grays)
        batches = iter(lambda: self._some(islice(pictures, LINES_TOGETHER), language), [])
        return chain.from_iterable(batches)

    def _some(self, grays: Iterable[Gray], language: Language | None) -> list[Number]:
        numbers: list[Number] = []
        strips = [strip.strip(g) for g in noting(grays, lambda g: numbers.append(decode.blank_number(g.shape)))]
        found = {i: one for i, one in enumerate(strips) if one is not None}
        said = self._said({i: one.ink for i, one in found.items()})
        apart = dict(zip(found, self.digits.apart([one.ink for one in found.values()]), strict=True))
        first = {i: decode.steps(said[i], one, self.model) for i, one in found.items()}
        hearings = {i: Hearing(first[i], apart[i], language) for i in found}
        heard = {i: hearing.readings() for i, hearing in hearings.items()}
        doubtful = [i for i in found if not is_clear(heard[i])]
        looks = {(i, n): strip.again(found[i], look) for i in doubtful for n, look in enumerate(self.model.looks)}
        further = self._said({key: ink for key, ink in looks.items() if ink is not None})
        for i in doubtful:
            more = [further[key] for n in range(len(self.model.looks)) if (key := (i, n)) in further]
            heard[i] = hearings[i].readings([ctc.log_softmax(one, self.model.temperature) for one in more])
        for i, one in found.items():
            numbers[i] = decode.number(heard[i], first[i], one, self.model)
        return numbers

    def _said(self, inks: Mapping[Key, NDArray[np.float32]]) -> dict[Key, Logits]:
        """The steps (T, 17) of strips, without those of the filling."""
        said: dict[Key, Logits] = {}
        for keys in stack.alike({key: ink.shape[1] for key, ink in inks.items()}):
            logits = self.engine.run(stack.stacked([inks[key] for key in keys]))
            said |= {key: steps[: strip.steps_of(inks[key].shape[1])] for key, steps in zip(keys, logits, strict=True)}
        return said


SURE_OF_ONE = 0.95
"""Confidence of the line network from which on it has seen one digit where the digit network sees none. Of 23 single
digits with units 19 are so, and right; of 120 letters and words alone four."""


def either(
    digits: DigitNetwork, lines: LineNetwork, grays: Iterable[Gray], language: Language | None, free: bool
) -> list[Digit | Number]:
    """The digit or the number on each picture, whichever it is: the line network says how many characters there are.
    Where it sees one or none, the digit network says what it is, unless ``free`` is false: numbers are constrained.
    What that takes for no digit, though the line network is sure of one, may have a unit beside it ("7 km"): unsure."""
    looks: list[Seen] = []
    found: list[Digit | Number] = [
        *lines.read(noting(grays, lambda gray: looks.append((frame(gray), gray.shape))), language)
    ]
    alone = [i for i, one in enumerate(found) if free and is_single(one.text)]
    for i, digit in zip(alone, digits.named([looks[i] for i in alone]), strict=True):
        beside = digit.status == "not_a_digit" and found[i].text and found[i].confidence >= SURE_OF_ONE
        found[i] = replace(found[i], status="unsure") if beside else digit
    return found
