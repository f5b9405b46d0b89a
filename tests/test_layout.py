"""Where things are on a page: what is drawn here has no digits, only lines."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
import pytest

from guarismo import grids, inked, layout, sheet, tables, textlines
from guarismo.cutout import Cutout
from guarismo.types import Gray

STROKES = [*((280, row) for row in range(6)), *((500, row) for row in range(4)), *((600, row) for row in range(2, 6))]
"""Upright strokes from one rule to the next, as of tall ones and sevens: left edge and row."""


def ruled(rules: Iterable[int], first: int = 250) -> Gray:
    """A sheet with level rules, a margin, and strokes that stand in six of its rows from ``first`` on."""
    gray = np.full((1100, 800), 255, np.uint8)
    for y in rules:
        cv2.line(gray, (20, y), (780, y), 120, 2)
    cv2.line(gray, (90, 60), (90, 1050), 120, 2)
    for x, row in STROKES:
        cv2.line(gray, (x, first + 50 * row), (x, first + 50 + 50 * row), 30, 3)
    return gray


@pytest.mark.parametrize(("rules", "kept"), [(range(250, 600, 50), True), (range(100, 1000, 50), False)])
def test_strokes_between_the_rules_of_paper_are_no_table(rules: Iterable[int], kept: bool) -> None:
    gray = ruled(rules)
    assert [(grid.rows, grid.columns) for grid in grids.find(gray)] == [(6, 4)]
    assert [grid.rows for grid in layout.layout(gray).grids] == ([6] if kept else [])


def test_a_patchy_grid_beside_the_sheet_is_not_among_its_rules() -> None:
    nodes = np.array([[[400, 100], [480, 100]], [[400, 150], [480, 150]], [[400, 200], [480, 200]]], np.float64)
    grid = grids.Outline(nodes, (), (300, 500))
    flat = Cutout(np.full((300, 300), 255, np.uint8), (2**20, 2**20), np.eye(3))
    assert not tables._is_among(np.zeros((300, 300), np.uint8), grid, flat)


def test_a_table_without_merged_cells_is_one_on_ruled_paper_too() -> None:
    gray = ruled(range(100, 1000, 50))
    for x in (280, 500, 600):
        cv2.line(gray, (x, 250), (x, 550), 30, 3)
    assert [(grid.rows, grid.columns) for grid in layout.layout(gray).grids] == [(6, 4)]


def test_pencil_on_ruled_paper_is_ink_beside_the_darker_rules() -> None:
    gray = np.full((700, 900), 240, np.uint8)
    for y in range(100, 700, 50):
        cv2.line(gray, (0, y), (899, y), 60, 2)
    pencil = np.zeros_like(gray)
    for x in range(200, 700, 60):
        cv2.ellipse(pencil, (x, 325), (14, 18), 0, 0, 360, 1, 2)
    gray[(pencil > 0) & (gray == 240)] = 195
    found = inked.inked(gray)
    there = (pencil > 0) & (found.lines == 0)
    assert (found.ink[there] == 1).mean() > 0.9
    assert (found.ink[cv2.dilate(pencil, np.ones((7, 7), np.uint8)) == 0] == 1).mean() < 0.002


def squares(step: int, level: int) -> Gray:
    """Squared paper, its lines two pixels wide."""
    gray = np.full((900, 700), 240, np.uint8)
    for place in range(step // 2, 900, step):
        gray[place : place + 2] = gray[:, place : place + 2] = level
    return gray


@pytest.mark.parametrize("step", [7, 15, 40])
def test_bare_squared_paper_has_no_ink_where_its_lines_cross(step: int) -> None:
    found = inked.inked(squares(step, 170))
    assert not found.ink.any()
    assert found.lines.mean() == pytest.approx((squares(step, 170) < 240).mean(), abs=0.01)


def test_a_stroke_along_a_rule_is_ink_and_is_seen_without_the_rule() -> None:
    gray = squares(40, 190)
    stroke = np.zeros_like(gray)
    cv2.line(stroke, (137, 305), (144, 345), 1, 3)  # a one along the upright rule at 140
    cv2.ellipse(stroke, (190, 330), (16, 26), 0, 0, 360, 1, 3)
    gray = np.where(stroke > 0, gray * 0.55, gray).astype(np.uint8)
    found = inked.inked(gray)
    assert (found.ink[stroke > 0] == 1).mean() > 0.9
    assert (found.ink[cv2.dilate(stroke, np.ones((5, 5), np.uint8)) == 0] == 1).mean() < 0.001
    over = (stroke > 0) & (found.ruled > 0)
    assert np.median(found.unruled[over]) == pytest.approx(240 * 0.55, abs=15)
    assert np.median(found.unruled[(stroke == 0) & (found.lines > 0)]) > 232


def test_rules_too_faint_to_be_ink_beside_a_strong_pen_go_on_there() -> None:
    gray = squares(30, 205)
    for x in range(200, 500, 70):
        cv2.ellipse(gray, (x, 430), (22, 34), 0, 0, 360, 20, 7)
    (around,) = (part for part in layout.layout(gray).parts if isinstance(part, Cutout))
    paper = around.gray[cv2.erode(around.gray, np.ones((7, 7), np.uint8)) > 150]
    assert (paper > 225).mean() > 0.95


@pytest.mark.parametrize("light_on_dark", [False, True])
def test_writing_on_a_sheet_half_in_the_shade_is_what_is_found(light_on_dark: bool) -> None:
    gray = np.full((1200, 900), 235, np.uint8)
    for y in range(150, 700, 60):
        for x in range(150, 420, 40):
            cv2.ellipse(gray, (x, y), (10, 16), 0, 0, 360, 60, 1)
    shade = np.full(gray.shape, 0.55, np.float32)
    cv2.fillPoly(shade, [np.array([[0, 0], [900, 0], [900, 800], [0, 400]])], 1.0)
    gray = np.rint(gray * shade).astype(np.uint8)
    found = layout.layout(255 - gray if light_on_dark else gray)
    widths = [part.gray.shape[1] for part in found.parts if isinstance(part, Cutout)]
    assert sum(250 < wide < 320 for wide in widths) >= 7  # the shadow's edge goes through two or three of ten


@pytest.mark.parametrize("light_on_dark", [False, True])
def test_a_little_pencil_in_the_corner_of_a_page_is_no_bare_paper_on_dark(light_on_dark: bool) -> None:
    rng = np.random.default_rng(3)
    page = np.full((1300, 1000), 215, np.float32) - np.linspace(0, 45, 1000, dtype=np.float32)
    pencil = np.zeros((1300, 1000), np.uint8)
    for y in range(90, 330, 48):
        for x in range(90, 230, 26):
            cv2.ellipse(pencil, (x, y), (8, 15), 0, 0, 360, 1, 2, cv2.LINE_AA)
    page -= 26 * cv2.GaussianBlur(pencil.astype(np.float32), (0, 0), 1.2)
    page += rng.standard_normal(page.shape, np.float32)
    gray = np.rint(page).astype(np.uint8)
    found = layout.layout(255 - gray if light_on_dark else gray)
    assert len(found.parts) == 5
    assert all(np.median(part.gray) > 150 for part in found.parts if isinstance(part, Cutout))


def score(gray: Gray, dot: int) -> None:
    """0:0, its rings 44 pixels high and its points ``dot`` wide, about (245, 300)."""
    for x in (200, 290):
        cv2.ellipse(gray, (x, 300), (16, 22), 0, 0, 360, 60, 3)
    for y in (292, 310):
        gray[y : y + max(1, dot - 1), 245 : 245 + dot] = 60


@pytest.mark.parametrize("dot", [2, 5])
def test_a_point_stays_in_its_line_though_it_is_hardly_more_than_a_speck(dot: int) -> None:
    gray = np.full((800, 600), 235, np.uint8)
    score(gray, dot)
    cv2.ellipse(gray, (245, 364), (8, 12), 0, 0, 360, 60, 2)  # another line, near enough to be in the cut-out
    (part,) = (part for part in layout.layout(gray).parts if isinstance(part, Cutout) and part.gray.shape[1] > 80)
    rows, columns = part.gray.shape
    between = part.gray[:, columns * 2 // 5 : columns * 3 // 5]
    assert [(between[half].min() < 150) for half in (slice(0, rows // 2), slice(rows // 2, rows))] == [True, True]


def test_a_worn_rule_under_a_number_costs_it_no_mark_and_is_none() -> None:
    gray = np.full((800, 600), 235, np.uint8)
    score(gray, 5)
    for x in range(180, 310, 12):
        gray[326:328, x : x + 8] = 90
    page = inked.inked(gray)
    (line,) = textlines.find(page).lines
    assert len(line.pieces) == 4 and line.box.bottom < 326


def test_what_is_left_of_a_rule_is_no_mark() -> None:
    gray = np.full((800, 600), 235, np.uint8)
    score(gray, 5)
    cv2.line(gray, (20, 328), (580, 328), 90, 2)
    for x in range(185, 310, 20):
        gray[326:331, x : x + 2] = 90  # its edge is rough
    (line,) = textlines.find(inked.inked(gray)).lines
    assert len(line.pieces) == 4


def rings_on_rules(pen: int, rule: int, thick: int) -> Gray:
    """0 0 between two rules of a lined sheet."""
    gray = np.full((800, 600), 235, np.uint8)
    for y in range(30, 800, 60):
        cv2.line(gray, (0, y), (599, y), rule, thick)
    for x in (200, 290):
        cv2.ellipse(gray, (x, 300), (16, 22), 0, 0, 360, pen, 3)
    return gray


def test_a_point_on_a_rule_is_a_mark_and_what_the_pen_hides_of_a_rule_is_none() -> None:
    gray = rings_on_rules(60, 185, 3)
    cv2.rectangle(gray, (243, 328), (247, 332), 60, -1)  # hardly higher than the rule that it lies on
    blurred = np.asarray(cv2.GaussianBlur(gray, (0, 0), 1.2), np.uint8)
    (line,) = textlines.find(inked.inked(blurred)).lines
    assert len(line.pieces) == 3
    assert line.box.top > 272 and line.box.bottom > 330


def test_a_small_point_above_a_rule_as_dark_as_the_pen_is_a_mark() -> None:
    gray = rings_on_rules(90, 90, 2)
    gray[325:328, 243:246] = 90
    blurred = np.asarray(cv2.GaussianBlur(gray, (0, 0), 0.9), np.uint8)
    (line,) = textlines.find(inked.inked(blurred)).lines
    assert len(line.pieces) == 3


def test_of_two_sheets_on_a_table_neither_is_cut_out() -> None:
    gray = np.full((600, 900), 60, np.uint8)
    gray[80:520, 60:430] = 235
    assert sheet.corners(gray) is not None
    gray[90:500, 480:840] = 230
    assert sheet.corners(gray) is None


@pytest.mark.parametrize(
    ("first", "level", "struck"), [(900, 0, {2}), (35, 170, {2}), (0, 170, {2}), (0, 50, set())],
    ids=["plain paper", "rules between rows", "pale rules through rows", "rules as dark as ink through rows"],
)  # fmt: skip
def test_a_stroke_through_a_number_is_seen_and_no_rule_of_the_paper_is_one(
    first: int, level: int, struck: set[int]
) -> None:
    gray = np.full((900, 700), 245, np.uint8)
    for y in range(first, 900, 70):
        cv2.line(gray, (0, y), (699, y), level, 2)
    for y in range(140, 800, 70):
        for x in range(100, 260, 32):
            cv2.ellipse(gray, (x, y), (11, 18), 0, 0, 360, 40, 3, cv2.LINE_AA)
    cv2.line(gray, (84, 283), (246, 277), 40, 3, cv2.LINE_AA)  # the third row
    cv2.line(gray, (84, 518), (246, 518), 40, 3, cv2.LINE_AA)  # under the sixth
    found = layout.layout(gray)
    assert len(found.parts) == 10
    assert found.struck == struck


def test_a_row_of_feet_is_no_rule() -> None:
    """Of bold digits close together, as of a word's letters: level and long, but strokes stand on all of it."""
    gray = np.full((400, 600), 245, np.uint8)
    for x in range(100, 300, 16):
        cv2.line(gray, (x, 150), (x, 190), 30, 9)
        cv2.line(gray, (x - 8, 190), (x + 8, 190), 30, 3)
    assert not inked.inked(gray).lines.any()


@pytest.mark.parametrize(("shade", "found"), [((118, 118), True), ((130, 195), False)])
def test_half_of_a_folded_sheet_is_no_sheet(shade: tuple[int, int], found: bool) -> None:
    """The lower half lies in the shade of the fold, darker on the left; as dark as the table, it is the table."""
    gray = np.full((700, 560), 118, np.uint8)
    half = np.zeros_like(gray)
    cv2.fillConvexPoly(half, np.array([[34, 346], [524, 350], [520, 664], [38, 668]]), 1)
    gray = np.where(half > 0, np.where(np.arange(560) < 200, *shade), gray).astype(np.uint8)
    cv2.fillConvexPoly(gray, np.array([[30, 30], [530, 34], [524, 350], [34, 346]]), 228)
    assert (sheet.corners(gray) is not None) == found
