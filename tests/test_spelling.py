"""Which spellings of digits are well formed, and that they weigh more than others of the same digits, no more."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from guarismo import Constraints, ctc
from guarismo.hearing import BLANK, RAISED, WELL_FORMED, Hearing, Reading, language
from guarismo.model import LINE_LABELS
from guarismo.spelling import is_well_formed, spaced
from guarismo.train import texts


@pytest.mark.parametrize(
    "text",
    [
        *("0042", "1.990,50", "3.500.-", "1,234.56", "25 000", "12,50", "-12,5", "0,035", "4720-", "7.11.2026", "7/11"),
        *("2026-11-07", "9:05", "9:05 - 10:30", "3 - 1", "6-4 7-6", "91 23 45 67", "030/1234567", "600-123-456"),
        *("12.345.678-5", "2. 443", "12. 1,50", "28037-1234", "12/34/56", "2482 0935 28", ""),
        *("-5", "- 25", "-1,000.50", "-1.234,56", "030 / 1234567", "97.346,56", "192.168.0.1", "12.345.678"),
    ],
)
def test_what_people_write_is_well_formed(text: str) -> None:
    assert is_well_formed(text)


@pytest.mark.parametrize(
    "text",
    ["80,00098", "1.99,050", "1234:5", "1-2.3", "7.11/26", ".5.", ",", "1  2", "9.0:5", "3 -4", "17 :110", "97.346.56"],
)
def test_what_nobody_writes_is_not(text: str) -> None:
    assert not is_well_formed(text)


def test_nearly_all_lines_that_models_are_trained_on_are_well_formed() -> None:
    rng = np.random.default_rng(5)
    made = [texts.text(rng) for _ in range(2000)]
    assert np.mean([is_well_formed(text) for text in made]) > 0.99


def steps(text: str, other: dict[int, tuple[str, float]], at: Sequence[int] | None = None) -> ctc.Steps:
    """Steps that say each character surely, but for those at some places, which share with another or with nothing.

    Characters stand ``at`` these steps, or three apart.
    """
    at = at or [3 * place + 1 for place in range(len(text))]
    shares = np.full((at[-1] + 3, len(LINE_LABELS)), 1e-9)
    shares[:, BLANK] = 1.0
    for place, character in enumerate(text):
        row = shares[at[place]]
        row[BLANK] = 1e-9
        row[LINE_LABELS.index(character)] = 1.0
        if place in other:
            instead, share = other[place]
            row[LINE_LABELS.index(character)] = 1 - share
            row[LINE_LABELS.index(instead) if instead else BLANK] = share
    return np.asarray(np.log(shares / shares.sum(1, keepdims=True)), np.float64)


def best(said: ctc.Steps) -> Reading:
    return Hearing(said).readings()[0]


def test_a_doubtful_point_is_there_where_it_makes_a_sum() -> None:
    found = best(steps("80,000.98", {6: ("", 0.7)}))
    assert found.spelled == "80,000.98"
    assert found.confidence == pytest.approx(0.3 * WELL_FORMED / (0.3 * WELL_FORMED + 0.7), abs=1e-3)
    assert found.digits_confidence == pytest.approx(1.0, abs=1e-3)


def test_of_two_well_formed_spellings_the_ink_decides() -> None:
    assert best(steps("12.345", {2: ("", 0.7)})).spelled == "12345"
    assert best(steps("12.345", {2: (",", 0.4)})).spelled == "12.345"


def test_a_minus_before_a_whole_number_stays() -> None:
    assert best(steps("-25", {0: ("", 0.3)})).spelled == "-25"


def test_what_the_user_allows_weighs_as_its_ink_does() -> None:
    for allowed in (Constraints(allowed=("1234:5", "12345")), Constraints(allowed=("1234:5",))):
        found = Hearing(steps("1234:5", {4: ("", 0.1)}), None, language(allowed)).readings()
        assert found[0].spelled == "1234:5" and found[0].confidence == pytest.approx(0.9, abs=1e-3)


def test_no_digit_is_read_otherwise_for_its_marks() -> None:
    more = np.exp(RAISED)
    found = best(steps("80,00098", {2: ("1", 0.6)}))  # 80100098 is well formed, and has the more likely digits
    assert found.digits_confidence == pytest.approx(0.6 * more / (0.6 * more + 0.4), abs=1e-3)
    found = best(steps("80,00098", {2: ("1", 0.2)}))
    assert found.spelled == "80,00098"
    assert found.digits_confidence == pytest.approx(0.8 / (0.8 + 0.2 * more), abs=1e-3)


def test_a_plain_mark_stays_though_no_form_has_it() -> None:
    assert best(steps("1234:5", {})).spelled == "1234:5"


PAIRS = [0.0, 0.6, 1.7, 2.3, 3.4, 4.0]
"""Where the digits of three pairs stand, in heights."""


def test_spaces_weigh_more_where_gaps_are_wide_and_less_where_they_are_not() -> None:
    assert spaced("39 15 73", PAIRS) > 7
    assert spaced("3915 73", PAIRS) < 0.5  # a gap without a space is as wide as the one with
    assert spaced("391 573", PAIRS) < 0.2
    assert spaced("39 15 73", [0.0, 0.8, 1.6, 2.4, 3.2, 4.0]) < 0.5


def test_little_can_be_said_of_few_gaps_and_nothing_of_none() -> None:
    assert spaced("391573", PAIRS) == spaced("39 15", PAIRS[:4]) == spaced("", []) == 1
    assert spaced("6-4 7-6", [0.0, 1.5, 3.0, 4.5]) == 1  # what a dash stands in is no gap
    assert spaced("3 9 1 5 7 3", PAIRS) == 1  # of all alike none is the wider


@pytest.mark.parametrize(
    ("at", "read"), [((1, 6, 11, 16, 21, 26, 31, 36), "39 15 73"), ((1, 6, 8, 11, 16, 18, 21, 26), "391573")]
)
def test_a_space_is_where_the_gap_is_wide(at: tuple[int, ...], read: str) -> None:
    doubtful = {2: ("", 0.55), 5: ("", 0.55)}
    assert best(steps("39 15 73", doubtful, at)).spelled == read
