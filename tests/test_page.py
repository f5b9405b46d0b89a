"""Whole pages: what is read where, what is left out; the places and the readings are made up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from guarismo import page, upright, words
from guarismo.cells import writing
from guarismo.cutout import Cutout
from guarismo.grids import Cell, GridCut
from guarismo.layout import Layout
from guarismo.reader import Reader
from guarismo.types import Box, Digit, Gray, Number, Status
from pictures import rows_of_digits

BOX = Box(2, 3, 12, 23)


def digit(value: int | None, status: Status = "read", box: Box = BOX, confidence: float = 0.99) -> Digit:
    return Digit(value, status, confidence, tuple(0.91 if i == value else 0.01 for i in range(10)), box)


def number(text: str, status: Status = "read", confidence: float = 0.9) -> Number:
    digits = tuple(digit(int(character)) for character in text if character.isdigit())
    return Number(text, digits, status, confidence, BOX)


class Digits:
    """Says of a picture what its grey stands for."""

    def __init__(self, said: dict[int, Digit]) -> None:
        self.said = said

    def read(self, grays: Iterable[Gray]) -> list[Digit]:
        return [self.said[int(gray[0, 0])] for gray in grays]

    def apart(self, lines: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float64]]:
        return [np.zeros((0, 11)) for _ink in lines]


class Lines:
    def __init__(self, said: dict[int, Number]) -> None:
        self.said = said

    def read(self, grays: Iterable[Gray]) -> Iterator[Number]:
        return iter([self.said[int(gray[0, 0])] for gray in grays])


def cell(row: int, column: int, level: int, empty: bool = False) -> Cell:
    """A cell whose grey is what the made-up networks know it by."""
    back = np.array([[1, 0, 30 * column], [0, 1, 30 * row], [0, 0, 1]], np.float64)
    return Cell(row, column, 1, 1, Cutout(np.full((30, 30), level, np.uint8), (300, 300), back), empty)


def grid(rows: int, columns: int, *cells: Cell) -> GridCut:
    return GridCut(rows, columns, cells, np.zeros((4, 2), np.float32), Box(0, 0, 30 * columns, 30 * rows))


def read(monkeypatch: pytest.MonkeyPatch, found: Layout, digits: dict[int, Digit], lines: dict[int, Number]) -> Any:
    monkeypatch.setattr(page, "layout", lambda *_: replace(found, height=30.0))
    networks: Any = Digits(digits), Lines(lines)
    return page.read(np.full((300, 300), 255, np.uint8), *networks)


def test_a_table_has_its_cells_in_place_and_none_where_they_are_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    found = grid(2, 2, cell(0, 0, 17), cell(0, 1, 10, empty=True), cell(1, 0, 19), cell(1, 1, 13))
    said = {17: digit(7), 19: digit(9), 13: digit(3, "unsure", confidence=0.6)}
    numbers, (table,) = (
        (one := read(monkeypatch, Layout((found,), ()), said, {13: number("3", "unsure", 0.6)})).numbers,
        one.grids,
    )
    assert numbers == ()
    assert [[one and one.text for one in row] for row in table.cells] == [["7", None], ["9", "3"]]
    corner = table.cells[1][1]
    assert corner is not None and corner.box == Box(32, 33, 42, 53) and corner.digits[0].box == corner.box


def test_a_cell_with_more_than_a_digit_is_read_as_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    found = grid(2, 2, cell(0, 0, 21), cell(1, 1, 22))
    said = {21: digit(4, "not_a_digit", Box(0, 5, 28, 20), 0.1), 22: digit(5)}
    (table,) = read(monkeypatch, Layout((found,), ()), said, {21: number("42")}).grids
    assert [one.text for row in table.cells for one in row if one] == ["42", "5"]


def test_a_row_of_boxes_is_one_number_with_its_leading_zeros(monkeypatch: pytest.MonkeyPatch) -> None:
    row = grid(1, 4, cell(0, 0, 10), cell(0, 1, 14), cell(0, 2, 12), cell(0, 3, 19, empty=True))
    said = {10: digit(0), 14: digit(4), 12: digit(2, "unsure", confidence=0.6)}
    found = read(monkeypatch, Layout((), (row,)), said, {12: number("2", "unsure", 0.6)})
    (one,) = found.numbers
    assert found.grids == ()
    assert (one.text, one.status, one.box) == ("042", "unsure", row.box)
    assert one.confidence == pytest.approx(0.99 * 0.99 * 0.6)


def test_text_in_columns_is_no_table_and_an_empty_form_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    words = grid(2, 2, *(cell(i // 2, i % 2, 20 + i) for i in range(4)))
    form = grid(3, 3, *(cell(i // 3, i % 3, 10, empty=True) for i in range(9)))
    strange = {20 + i: digit(8, "not_a_digit", confidence=0.1) for i in range(4)}
    nothing = {20 + i: number("", "not_a_digit", 0.0) for i in range(4)}
    found = read(monkeypatch, Layout((words, form), ()), strange, nothing)
    assert [(one.rows, one.columns) for one in found.grids] == [(3, 3)]


def test_writing_that_is_likely_no_number_is_said_to_be_none(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = tuple(Cutout(np.full((30, 40), level, np.uint8), (300, 300)) for level in (31, 32, 33))
    said = {31: number("1990"), 32: number("42", "unsure", 0.7), 33: number("11", "unsure", 0.1)}
    found = read(monkeypatch, Layout((), parts), {31: digit(1), 32: digit(4), 33: digit(1)}, said)
    assert [(one.text, one.status) for one in found.numbers] == [
        ("1990", "read"), ("42", "unsure"), ("11", "not_a_digit"),
    ]  # fmt: skip


@pytest.mark.parametrize(("second", "status"), [(0.7, "unsure"), (0.1, "not_a_digit")])
def test_a_doubtful_line_is_a_number_where_most_lines_are(
    monkeypatch: pytest.MonkeyPatch, second: float, status: Status
) -> None:
    parts = tuple(Cutout(np.full((30, 40), level, np.uint8), (300, 300)) for level in (31, 32, 33))
    said = {31: number("1990"), 32: number("42", "unsure", second), 33: number("11", "unsure", 0.3)}
    found = read(monkeypatch, Layout((), parts), {31: digit(1), 32: digit(4), 33: digit(1)}, said)
    assert (found.numbers[2].text, found.numbers[2].status) == ("11", status)


def test_what_is_struck_through_is_never_read_for_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = tuple(Cutout(np.full((30, 40), level, np.uint8), (300, 300)) for level in (31, 32, 33))
    said = {31: number("1990"), 32: number("42"), 33: number("777", "unsure", 0.7)}
    found = read(monkeypatch, Layout((), parts, struck=frozenset({1, 2})), {}, said)
    assert [(one.text, one.status) for one in found.numbers] == [("1990", "read"), ("42", "unsure"), ("777", "unsure")]


@pytest.mark.parametrize("shape", [(1, 1), (28, 28), (1, 4000), (4000, 1)])
def test_odd_shapes_and_bare_paper_are_pages_without_numbers(shape: tuple[int, int]) -> None:
    found = Reader(threads=1).page(np.full(shape, 230, np.uint8))
    assert not [one for one in found.written if one.status in ("read", "unsure")]
    assert (found.height, found.width) == shape


def test_of_a_lone_digit_in_a_cell_the_surer_network_is_believed_and_not_trusted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = grid(2, 2, cell(0, 0, 21), cell(0, 1, 22))
    said = {21: digit(8, "unsure", confidence=0.6), 22: digit(8, "unsure", confidence=0.6)}
    (table,) = read(monkeypatch, Layout((found,), ()), said, {21: number("5"), 22: number("3", "read", 0.5)}).grids
    one, other = table.cells[0]
    assert one is not None and (one.text, one.status) == ("5", "unsure")
    assert other is not None and (other.text, other.status) == ("8", "unsure")


def test_a_bar_or_a_ring_that_stands_alone_is_no_number_and_in_company_it_is_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def part(level: int) -> Cutout:
        return Cutout(np.full((30, 40), level, np.uint8), (300, 300))

    said = {31: number("1"), 32: number("0"), 33: number("1990"), 34: number("0,", "unsure", 0.5)}
    digits = {31: digit(1), 32: digit(0), 33: digit(1)}

    def statuses(*levels: int) -> list[str]:
        found = read(monkeypatch, Layout((), tuple(map(part, levels))), digits, said)
        return [one.status for one in found.numbers]

    assert statuses(31, 32) == ["not_a_digit", "not_a_digit"]
    assert statuses(31, 33) == ["read", "read"]
    assert statuses(34) == ["not_a_digit"]
    assert statuses(31, 32, 31) == ["read", "read", "read"]  # a column of ones and zeros


def test_an_unsure_number_counts_in_company_or_where_it_is_nearly_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rings side by side are a drawing, too."""

    def part(level: int) -> Cutout:
        return Cutout(np.full((30, 40), level, np.uint8), (300, 300))

    said = {31: number("00"), 32: number("65", "unsure", 0.6), 33: number("1990"), 34: number("65", "unsure", 0.8)}
    said[35] = number("4", "not_a_digit", 0.1)

    def statuses(*levels: int) -> list[str]:
        digits = {level: digit(0) for level in said}
        found = read(monkeypatch, Layout((), tuple(map(part, levels))), digits, said)
        return [one.status for one in found.numbers]

    assert statuses(31, 32) == ["not_a_digit", "not_a_digit"]
    assert statuses(32, 33) == ["unsure", "read"]
    assert statuses(34) == ["unsure"]
    assert statuses(32, 32, 32, 32) == ["unsure"] * 4
    assert statuses(*[34, 32, 32, 32], *[35] * 20) == ["not_a_digit"] * 24  # among so many words they are words


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_page_on_its_side_or_head_is_read_as_its_digits_read_best(quarters: int) -> None:
    upright, reader = rows_of_digits(), Reader(threads=1)
    expected = reader.page(upright)
    assert len(expected.numbers) == 9 and {one.status for one in expected.numbers} <= {"read", "unsure"}
    found = reader.page(np.ascontiguousarray(np.rot90(upright, -quarters)))
    assert (found.height, found.width) == (upright.shape if quarters == 2 else upright.shape[::-1])
    assert [one.text for one in found.numbers] == [one.text for one in expected.numbers]
    high, wide = upright.shape
    for mine, theirs in zip(found.numbers, expected.numbers, strict=True):
        box = theirs.box
        middle = np.array([(box.left + box.right) / 2, (box.top + box.bottom) / 2])
        place = [(high - middle[1], middle[0]), (wide - middle[0], high - middle[1]), (middle[1], wide - middle[0])]
        came = ((mine.box.left + mine.box.right) / 2, (mine.box.top + mine.box.bottom) / 2)
        assert came == pytest.approx(place[quarters - 1], abs=12)


