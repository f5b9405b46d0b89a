"""Figures are counted as their names say."""

from __future__ import annotations

import numpy as np
import pytest

from guarismo.evaluate import calibration_error, evaluate, figures
from guarismo.types import Box, Digit, Status


def digit(value: int | None, confidence: float, status: Status = "read") -> Digit:
    probabilities = [0.01] * 10
    if value is not None:
        probabilities[value] = 0.91
    return Digit(value, status, confidence, tuple(probabilities), Box(0, 0, 28, 28))


def test_shares_are_of_what_they_say() -> None:
    read = [
        digit(1, 0.9),
        digit(2, 0.95),
        digit(3, 0.4, "unsure"),
        digit(7, 0.2, "not_a_digit"),
        digit(None, 1, "blank"),
    ]
    result = figures(read, np.array([1, 5, 3, 7, 0]))
    assert result.count == 5
    assert result.accuracy == pytest.approx(3 / 5)
    assert result.read == pytest.approx(2 / 5)
    assert result.wrong_read == pytest.approx(1 / 2)
    assert result.not_a_digit == pytest.approx(2 / 5)


def test_calibration_error_is_zero_for_the_calibrated_and_the_gap_for_the_rest() -> None:
    right = np.arange(1000) % 10 < 7
    assert calibration_error(np.full(1000, 0.7), right) == pytest.approx(0, abs=1e-9)
    assert calibration_error(np.full(1000, 0.95), right) == pytest.approx(0.25)


def test_a_blank_counts_as_wrong_with_no_confidence() -> None:
    assert figures([digit(None, 1.0, "blank")], np.array([4])).calibration == pytest.approx(0.0)


def test_nothing_cannot_be_measured() -> None:
    from guarismo import DatasetError, Reader
    from guarismo.datasets import Digits

    with pytest.raises(DatasetError, match="without pictures"):
        evaluate(object.__new__(Reader), Digits((), np.zeros(0, np.int64), ()))
