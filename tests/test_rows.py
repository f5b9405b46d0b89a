"""Ink that joins two rows of writing is taken apart between them; high digits, fractions and words stay whole."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from guarismo import rows, textlines
from guarismo.inked import Mask, inked
from guarismo.types import Gray
from pictures import write


def joined() -> Gray:
    """Two rows, a third of a digit apart, and a stem from the upper one's 7 into the lower one's 8."""
    gray = np.full((500, 600), 235, np.uint8)
    write(gray, "1274", 60, 120)
    write(gray, "3589", 60, 160)
    cv2.line(gray, (112, 118), (118, 138), 40, 3, cv2.LINE_AA)
    for row in range(3):
        write(gray, "4711", 60, 260 + 80 * row)
    return gray


def test_a_stem_that_ends_in_the_row_below_joins_no_two_numbers() -> None:
    found = sorted(textlines.find(inked(joined())).lines, key=lambda line: line.box.top)
    assert len(found) == 5
    upper, lower = found[:2]
    assert abs(upper.box.bottom - 128) < 14 and abs(lower.box.top - 132) < 14
    assert upper.box.height < 50 and lower.box.height < 50


def test_every_pixel_of_ink_keeps_one_piece() -> None:
    ink = inked(joined()).ink
    labels, stats = rows.pieces_in_rows(ink)
    assert ((labels > 0) == (ink > 0)).all()
    assert (np.bincount(labels.ravel(), minlength=len(stats))[1:] == stats[1:, 4]).all()
    for piece in np.flatnonzero(stats[:, 4])[1:].tolist():
        left, top, width, height, area = stats[piece].tolist()
        assert (labels[top : top + height, left : left + width] == piece).sum() == area


def whole(ink: Mask) -> bool:
    """Whether nothing in it is taken apart."""
    return len(rows.pieces_in_rows(ink)[1]) == cv2.connectedComponentsWithStats(ink, connectivity=8)[0]


@pytest.mark.parametrize("drawn", ["high digit", "fraction", "bar", "letters"])
def test_what_stands_in_one_row_stays_whole(drawn: str) -> None:
    gray = np.full((500, 600), 235, np.uint8)
    for row in range(4):
        write(gray, "4711", 300, 100 + 100 * row)
    if drawn == "high digit":
        write(gray, "8", 60, 160, 2.6)
    elif drawn == "fraction":
        write(gray, "3", 60, 160, 2.6)
        write(gray, "1", 120, 118)
        write(gray, "2", 120, 164)
    elif drawn == "bar":
        cv2.line(gray, (60, 90), (60, 170), 40, 4)
        for foot in (118, 164):
            write(gray, "12", 80, foot)
    else:
        write(gray, "fgjlpq", 60, 160, 1.6)
    assert whole(inked(gray).ink)


def test_a_page_without_ink_has_no_pieces() -> None:
    labels, stats = rows.pieces_in_rows(np.zeros((300, 200), np.uint8))
    assert not labels.any() and len(stats) == 1
