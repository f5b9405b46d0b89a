"""Numbered lists: ``1. 250``, ``2. 979,52``, ``3) 12``. Alone, ``2. 979,52`` may be one number; below one another,
where what stands before the gap counts on from row to row, each of these is the row's place in the list and a number.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from guarismo.cutout import Cutout, Read
from guarismo.types import Box, Number

FEWEST, FEWEST_FROM_ONE = 5, 4
"""Rows that count on from one to the next, at least; and where the first is 1. Of lists of numbers that begin with any
digit one in ten thousand has five such by chance."""

COUNTED, WIDE = 0.75, 0.6
"""Share of the rows from the first to the last that must count on; and of these, the share whose place stands apart."""

DATED = 0.8
"""Share of the rows from which on they are the days of a month, one after the other."""

ASIDE, DOWN = 1.5, 8.0
"""Heights of a line by which the next row may begin farther left or right, and lie farther down."""

LARGEST = 999
"""Places in a list that are looked for."""

DATE = re.compile(r"\d{1,2}\s*([.-])\s*(0?[1-9]|1[0-2])\s*\1\s*(\d{2}|\d{4})")


@dataclass(frozen=True, slots=True)
class _Place:
    """A line that may begin with its ``place`` in a list, before a ``gap``, a column of its cut-out; where it stands by
    itself there is none, and where no gap is wide enough neither. ``box`` is the line's."""

    line: int
    place: int
    box: Box
    gap: int | None = None
    alone: bool = False


def without_places(
    found: Sequence[Number | None], cutouts: Sequence[Cutout], gaps: Sequence[Sequence[int]], read: Read
) -> list[tuple[Number, ...]]:
    """What each line says, ``gaps`` being columns of their cut-outs: a number or none, and in numbered lists two, its
    place and its number. Where these cannot be parted, the whole is never sure."""
    told: list[tuple[Number, ...]] = [() if one is None else (one,) for one in found]
    rows = [row for row in _counting(_places(found, cutouts, gaps), found) if not row.alone]
    wide = [row for row in rows if row.gap is not None]
    sides = iter(read([side for row in wide for side in cutouts[row.line].parted(row.gap or 0)]) if wide else [])
    for row in rows:
        place, number = (next(sides), next(sides)) if row.gap is not None else (None, None)
        if place is not None and number is not None and number.digits and row.place in _counts(place.digits_text):
            told[row.line] = (_as_place(place, str(row.place)), _after_dash(number))
        else:
            told[row.line] = tuple(one.doubted() for one in told[row.line])
    return told


def _counts(digits: str) -> list[int]:
    """What places these digits may be: a closing bracket is taken for a 1."""
    whole = [digits, digits[:-1]] if len(digits) > 1 and digits[-1] == "1" else [digits]
    return [int(one) for one in whole if one and one[0] != "0"]


def _as_place(read: Number, place: str) -> Number:
    """A place in a list, sure or not: it is what is expected there, which one network or the other may not see."""
    text = read.text if read.digits_text == place else place
    status = read.status if read.status == "read" and text == read.text else "unsure"
    return replace(read, text=text, digits=read.digits[: len(place)], status=status)


def _after_dash(number: Number) -> Number:
    """What comes after the dash of ``3 - 250``: one before paper is no sign."""
    if not number.text.startswith("- "):
        return number
    others = tuple((text.removeprefix("- "), share) for text, share in number.alternatives)
    return replace(number, text=number.text.removeprefix("- "), alternatives=others)


