"""Sudokus: what their rules decide, and what they leave alone."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from guarismo import Reader
from guarismo.puzzle import SIDE, read_by_rules
from guarismo.types import Box, Digit, Gray, Grid, Number, Status

BOX = Box(0, 0, 10, 10)

SOLVED = [[(3 * (row % 3) + row // 3 + column) % 9 + 1 for column in range(9)] for row in range(9)]


def number(shares: dict[int, float], status: Status = "read") -> Number:
    """A cell's digit with these shares, the likeliest of them its reading."""
    ten = tuple(shares.get(digit, 0.0) for digit in range(10))
    best = max(shares, key=lambda digit: shares[digit])
    others = tuple((str(digit), share) for digit, share in shares.items() if digit != best)
    digit = Digit(best, status, shares[best], ten, BOX)
    return Number(str(best), (digit,), status, shares[best], BOX, others)


def grid(digits: list[list[int]], **other: Number | None) -> Grid:
    """All of them read; ``other`` cells by row and column: r4c5."""
    cells = [[number({digit: 0.999}) for digit in row] for row in digits]
    rows = [
        tuple(other.get(f"r{row}c{column}", cell) for column, cell in enumerate(each)) for row, each in enumerate(cells)
    ]
    return Grid(len(digits), len(digits[0]), tuple(rows), BOX)


def text(read: Grid, row: int, column: int) -> str:
    cell = read.cells[row][column]
    assert cell is not None
    return cell.text


def doubtful(row: int, column: int, share: float = 0.2, status: Status = "unsure") -> Number:
    """What stands there by the rules has this share, the digit after it the rest."""
    right = SOLVED[row][column]
    return number({right: share, right % 9 + 1: 1 - share}, status)


def test_what_is_not_clear_is_read_as_the_clear_cells_around_it_leave_it_and_stays_unsure() -> None:
    read = read_by_rules(grid(SOLVED, r4c5=doubtful(4, 5), r8c0=doubtful(8, 0)))
    assert [[cell and int(cell.text) for cell in row] for row in read.cells] == SOLVED
    cell = read.cells[4][5]
    assert cell is not None and cell.status == cell.digits[0].status == "unsure"
    assert cell.digits[0].value == SOLVED[4][5] and cell.confidence == cell.digits[0].confidence == pytest.approx(0.2)
    other, share = cell.alternatives[0]
    assert other == str(SOLVED[4][5] % 9 + 1) and share == pytest.approx(0.8)  # what the ink looks most like


def test_what_looks_like_no_digit_is_one_where_every_cell_is_filled_and_none_where_some_are_empty() -> None:
    blurred = doubtful(4, 5, status="not_a_digit")
    for empty, status in ((False, "unsure"), (True, "not_a_digit")):
        other: dict[str, Number | None] = {"r4c5": blurred} | ({"r0c0": None} if empty else {})
        cell = read_by_rules(grid(SOLVED, **other)).cells[4][5]
        assert cell is not None and cell.text == str(SOLVED[4][5])
        assert cell.status == cell.digits[0].status == status


def test_doubtful_cells_decide_each_other() -> None:
    """Three in a row, of which one alone may be the 1: the others follow."""
    a, b, c = SOLVED[0][:3]
    read = read_by_rules(
        grid(
            SOLVED,
            r0c0=number({a: 0.45, b: 0.55}, "unsure"),
            r0c1=number({b: 0.4, c: 0.6}, "unsure"),
            r0c2=number({c: 0.9, b: 0.1}, "unsure"),
        )
    )
    assert [text(read, 0, column) for column in range(3)] == [str(a), str(b), str(c)]


def test_what_is_read_stays_as_it_is_written_a_mistake_of_the_solver_too() -> None:
    wrong = SOLVED[2][2] % 9 + 1
    read = read_by_rules(grid(SOLVED, r2c2=number({wrong: 0.99, SOLVED[2][2]: 0.01}), r4c5=doubtful(4, 5)))
    assert text(read, 2, 2) == str(wrong)
    assert text(read, 4, 5) == str(SOLVED[4][5])  # one mistake makes it no less of a sudoku


