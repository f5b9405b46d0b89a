"""Numbers with words or units beside them: ``pan 2,50``, ``12 kg``. What is left of a gap in a line is read by itself,
and what is right of it; where one is a number for sure, and the other made of letters, that is what stands there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from guarismo import strip
from guarismo.cutout import Cutout, Read
from guarismo.decode import INKED
from guarismo.types import Gray, Number

Apart = Callable[[Sequence[NDArray[np.float32]]], list[NDArray[np.float64]]]
"""What the digit network says of the pieces of each strip's ink: ``DigitNetwork.apart``."""

MOST_GAPS = 3
"""Gaps of a line, from the left, at which it is parted at most."""

LETTERS, LONG, LOWEST = 0.5, 2.5, 0.3
"""Share of a word's pieces that are no digits, at least; its length against its height, where it is written in one; and
its height against its cut-out's, for a dash is long."""

WORDY = 0.25
"""Share of a page's lines from which on words stand beside its numbers: alone, a doubtful group of a number is none."""

SAMPLED = 8
"""Lines, from all over the page, of which that share must have words for the others to be looked at."""

EDGE = 2
"""Columns of a strip: ink so near to the side of its picture is cut off there."""

NOTHING = np.zeros((strip.HEIGHT, 1), np.float32)
"""A strip without ink."""


@dataclass(frozen=True, slots=True)
class _Side:
    """A sure ``number`` on one side of a ``gap`` in a line, which is the ``right`` one or the left one; and whether
    what is on the other side is made of letters."""

    line: int
    gap: int
    right: bool
    number: Number
    lettered: bool


def beside_words(
    cutouts: Sequence[Cutout], gaps: Sequence[Sequence[int]], read: Read, apart: Apart
) -> list[Number | None]:
    """What lines say, ``gaps`` being columns of their cut-outs: a line's number, without the words beside it.

    On a page that has words beside its numbers, what is doubtful is read so though its letters look like digits, and
    never for sure. On a page of prose it is given up after some lines.
    """
    found = read(cutouts)
    doubtful = [
        i for i, one in enumerate(found) if one is not None and one.status in ("unsure", "not_a_digit") and gaps[i]
    ]
    first = doubtful[:: -(-len(doubtful) // SAMPLED) or 1]
    rest = [i for i in doubtful if i not in first]
    sides: list[_Side] = []
    for some in (first, rest):
        sides += _sides([(i, gap, cutouts[i]) for i in some for gap in gaps[i][:MOST_GAPS]], read, apart)
        parted = _longest([side for side in sides if side.lettered])
        if len(parted) < WORDY * len(first):
            return found
    if not (len(parted) >= WORDY * sum(map(_is_told, found)) or _is_labelled(found, cutouts, len(parted), apart)):
        return found
    if len(parted) > 1:
        right = sum(side.right for side in sides if side.lettered) > sum(side.lettered for side in sides) / 2
        likely = _longest([side for side in sides if side.right == right])
        parted = {i: replace(one, status="unsure") for i, one in likely.items()} | parted
    two = _with_two(sides)
    return [one if i in two else parted.get(i, one) for i, one in enumerate(found)]


def _is_told(one: Number | None) -> bool:
    return one is not None and bool(one.digits)


def _is_labelled(found: Sequence[Number | None], cutouts: Sequence[Cutout], parted: int, apart: Apart) -> bool:
    """Whether words stand by themselves on a page, as labels farther from their numbers do, and there are as many sure
    numbers as lines that were ``parted``."""
    if sum(one is not None and one.status == "read" for one in found) < max(parted, 1):
        return False
    others = [i for i, one in enumerate(found) if one is not None and one.status == "not_a_digit"]
    sample = others[:: -(-len(others) // SAMPLED) or 1]
    words = sum(are_words([cutouts[i] for i in sample], apart))
    return words >= WORDY * SAMPLED and words * len(others) >= WORDY * len(sample) * sum(map(_is_told, found))


def _sides(asked: Sequence[tuple[int, int, Cutout]], read: Read, apart: Apart) -> list[_Side]:
    """Of lines parted at a gap, those of which one side is a number for sure and the other is none."""
    cut = [side for _line, gap, cutout in asked for side in cutout.parted(gap)]
    said = read(cut) if cut else []
    sure = [one is not None and one.status == "read" for one in said]
    places = [place for place, is_sure in enumerate(sure) if is_sure and not sure[place ^ 1]]
    lettered = are_words([cut[place ^ 1] for place in places], apart) if places else []
    # digits that touch look like letters one by one: to the line network they are a number, if an unsure one
    numbers = [(other := said[place ^ 1]) is not None and other.status == "unsure" for place in places]
    return [
        _Side(*asked[place // 2][:2], place % 2 == 1, number, is_word and not is_number)
        for place, is_word, is_number in zip(places, lettered, numbers, strict=True)
        if (number := said[place]) is not None
    ]


def _with_two(sides: Sequence[_Side]) -> set[int]:
    """Lines with a number on either side of a word or a sign, as in ``3 x 4``: neither is what stands there."""
    lefts, rights = ([side for side in sides if side.right == right] for right in (False, True))
    return {left.line for left in lefts for right in rights if left.line == right.line and left.gap <= right.gap}


def _longest(sides: Sequence[_Side]) -> dict[int, Number]:
    """By its line, the number of most digits."""
    return {side.line: side.number for side in sorted(sides, key=lambda side: len(side.number.digits))}


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


def is_cut_off(gray: Gray) -> bool:
    """Whether a line's writing goes on beyond a side of its picture: of a word in hairlines what was found may be the
    half of an M and an O."""
    line = strip.strip(gray)
    if line is None:
        return False
    inked = line.ink.max(0) > INKED
    sides = [round((side - line.left) * line.scale * line.squeeze) for side in (0, gray.shape[1])]
    return any(bool(inked[max(side - EDGE, 0) : max(side + EDGE, 0)].any()) for side in sides)