@pytest.mark.parametrize(("step", "pitch", "scale"), [(20, 125, 2.2), (32, 125, 2.2), (50, 125, 2.2), (60, 120, 1.6)])
def test_squared_paper_is_no_table(step: int, pitch: int, scale: float) -> None:
    texts, squared = ["7968", "5573", "4702", "6117", "4812"], np.full((700, 700), 248, np.uint8)
    squared[step // 2 :: step] = squared[:, step // 2 :: step] = 190
    for place, text in enumerate(texts):  # in the last case between the rules
        at = (80, (140 if step == 60 else 110) + pitch * place)
        cv2.putText(squared, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, (40,), 4, cv2.LINE_AA)
    found = Reader(threads=1).page(squared)
    assert found.grids == ()
    assert [one.text for one in found.numbers if len(one.text) == 4 and one.status in ("read", "unsure")] == texts


def test_a_fine_table_with_digits_in_its_squares_is_a_table() -> None:
    table = np.full((700, 700), 248, np.uint8)
    for place in range(20, 681, 60):
        table[20:681, place - 1 : place + 1] = table[place - 1 : place + 1, 20:681] = 60
    for row, column in ((row, column) for row in range(11) for column in range(11)):
        at = (34 + 60 * column, 66 + 60 * row)
        cv2.putText(table, str((row + column) % 10), at, cv2.FONT_HERSHEY_SIMPLEX, 1.4, (40,), 3, cv2.LINE_AA)
    (grid,) = Reader(threads=1).page(table).grids
    assert (grid.rows, grid.columns) == (11, 11)


def boxes(text: str, side: int, thick: int, gap: int) -> Gray:
    """A row of boxes that do not touch, one digit to a box."""
    margin = round(0.8 * side)
    gray = np.full((side + 2 * margin, len(text) * (side + gap) + 2 * margin), 250, np.uint8)
    for place, digit in enumerate(text):
        x, bold, high = margin + place * (side + gap), max(1, side // 16), int(0.62 * side)
        cv2.rectangle(gray, (x, margin), (x + side, margin + side), (60,), thick)
        scale = cv2.getFontScaleFromHeight(cv2.FONT_HERSHEY_SIMPLEX, high, bold)
        (wide, high), _ = cv2.getTextSize(digit, cv2.FONT_HERSHEY_SIMPLEX, scale, bold)
        at = (x + (side - wide) // 2, margin + (side + high) // 2)
        cv2.putText(gray, digit, at, cv2.FONT_HERSHEY_SIMPLEX, scale, (30,), bold, cv2.LINE_AA)
    return gray


@pytest.mark.parametrize(
    ("text", "side", "thick", "gap"),
    [("5912", 20, 2, 3), ("5888", 40, 4, 6), ("17996", 40, 4, 6), ("815024", 40, 4, 6), ("5888", 120, 12, 20)],
)
def test_boxes_that_do_not_touch_are_one_number_told_once(text: str, side: int, thick: int, gap: int) -> None:
    found = Reader(threads=1).page(boxes(text, side, thick, gap)).numbers
    assert [(one.text, one.status) for one in found] == [(text, "read")]


def test_two_digits_in_a_cell_are_two_though_one_of_them_looks_like_one(monkeypatch: pytest.MonkeyPatch) -> None:
    there = replace(cell(0, 0, 21), several=True)
    (table,) = read(
        monkeypatch, Layout((grid(2, 2, there),), ()), {21: digit(6, confidence=0.9998)}, {21: number("16")}
    ).grids
    assert table.cells[0][0].text == "16"


@pytest.mark.parametrize(("edges", "several"), [((8, 11, 20, 34), True), ((8, 11, 11, 34), False), ((8, 34), False)])
def test_high_pieces_of_ink_side_by_side_are_several(edges: tuple[int, ...], several: bool) -> None:
    gray = np.full((60, 40), 255, np.uint8)
    for left, right in zip(edges[::2], edges[1::2], strict=True):
        gray[10:50, left:right] = 5
    assert writing(gray).several is several and not writing(gray).empty


def test_grids_side_by_side_come_from_left_to_right_though_one_lies_higher(monkeypatch: pytest.MonkeyPatch) -> None:
    left, right, above = grid(2, 2, cell(0, 0, 1)), grid(3, 2, cell(0, 0, 2)), grid(1, 3, cell(0, 0, 3))
    left, right = replace(left, box=Box(0, 103, 60, 163)), replace(right, box=Box(200, 100, 260, 190))
    found = Layout((right, left), (replace(above, box=Box(0, 10, 300, 40)),))
    told = read(monkeypatch, found, {1: digit(1), 2: digit(2), 3: digit(3)}, {})
    assert [one.cells[0][0].text for one in told.grids if one.rows > 1] == ["1", "2"]


@pytest.mark.parametrize(("angle", "middle"), [(0.4, 450), (2.0, 450), (0.0, 290), (2.0, 330)])
def test_the_edge_of_a_shadow_across_cells_costs_no_number(angle: float, middle: int) -> None:
    gray = np.full((420, 900), 235, np.uint8)
    for y in range(60, 361, 75):
        cv2.line(gray, (60, y), (840, y), 60, 2)
    for x in range(60, 841, 195):
        cv2.line(gray, (x, 60), (x, 360), 60, 2)
    numbers = [[str(7 * (3 * row + column) ** 3 + 123)[:4] for column in range(4)] for row in range(4)]
    for row, column in np.ndindex(4, 4):
        place = (100 + 195 * column, 114 + 75 * row)
        cv2.putText(gray, numbers[row][column], place, cv2.FONT_HERSHEY_SIMPLEX, 1.3, 40, 2, cv2.LINE_AA)
    y, x = np.mgrid[:420, :900]
    edge = np.clip(((x - middle) * np.cos(angle) + (y - 210) * np.sin(angle)) / 3, -0.5, 0.5) + 0.5
    (table,) = Reader(threads=1).page(np.rint(gray * (1 - 0.45 * edge)).astype(np.uint8)).grids
    assert [[cell and cell.text for cell in row] for row in table.cells] == numbers


@pytest.mark.parametrize(("gains", "quarters"), [((0.9, -0.7), 0), ((0.5, 0.4), 1)])
def test_a_page_is_turned_by_a_gain_that_is_no_chance(
    monkeypatch: pytest.MonkeyPatch, gains: tuple[float, float], quarters: int
) -> None:
    """Twelve pieces, clear one way up or another; turned once, seven gain as much as the first, five as the second."""
    gain = np.array([gains[0]] * 7 + [gains[1]] * 5)
    lying = np.where(gain > 0, 0.95 - gain, 0.95)
    ways = iter([lying, lying, lying + gain, np.zeros(12), np.zeros(12)])
    monkeypatch.setattr(upright, "_inks", lambda _sample: np.zeros((12, 28, 28), np.float32))
    sample = [np.zeros((9, 9), np.uint8)] * 12
    assert upright.quarters_to_turn(sample, lambda _inks: next(ways)) == quarters


LIST = (("soap", "26,3"), ("Park", "42"), ("pizza", "918"), ("pollo", "263"))


def shopping(lines: Sequence[tuple[str, str]]) -> Gray:
    """A word in italics and a number in each line, or a number alone."""
    gray = np.full((80 + 90 * len(lines), 620), 248, np.uint8)
    for row, (word, text) in enumerate(lines):
        foot, font = 90 + 90 * row, cv2.FONT_HERSHEY_COMPLEX | cv2.FONT_ITALIC
        cv2.putText(gray, word, (40, foot), font, 1.4, 40, 3, cv2.LINE_AA)
        left = 74 + cv2.getTextSize(word, font, 1.4, 3)[0][0]
        cv2.putText(gray, text, (left, foot), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 40, 4, cv2.LINE_AA)
    return gray


def sure(numbers: Sequence[Number]) -> list[str]:
    return [one.text for one in numbers if one.status == "read"]


def test_a_number_beside_a_word_is_read_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader(threads=1)
    assert {"26,3", "918", "263"} <= set(sure(reader.page(shopping(LIST)).numbers))
    monkeypatch.setattr(words, "MOST_GAPS", 0)
    assert "918" not in sure(reader.page(shopping(LIST)).numbers)  # the line network leaves the other words out itself


def test_where_hardly_a_word_stands_nothing_is_parted(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, gray = Reader(threads=1), shopping([*LIST[2:3], *(("", str(318 + 51 * i)) for i in range(8))])
    assert "918" not in sure(reader.page(gray).numbers)
    monkeypatch.setattr(words, "WORDY", 0.0)
    assert "918" in sure(reader.page(gray).numbers)


def test_labels_that_stand_by_themselves_show_that_the_one_beside_a_number_is_none_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gray = np.full((700, 900), 248, np.uint8)
    for row, (label, text) in enumerate(
        [("Park", "426"), ("soap", "918"), ("Kiwi", "263"), ("Park", "8"), ("kg", "57")]
    ):
        foot, font = 90 + 120 * row, cv2.FONT_HERSHEY_COMPLEX | cv2.FONT_ITALIC
        cv2.putText(gray, label, (40, foot), font, 1.4, 40, 3, cv2.LINE_AA)
        cv2.putText(gray, text, (200 if text == "8" else 500, foot), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 40, 4, cv2.LINE_AA)
    reader = Reader(threads=1)
    assert sorted(sure(reader.page(gray).numbers)) == ["263", "426", "57", "8", "918"]
    monkeypatch.setattr(words, "_is_labelled", lambda *_: False)
    assert sorted(sure(reader.page(gray).numbers)) == ["263", "426", "57", "918"]


def test_on_a_page_of_prose_parting_lines_is_given_up() -> None:
    asked: list[int] = []

    def read_none(cutouts: Sequence[Cutout]) -> list[Number | None]:
        asked.append(len(cutouts))
        return [number("5", "unsure", 0.1)] * len(cutouts)

    lines = [Cutout(np.full((30, 90), 250, np.uint8), (300, 300))] * 50
    found = words.beside_words(lines, [(30, 60)] * 50, read_none, Digits({}).apart)
    assert [one and one.text for one in found] == ["5"] * 50
    assert asked == [50, 4 * len(lines[::7])]  # two sides of two gaps, in eight lines


@pytest.mark.parametrize(("status", "told"), [("unsure", "2 927"), ("not_a_digit", "2")])
def test_touching_digits_that_the_line_network_reads_are_no_word(status: Status, told: str) -> None:
    """Right of a sure 2 a group whose pieces, one by one, are no digits: it is a word if it says no number either."""

    def read(cutouts: Sequence[Cutout]) -> list[Number | None]:
        if cutouts[0].gray.shape[1] == 90:
            return [number("2 927", "unsure", 0.9)] * len(cutouts)
        return [number("2", "read", 1.0), number("927", status, 0.9)] * (len(cutouts) // 2)

    def apart(inks: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float64]]:
        return [np.eye(11)[[10, 10]] for _ink in inks]

    line = np.full((30, 90), 250, np.uint8)
    line[8:22, 10:20] = line[8:22, 60:80] = 20
    found = words.beside_words([Cutout(line, (300, 300))] * 4, [(40,)] * 4, read, apart)
    assert [one and one.text for one in found] == [told] * 4


@pytest.mark.parametrize(("gaps", "told"), [((40, 60), "34"), ((60, 40), "4")], ids=["3 x 4", "x 4 x"])
def test_a_line_with_a_number_on_either_side_of_a_sign_is_neither(gaps: tuple[int, int], told: str) -> None:
    """Left of one gap there is a sure 3, right of the other a sure 4: two numbers, unless they are one part."""
    none = number("", "not_a_digit", 0.0)

    def read(cutouts: Sequence[Cutout]) -> list[Number | None]:
        if cutouts[0].gray.shape[1] == 90:
            return [number("34", "unsure", 0.9)] * len(cutouts)
        return [number("3", "read", 1.0), none, none, number("4", "read", 1.0)] * (len(cutouts) // 4)

    def apart(inks: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float64]]:
        return [np.eye(11)[[10, 10]] for _ink in inks]

    line = np.full((30, 90), 250, np.uint8)
    line[8:22, 10:20] = line[8:22, 45:50] = line[8:22, 65:80] = 20
    found = words.beside_words([Cutout(line, (300, 300))] * 4, [gaps] * 4, read, apart)
    assert [one and one.text for one in found] == [told] * 4


@pytest.mark.parametrize(
    ("text", "is_word"), [("Park", True), ("kg", True), ("42", False), ("918", False), ("-", False), ("", False)]
)
def test_letters_are_words_and_digits_and_dashes_are_none(text: str, is_word: bool) -> None:
    gray = np.full((70, 260), 248, np.uint8)
    cv2.putText(gray, text, (40, 50), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 40, 4, cv2.LINE_AA)
    assert words.are_words([Cutout(gray, (70, 260))], Reader(threads=1)._digits.apart) == [is_word]


@pytest.mark.parametrize(
    ("side", "is_cut"), [((0, 260), False), ((65, 260), True), ((0, 60), True), ((230, 260), False)]
)
def test_ink_at_a_side_of_its_picture_is_cut_off(side: tuple[int, int], is_cut: bool) -> None:
    gray = np.full((70, 260), 248, np.uint8)
    cv2.putText(gray, "918", (40, 50), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 40, 4, cv2.LINE_AA)
    assert words.is_cut_off(gray[:, slice(*side)]) is is_cut


@pytest.mark.parametrize(("count", "is_part"), [(10, True), (2, False)])
def test_among_many_words_what_is_cut_off_is_a_part_of_one(count: int, is_part: bool) -> None:
    lines = []
    for text in ["918", *["Park"] * count]:
        gray = np.full((70, 260), 248, np.uint8)
        cv2.putText(gray, text, (40, 50), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 40, 4, cv2.LINE_AA)
        cv2.line(gray, (0, 15), (4, 50), 40, 4, cv2.LINE_AA)  # the end of a letter before it
        lines.append(Cutout(gray, (300, 300)))
    reader = Reader(threads=1)
    first, *_words = page._Eyes(reader._digits, reader._lines)._lines(lines)
    assert first is not None and "918" in first.text
    assert (first.status == "not_a_digit") is is_part


@pytest.mark.parametrize(
    ("box", "status"),
    [(Box(58, 94, 70, 112), "not_a_digit"), (Box(58, 104, 70, 130), "read"), (Box(90, 94, 102, 112), "read")],
    ids=["raised", "on the line", "away"],
)
def test_the_3_of_cubic_metres_is_no_number(box: Box, status: Status) -> None:
    letter = replace(number("4", "not_a_digit"), box=Box(20, 102, 60, 130))
    first = replace(number("18482"), box=Box(-200, 100, -80, 130))
    three = replace(number("3", confidence=0.99), box=box)
    assert page._in_company([first, letter, three], [], [])[-1].status == status
