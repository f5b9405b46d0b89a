"""A strip's ink cut where paper parts it, and what is said of the pieces."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from guarismo.errors import ModelError
from guarismo.model import Model, Thresholds
from guarismo.networks import DigitNetwork
from guarismo.pieces import likeliest, pieces, share
from guarismo.strip import HEIGHT
from guarismo.types import Inks, Logits, ModelInfo


def inked(*blocks: tuple[int, int, int, int], wide: int = 160) -> NDArray[np.float32]:
    """A strip with blocks of ink: (left, top, right, bottom)."""
    ink = np.zeros((HEIGHT, wide), np.float32)
    for left, top, right, bottom in blocks:
        ink[top:bottom, left:right] = 1
    return ink


def test_each_piece_is_framed_as_one_digit_from_left_to_right() -> None:
    bar, square = pieces(inked((60, 6, 90, 36), (10, 6, 16, 42)))
    for ink in (bar, square):
        assert ink.shape == (28, 28) and ink.dtype == np.float32
        rows, columns = np.flatnonzero(ink.max(1)), np.flatnonzero(ink.max(0))
        assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
        assert ink.sum(1) @ np.arange(28) / ink.sum() == pytest.approx(14, abs=0.6)
    assert np.flatnonzero(bar.max(0)).size < 6 < np.flatnonzero(square.max(0)).size


def test_a_piece_has_nothing_of_its_neighbour() -> None:
    leaning = inked((10, 30, 30, 42), (22, 24, 30, 36), (26, 6, 34, 30))
    alone, first = pieces(leaning)[0], pieces(leaning + inked((34, 36, 50, 42), (38, 6, 50, 42)))[0]
    np.testing.assert_array_equal(alone, first)


@pytest.mark.parametrize(
    ("blocks", "count"),
    [
        ([], 0),
        ([(10, 6, 40, 16), (12, 18, 38, 42)], 1),  # two strokes, one above the other
        ([(10, 12, 34, 42), (33, 6, 48, 9)], 1),  # the bar of a five, apart and to its right
        ([(10, 6, 30, 42), (34, 38, 38, 42)], 1),  # a point
        ([(10, 6, 30, 42), (38, 22, 52, 26)], 1),  # a dash
        ([(30, 6, 50, 42), (16, 18, 28, 22)], 1),  # a sign, hard by its digit
        ([(10, 38, 14, 42)], 0),
        ([(10, 6, 30, 42), (20, 2, 21, 4)], 1),  # a speck
        ([(10, 6, 30, 30), (0, 40, 160, 42), (50, 6, 70, 30)], 2),  # a rule below
        ([(10, 6, 30, 42), (28, 6, 50, 42)], 1),  # what touches is one
    ],
)
def test_strokes_of_one_digit_are_together_and_marks_are_none(
    blocks: list[tuple[int, int, int, int]], count: int
) -> None:
    assert len(pieces(inked(*blocks))) == count


def test_a_sign_and_a_dash_hard_by_a_digit_are_no_part_of_it() -> None:
    (alone,) = pieces(inked((30, 6, 50, 42)))
    for mark in ((16, 18, 28, 22), (52, 26, 64, 30)):
        (digit,) = pieces(inked((30, 6, 50, 42), mark))
        np.testing.assert_array_equal(digit, alone)
    (five,) = pieces(inked((30, 6, 50, 42), (52, 6, 64, 10)))
    assert not np.array_equal(five, alone)


def test_the_share_of_digits_is_that_of_all_ways_to_say_them() -> None:
    said = np.zeros((2, 11))
    said[0, [1, 7, 10]] = 0.5, 0.3, 0.2
    said[1, [1, 10]] = 0.6, 0.4
    assert share(said, "11") == pytest.approx(0.5 * 0.6)
    assert share(said, "1") == pytest.approx(0.5 * 0.4 + 0.2 * 0.6)
    assert share(said, "") == pytest.approx(0.2 * 0.4)
    assert share(said, "71") == pytest.approx(0.3 * 0.6)
    assert share(said, "111") == 0
    assert share(np.zeros((0, 11)), "") == 1
    every = ["", *map(str, range(10)), *(f"{i}{j}" for i in range(10) for j in range(10))]
    assert sum(share(said, text) for text in every) == pytest.approx(1)


def test_the_likeliest_digits_are_each_pieces_best() -> None:
    said = np.eye(11)[[4, 10, 0]] * 0.9
    assert likeliest(said) == "40"
    assert likeliest(np.zeros((0, 11))) == ""


class Fake:
    """A digit network that gives so many values, the first ones the largest."""

    def __init__(self, labels: int) -> None:
        self.labels = labels

    def run(self, batch: Inks) -> Logits:
        assert len(batch), "nothing to be read is not asked about"
        return np.tile(-np.arange(self.labels, dtype=np.float32), (len(batch), 1))


def network(labels: int, values: int) -> DigitNetwork:
    names = (*"0123456789", "not_a_digit")[:labels]
    return DigitNetwork(Model(ModelInfo("m", "1", "ab", 1), names, 1.0, Thresholds(0.9, 0.5), b""), Fake(values))


@pytest.mark.parametrize("labels", [10, 11])
def test_pieces_of_several_lines_are_read_at_once_by_networks_of_ten_labels_too(
    labels: int,
) -> None:
    said = network(labels, labels).apart([inked((10, 6, 30, 42), (50, 6, 70, 42)), inked(), inked((5, 6, 20, 42))])
    assert [one.shape for one in said] == [(2, 11), (0, 11), (1, 11)]
    assert likeliest(said[0]) == "00" and said[0].sum(1) == pytest.approx([1, 1])
    assert (said[0][:, 10] == 0).all() == (labels == 10)
    assert [one.shape for one in network(labels, labels).apart([inked()])] == [(0, 11)]
    assert network(labels, labels).apart([]) == []


def test_a_network_with_other_values_than_labels_is_refused() -> None:
    with pytest.raises(ModelError, match="gives 12 values a picture"):
        network(11, 12).apart([inked((10, 6, 30, 42))])
