"""Grids: their rows, columns and cells, wherever and however they lie in a picture, and none where there is none."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from guarismo import cells, sides
from guarismo.grids import GridCut, find
from guarismo.image import load_gray
from guarismo.types import Gray
from pictures import gradient, on_paper, written

EXAMPLES = Path(__file__).parents[1] / "examples"
Lines = list[float]


def ruled(xs: Iterable[float], ys: Iterable[float], shape: tuple[int, int] = (480, 640), level: int = 60) -> Gray:
    """White paper with a whole grid of lines two pixels wide."""
    gray = np.full(shape, 255, np.uint8)
    across, down = [round(x) for x in xs], [round(y) for y in ys]
    for x in across:
        cv2.line(gray, (x, down[0]), (x, down[-1]), (level,), 2)
    for y in down:
        cv2.line(gray, (across[0], y), (across[-1], y), (level,), 2)
    return gray


def places(start: float, pitch: float, count: int) -> Lines:
    return [start + pitch * i for i in range(count + 1)]


def put(gray: Gray, digit: int, box: tuple[float, float, float, float], seed: int = 0) -> None:
    """A digit into the middle of a cell (left, top, right, bottom)."""
    left, top, right, bottom = box
    drawing = written(digit, seed, size=round(0.55 * (bottom - top)))
    x, y = round((left + right - drawing.shape[1]) / 2), round((top + bottom - drawing.shape[0]) / 2)
    here = gray[y : y + drawing.shape[0], x : x + drawing.shape[1]]
    np.minimum(here, drawing, out=here)


def puzzle(seed: int = 3, pitch: float = 44) -> tuple[Gray, NDArray[np.bool_]]:
    """A 9x9 puzzle with thick lines every third, and which of its cells are filled."""
    xs, ys = places(110, pitch, 9), places(40, pitch, 9)
    gray = ruled(xs, ys)
    for i in (0, 3, 6, 9):
        cv2.line(gray, (round(xs[i]), 40), (round(xs[i]), round(ys[-1])), (20,), 4)
        cv2.line(gray, (110, round(ys[i])), (round(xs[-1]), round(ys[i])), (20,), 4)
    rng = np.random.default_rng(seed)
    filled = rng.random((9, 9)) < 0.5
    for row, column in np.argwhere(filled).tolist():
        put(gray, int(rng.integers(1, 10)), (xs[column], ys[row], xs[column + 1], ys[row + 1]), seed)
    return gray, filled


def empties(cut: GridCut) -> NDArray[np.bool_]:
    found = np.zeros((cut.rows, cut.columns), bool)
    for cell in cut.cells:
        found[cell.row, cell.column] = cell.empty
    return found


def only(gray: Gray) -> GridCut:
    found = find(gray)
    assert len(found) == 1
    return found[0]


def test_a_puzzle_has_its_cells_row_by_row_and_its_empty_ones_are_empty() -> None:
    gray, filled = puzzle()
    cut = only(gray)
    assert (cut.rows, cut.columns, len(cut.cells)) == (9, 9, 81)
    assert [(cell.row, cell.column) for cell in cut.cells] == [(i // 9, i % 9) for i in range(81)]
    assert (empties(cut) == ~filled).all()
    assert np.abs(cut.corners - [[110, 40], [506, 40], [506, 436], [110, 436]]).max() < 3


def test_a_cutout_is_the_inside_of_its_cell_without_its_lines() -> None:
    cut = only(ruled(places(100, 60, 4), places(80, 60, 4)))
    for cell in cut.cells:
        assert cell.cutout.gray.min() > 200
        assert min(cell.cutout.gray.shape) >= 50
        box = cell.cutout.box()
        assert abs(box.left - (100 + 60 * cell.column)) <= 6
        assert abs(box.bottom - (140 + 60 * cell.row)) <= 6


@pytest.mark.parametrize("angle", [-40, -12, 5, 30])
def test_a_grid_may_be_turned(angle: float) -> None:
    gray, filled = puzzle(pitch=36)
    turn = cv2.getRotationMatrix2D((270, 200), angle, 0.9)
    turn[:, 2] += (60, 60)
    cut = only(np.asarray(cv2.warpAffine(gray, turn, (700, 560), borderValue=255), np.uint8))
    assert (cut.rows, cut.columns) == (9, 9)
    assert (empties(cut) == ~filled).all()


def test_a_grid_may_be_seen_from_aside_on_bent_paper_in_uneven_light() -> None:
    gray, filled = puzzle()
    x, y = np.meshgrid(np.arange(640, dtype=np.float32), np.arange(480, dtype=np.float32))
    wave = np.float32(9) * np.sin(x / np.float32(130))
    gray = np.asarray(
        cv2.remap(gray, x + np.float32(0.08) * (y - 240) * (x - 320) / 320, y + wave, cv2.INTER_LINEAR), np.uint8
    )
    cut = only(gradient(gray, 0.5, 1.0))
    assert (cut.rows, cut.columns, len(cut.cells)) == (9, 9, 81)
    assert (empties(cut) == ~filled).all()


def test_light_lines_on_dark() -> None:
    gray, filled = puzzle()
    cut = only(np.asarray(255 - gray, np.uint8))
    assert (empties(cut) == ~filled).all()


def test_a_row_of_boxes_is_a_grid_of_one_row() -> None:
    xs = places(60, 48, 8)
    gray = ruled(xs, [200, 250])
    for i in range(6):
        put(gray, i, (xs[i], 200, xs[i + 1], 250))
    cut = only(gray)
    assert (cut.rows, cut.columns) == (1, 8)
    assert [cell.empty for cell in cut.cells] == [False] * 6 + [True] * 2


@pytest.mark.parametrize(
    ("angle", "width", "height"), [(-0.52373, 41, 42), (0.53211, 31, 37), (1.13922, 38, 39), (0.70154, 38, 40)]
)
def test_a_row_of_boxes_under_a_word_keeps_its_boxes(angle: float, width: int, height: int) -> None:
    """The sides of these are as long as it takes to pass for a side, a pixel more or less: all do, or none."""
    gray = np.full((320, 720), 225, np.uint8)
    for i in range(11):
        cv2.rectangle(gray, (40 + i * width, 150), (40 + (i + 1) * width, 150 + height), (30,), 3 if width == 41 else 4)
    cv2.putText(gray, "Dula on:", (40, 134), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (20,), 2, cv2.LINE_AA)
    turn = cv2.getRotationMatrix2D((350, 150), angle, 1)
    turned = cv2.warpAffine(gray, turn, gray.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    cut = only(np.asarray(turned, np.uint8))
    assert (cut.rows, cut.columns) == (1, 11)


def test_columns_of_different_widths() -> None:
    xs, ys = [40.0, 110, 300, 360, 560], places(60, 38, 8)
    cut = only(ruled(xs, ys))
    assert (cut.rows, cut.columns) == (8, 4)
    boxes = [cell.cutout.box() for cell in cut.cells if cell.row == 3]
    assert [round(box.width, -1) for box in boxes] == [60, 190, 50, 200] or boxes[1].width > 3 * boxes[2].width - 20


def test_strokes_in_the_cells_of_a_table_do_not_cost_it_its_last_columns() -> None:
    """Digits one above the other look like a line in the middle of most columns, and like two in the last; no cell has a
    side of them."""
    xs = np.array([0, 80, 120, 160, 200, 240, 280, 320, 360, 400, 427, 453, 480.0])
    strokes = [2, 4, 6, 8, 10, 11]
    nodes = np.stack(np.meshgrid(xs, np.arange(0, 520, 40.0)), -1)
    upright = np.ones((12, 13))
    upright[:, strokes] = np.random.default_rng(3).choice([0, 0, 0.24, 0.37, 0.43, 0.7, 0.8], (12, len(strokes)))
    (found,) = sides.cleared(sides.Lattice(nodes, np.ones((13, 12)), upright))
    assert (found.rows, found.columns) == (12, 6)


def test_strokes_as_high_as_their_boxes_are_no_lines_of_them() -> None:
    xs = np.array([0, 40, 80, 97, 120, 160, 168, 200, 240, 262, 280.0])
    nodes = np.stack(np.meshgrid(xs, [0, 44.0]), -1)
    (found,) = sides.cleared(sides.Lattice(nodes, np.ones((2, 10)), np.ones((1, 11))))
    np.testing.assert_allclose(found.nodes[0, :, 0], range(0, 281, 40))


def test_a_stroke_in_the_last_box_costs_it_not_its_place() -> None:
    xs = np.array([69, 129, 167, 191, 254, 316, 380, 444, 508, 574, 624, 639.0])
    nodes = np.stack(np.meshgrid(xs, [53, 114.0]), -1)
    (found,) = sides.cleared(sides.Lattice(nodes, np.ones((2, 11)), np.ones((1, 12))))
    np.testing.assert_allclose(found.nodes[0, :, 0], np.delete(xs, [2, 10]))


def test_heads_of_digits_that_touch_the_line_above_make_none() -> None:
    nodes = np.stack(np.meshgrid(np.arange(55, 540, 80.0), [101, 116, 185.0]), -1)
    level = np.array([[1.0] * 6, [0.9, 0, 0.7, 0.6, 0.4, 0.4], [1.0] * 6])
    (found,) = sides.cleared(sides.Lattice(nodes, level, np.ones((2, 7))))
    np.testing.assert_allclose(found.nodes[:, 0, 1], [101, 185])


@pytest.mark.parametrize("corner", [False, True])
def test_a_wedge_of_shadow_in_a_cell_is_no_writing(corner: bool) -> None:
    cell = np.full((40, 40), 210, np.uint8)
    wedge = [(0, 0), (0, 40), (12, 40)] if not corner else [(40, 40), (19, 40), (40, 8)]
    cv2.fillPoly(cell, [np.array(wedge)], (130,))
    assert cells.writing(cell).empty
    assert not cells.writing(np.minimum(cell, on_paper(written(4, 3, 26), (40, 40)))).empty


def test_a_table_of_one_row_keeps_its_columns_of_several_widths() -> None:
    xs = np.array([0, 30, 100, 115, 210.0])
    nodes = np.stack(np.meshgrid(xs, [0, 44.0]), -1)
    (found,) = sides.cleared(sides.Lattice(nodes, np.ones((2, 4)), np.ones((1, 5))))
    np.testing.assert_allclose(found.nodes[0, :, 0], xs)


@pytest.mark.parametrize("far", [7, 12])
def test_digits_near_the_sides_of_a_wide_cell_stay_in_its_cutout(far: int) -> None:
    xs, ys = places(40, 180, 3), places(40, 50, 6)
    gray = ruled(xs, ys, (420, 640))
    for x in (xs[1] + far, xs[2] - far):
        cv2.line(gray, (round(x), 98), (round(x), 132), (20,), 3)
    (cut,) = find(gray)
    (cell,) = (cell for cell in cut.cells if (cell.row, cell.column) == (1, 1))
    inside = cell.cutout.gray[len(cell.cutout.gray) // 2]
    assert (np.diff(inside < 128) > 0).sum() == 4  # two strokes, and neither is cut


def test_merged_cells_have_spans() -> None:
    xs, ys = [60.0, 150, 270, 420, 560], places(60, 50, 5)
    gray = ruled(xs, ys)
    gray[64:107, 144:156] = 255  # the first row's first and second cell are one
    cut = only(gray)
    first = cut.cells[0]
    assert (first.row, first.column, first.row_span, first.column_span) == (0, 0, 1, 2)
    assert len(cut.cells) == 19


def test_a_worn_line_is_no_merged_cell() -> None:
    gray, _filled = puzzle()
    for start in range(42, 436, 12):
        gray[start : start + 5, 150:158] = 255  # dashes are left
    gray[262:300, 282:290] = 255  # a side that is gone altogether
    cut = only(gray)
    assert (cut.rows, cut.columns, len(cut.cells)) == (9, 9, 81)


def test_a_table_without_a_frame_left_and_right() -> None:
    xs, ys = [50.0, 180, 300, 420, 590], places(60, 44, 7)
    gray = ruled(xs, ys)
    gray[:, 46:54] = gray[:, 586:594] = 255
    cut = only(gray)
    assert (cut.rows, cut.columns) == (7, 4)


def test_two_grids_come_in_reading_order() -> None:
    gray = ruled(places(40, 50, 5), places(30, 40, 4))
    other = ruled(places(300, 40, 7), places(260, 48, 3))
    cuts = find(np.minimum(gray, other))
    assert [(cut.rows, cut.columns) for cut in cuts] == [(4, 5), (3, 7)]


@pytest.mark.parametrize("xs", [[550, 638], [545, 600, 638], [520, 600]])
def test_a_puzzle_that_lines_and_a_fold_join_to_what_stands_beside_it_ends_where_it_ends(xs: Lines) -> None:
    gray, filled = puzzle()
    beside = ruled(xs, places(40, 88, 4))
    for y in (40, 40 + 44 * 5):
        cv2.line(beside, (300, y), (int(xs[-1]), y), (60,), 2)
    largest = max(find(np.minimum(gray, beside)), key=lambda cut: len(cut.cells))
    assert (largest.rows, largest.columns) == (9, 9)
    assert (empties(largest) == ~filled).all()


def test_a_grid_cut_off_by_the_picture_has_the_cells_that_are_there() -> None:
    gray, filled = puzzle()
    cut = only(np.ascontiguousarray(gray[:, 110 + 44 * 4 - 20 :]))  # less than half of the fourth column is left
    assert (cut.rows, cut.columns) == (9, 5)
    assert (empties(cut) == ~filled[:, 4:]).all()


def test_specks_and_grain_are_no_writing() -> None:
    gray = ruled(places(100, 50, 8), places(40, 50, 8))
    rng = np.random.default_rng(5)
    for _ in range(40):
        x, y = rng.integers(110, 490), rng.integers(50, 430)
        cv2.circle(gray, (int(x), int(y)), 1, (90,), -1)
    noisy = gray + rng.normal(0, 4, gray.shape)
    cut = only(np.clip(noisy, 0, 255).astype(np.uint8))
    assert empties(cut).all()


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.glob("*.[pj]*g")))
def test_pictures_of_one_digit_have_no_grid(name: str) -> None:
    assert find(load_gray(EXAMPLES / name)) == []


@pytest.mark.parametrize("shape", [(1, 1), (28, 28), (1, 4000), (4000, 1), (30, 3000), (200, 200)])
def test_blank_tiny_and_long_pictures_have_none(shape: tuple[int, int]) -> None:
    assert find(np.full(shape, 255, np.uint8)) == []
    noise = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    assert find(noise) == []


def test_text_stripes_and_a_frame_are_no_grids() -> None:
    page = np.full((700, 500), 255, np.uint8)
    rng = np.random.default_rng(2)
    for y in range(40, 680, 20):
        words = " ".join("".join(rng.choice(list("aeinrstlmohdu"), rng.integers(2, 9))) for _ in range(9))
        cv2.putText(page, words, (30, y), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (30,), 1, cv2.LINE_AA)
    assert find(page) == []
    stripes = np.tile(np.where(np.arange(400) % 20 < 3, 60, 255).astype(np.uint8), (300, 1))
    assert find(stripes) == []
    framed = np.full((300, 400), 255, np.uint8)
    cv2.rectangle(framed, (50, 40), (350, 260), (0,), 3)
    assert find(framed) == []


def test_cells_around_others_with_a_gap_between_are_one_grid() -> None:
    """A ring of cells, bare paper, a block: what lies apart reaches over the whole lattice."""
    nodes = np.stack(np.meshgrid(np.arange(0, 281, 40.0), np.arange(0, 281, 40.0)), -1)
    level, upright = np.ones((8, 7)), np.ones((7, 8))
    level[2:6, 1] = level[2:6, 5] = 0
    level[2, 1:6] = level[5, 1:6] = 0
    upright[1, 2:6] = upright[5, 2:6] = 0
    upright[1:6, 2] = upright[1:6, 5] = 0
    found = sides.cleared(sides.Lattice(nodes, level, upright))
    assert found and all(one.rows <= 7 for one in found)


def test_strokes_in_low_rows_are_no_sides_of_cells() -> None:
    xs, ys = places(60, 80, 10), places(60, 50, 31)
    gray = ruled(xs, ys, (1680, 920))
    rng = np.random.default_rng(2)
    for top in ys[:-1]:
        for left in xs[:-1]:
            x, high = round(left + rng.uniform(18, 62)), int(rng.integers(22, 31))
            y = round(top + (50 - high) / 2 + rng.uniform(-3, 3))
            cv2.line(gray, (x, y), (x + 2, y + high), (50,), 4)
    cut = only(gray)
    assert (cut.rows, cut.columns, len(cut.cells)) == (31, 10, 310)


def test_bold_writing_in_a_row_much_taller_than_the_others_is_no_shadow() -> None:
    gray = np.full((560, 700), 235, np.uint8)
    edges = [40, *range(76, 257, 36), 476]
    for y in edges:
        cv2.line(gray, (40, y), (660, y), 40, 2)
    for x in (40, 246, 453, 660):
        cv2.line(gray, (x, 40), (x, 476), 40, 2)
    cv2.putText(gray, "4", (80, 430), cv2.FONT_HERSHEY_SIMPLEX, 4.5, 30, 22)
    (found,) = find(gray)
    (tall,) = (cell for cell in found.cells if cell.column == 0 and cell.row == found.rows - 1)
    assert (tall.cutout.gray < 60).mean() > 0.09
