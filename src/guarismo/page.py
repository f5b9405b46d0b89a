"""A page with many numbers: ``layout`` says where they are, the networks what they say. Lines, rows of boxes, grids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

import numpy as np
from numpy.typing import NDArray

from guarismo import decode, sheet
from guarismo.cutout import Cutout, enlarged
from guarismo.grids import Cell, GridCut
from guarismo.layout import Layout, layout
from guarismo.networks import DigitNetwork, LineNetwork
from guarismo.numbered import without_places
from guarismo.order import in_reading_order
from guarismo.puzzle import read_by_rules
from guarismo.types import ACTED_ON, Box, Digit, Gray, Grid, Inks, Number, Status, is_single
from guarismo.upright import quarters_to_turn
from guarismo.words import beside_words, is_cut_off

WIDEST_BOX = 1.5
"""Width against height of a box for one digit. Wider ones, three or more in a row, are a table of one row."""

LEAST, LEAST_EXPECTED = 0.35, 0.2
"""Confidence in the digits from which on something counts as a number, sure or not: a line; and where numbers are
expected, in a cell and on a page whose lines are mostly numbers. Below it are words and drawings."""

SURE_APART = 0.6
"""Confidence in its digits from which on something is a number though they, cut apart, look like none: digits that
touch do. Text and drawings that look so have less (docs/LOG.md)."""

SURE_LINE = 0.9
"""Confidence in its digits that something unsure needs to be a number among many words."""

LEAST_ALONE = 0.6
"""Confidence above 1 that both networks together have in a lone digit."""

SURE_DIGIT, WIDEST_DIGIT = 0.97, 1.05
"""Confidence and width against height up to which the ink in a cell is one digit, and the line network is not asked."""


@dataclass(frozen=True, slots=True)
class Readings:
    """What stands on a page, in reading order, boxes in the caller's pixels."""

    numbers: tuple[Number, ...]
    grids: tuple[Grid, ...]


def read(gray: Gray, digits: DigitNetwork, lines: LineNetwork) -> Readings:
    """All numbers on a picture uint8 (H, W). Words and drawings come with the status "not_a_digit"."""
    eyes = _Eyes(digits, lines)
    page, found = eyes.upright(Cutout(gray, gray.shape), sheet.WORK)
    first = eyes.read(found)
    finer = _finer(page.gray, found) if _mostly_numbers(first) else 0
    if finer:
        large = enlarged(page.gray, finer / max(page.gray.shape))
        large = replace(large, shape=page.shape, back=page.back @ large.back)
        large, more = eyes.upright(large, finer)  # which way up low writing is may be seen only now
        if _cells_of(more) >= _cells_of(found):
            return _placed(eyes.read(more), large)
    return _placed(first, page)


LOW, ENOUGH = 26.0, 32.0
"""Height of a page's writing, in pixels as it is looked at, below which it is looked at again, finer or enlarged, until
it has the other. Of 108 numbers in lists that are 13 pixels high 69 instead of 51 % are right then (docs/LOG.md)."""

TIMES, FINEST = 3.0, 2
"""By how much a picture is enlarged, or looked at finer, at most; and how many times ``sheet.WORK`` that may be."""


def _finer(gray: Gray, found: Layout) -> int:
    """The longest side with which a page of low writing is looked at again; 0 where it need not be, or cannot. Cells
    are cut from the picture itself, so that for these alone nothing is won unless it is enlarged."""
    usual = min(max(gray.shape), sheet.WORK)
    if not 0 < found.height < LOW:
        return 0
    finer = round(min(ENOUGH / found.height * usual, TIMES * usual, FINEST * sheet.WORK))
    least = usual if any(isinstance(part, Cutout) for part in found.parts) else max(gray.shape)
    return finer if finer > least else 0


def _mostly_numbers(readings: Readings) -> bool:
    """Whether a page has numbers, and no more words and drawings: seen finer, there are more of these, too."""
    every = (*readings.numbers, *(cell for grid in readings.grids for cell in grid.written))
    told = [one.status in ACTED_ON for one in every]
    return 2 * sum(told) >= max(len(told), 1)


def _cells_of(found: Layout) -> int:
    """How many cells there are in grids and rows of boxes."""
    return sum(len(part.cells) for part in (*found.grids, *found.parts) if isinstance(part, GridCut))