def test_ink_that_leaves_little_doubt_stands_against_one_clear_cell() -> None:
    """What a solver put there by mistake, in a row that has it once."""
    right, written = SOLVED[5][5], SOLVED[5][4]
    read = read_by_rules(grid(SOLVED, r5c5=number({written: 0.97, right: 0.00003}, "unsure")))
    assert text(read, 5, 5) == str(written)


def test_tables_of_nine_by_nine_are_no_sudokus() -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        digits = rng.integers(0, 10, (SIDE, SIDE)).tolist()
        table = grid(digits, r4c5=number({5: 0.6, 6: 0.4}, "unsure"))
        assert read_by_rules(table) is table


def test_a_form_with_few_digits_and_grids_of_other_sizes_are_none_either() -> None:
    few = grid(SOLVED, r4c5=doubtful(4, 5))
    few = replace(
        few,
        cells=tuple(
            tuple(cell if (9 * i + j) % 4 == 0 or (i, j) == (4, 5) else None for j, cell in enumerate(row))
            for i, row in enumerate(few.cells)
        ),
    )
    assert read_by_rules(few) is few
    part = grid([row[:8] for row in SOLVED], r4c5=doubtful(4, 5))
    assert read_by_rules(part) is part


def test_numbers_and_empty_cells_are_left_alone() -> None:
    small = Number("12", (number({1: 0.9}).digits[0], number({2: 0.9}).digits[0]), "unsure", 0.5, BOX)
    read = read_by_rules(grid(SOLVED, r3c3=small, r6c6=None, r4c5=doubtful(4, 5)))
    assert read.cells[3][3] is small and read.cells[6][6] is None
    assert text(read, 4, 5) == str(SOLVED[4][5])


def test_several_digits_in_a_cell_are_never_read() -> None:
    """What a solver thinks of, or a digit that was struck out with another beside it."""
    both = Number("12", (number({1: 0.99}).digits[0], number({2: 0.99}).digits[0]), "read", 0.99, BOX)
    (cell,) = (row[3] for row in read_by_rules(grid(SOLVED, r3c3=both)).cells[3:4])
    assert cell is not None and (cell.text, cell.status, cell.confidence) == ("12", "unsure", 0.99)
    shuffled = [[(3 * row + 5 * column) % 7 for column in range(9)] for row in range(9)]
    table = read_by_rules(grid(shuffled, r3c3=both)).cells[3][3]
    assert table is both


def puzzle(blotted: tuple[int, int], side: int = 60) -> Gray:
    """A printed sudoku, solved, in one cell of which a blot covers half of the digit."""
    gray = np.full((9 * side + 80, 9 * side + 80), 255, np.uint8)
    for i in range(10):
        thick, at = (4 if i % 3 == 0 else 2), 40 + i * side
        cv2.line(gray, (at, 40), (at, 40 + 9 * side), 0, thick)
        cv2.line(gray, (40, at), (40 + 9 * side, at), 0, thick)
    for row, column in np.ndindex(9, 9):
        place = (40 + column * side + 16, 40 + row * side + 46)
        cv2.putText(gray, str(SOLVED[row][column]), place, cv2.FONT_HERSHEY_SIMPLEX, 1.3, 0, 3, cv2.LINE_AA)
    top, left = (40 + n * side for n in blotted)
    cv2.circle(gray, (left + side // 2, top + 34), 9, 0, -1)
    return gray


def test_on_a_page_a_blotted_digit_of_a_sudoku_is_what_it_must_be_and_is_not_trusted() -> None:
    blotted = next((row, column) for row, column in np.ndindex(9, 9) if SOLVED[row][column] == 2)
    (read,) = Reader(threads=1).page(puzzle(blotted)).grids
    assert [[cell.text if cell else "" for cell in row] for row in read.cells] == [
        [str(digit) for digit in row] for row in SOLVED
    ]
    cell = read.cells[blotted[0]][blotted[1]]
    assert cell is not None and cell.status != "read"
    by_ink, sure = cell.alternatives[0]
    assert by_ink != "2" and sure > cell.confidence
