"""Numbers with words or units beside them: ``pan 2,50``, ``12 kg``. What is left of a gap in a line is read by itself,
and what is right of it; where one is a number for sure, and the other made of letters, that is what stands there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from guarismo import strip
from guarismo.cutout import Cutout
from guarismo.types import Box, Number

Read = Callable[[Sequence[Cutout]], list[Number | None]]
"""What lines say, None where one is blank."""

Apart = Callable[[Sequence[NDArray[np.float32]]], list[NDArray[np.float64]]]
"""What the digit network says of the pieces of each strip's ink: ``DigitNetwork.apart``."""

MOST_GAPS = 3
"""Gaps of a line, from the left, at which it is parted at most."""

LETTERS, LONG, LOWEST = 0.5, 2.5, 0.3
"""Share of a word's pieces that are no digits, at least; its length against its height, where it is written in one; and
its height against its cut-out's, for a dash is long."""

WORDY = 0.25
"""Share of a page's lines from which on words stand beside its numbers: alone, a doubtful group of a number is none."""

NOTHING = np.zeros((strip.HEIGHT, 1), np.float32)
"""A strip without ink."""


def beside_words(
    cutouts: Sequence[Cutout], gaps: Sequence[Sequence[int]], read: Read, apart: Apart
) -> list[Number | None]:
    """What lines say, ``gaps`` being columns of their cut-outs: a line's number, without the words beside it.

    On a page that has words beside its numbers, what is doubtful is read so though its letters look like digits, and
    never for sure.
    """
    found = read(cutouts)
    asked = [
        (i, gap)
        for i, one in enumerate(found)
        if one is not None and one.status in ("unsure", "not_a_digit")
        for gap in gaps[i][:MOST_GAPS]
    ]
    if not asked:
        return found
    sides = [side for i, gap in asked for side in _parted(cutouts[i], gap)]
    said = read(sides)
    places = [place for place, one in enumerate(said) if _is_sure(one) and not _is_sure(said[place ^ 1])]
    words = are_words([sides[place ^ 1] for place in places], apart)
    lettered = [place for place, is_word in zip(places, words, strict=True) if is_word]

    def numbers(some: Iterable[int]) -> dict[int, Number]:
        """By its line, the longest of these."""
        ordered = sorted(((asked[place // 2][0], said[place]) for place in some), key=lambda one: _length(one[1]))
        return {i: one for i, one in ordered if one is not None}

    parted = numbers(lettered)
    if len(parted) < WORDY * sum(one is not None and bool(one.digits) for one in found):
        return found
    if len(parted) > 1:
        right = round(float(np.mean([place % 2 for place in lettered])))
        likely = numbers(place for place in places if place % 2 == right)
        parted = {i: replace(one, status="unsure") for i, one in likely.items()} | parted
    return [parted.get(i, one) for i, one in enumerate(found)]


def are_words(cutouts: Sequence[Cutout], apart: Apart) -> list[bool]:
    """Whether each is made of letters: of its pieces of ink, two or a long one at least, most are no digits."""
    found = [strip.strip(cutout.gray) for cutout in cutouts]
    inks = [
        one.ink if one is not None and strip.FILLED / one.scale > LOWEST * len(cutout.gray) else NOTHING
        for one, cutout in zip(found, cutouts, strict=True)
    ]
    words = []
    for ink, said in zip(inks, apart(inks), strict=True):
        none = said[:, 10] > 0.5
        long = ink.shape[1] - 2 * strip.MARGIN > LONG * strip.FILLED
        words.append(bool(none.any()) and (len(none) > 1 or long) and float(none.mean()) >= LETTERS)
    return words


def _length(number: Number | None) -> int:
    return 0 if number is None else len(number.digits)


def _is_sure(number: Number | None) -> bool:
    return number is not None and number.status == "read"


def _parted(cutout: Cutout, gap: int) -> tuple[Cutout, Cutout]:
    """What is left of a column, and what is right of it."""
    rows, columns = cutout.gray.shape
    return cutout.cut(Box(0, 0, gap, rows)), cutout.cut(Box(gap, 0, columns, rows))
