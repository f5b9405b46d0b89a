"""Pieces of pages, and the way back."""

import numpy as np

from guarismo.cutout import Cutout, straighten
from guarismo.types import Box


def test_a_piece_of_a_piece_knows_its_place() -> None:
    whole = Cutout(np.full((100, 200), 255, np.uint8), (100, 200))
    piece = whole.cut(Box(50, 20, 150, 80)).cut(Box(10, 5, 30, 25))
    assert piece.gray.shape == (20, 20)
    assert piece.box() == Box(60, 25, 80, 45)
    assert piece.box(Box(1, 2, 3, 4)) == Box(61, 27, 63, 29)


def test_a_straightened_sheet_maps_back_to_the_picture() -> None:
    gray = np.full((120, 160), 255, np.uint8)
    gray[40:50, 60:80] = 0
    corners = np.array([[20, 10], [140, 10], [140, 110], [20, 110]], np.float32)
    sheet = straighten(gray, corners, (200, 240))
    rows, columns = np.nonzero(sheet.gray < 128)
    found = Box(int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
    box = sheet.box(found)
    assert abs(box.left - 60) <= 1
    assert abs(box.top - 40) <= 1
    assert abs(box.right - 80) <= 1
    assert abs(box.bottom - 50) <= 1


def test_no_box_reaches_out_of_the_picture() -> None:
    corners = np.array([[-20, -10], [140, 10], [140, 110], [20, 150]], np.float32)
    assert straighten(np.zeros((100, 100), np.uint8), corners, (50, 50)).box() == Box(0, 0, 100, 100)
