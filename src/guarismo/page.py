"""A whole page: where things are comes from ``grids`` and ``textlines``, what they say from the two models.

A grid's cells are read by the digit model, those that are wider than one digit by the line model; a single row of boxes
is one number; whatever is written elsewhere is a number where the line model says so, surely enough.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import prod

from guarismo import decode, grids, textlines
from guarismo.cutout import Cutout
from guarismo.grids import GridCut
from guarismo.types import Box, Digit, Gray, Grid, Number

SEEN = 0.5
"""Confidence from which something written outside of grids is reported as a number, sure or not. Half of what is below
is words and drawings."""


@dataclass(frozen=True, slots=True)
class Models:
    """How pictures are read: one digit each, or one number each."""

    digits: Callable[[Sequence[Gray]], Sequence[Digit]]
    numbers: Callable[[Sequence[Gray]], Sequence[Number]]


def read(gray: Gray, models: Models) -> tuple[tuple[Number, ...], tuple[Grid, ...]]:
    """The numbers of a page in reading order, and its grids."""
    found = grids.find(gray)
    tables = [table for cut in found if cut.rows > 1 and _has_numbers(table := _table(cut, models))]
    fields = [_field(cut, models) for cut in found if cut.rows == 1]
    lines = _lines(gray, [cut.box for cut in found], models)
    numbers = sorted([*[one for one in fields if one.status in ("read", "unsure")], *lines], key=_place(lines))
    return tuple(numbers), tuple(tables)


def _place(lines: Sequence[Number]) -> Callable[[Number], tuple[float, float]]:
    """Reading order: a row is as high as the writing is in the middle."""
    heights = sorted(one.box.height for one in lines)
    high = max(1.0, 0.8 * heights[len(heights) // 2]) if heights else 1.0
    return lambda one: (((one.box.top + one.box.bottom) / 2) // high, one.box.left)


def _table(cut: GridCut, models: Models) -> Grid:
    """Cells in rows; None where one is empty, or where a merged cell reaches in from above or from the left."""
    cells: list[list[Number | None]] = [[None] * cut.columns for _ in range(cut.rows)]
    filled = [cell for cell in cut.cells if not cell.empty]
    for cell, number in zip(filled, _cells([cell.cutout for cell in filled], models), strict=True):
        cells[cell.row][cell.column] = number
    return Grid(cut.rows, cut.columns, tuple(map(tuple, cells)), cut.box)


LEAST_READ = 0.25
"""Share of the cells with ink that are read for sure: below, it is print that looks ruled, or a drawing. Blurred
photos of puzzles have a half and more."""


def _has_numbers(grid: Grid) -> bool:
    """An empty grid, such as a form's, is one too, from nine cells on; less is a frame."""
    filled = [cell for row in grid.cells for cell in row if cell is not None]
    read = sum(cell.status == "read" for cell in filled)
    return read >= LEAST_READ * len(filled) if filled else grid.rows * grid.columns >= 9


WIDE = 1.25
"""Width against height of ink from which a cell holds more than one digit; a single wide 0 or 2 stays below."""


def _cells(cutouts: list[Cutout], models: Models) -> list[Number | None]:
    """What is in cells, None where nothing is: one digit each, or a number where the ink is wide."""
    found: list[Number | None] = []
    wide = []
    for place, (cutout, digit) in enumerate(zip(cutouts, models.digits([one.gray for one in cutouts]), strict=True)):
        found.append(None if digit.status == "blank" else _moved(decode.as_number(digit), cutout))
        if digit.box.width > WIDE * digit.box.height and digit.status != "read":
            wide.append(place)
    for place, number in zip(wide, models.numbers([cutouts[i].gray for i in wide]), strict=True):
        if number.text and number.status in ("read", "unsure"):
            found[place] = _moved(number, cutouts[place])
    return found


def _field(cut: GridCut, models: Models) -> Number:
    """A row of boxes with a digit each: one number, its leading zeros kept, empty boxes at the ends left out."""
    filled = [cell.cutout for cell in cut.cells if not cell.empty]
    read = [number for number in _cells(filled, models) if number is not None]
    if not read:
        return Number("", (), "blank", 1.0, cut.box)
    digits = tuple(digit for number in read for digit in number.digits)
    status = next((s for s in ("not_a_digit", "unsure") if any(one.status == s for one in read)), "read")
    confidence = prod(one.confidence for one in read)
    return Number("".join(one.text for one in read), digits, status, confidence, cut.box)  # type: ignore[arg-type]


def _lines(gray: Gray, taken: list[Box], models: Models) -> list[Number]:
    """Numbers outside of grids: what the line model reads, and is sure enough of."""
    whole = Cutout(gray, (gray.shape[0], gray.shape[1]))
    pieces = [whole.cut(box) for box in textlines.find(gray, taken)]
    numbers = []
    for piece, number in zip(pieces, models.numbers([piece.gray for piece in pieces]), strict=True):
        if number.status == "read" or (number.status == "unsure" and number.confidence >= SEEN):
            numbers.append(_moved(number, piece))
    return numbers


def _moved(number: Number, piece: Cutout) -> Number:
    """With its boxes in the caller's picture."""
    digits = tuple(replace(digit, box=piece.box(digit.box)) for digit in number.digits)
    return replace(number, digits=digits, box=piece.box(number.box))