def _places(found: Sequence[Number | None], cutouts: Sequence[Cutout], gaps: Sequence[Sequence[int]]) -> list[_Place]:
    """Each line's place, as it may be: what stands before its first gap, a closing bracket taken for a 1 or not; by
    itself; or the one or two digits that it begins with."""
    places = []
    for i, (one, cutout) in enumerate(zip(found, cutouts, strict=True)):
        if one is None or not one.digits:
            continue
        box, digits = cutout.box(), one.digits_text
        edges = [cutout.box(Box(gap, 0, gap + 1, len(cutout.gray))).left for gap in gaps[i]]
        before = [sum(digit.box.left + digit.box.right < 2 * edge for digit in one.digits) for edge in edges]
        if before and 0 < before[0] < len(digits) and not _goes_on(one.text, before[0]):
            gap = gaps[i][before.count(before[0]) - 1]  # of two the second: a dash between them goes with the place
            places += [_Place(i, place, box, gap) for place in _counts(digits[: before[0]])]
        if int(digits) <= LARGEST and len(digits) < 3:
            places.append(_Place(i, int(digits), box, alone=True))
        places += [_Place(i, int(digits[:n]), box) for n in (1, 2) if n < len(digits) and not _goes_on(one.text, n)]
    return [one for one in places if 0 < one.place <= LARGEST]


def _goes_on(text: str, digits: int) -> bool:
    """Whether after so many digits there is a mark that belongs to a time or a fraction."""
    seen = 0
    for character in text:
        seen += character.isdigit()
        if seen == digits and character in ":/":
            return True
    return False


def _counting(places: Sequence[_Place], found: Sequence[Number | None]) -> list[_Place]:
    """The rows of numbered lists: of those that count on the longest, and again of what is left."""
    rows: list[_Place] = []
    left = list(places)
    while True:
        row = _longest(left)
        if len(row) < (FEWEST_FROM_ONE if row and row[0].place == 1 else FEWEST):
            return rows
        if _is_list(row, places, found):
            rows += row
        taken = {one.line for one in row}
        left = [one for one in left if one.line not in taken]


def _longest(places: Sequence[_Place]) -> list[_Place]:
    """The most rows, one below the other, of which each counts on from the one before; one may be missing."""
    by_place: defaultdict[int, list[_Place]] = defaultdict(list)
    best: dict[_Place, tuple[float, _Place | None]] = {}
    for one in sorted(places, key=lambda one: one.box.top + one.box.bottom):
        before = [other for n in (1, 2) for other in by_place[one.place - n] if _is_next(other, one)]
        last = max(before, key=lambda other: best[other][0], default=None)
        own = 0.5 if one.gap is None and not one.alone else 1.0
        best[one] = (own + (best[last][0] if last else 0.0), last)
        by_place[one.place].append(one)
    at: _Place | None = max(best, key=lambda one: best[one][0], default=None)
    row = []
    while at is not None:
        row.append(at)
        at = best[at][1]
    return row[::-1]


def _is_next(one: _Place, other: _Place) -> bool:
    """Whether ``other`` lies below, and begins where one does."""
    height, rows = min(one.box.height, other.box.height), other.place - one.place
    down = (other.box.top + other.box.bottom - one.box.top - one.box.bottom) / 2
    return 0.5 * height < down < DOWN * rows * height and abs(other.box.left - one.box.left) < ASIDE * rows * height


def _is_list(row: Sequence[_Place], places: Sequence[_Place], found: Sequence[Number | None]) -> bool:
    """Whether rows that count on are a numbered list: none but a few between them do otherwise, most have a gap after
    their place, and they are no days of a month."""
    lines = {one.line for one in row}
    top, bottom = row[0].box, row[-1].box
    first, last = min(one.box.left for one in row), max(one.box.left for one in row)
    between = {
        one.line
        for one in places
        if one.line not in lines and top.top < one.box.top < bottom.top and first <= one.box.left <= last
    }
    joined = [one for one in row if not one.alone]
    apart = sum(one.alone or one.gap is not None for one in row)
    texts = [number.text for one in joined if (number := found[one.line]) is not None]
    dates = sum(DATE.fullmatch(text) is not None for text in texts)
    return (
        len(row) >= COUNTED * max(len(row) + len(between), row[-1].place - row[0].place + 1)
        and apart >= WIDE * len(row)
        and not (joined and dates >= DATED * len(joined))
    )