@dataclass(frozen=True, slots=True)
class _Eyes:
    digits: DigitNetwork
    lines: LineNetwork

    def sureness(self, inks: Inks) -> NDArray[np.float64]:
        """Share of each ink's best digit, its being none allowed for: float64 (N,)."""
        return decode.sureness(self.digits.engine.run(np.ascontiguousarray(inks)), self.digits.model.temperature)

    def upright(self, page: Cutout, longest: int) -> tuple[Cutout, Layout]:
        """A picture, turned upright if it lies otherwise, and what is where on it, looked at so."""
        found = layout(page.gray, longest)
        quarters = quarters_to_turn(found.sample, self.sureness)
        if not quarters:
            return page, found
        page = sheet.turned(page, quarters)
        return page, layout(page.gray, longest)

    def read(self, found: Layout) -> Readings:
        """What stands where, boxes in pixels of the picture that this is the layout of."""
        every = [*found.grids, *(part for part in found.parts if isinstance(part, GridCut))]
        cells = [cell for grid in every for cell in grid.cells if not cell.empty]
        said = dict(zip(map(id, cells), self._cells(cells), strict=True))
        lines = [(part, found.gaps.get(i, ())) for i, part in enumerate(found.parts) if isinstance(part, Cutout)]
        cutouts, gaps = [one for one, _gaps in lines], [gaps for _one, gaps in lines]
        said_of_lines = beside_words(cutouts, gaps, self._lines, self.digits.apart)
        written = iter(without_places(said_of_lines, cutouts, gaps, self._lines))
        numbers: list[Number] = []
        grids, fields = [_grid(grid, said) for grid in found.grids], []
        for i, part in enumerate(found.parts):
            if isinstance(part, Cutout):
                here = next(written)
                if i in found.struck:
                    here = tuple(one.doubted() for one in here)  # whether it counts, only who struck it through knows
                numbers += here
            elif _is_field(part, said):
                fields.append(self._field(part, said))
                numbers.append(fields[-1])
            else:
                grids.append(_grid(part, said))
        told = _in_order([read_by_rules(grid) for grid in grids if _has_numbers(grid)])
        return Readings(_in_company(numbers, fields, told), told)

    def _cells(self, cells: Sequence[Cell]) -> list[Number]:
        """What is in each cell: one digit, or a number where there is more. Where pieces stand side by side, the line
        network is asked first, for most of these are numbers, of which a digit network can only be unsure."""
        grays = [cell.cutout.gray for cell in cells]
        apart = [i for i, cell in enumerate(cells) if cell.several]
        as_lines = dict(zip(apart, self.lines.read(grays[i] for i in apart), strict=True))
        found = {i: one for i, one in as_lines.items() if _is_several(one)}
        rest = [i for i in range(len(cells)) if i not in found]
        for i, digit in zip(rest, self.digits.read(grays[i] for i in rest), strict=True):
            found[i] = decode.as_number(digit)
        unsure = [i for i in rest if i not in as_lines and not _is_one_digit(found[i])]
        as_lines |= zip(unsure, self.lines.read(grays[i] for i in unsure), strict=True)
        for i in rest:
            if i in as_lines:
                found[i] = _surer(found[i], as_lines[i])
        cutouts = [cell.cutout for cell in cells]
        told = [found[i] for i in range(len(cells))]
        strange = self._strange(cutouts, told)
        return [
            placed(_doubted(one, odd, LEAST_EXPECTED), cutout)
            for one, odd, cutout in zip(told, strange, cutouts, strict=True)
        ]

    def _lines(self, cutouts: Sequence[Cutout]) -> list[Number | None]:
        found = list(self.lines.read(cutout.gray for cutout in cutouts))
        alone = [i for i, one in enumerate(found) if is_single(one.text)]
        for i, digit in zip(alone, self.digits.read(cutouts[i].gray for i in alone), strict=True):
            found[i] = _agreed(found[i], decode.as_number(digit))
        strange = self._strange(cutouts, found)
        told = [
            one.status in ACTED_ON and odd <= 0.5 and one.digits_confidence >= LEAST
            for one, odd in zip(found, strange, strict=True)
        ]
        least = LEAST_EXPECTED if 2 * sum(told) > len(found) else LEAST
        if len(found) > AMONG_WORDS * sum(told):
            for i in np.flatnonzero(told).tolist():
                if is_cut_off(cutouts[i].gray):
                    found[i] = replace(found[i], status="not_a_digit")
        return [
            None if one.status == "blank" else placed(_doubted(one, odd, least), cutout)
            for one, cutout, odd in zip(found, cutouts, strange, strict=True)
        ]

    def _strange(self, cutouts: Sequence[Cutout], found: Sequence[Number]) -> list[float]:
        """For each unsure number the share of its digits that are no digits, as the other network sees them one by
        one; 0 for what needs no second opinion, which would change nothing (``_doubted``)."""
        asked = [one.digits if len(one.digits) > 1 and _is_doubtful(one) else () for one in found]
        pieces = [
            _piece(cutout.gray, digit.box) for cutout, digits in zip(cutouts, asked, strict=True) for digit in digits
        ]
        said = iter(self.digits.read(pieces))
        shares = []
        for digits in asked:
            status = [next(said).status for _digit in digits]
            shares.append(status.count("not_a_digit") / len(status) if status else 0.0)
        return shares

    def _field(self, row: GridCut, said: dict[int, Number]) -> Number:
        """Boxes for one digit each: one number, without what is empty before and after."""
        inside = [None if cell.empty else said[id(cell)] for cell in row.cells]
        there = [i for i, one in enumerate(inside) if one is not None]
        if not there:
            return Number("", (), "blank", 1.0, row.box)
        kept = inside[there[0] : there[-1] + 1]
        text = "".join(" " if one is None else one.text or " " for one in kept)
        digits = tuple(digit for one in kept if one is not None for digit in one.digits)
        confidences = [one.confidence for one in kept if one is not None]
        confidence, status = prod(confidences), _status_of(kept)
        if status == "unsure" and float(np.median(confidences)) < LEAST:
            status = "not_a_digit"
        return Number(text, digits, status, confidence, row.box, _alternatives(kept, text, confidence))


