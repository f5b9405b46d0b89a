"""Logits of a line → ``Number``: confidence, status, boxes, alternatives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from guarismo import Constraints, ctc, decode
from guarismo.errors import ModelError, UsageError
from guarismo.hearing import BLANK, Hearing, is_clear, language
from guarismo.model import LINE_LABELS, Model, Thresholds
from guarismo.strip import HEIGHT, STEP, Strip
from guarismo.types import Logits, ModelInfo, Number

MODEL = Model(ModelInfo("m", "1", "ab", 1), LINE_LABELS, 1.0, Thresholds(0.9, 0.5), b"")


def strip(wide: int = 200, squeeze: float = 1.0) -> Strip:
    """A strip from a picture 100 high, twice as large as the strip."""
    return Strip(
        np.zeros((HEIGHT, wide), np.float32), 10.0, 2.0, 0.5, squeeze, (100, 1000), np.zeros((1, 1), np.uint8), 1.0
    )


def said(text: str, lead: float = 12.0, steps: int = 50, every: int = 5, other: str = "") -> Logits:
    """Logits that say a character at each ``every``-th step from the second on, ``other`` in its place a little less."""
    logits = np.zeros((steps, len(LINE_LABELS)), np.float32)
    logits[:, BLANK] = lead
    for place, character in enumerate(text):
        row = logits[1 + every * place]
        row[BLANK] = 0
        row[LINE_LABELS.index(character)] = lead
        if other:
            row[LINE_LABELS.index(other)] = lead - 1
    return logits


Said = NDArray[np.float64]


def number(
    logits: Logits,
    of: Strip | None = None,
    model: Model = MODEL,
    further: Sequence[Logits] = (),
    pieces: Said | None = None,
    **asked: object,
) -> Number:
    of, allowed = of or strip(), language(Constraints(**asked)) if asked else None  # type: ignore[arg-type]
    first = decode.steps(logits, of, model)
    looks = [ctc.log_softmax(one, model.temperature) for one in further]
    return decode.number(Hearing(first, pieces, allowed).readings(looks), first, of, model)


def looking_like(*digits: int, share: float = 0.99) -> Said:
    """Pieces (P, 11) that look like these digits, 10 for none."""
    said = np.full((len(digits), 11), (1 - share) / 10)
    said[np.arange(len(digits)), digits] = share
    return said


def test_a_clear_line_is_read_with_each_digit_in_its_place() -> None:
    found = number(said("0042"))
    assert (found.text, found.digits_text, found.status, found.alternatives) == ("0042", "0042", "read", ())
    middles = [(digit.box.left + digit.box.right) / 2 for digit in found.digits]
    assert middles == pytest.approx([10 + 2 * (STEP * (1 + 5 * place) + STEP / 2) for place in range(4)], abs=6)
    assert found.digits[0].box.left >= 0
    assert {(digit.box.top, digit.box.bottom) for digit in found.digits} == {(14, 86)}
    assert [digit.box.right <= after.box.left for digit, after in zip(found.digits, found.digits[1:], strict=False)]
    assert type(found.confidence) is float and {type(digit.confidence) for digit in found.digits} == {float}


def test_marks_are_in_the_text_and_not_among_the_digits() -> None:
    found = number(said("-1.990,5"))
    assert (found.text, found.digits_text, len(found.digits)) == ("-1.990,5", "19905", 5)
    assert number(said("-")).status == "not_a_digit"


def test_the_box_of_a_number_has_its_signs_and_marks() -> None:
    of = strip()
    ink = of.ink.copy()
    ink[22:26, 2:20] = ink[6:42, 40:52] = ink[22:26, 80:110] = 1.0
    found = number(said("-1-", every=10), replace(of, ink=ink))
    assert (found.text, len(found.digits)) == ("-1-", 1)
    assert found.box.left <= 10 + 2 * 2 and found.box.right >= 10 + 2 * 109
    assert found.digits[0].box.left > 10 + 2 * 20


def test_spaces_around_are_dropped_and_make_no_other_reading() -> None:
    found = number(said(" 42 "))
    assert (found.text, found.status) == ("42", "read")
    doubtful = said("42")
    doubtful[20, [BLANK, LINE_LABELS.index(" ")]] = 6
    found = number(doubtful)
    assert found.text == "42"
    texts = [text for text, _share in found.alternatives]
    assert "42" not in texts and len(texts) == len(set(texts)) and not [text for text in texts if text != text.strip()]


@pytest.mark.parametrize(("least", "status"), [(0.70, "read"), (0.76, "unsure")])
def test_the_threshold_parts_what_is_read_from_what_is_unsure(least: float, status: str) -> None:
    model = Model(MODEL.info, LINE_LABELS, 1.0, Thresholds(least, 0.5), b"")
    found = number(said("7", 16, other="1"), model=model)  # 1 / (1 + 1/e) = 0.731
    assert (found.text, found.status) == ("7", status)
    assert found.confidence == pytest.approx(0.731, abs=1e-3)
    assert found.alternatives[0][0] == "1"
    assert found.alternatives[0][1] == pytest.approx(0.269, abs=1e-3)
    assert found.digits[0].status == status


def test_among_digits_a_doubtful_stroke_is_one_though_nobody_knows_which() -> None:
    """Each digit is less likely there than nothing."""
    logits = said("4 2", 9)
    logits[6] = 0
    logits[6, [BLANK, *map(LINE_LABELS.index, "56")]] = 9.0, 8.5, 8.3
    found = number(logits)
    assert found.text == "452" and found.status == "unsure"
    assert {"462", "42"} <= {text for text, _share in found.alternatives}


def test_a_doubtful_stroke_alone_is_nothing() -> None:
    logits = said("", 9)
    logits[6, [BLANK, *map(LINE_LABELS.index, "56")]] = 9.0, 8.5, 8.3
    found = number(logits)
    assert (found.text, found.status) == ("", "not_a_digit")


def test_a_slash_is_raised_as_the_one_is_that_it_looks_like() -> None:
    logits = said("4/2", 9, other="1")
    assert number(logits).text == "4/2"


def test_the_temperature_divides_the_logits() -> None:
    cold, hot = (Model(MODEL.info, LINE_LABELS, heat, MODEL.thresholds, b"") for heat in (1.0, 2.0))
    assert number(said("42", 24), model=hot) == number(said("42", 12), model=cold)


def test_a_squeezed_line_is_never_read_nor_is_a_digit_of_it() -> None:
    found = number(said("42"), strip(squeeze=0.9))
    assert found.confidence > MODEL.thresholds.read
    assert {found.status, *(digit.status for digit in found.digits)} == {"unsure"}


def inked(*places: tuple[int, int, int]) -> Strip:
    """A strip with upright bars: (column, top row, rows), five columns wide."""
    of = strip()
    for left, top, rows in places:
        of.ink[top : top + rows, left : left + 5] = 1
    return of


FOUR, TWO = (4, 6, 36), (24, 6, 36)
"""Where ``said("42")`` has its digits."""


@pytest.mark.parametrize(
    ("between", "status"),
    [((14, 18, 14), "unsure"), ((14, 40, 4), "read"), ((60, 18, 14), "read"), ((9, 18, 14), "read")],
    ids=["a sign", "a speck", "a sign behind the last digit", "a part of the first digit"],
)
def test_what_no_character_stands_for_among_digits_makes_the_number_unsure(
    between: tuple[int, int, int], status: str
) -> None:
    found = number(said("42"), inked(FOUR, TWO, between))
    assert found.text == "42" and found.status == status
    assert {digit.status for digit in found.digits} == {status}


def test_a_mark_stands_for_its_ink() -> None:
    assert number(said("4-2"), inked(FOUR, TWO, (44, 6, 36))).status == "read"


def test_nothing_said_is_no_number_and_its_box_is_the_line() -> None:
    found = number(said(""))
    assert (found.text, found.status, found.digits) == ("", "not_a_digit", ())
    assert (found.box.left, found.box.right) == (10, 410)


def test_steps_of_the_filling_say_nothing() -> None:
    logits = said("42")
    logits[30:, 7] = 50
    assert number(logits, strip(100)).text == "42"


def test_a_constraint_chooses_and_the_confidence_stays_the_share_of_all() -> None:
    logits = said("17", other="2")
    free, bound = number(logits), number(logits, allowed=("12", "22"))
    assert (free.text, bound.text) == ("17", "12")
    assert bound.confidence == pytest.approx(dict(free.alternatives)["12"], rel=1e-6)
    assert bound.status == "unsure" and [text for text, _share in bound.alternatives] == ["22"]


def test_a_text_that_is_all_but_impossible_is_still_the_one_that_is_allowed() -> None:
    found = number(said("1" * 9, 200), pieces=looking_like(*[1] * 9), allowed=("2" * 9,))
    assert (found.text, found.status, found.confidence) == ("2" * 9, "unsure", 0.0)


def test_a_constraint_that_does_not_fit_into_the_line_is_no_number() -> None:
    found = number(said("", steps=4), strip(12), digits=9)
    assert (found.text, found.status, found.confidence) == ("", "not_a_digit", 0.0)


def test_no_constraint_is_no_language_and_an_impossible_one_is_told() -> None:
    assert language(None) is None
    assert language(Constraints()) is None
    with pytest.raises(UsageError, match="no text of the characters"):
        language(Constraints(digits=2, pattern=r"\d"))


@pytest.mark.parametrize("shape", [(50, 11), (50, 18), (20, 17), (50,)])
def test_logits_that_do_not_fit_the_strip_are_an_error_of_ours(shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelError, match=r"m: its network gives values of shape .* expected \(50, 17\); export it"):
        number(np.zeros(shape, np.float32))


@given(
    hnp.arrays(
        np.float32, st.tuples(st.integers(3, 12), st.just(len(LINE_LABELS))), elements=st.floats(-60, 60, width=32)
    ),
    st.sampled_from([None, 1, 2]),
)
def test_whatever_the_logits_shares_are_shares_and_boxes_lie_in_order(logits: Logits, digits: int | None) -> None:
    found = number(logits, strip(4 * len(logits) - 2), digits=digits) if digits else number(logits, strip(10))
    shares = [found.confidence, *(share for _text, share in found.alternatives)]
    assert all(0 <= share <= 1 for share in (*shares, *(digit.confidence for digit in found.digits)))
    assert sum(shares) <= 1 + 1e-9
    assert len(found.alternatives) <= 4 and found.text == found.text.strip()
    assert all(sum(digit.probabilities) == pytest.approx(1) for digit in found.digits)
    lefts = [digit.box.left for digit in found.digits]
    assert lefts == sorted(lefts)
    assert all(0 <= d.box.left < d.box.right <= 1000 and d.box.height > 0 for d in found.digits)


def test_a_doubtful_mark_leaves_the_digits_sure() -> None:
    doubtful = said("1.5")
    doubtful[6, [LINE_LABELS.index("."), BLANK]] = 12
    found = number(doubtful)
    assert found.digits_text == "15" and found.status == "unsure"
    assert found.confidence == pytest.approx(0.5, abs=0.01)
    assert found.digits_confidence > 0.99
    assert {found.text, found.alternatives[0][0]} == {"1.5", "15"}


def test_further_looks_outvote_the_first() -> None:
    first, sure = said("17", other="9"), said("19", steps=30)
    alone, outvoted = number(first), number(first, further=[sure, sure])
    assert alone.text == "17"
    assert (outvoted.text, outvoted.status) == ("19", "unsure")
    assert outvoted.confidence > 0.7
    assert outvoted.alternatives[0][0] == "17"
    assert [digit.value for digit in outvoted.digits] == [1, 9]


def test_further_looks_keep_to_what_is_allowed() -> None:
    found = number(said("17", other="9"), further=[said("19", 20), said("18", 3)], pattern="1[78]")
    assert found.text in ("17", "18")


def test_pieces_decide_what_the_line_leaves_open() -> None:
    doubtful = said("17", other="9")
    alone, for_it, against = (
        number(doubtful, pieces=pieces) for pieces in (None, looking_like(1, 7), looking_like(1, 9))
    )
    assert (alone.text, for_it.text, against.text) == ("17", "17", "19")
    assert for_it.confidence > 0.9 > alone.confidence
    assert 0.7 < against.digits_confidence < 0.9
    assert against.alternatives[0][0] == "17"
    assert [digit.value for digit in against.digits] == [1, 9]


def test_pieces_say_what_the_line_does_not_think_of_with_its_marks() -> None:
    found = number(said("1.7", 2.5), pieces=looking_like(1, 4, share=0.999))
    assert "1.4" in [found.text, *(text for text, _share in found.alternatives)]


@pytest.mark.parametrize("pieces", [looking_like(), looking_like(10, 10), looking_like(2), looking_like(9)])
def test_pieces_that_are_no_digits_or_too_few_change_nothing(pieces: Said) -> None:
    logits = said("17", other="9")
    alone, found = number(logits), number(logits, pieces=pieces)
    assert (found.text, found.status) == (alone.text, alone.status)
    assert found.confidence == pytest.approx(alone.confidence, abs=0.01)


def test_pieces_keep_to_what_is_allowed() -> None:
    found = number(said("17", other="9"), pieces=looking_like(1, 3), pattern="1[79]")
    assert {found.text, *(text for text, _share in found.alternatives)} == {"17", "19"}


def test_what_the_pieces_say_has_its_share_though_it_is_not_allowed() -> None:
    """Of everything the line may say: a constraint takes texts away, and makes none likelier."""
    logits, pieces = said("17", other="3"), looking_like(1, 3)
    free, bound = number(logits, pieces=pieces), number(logits, pieces=pieces, pattern="17")
    share = dict([(free.text, free.confidence), *free.alternatives])["17"]
    assert bound.text == "17" and bound.confidence == pytest.approx(share, rel=0.02)


def test_pieces_that_can_be_read_two_ways_make_no_line_clear() -> None:
    doubtful = looking_like(1, 7)
    doubtful[1, [7, 3]] = 0.55, 0.45
    steps = ctc.log_softmax(said("17", 16, other="3"))
    assert Hearing(steps, doubtful).readings()[0].confidence < 0.8
    assert Hearing(steps, looking_like(1, 7)).readings()[0].confidence > 0.9


def test_pieces_may_say_more_than_fits_into_the_steps() -> None:
    found = number(said("11", steps=4, every=2), strip(12), pieces=looking_like(1, 1, 1, 1))
    assert found.text == "11"


def test_a_line_is_searched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spaces around the text, too, have their share in the second reading."""
    steps = [ctc.log_softmax(one) for one in (said(" 17", other="9"), said("19", steps=30))]
    whole = Hearing(steps[0]).readings(steps[1:])
    hearing = Hearing(steps[0])
    assert not is_clear(hearing.readings())
    monkeypatch.delattr(ctc, "likely")
    assert hearing.readings(steps[1:]) == whole


@pytest.mark.parametrize(
    ("logits", "clear"),
    [
        (said("12", 16), True),
        (said("12", 6), False),
        (said("1.2", 9, other="1"), False),
        (said(""), True),
        (said("12", 4), True),  # words
    ],
)
def test_a_line_needs_no_further_look_where_its_digits_leave_no_doubt_or_no_hope(logits: Logits, clear: bool) -> None:
    assert is_clear(Hearing(ctc.log_softmax(logits)).readings()) is clear


def test_a_doubtful_mark_needs_no_further_look_where_it_is_likely_enough() -> None:
    likely, open_ = said("1.5", 14), said("1.5", 14)
    likely[6, BLANK], open_[6, BLANK] = 13, 14
    assert is_clear(Hearing(ctc.log_softmax(likely)).readings())
    assert not is_clear(Hearing(ctc.log_softmax(open_)).readings())


def test_what_a_longer_look_says_must_fit_into_the_first() -> None:
    first, longer = (ctc.log_softmax(one) for one in (said("1", lead=0.3, steps=7), said("123456789", 20)))
    assert all(len(one.spelled) <= 7 for one in Hearing(first).readings([longer]))
