"""The sheet and its table: corners of what is seen from aside, cards beside each other."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from guarismo import sheet
from guarismo.types import Gray


def seen_from(degrees: float) -> tuple[Gray, NDArray[np.float32]]:
    """A light sheet on a dark table by a camera that looks down so far from upright, and its corners."""
    tilt = np.deg2rad(degrees)
    corners = np.array([[-0.7, -1, 0], [0.7, -1, 0], [0.7, 1, 0], [-0.7, 1, 0]])
    turned = corners @ np.array([[1, 0, 0], [0, np.cos(tilt), np.sin(tilt)], [0, -np.sin(tilt), np.cos(tilt)]]).T
    points = (turned[:, :2] / (turned[:, 2:] + 3.2) * 900 + [400, 420]).astype(np.float32)
    gray = np.full((840, 800), 70, np.uint8)
    cv2.fillConvexPoly(gray, np.rint(points).astype(np.int32), 230, cv2.LINE_AA)
    return gray, points


@pytest.mark.parametrize("degrees", [0, 20, 40, 60])
def test_a_sheet_is_found_however_steeply_it_is_seen(degrees: float) -> None:
    gray, expected = seen_from(degrees)
    found = sheet.corners(gray)
    assert found is not None
    assert np.abs(found - expected).max() < 12


def cards(table: int, count: int) -> Gray:
    """Light cards on a grainy table of that level."""
    rng = np.random.default_rng(4)
    grain = cv2.GaussianBlur(rng.normal(0, 60, (700, 900)), (0, 0), 4)
    gray = np.clip(table + grain, 0, 255)
    for i in range(count):
        gray[80:300, 60 + 280 * i : 300 + 280 * i] = 235
    return gray.astype(np.uint8)


def test_between_cards_there_is_a_table_and_beside_one_there_is_none() -> None:
    table = sheet.beside_cards(cards(90, 3))
    assert table is not None and table.shape == (700, 900)
    assert not table[90:290, 70:290].any() and not table[90:290, 630:850].any()
    assert table[:70].all() and table[310:].all() and table[90:290, 310:330].all()
    assert sheet.beside_cards(cards(90, 1)) is None
    assert sheet.beside_cards(cards(225, 3)) is None  # no darker than they are


def test_where_nothing_beyond_a_sheet_is_seen_nobody_is_warned(recwarn: pytest.WarningsRecorder) -> None:
    small = np.full((400, 400), 200, np.uint8)
    corners = np.array([[0, 0], [399, 0], [399, 399], [0, 399]], np.float64)
    assert not sheet._is_half(small, corners)
    assert not recwarn.list
