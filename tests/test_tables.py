"""Which grids are squared paper."""

from __future__ import annotations

import numpy as np
import pytest

from guarismo import inked, tables
from guarismo.cutout import Cutout
from guarismo.grids import Outline


@pytest.mark.parametrize(
    ("fine", "coarse", "paper"),
    [(205, 205, True), (200, 190, True), (205, 90, False), (240, 170, False)],
    ids=["all lines alike", "some a little darker", "a table drawn on squares", "no other lines"],
)
def test_some_of_the_lines_of_squared_paper_are_no_table(fine: int, coarse: int, paper: bool) -> None:
    """A grid of every third line of those that are 30 pixels apart, with something written to make it a page."""
    gray = np.full((700, 700), 240, np.uint8)
    for place in range(35, 690, 30):
        gray[place : place + 2, 35:667] = gray[35:667, place : place + 2] = fine
    for place in range(35, 690, 90):
        gray[place : place + 2, 35:667] = gray[35:667, place : place + 2] = coarse
    gray[110:140, 120:126] = 30
    at = np.arange(36, 690, 90, dtype=np.float64)
    grid = Outline(np.stack(np.meshgrid(at, at), -1), (), (700, 700))
    assert tables.may_be_paper(grid)
    assert tables.is_paper(grid, inked.inked(gray), Cutout(gray, (700, 700))) == paper
