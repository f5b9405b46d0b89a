"""A sudoku's rules as context: what the ink of a cell leaves open, the clear digits around it may decide.

In each row, column and block of a sudoku a digit stands once. Whoever reads one knows that, and takes a stroke that may
be a 1 or a 7 for the 7 where the row has its 1. So it is done here, to what is not clear and to nothing else: what is
"read" stays as it was read, a mistake of the solver's too, and what the rules decide stays "unsure", its confidence
being what the ink alone gives it. In one that is filled in nothing is "not_a_digit".

The shares are those of a mean field (Jordan, Ghahramani, Jaakkola and Saul 1999, "An introduction to variational
methods for graphical models"): each cell's own, times what each cell that it sees leaves it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from guarismo.types import Digit, Grid, Number

SIDE, BLOCK = 9, 3

FEWEST, MISTAKEN = 25, 0.1
"""Digits "read" that a grid needs to be known for a sudoku; and of the pairs in which chance would have a digit twice,
the share that may have it so. Of 40,000 tables with 25 random digits three pass."""

KEPT = 0.9
"""How surely a digit stands once: solvers err. Of 149 wrong cells on 72 rendered sudokus 28 stay wrong, 24 with 0.98;
but where two digits of each are exchanged, 11 of these 144 are read as they should have been instead, and with 0.98
twice as many (docs/LOG.md)."""

ROUNDS = 6
"""Of the mean field. The readings of 72 rendered sudokus are the same from the third on."""


def read_by_rules(grid: Grid) -> Grid:
    """The same grid; where it is a sudoku, with what its rules say of cells of one digit that are not "read"."""
    if (grid.rows, grid.columns) != (SIDE, SIDE):
        return grid
    cells = [cell for row in grid.cells for cell in row]
    digits = [None if cell is None else _alone(cell) for cell in cells]
    sure = np.array([digit is not None and digit.status == "read" for digit in digits])
    if not _is_sudoku(np.array([digit.value if digit else None for digit in digits], float), sure):
        return grid
    shares = np.array([digit.probabilities if digit else (0.0,) * 10 for digit in digits])
    values = _mean_field(shares, sure).argmax(1).tolist()
    read = [
        cell if cell is None or digit is None or kept else _as(cell, digit, value)
        for cell, digit, kept, value in zip(cells, digits, sure.tolist(), values, strict=True)
    ]
    if None not in cells:  # it is filled in, and what looks like no digit is one, blurred or blotted
        read = [_unsure(cell) if cell and digit else cell for cell, digit in zip(read, digits, strict=True)]
    return replace(grid, cells=tuple(tuple(read[i : i + SIDE]) for i in range(0, len(read), SIDE)))


def _alone(cell: Number) -> Digit | None:
    """The digit of a cell in which there is one and no mark."""
    return cell.digits[0] if len(cell.digits) == 1 and cell.text == cell.digits[0].text else None


def _seen() -> NDArray[np.bool_]:
    """Which cells (81, 81) must not have the same digit."""
    row, column = np.divmod(np.arange(SIDE * SIDE), SIDE)
    units = (row, column, row // BLOCK * BLOCK + column // BLOCK)
    alike = np.logical_or.reduce([unit[:, None] == unit for unit in units])
    return np.asarray(alike & ~np.eye(SIDE * SIDE, dtype=bool), bool)


_SEEN = _seen()


def _is_sudoku(values: NDArray[np.float64], sure: NDArray[np.bool_]) -> bool:
    """Whether the digits that are ``sure`` (81,) go by the rules as no table does by chance."""
    if sure.sum() < FEWEST:
        return False
    pairs = np.triu(_SEEN & sure & sure[:, None])
    twice = (values[:, None] == values) & pairs
    return bool(twice.sum() + (values[sure] == 0).sum() <= MISTAKEN * pairs.sum() / SIDE)


def _mean_field(shares: NDArray[np.float64], sure: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Shares (81, 10) of each cell's digits, its row's, column's and block's allowed for; rows of 0 are empty cells."""
    held, own = shares, np.log(np.maximum(shares, 1e-9))
    own[:, 0] = -np.inf
    for _round in range(ROUNDS):
        logs = own + _SEEN @ np.log(1 - KEPT * held)
        new = np.exp(logs - logs.max(1, keepdims=True))
        new *= held.sum(1, keepdims=True) / new.sum(1, keepdims=True)
        held = np.where(sure[:, None], shares, new)
    return held


def _as(cell: Number, digit: Digit, value: int) -> Number:
    """A cell read as this digit; the one that its ink looks most like comes first among the alternatives then."""
    if value == digit.value:
        return cell
    scale = digit.confidence / max(digit.probabilities[digit.value or 0], 1e-9)
    share = digit.probabilities[value] * scale
    others = ((cell.text, cell.confidence), *(other for other in cell.alternatives if other[0] != str(value)))
    read = replace(digit, value=value, confidence=share)
    return replace(
        cell, text=str(value), digits=(read,), confidence=share, digits_confidence=share, alternatives=others[:4]
    )


def _unsure(cell: Number) -> Number:
    """The same, where it is none, as a digit after all."""
    if cell.status != "not_a_digit":
        return cell
    return replace(cell, status="unsure", digits=tuple(replace(digit, status="unsure") for digit in cell.digits))
