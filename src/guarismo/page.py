"""A page with many numbers: ``layout`` says where they are, the networks what they say. Lines, rows of boxes, grids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from guarismo import decode
from guarismo.cutout import Cutout
from guarismo.grids import Cell, GridCut
from guarismo.layout import Layout, layout
from guarismo.networks import DigitNetwork, LineNetwork
from guarismo.types import Box, Digit, Gray, Grid, Number, Status

WIDEST_BOX = 1.5
"""Width against height of a box for one digit. Wider ones, three or more in a row, are a table of one row."""

LEAST, LEAST_IN_CELL = 0.35, 0.2
"""Confidence from which on something counts as a number, sure or not: a line, and what stands in a cell, where numbers
are expected. Below it are words and drawings."""

SURE_LINE = 0.9
"""Confidence from which on a line is a number though its single digits, cut apart, look like none."""

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
    return _Eyes(digits, lines).read(layout(gray))


@dataclass(frozen=True, slots=True)
class _Eyes:
    digits: DigitNetwork
    lines: LineNetwork

    def read(self, found: Layout) -> Readings:
        every = [*found.grids, *(part for part in found.parts if isinstance(part, GridCut))]
        cells = [cell for grid in every for cell in grid.cells if not cell.empty]
        said = dict(zip(map(id, cells), self._cells(cells), strict=True))
        written = iter(self._lines([part for part in found.parts if isinstance(part, Cutout)]))
        numbers, grids = [], [_grid(grid, said) for grid in found.grids]
        for part in found.parts:
            if isinstance(part, Cutout):
                numbers.append(next(written))
            elif _is_field(part, said):
                numbers.append(self._field(part, said))
            else:
                grids.append(_grid(part, said))
        told = (grid for grid in grids if _has_numbers(grid))
        return Readings(tuple(number for number in numbers if number is not None), tuple(told))

    def _cells(self, cells: Sequence[Cell]) -> list[Number]:
        """What is in each cell: one digit, or a number where there is more."""
        found = [decode.as_number(digit) for digit in self.digits.read(cell.cutout.gray for cell in cells)]
        several = [i for i, one in enumerate(found) if not _is_one_digit(one)]
        for i, number in zip(several, self.lines.read(cells[i].cutout.gray for i in several), strict=True):
            found[i] = _surer(found[i], number)
        cutouts = [cell.cutout for cell in cells]
        strange = self._strange(cutouts, found)
        return [
            placed(_doubted(one, odd, LEAST_IN_CELL), cutout)
            for one, odd, cutout in zip(found, strange, cutouts, strict=True)
        ]

    def _lines(self, cutouts: Sequence[Cutout]) -> list[Number | None]:
        found = list(self.lines.read(cutout.gray for cutout in cutouts))
        alone = [i for i, one in enumerate(found) if one.text in ("", *"0123456789")]
        for i, digit in zip(alone, self.digits.read(cutouts[i].gray for i in alone), strict=True):
            found[i] = _agreed(found[i], decode.as_number(digit))
        strange = self._strange(cutouts, found)
        return [
            None if one.status == "blank" else placed(_doubted(one, odd), cutout)
            for one, cutout, odd in zip(found, cutouts, strange, strict=True)
        ]

    def _strange(self, cutouts: Sequence[Cutout], found: Sequence[Number]) -> list[float]:
        """For each number the share of its digits that are no digits, as the other network sees them one by one."""
        pieces = [
            _piece(cutout.gray, digit.box)
            for cutout, one in zip(cutouts, found, strict=True)
            for digit in (one.digits if len(one.digits) > 1 else ())
        ]
        said = iter(self.digits.read(pieces))
        shares = []
        for one in found:
            status = [next(said).status for _digit in one.digits] if len(one.digits) > 1 else []
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
    the surer guess of the two, which is never "read" where they disagree."""
    if len(number.text) > 1:
        return number
    if number.text.isdigit() and number.text != digit.text and number.confidence > digit.confidence:
        return replace(number, status="unsure")
    return digit


def _is_one_digit(one: Number) -> bool:
    return one.confidence >= SURE_DIGIT and one.status == "read" and one.box.width <= WIDEST_DIGIT * one.box.height


def _doubted(one: Number, strange: float, least: float = LEAST) -> Number:
    """A number whose single digits are none is none, unless it is all but sure; nor is one that is unlikely."""
    if one.status != "read" and ((strange > 0.5 and one.confidence < SURE_LINE) or one.confidence < least):
        return replace(one, status="not_a_digit")
    return one


def _agreed(line: Number, digit: Number) -> Number:
    """A lone digit that both networks see; what one of them does not is none: pages are full of specks and strokes."""
    if digit.status == "blank" or (digit.text == line.text and digit.confidence + line.confidence > 1 + LEAST_ALONE):
        return digit
    return replace(digit, status="not_a_digit")


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
    """Tables of words alone are none of ours, nor are letters that hang together like one; empty ones are."""
    inside = [cell for row in grid.cells for cell in row if cell is not None]
    return not inside or any(cell.status in ("read", "unsure") for cell in inside)


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
