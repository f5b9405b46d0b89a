from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from fakes import LABELS
from guarismo import decode
from guarismo.errors import ModelError
from guarismo.model import Model, Thresholds
from guarismo.types import Box, Digit, Logits, ModelInfo

BOX, SIZE = Box(3, 4, 13, 24), (50, 40)
MODEL = Model(ModelInfo("m", "1", "ab", 1), LABELS, 2.0, Thresholds(0.9, 0.5), b"")
TEN = Model(MODEL.info, LABELS[:10], 1.0, Thresholds(0.9, 0.5), b"")

some_logits = hnp.arrays(
    np.float32, st.tuples(st.integers(1, 6), st.sampled_from([10, 11])), elements=st.floats(-80, 80, width=32)
)


def one(logits: list[float], model: Model = MODEL) -> Digit:
    return decode.digits(np.array([logits], np.float32), [BOX], [SIZE], model)[0]


def leading(value: int, by: float, columns: int = 11) -> list[float]:
    return [by * (column == value) for column in range(columns)]


@given(some_logits)
def test_probabilities_are_ten_and_sum_to_one_and_confidence_is_a_share(logits: Logits) -> None:
    model = MODEL if logits.shape[1] == 11 else TEN
    for digit in decode.digits(logits, [BOX] * len(logits), [SIZE] * len(logits), model):
        assert len(digit.probabilities) == 10
        assert sum(digit.probabilities) == pytest.approx(1)
        assert all(0 <= share <= 1 for share in (*digit.probabilities, digit.confidence))
        assert digit.value == int(np.argmax(digit.probabilities))
        assert digit.confidence <= max(digit.probabilities) + 1e-12


@given(hnp.arrays(np.float32, (3, 11), elements=st.floats(-1e4, 1e4, width=32)))
def test_extreme_logits_neither_overflow_nor_warn(logits: Logits) -> None:
    shared = decode.shares(logits, 0.5)
    assert np.isfinite(shared).all()
    np.testing.assert_allclose(shared.sum(1), 1)


def test_where_only_not_a_digit_is_possible_the_ten_still_sum_to_one() -> None:
    digit = one([0.0] * 10 + [5000.0])
    assert digit.status == "not_a_digit"
    assert sum(digit.probabilities) == pytest.approx(1)


@given(some_logits, st.integers(0, 5))
def test_the_order_of_the_rows_changes_no_row(logits: Logits, turn: int) -> None:
    order = np.roll(np.arange(len(logits))[::-1], turn)
    model = MODEL if logits.shape[1] == 11 else TEN
    boxes, sizes = [BOX] * len(logits), [SIZE] * len(logits)
    straight = decode.digits(logits, boxes, sizes, model)
    assert decode.digits(logits[order], boxes, sizes, model) == [straight[i] for i in order]


def test_a_clear_digit_is_read() -> None:
    digit = one(leading(7, 20))
    assert (digit.value, digit.status, digit.text, digit.box) == (7, "read", "7", BOX)
    assert digit.confidence > 0.99


def test_a_doubtful_digit_is_unsure_and_still_says_its_best_guess() -> None:
    digit = one(leading(3, 2))
    assert (digit.value, digit.status) == (3, "unsure")


def test_what_is_no_digit_says_so_however_sure_its_likeliest_digit_is() -> None:
    digit = one([12.0, *[0.0] * 9, 14.0])
    assert (digit.value, digit.status) == (0, "not_a_digit")
    assert digit.probabilities[0] > 0.9
    assert digit.confidence < 0.5


def test_a_model_of_ten_labels_never_says_not_a_digit() -> None:
    assert {one(leading(value, 5, 10), TEN).status for value in range(10)} == {"read"}


def test_the_temperature_divides_the_logits() -> None:
    hot = decode.shares(np.array([leading(1, 4)], np.float32), 2.0)
    np.testing.assert_allclose(hot, decode.shares(np.array([leading(1, 2)], np.float32), 1.0))


@pytest.mark.parametrize(("margin", "status"), [(0.001, "read"), (-0.001, "unsure")])
def test_the_threshold_parts_what_is_read_from_what_is_unsure(margin: float, status: str) -> None:
    confidence = 0.9 + margin
    model = Model(MODEL.info, LABELS, 1.0, Thresholds(0.9, 0.5), b"")
    assert one(np.log([confidence, *[(1 - confidence) / 10] * 10]).tolist(), model).status == status


def test_a_blank_has_no_value_whatever_the_network_said_and_its_box_is_the_picture() -> None:
    logits = np.array([leading(1, 50), leading(2, 50)], np.float32)
    blank, two = decode.digits(logits, [None, BOX], [SIZE, SIZE], MODEL)
    assert blank == Digit(None, "blank", 1.0, (0.1,) * 10, Box(0, 0, 40, 50))
    assert two.value == 2


@pytest.mark.parametrize("columns", [1, 7, 10, 12])
def test_logits_that_do_not_fit_the_labels_are_an_error_of_ours(columns: int) -> None:
    with pytest.raises(ModelError, match=f"m: its network gives {columns} values .* names 11 labels; export it again"):
        one([0.0] * columns)


def test_nothing_decodes_to_nothing() -> None:
    empty: NDArray[np.float32] = np.zeros((0, 11), np.float32)
    assert decode.digits(empty, [], [], MODEL) == []


def test_values_are_plain_python_numbers() -> None:
    digit = one(leading(4, 9))
    assert type(digit.value) is int
    assert {type(share) for share in (digit.confidence, *digit.probabilities)} == {float}


def test_a_digit_is_a_number_with_its_next_likeliest_as_alternatives() -> None:
    digit = Digit(7, "unsure", 0.6, (0.0005, 0.2, 0.1, 0.0, 0.0, 0.0, 0.0, 0.6, 0.05, 0.0495), BOX)
    number = decode.as_number(digit)
    assert (number.text, number.digits, number.status, number.confidence, number.box) == (
        "7",
        (digit,),
        "unsure",
        0.6,
        BOX,
    )
    assert number.alternatives[:3] == (("1", 0.2), ("2", 0.1), ("8", 0.05))
    assert len(number.alternatives) == 9


def test_alternatives_of_what_is_hardly_a_digit_are_no_surer_than_it() -> None:
    shares = (0.0, 0.3, 0.0, 0.0, 0.0, 0.0, 0.0, 0.6, 0.1, 0.0)
    number = decode.as_number(Digit(7, "not_a_digit", 0.06, shares, BOX))
    assert number.alternatives[0][0] == "1"
    assert number.alternatives[0][1] == pytest.approx(0.03)


def test_a_blank_is_a_number_of_no_digits() -> None:
    blank = decode.digits(np.zeros((1, 11), np.float32), [None], [SIZE], MODEL)[0]
    number = decode.as_number(blank)
    assert (number.text, number.digits, number.status, number.alternatives) == ("", (), "blank", ())


def test_what_is_plainly_a_digit_or_plainly_none_needs_no_further_look() -> None:
    logits = np.array([leading(7, 9.0), leading(10, 9.0), leading(7, 3.0), leading(10, 3.0)], np.float32)
    assert decode.are_clear(logits, 1.0).tolist() == [True, True, False, False]
