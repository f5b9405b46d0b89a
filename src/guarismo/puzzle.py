"""A sudoku's rules as context: what the ink of a cell leaves open, the clear digits around it may decide.

In each row, column and block of a sudoku a digit stands once. Whoever reads one knows that, and takes a stroke that may
be a 1 or a 7 for the 7 where the row has its 1. So it is done here, to what is not clear and to nothing else: what is
"read" stays as it was read, a mistake of the solver's too, and what the rules decide is never "read", its confidence
being what the ink alone gives it. In one that is filled in nothing is "not_a_digit". Several digits in a cell are never
"read": they are what a solver thinks of, or one that was struck out with another beside it.

The shares are those of a mean field (Jordan, Ghahramani, Jaakkola and Saul 1999, "An introduction to variational
methods for graphical models"): each cell's own, times what each cell that it sees leaves it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from guarismo.types import Grid, Number

SIDE, BLOCK = 9, 3

DIGITS = tuple("0123456789")

FEWEST, MISTAKEN = 25, 0.1
"""Digits "read" that a grid needs to be known for a sudoku; and of the pairs in which chance would have a digit twice,
the share that may have it so. Of 40,000 tables with 25 random digits three pass."""

KEPT = 0.9
"""How surely a digit stands once: solvers err. Of 149 wrong cells on 72 rendered sudokus 28 stay wrong, 24 with 0.98;
but where two digits of each are exchanged, 11 of these 144 are read as they should have been instead, and with 0.98
twice as many (docs/LOG.md)."""

LEAST = 0.001
"""Share of a digit in what a cell's ink may be below which no rule makes it that; and how likely a 0 is in a sudoku."""

ROUNDS = 6
"""Of the mean field. The readings of 72 rendered sudokus are the same from the third on."""


def read_by_rules(grid: Grid) -> Grid:
    """The same grid; where it is a sudoku, with what its rules say of cells of one digit that are not "read"."""
    if (grid.rows, grid.columns) != (SIDE, SIDE):
        return grid
    cells = [cell for row in grid.cells for cell in row]
    shares = np.array([_shares(cell) for cell in cells])
    sure = np.array([cell is not None and cell.status == "read" for cell in cells]) & shares.any(1)
    if not _is_sudoku(shares.argmax(1), sure):
        return grid
    values = _mean_field(shares, sure).argmax(1).tolist()
    read = [
        _as(cell, value, float(own[value] / own.max())) if cell and own[value] >= LEAST and not kept else cell
        for cell, value, own, kept in zip(cells, values, shares, sure.tolist(), strict=True)
    ]
    read = [cell.doubted() if cell and len(cell.digits) > 1 else cell for cell in read]
    if None not in cells:  # it is filled in, and what looks like no digit is one, blurred or blotted
        read = [_unsure(cell) if cell and own.any() else cell for cell, own in zip(read, shares, strict=True)]
    return replace(grid, cells=tuple(tuple(read[i : i + SIDE]) for i in range(0, len(read), SIDE)))


def _shares(cell: Number | None) -> NDArray[np.float64]:
    """What a cell's ink may be, (10,), of a cell with one digit; 0 of others and of empty ones."""
    shares = np.zeros(10)
    if cell is None or len(cell.digits) != 1 or cell.text not in DIGITS:
        return shares
    for text, share in ((cell.text, cell.confidence), *cell.alternatives):
        if text in DIGITS:
            shares[int(text)] += share
    shares[int(cell.text)] = max(shares.max(), 1e-9)  # the reading comes first, whatever else was likely
    return np.asarray(shares / shares.sum(), np.float64)


def _seen() -> NDArray[np.bool_]:
    """Which cells (81, 81) must not have the same digit."""
    row, column = np.divmod(np.arange(SIDE * SIDE), SIDE)
    units = (row, column, row // BLOCK * BLOCK + column // BLOCK)
    alike = np.logical_or.reduce([unit[:, None] == unit for unit in units])
    return np.asarray(alike & ~np.eye(SIDE * SIDE, dtype=bool), bool)


_SEEN = _seen()


def _is_sudoku(values: NDArray[np.int64], sure: NDArray[np.bool_]) -> bool:
    """Whether the digits that are ``sure`` (81,) go by the rules as no table does by chance."""
    if sure.sum() < FEWEST:
        return False
    pairs = np.triu(_SEEN & sure & sure[:, None])
    twice = (values[:, None] == values) & pairs
    return bool(twice.sum() + (values[sure] == 0).sum() <= MISTAKEN * pairs.sum() / SIDE)


def _mean_field(shares: NDArray[np.float64], sure: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Shares (81, 10) of each cell's digits, its row's, column's and block's allowed for; rows of 0 are empty cells."""
    held, own = shares, np.log(np.maximum(shares, 1e-9))
    own[:, 0] += np.log(LEAST)  # nobody writes one there
    for _round in range(ROUNDS):
        logs = own + _SEEN @ np.log(1 - KEPT * held)
        new = np.exp(logs - logs.max(1, keepdims=True))
        new *= held.sum(1, keepdims=True) / new.sum(1, keepdims=True)
        held = np.where(sure[:, None], shares, new)
    return held


def _as(cell: Number, value: int, share: float) -> Number:
    """A cell read as this digit, which by its ink is so likely beside the reading that it had; that one comes first
    among the alternatives."""
    if str(value) == cell.text:
        return cell
    (digit,) = cell.digits
    confidence = share * cell.confidence
    others = [other for other in cell.alternatives if other[0] not in (str(value), cell.text)]
    return replace(
        cell,
        text=str(value),
        digits=(replace(digit, value=value, status=cell.status, confidence=confidence),),
        confidence=confidence,
        digits_confidence=confidence,
        alternatives=((cell.text, cell.confidence), *others)[:4],
    )


def _unsure(cell: Number) -> Number:
    """The same, where it is none, as a digit after all."""
    if cell.status != "not_a_digit":
        return cell
    return replace(cell, status="unsure", digits=tuple(replace(digit, status="unsure") for digit in cell.digits))