def _piece(gray: Gray, box: Box) -> Gray:
    spare = max(1, box.height // 10)
    return gray[max(0, box.top - spare) : box.bottom + spare, box.left : box.right]


def _surer(digit: Number, number: Number) -> Number:
    """What is in a cell of which the digit network is not sure: several digits where the line network sees them, else
    of the two networks' guesses the one that both together hold for likelier, never "read" where they disagree."""
    if _is_several(number):
        return number
    guess = number.digits_text
    if not guess or guess == digit.text or _held(digit, number, guess) <= _held(digit, number, digit.text):
        return digit
    return replace(number, text=guess, status="unsure")


def _is_several(number: Number) -> bool:
    """Whether what the line network sees in a cell is more than a digit and what a line's end leaves after it."""
    return len(number.digits_text) > 1 or len(number.text.rstrip(TRAILING)) > 1


TRAILING = " .,-"
"""Marks that a speck or a line's end leaves after a digit in its cell; a sign before it is its own."""


def _held(digit: Number, number: Number, guess: str) -> float:
    """Sum of the shares that both networks give to a single digit."""
    said = [(one.text, one.confidence) for one in (digit, number)] + [*digit.alternatives, *number.alternatives]
    return sum(share for text, share in said if text.rstrip(TRAILING) == guess)


def _is_one_digit(one: Number) -> bool:
    return one.confidence >= SURE_DIGIT and one.status == "read" and one.box.width <= WIDEST_DIGIT * one.box.height


def _is_doubtful(one: Number) -> bool:
    return one.status != "read" and LEAST_EXPECTED <= one.digits_confidence < SURE_APART


def _doubted(one: Number, strange: float, least: float) -> Number:
    """A number whose single digits look like none is none where its digits have less than ``SURE_APART``, and so is one
    that is unlikely."""
    said = one.digits_confidence
    if one.status != "read" and ((strange > 0.5 and said < SURE_APART) or said < least):
        return replace(one, status="not_a_digit")
    return one


def _agreed(line: Number, digit: Number) -> Number:
    """A lone digit that both networks see; what one of them does not is none: pages are full of specks and strokes."""
    if digit.status == "blank" or (digit.text == line.text and digit.confidence + line.confidence > 1 + LEAST_ALONE):
        return digit
    return replace(digit, status="not_a_digit")


def _in_company(numbers: Sequence[Number], fields: Sequence[Number], grids: Sequence[Grid]) -> tuple[Number, ...]:
    """What could be a drawing is a number only on a page that has sure numbers of about its height, or several such: on
    pages of text and drawings bars and rings are strokes and circles, and what looks a little like a 6 is a curl.
    What stands in boxes, ``fields`` among the numbers and cells of grids, is never doubted so."""
    told = [one for one in (*numbers, *[cell for grid in grids for cell in grid.written]) if one.status in ACTED_ON]
    sure = [one.box.height for one in told if one.status == "read" and not _is_drawn(one)]
    alike = [one.box.height for one in told if one.status == "read" and _is_drawn(one)]
    wordy = len(numbers) > AMONG_WORDS * len(told)

    def alone(one: Number) -> bool:
        high = one.box.height
        if one.status not in ACTED_ON or any(high / 2 <= other <= 2 * high for other in sure):
            return False
        if _is_drawn(one):
            return sum(abs(other - high) <= 0.2 * high for other in alike) < SEVERAL
        several = not wordy and sum(high / 2 <= other.box.height <= 2 * high for other in told) > SEVERAL
        least = SURE_LINE if wordy else SURE_ALONE
        return one.status == "unsure" and one.digits_confidence < least and not several

    boxed, letters = set(map(id, fields)), [one.box for one in numbers if one.status == "not_a_digit"]
    numbers = [replace(one, status="not_a_digit") if _is_raised(one, letters) else one for one in numbers]
    return tuple(replace(one, status="not_a_digit") if id(one) not in boxed and alone(one) else one for one in numbers)


SURE_ALONE, SEVERAL, AMONG_WORDS = 0.75, 3, 5
"""Confidence of the digits from which on an unsure number counts by itself, which is ``SURE_LINE`` on a page with so
many words and drawings to a number; how many numbers are company to each other."""


def _is_raised(one: Number, letters: Sequence[Box]) -> bool:
    """Whether it is the 3 of m³: a lone digit right of the head of a letter, whose foot is lower."""
    box, high = one.box, one.box.height
    return len(one.digits_text) == 1 and any(
        (letter.left + letter.right) / 2 < box.left < letter.right + RAISED * high
        and box.top < letter.top < box.bottom + RAISED * high < letter.bottom
        and letter.height < HIGHEST_LETTER * high
        for letter in letters
    )


RAISED, HIGHEST_LETTER = 0.4, 2.5
"""Heights of a raised digit from its foot to its letter's, at least, and from side to side, at most; and that of the
letter, at most."""


def _is_drawn(one: Number) -> bool:
    """Bars alone or rings alone, which any short lines or circles look like, and so does an o with a comma."""
    return set(one.digits_text) in ({"0"}, {"1"})


def _placed(readings: Readings, page: Cutout) -> Readings:
    """All of it where it is in the caller's picture."""
    if np.array_equal(page.back, np.eye(3)):
        return readings

    def grid(one: Grid) -> Grid:
        cells = tuple(tuple(cell and placed(cell, page) for cell in row) for row in one.cells)
        return replace(one, cells=cells, box=page.box(one.box))

    return Readings(tuple(placed(number, page) for number in readings.numbers), tuple(map(grid, readings.grids)))


def _is_field(row: GridCut, said: dict[int, Number]) -> bool:
    shapes = [cell.cutout.gray.shape for cell in row.cells]
    narrow = np.median([wide / high for high, wide in shapes]) <= WIDEST_BOX
    several = sum(len(said[id(cell)].digits) > 1 for cell in row.cells if not cell.empty)
    return bool(narrow) and several <= len(row.cells) // 4


def _status_of(kept: Sequence[Number | None]) -> Status:
    """Read where all are read and none is missing between them; no digit where none is one."""
    if all(one is not None and one.status == "read" for one in kept):
        return "read"
    return "not_a_digit" if all(one is None or one.status == "not_a_digit" for one in kept) else "unsure"


def _alternatives(kept: Sequence[Number | None], text: str, confidence: float) -> tuple[tuple[str, float], ...]:
    """Readings with one character changed, the likeliest first."""
    if any(one is None or len(one.text) != 1 for one in kept):
        return ()
    others = [
        (text[:i] + other + text[i + 1 :], confidence * share / max(one.confidence, 1e-9))
        for i, one in enumerate(kept)
        if one is not None
        for other, share in one.alternatives[:2]
    ]
    return tuple(sorted(others, key=lambda each: -each[1])[:4])


def _has_numbers(grid: Grid) -> bool:
    """Tables of words alone are none of ours, nor are letters that hang together like one, a few of which look like
    digits; empty ones are."""
    inside = [cell.status for cell in grid.written]
    return not inside or "read" in inside or 2 * inside.count("unsure") >= len(inside)


def _in_order(grids: Sequence[Grid]) -> tuple[Grid, ...]:
    """From left to right and down, by their first rows: of two side by side one lies a little higher."""
    heights = [grid.box.height / grid.rows for grid in grids]
    first = [replace(grid.box, bottom=grid.box.top + round(high)) for grid, high in zip(grids, heights, strict=True)]
    return tuple(grids[i] for i in in_reading_order(first, heights))


def _grid(cut: GridCut, said: dict[int, Number]) -> Grid:
    """Merged cells stand at their first row and column."""
    cells: list[list[Number | None]] = [[None] * cut.columns for _ in range(cut.rows)]
    for cell in cut.cells:
        cells[cell.row][cell.column] = said.get(id(cell))
    return Grid(cut.rows, cut.columns, tuple(map(tuple, cells)), cut.box)


def placed(number: Number, cutout: Cutout) -> Number:
    """A number read from a cut-out, its boxes where they are in the caller's picture."""
    digits: tuple[Digit, ...] = tuple(replace(digit, box=cutout.box(digit.box)) for digit in number.digits)
    return replace(number, digits=digits, box=cutout.box(number.box))
