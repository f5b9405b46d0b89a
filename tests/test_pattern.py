"""Against Python's `re`, its decimals, and plain loops."""

from __future__ import annotations

import itertools
import re
from decimal import Decimal
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guarismo import ctc
from guarismo.automaton import Automaton
from guarismo.errors import UsageError
from guarismo.pattern import Constraints, build

LABELS = (*"0123456789", *".,-/: ", "")
BLANK = 16

some_texts = st.text("".join(LABELS), max_size=9)
number_texts = st.from_regex(r"-?[0129]{0,4}([., ][0129]{3}){0,2}([.,][0159]{0,4})?([.,/]?-)?", fullmatch=True)
bounds = (
    st.none() | st.integers(-2000, 20000) | st.decimals(-30, 2500, places=2) | st.sampled_from([0.1, "0", "-0.5", 1e6])
)


@cache
def automaton(**given_ones: object) -> Automaton:
    made = build(Constraints(**given_ones), LABELS, BLANK)  # type: ignore[arg-type]
    assert made is not None
    return made


def accepts(made: Automaton, text: str) -> bool:
    state = 0
    for character in text:
        symbol = LABELS.index(character)
        assert (symbol in made.allowed(state)) == (made.step(state, symbol) >= 0)
        state = made.step(state, symbol)
        if state < 0:
            return False
    return made.accepts(state)


def value(text: str) -> Decimal | None:
    """A number as people write it. The other way of saying what the module says."""
    sign, text = (-1, text[1:]) if text.startswith("-") else (1, text)
    if (whole := re.fullmatch(r"(\d+|[1-9]\d?\d?(?:([., ])\d{3})(?:\2\d{3})*)([.,/]?-|[.,])", text)) is not None:
        text = whole[1]
    for group, marks in ((".", ","), (",", "."), (" ", ".,")):
        if re.fullmatch(rf"[1-9]\d?\d?([{group}]\d\d\d)+([{marks}]\d+)?", text):
            text = text.replace(group, "")
            return sign * Decimal(text.replace(",", "."))
    if not re.fullmatch(r"\d+|\d*[.,]\d+", text):
        return None
    return sign * Decimal(text.replace(",", "."))


def fits(text: str, minimum: object, maximum: object) -> bool:
    number = value(text)
    if number is None:
        return False
    return (minimum is None or number >= Decimal(str(minimum))) and (maximum is None or number <= Decimal(str(maximum)))


def line(seed: int, steps: int = 14) -> ctc.Steps:
    logits = np.random.default_rng(seed).normal(0, 3, (steps, len(LABELS))).astype(np.float32)
    logits[:, BLANK] += 4
    return ctc.log_softmax(logits)


def test_without_constraints_there_is_nothing_to_follow() -> None:
    assert build(Constraints(), LABELS, BLANK) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0042", 42), ("1990", 1990), ("1.990,50", "1990.50"), ("1,234.56", "1234.56"), ("1 990,5", "1990.5"),
        ("1.990", 1990), ("1,234", 1234), ("0.125", "0.125"), ("1990.125", "1990.125"), ("12,5", "12.5"), ("12.", 12),
        (",5", "0.5"), ("1.990.-", 1990), ("5,-", 5), ("500/-", 500), ("1990-", 1990), ("-5", -5), ("1.234.567", 1234567),
        ("-1.990,50", "-1990.50"), ("1.2.3", None), ("12/05", None), ("1-2", None), ("12:30", None), ("", None), ("-", None),
        (".", None), ("1.990.50", None), ("1,990,", 1990), ("12,34,567", None), ("1.99,0", None), (" 5", None),
    ],
)  # fmt: skip
def test_how_a_number_is_read(text: str, number: object) -> None:
    assert value(text) == (None if number is None else Decimal(str(number)))
    if number is None:
        assert not accepts(automaton(minimum="-1e30"), text)
    else:
        assert accepts(automaton(minimum=number, maximum=number), text)


@given(number_texts | some_texts, bounds, bounds)
def test_bounds_are_exact(text: str, minimum: object, maximum: object) -> None:
    try:
        made = build(Constraints(minimum=minimum, maximum=maximum), LABELS, BLANK)  # type: ignore[arg-type]
    except UsageError:
        assert Decimal(str(minimum)) > Decimal(str(maximum))
    else:
        assert (made is None) == (minimum is None and maximum is None)
        assert made is None or accepts(made, text) == fits(text, minimum, maximum)


@given(number_texts, st.sampled_from(["0.01", "0", "-0.01", "100", "-100", "1000"]))
def test_bounds_are_exact_right_beside_a_number(text: str, beside: str) -> None:
    number = value(text)
    if number is not None:
        bound = number + Decimal(beside)
        assert accepts(automaton(minimum=bound), text) == (number >= bound)
        assert accepts(automaton(maximum=bound), text) == (number <= bound)


def test_a_bound_is_what_is_written_to_the_last_place() -> None:
    long = "12345678901234567890123456789.0123456789"
    assert accepts(automaton(minimum=long, maximum=long), long)
    assert not accepts(automaton(minimum=long), long[:-1] + "8")
    assert not accepts(automaton(maximum=long), long + "1")
    assert accepts(automaton(minimum=0.1, maximum=0.1), "0,1")


PATTERNS = [
    r"\d{4}-\d{2}-\d{2}", r"\d+", r"\d*", r"[0-9.,]+", r"(12|34)?5", r"(0|1)*00(0|1)*", r"\d{1,3}(\.\d{3})*(,\d\d)?",
    r"1{2,}", r"(1?){3}", r"((1|2)*3?)*", r"(\d\d?)/(\d\d?)/\d{4}", r"\-?\d", r"[\d\-]{3}", r"[.,-]", r"[A-F0-3]+", r"A?1",
    r"1.2", r"(?:1|2){2}", r"^1$", r"^0|1$", r"(|1)2", r"\d \d", r"(1|12)(2|22)", r"[,-/]+", r"(1*)*", r"(12){0}3", r"1{0,2}",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_means_what_it_means_to_python(pattern: str) -> None:
    made, expected = automaton(pattern=pattern), re.compile(pattern)
    short = ("".join(each) for length in range(5) for each in itertools.product("01235.,-/", repeat=length))
    assert [text for text in short if accepts(made, text) != bool(expected.fullmatch(text))] == []


@given(st.data(), st.sampled_from(PATTERNS))
def test_a_pattern_accepts_what_is_made_from_it(data: st.DataObject, pattern: str) -> None:
    text = data.draw(st.from_regex(pattern, fullmatch=True, alphabet="".join(LABELS)) | some_texts)
    assert accepts(automaton(pattern=pattern), text) == bool(re.fullmatch(pattern, text))


@st.composite
def patterns(draw: st.DrawFn) -> str:
    atom = st.sampled_from(["1", "2", "-", r"\d", "[01]", "[1-2.]", "."])
    times = st.sampled_from(["", "", "?", "*", "+", "{2}", "{1,}", "{0,2}"])

    def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        group = st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"({'|'.join(parts)})")
        return st.lists(st.tuples(group | atom, times).map("".join), min_size=1, max_size=3).map("".join)

    return draw(st.recursive(atom, grown, max_leaves=8))


@given(patterns(), st.lists(st.text("012-", max_size=6), min_size=20, max_size=20))
def test_any_pattern_means_what_it_means_to_python(pattern: str, texts: list[str]) -> None:
    made = automaton(pattern=pattern)
    assert [text for text in texts if accepts(made, text) != bool(re.fullmatch(pattern, text))] == []


@given(some_texts, st.integers(1, 4))
def test_digits_are_counted_and_marks_are_free(text: str, digits: int) -> None:
    assert accepts(automaton(digits=digits), text) == (sum(map(str.isdigit, text)) == digits)


@given(st.lists(some_texts, min_size=1, max_size=8), some_texts)
def test_a_list_is_those_values_and_no_others(values: list[str], text: str) -> None:
    made = automaton(allowed=tuple(values))
    assert all(accepts(made, each) for each in values)
    assert accepts(made, text) == (text in values)


@given(number_texts)
def test_constraints_hold_together(text: str) -> None:
    made = automaton(digits=4, pattern=r"\d[\d.,]*", minimum=1000, maximum="2000.00", allowed=None)
    expected = sum(map(str.isdigit, text)) == 4 and re.fullmatch(r"\d[\d.,]*", text) and fits(text, 1000, 2000)
    assert accepts(made, text) == bool(expected)


def test_an_automaton_is_as_small_as_can_be_and_read_only() -> None:
    assert len(automaton(pattern=r"(01|11|21|0[1]|1[1])").table) == 3
    assert len(automaton(pattern=r"\d{3}|\d{2}\d", digits=3).table) == 4
    assert len(automaton(allowed=tuple(f"{number:04}" for number in range(10_000))).table) == 5
    made = automaton(digits=2)
    assert not made.table.flags.writeable and not made.accepting.flags.writeable


@pytest.mark.parametrize(
    ("given_ones", "said"),
    [
        (
            {"digits": 5, "pattern": r"\d{4}"},
            r"digits=5, pattern='\d{4}': no text of the characters that are read (012",
        ),
        ({"minimum": 5, "maximum": 4}, "minimum=5, maximum=4: no text"),
        ({"minimum": 5, "allowed": ("1", "4,99")}, "allowed=('1', '4,99'), minimum=5: no text"),
        ({"pattern": r"(0|1){3}", "minimum": 112}, "no text"),
        ({"pattern": "[A-Z]+"}, "pattern='[A-Z]+': no text"),
        ({"pattern": "A|B1"}, "no text"),
        ({"digits": 1, "minimum": 10, "maximum": 99}, "no text"),
    ],
)
def test_what_no_text_can_satisfy_is_told_before_reading(given_ones: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)) as caught:
        automaton(**given_ones)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("pattern", "part"),
    [
        (r"\w+", r"\w+"), (r"1(?=2)", "(?=2)"), ("(1", "(1"), ("1)", ")"), ("[12", "[12"), ("*1", "*1"), ("1**", "*"),
        ("1+?", "?"), ("1{2}{3}", "{3}"), ("[^1]", "[^1]"), ("[]", "[]"), ("1{,2}", "{,2}"), ("1^", "^"), ("$1", "$1"),
        (r"\d\1", r"\1"), ("1\\", "\\"), ("{2}", "{2}"), ("[2-1]", "2-1]"), (r"[\d-9]", r"\d-9]"), (r"[1-\d]", r"1-\d]"),
        ("1{3,2}", "{3,2}"), ("1{12345}", "{12345}"), ("(?P<a>1)", "(?P<a>1)"),
    ],
)  # fmt: skip
def test_what_a_pattern_cannot_say_is_told(pattern: str, part: str) -> None:
    with pytest.raises(UsageError) as caught:
        automaton(pattern=pattern)
    said = str(caught.value)
    assert said.startswith(f"pattern {pattern!r}: {part!r} in it is not supported; expected characters, \\d, [0-9.,], ")
    assert said.endswith("{n}, {n,m}, groups and |")


@pytest.mark.parametrize(
    ("given_ones", "said"),
    [
        ({"digits": 0}, "digits=0; expected how many digits there are"),
        ({"digits": "5"}, "digits='5'; expected"),
        ({"minimum": "1.990,50"}, "minimum='1.990,50'; expected a number such as"),
        ({"maximum": float("nan")}, "maximum=nan; expected"),
        ({"maximum": "1e999999999"}, "maximum='1e999999999'; expected"),
        ({"minimum": "inf"}, "minimum='inf'; expected"),
        ({"allowed": ()}, r"allowed=\(\); expected a list"),
        ({"allowed": "123"}, "allowed='123'; expected a list"),
        ({"allowed": ("12", "A1")}, "allowed: 'A1'; only '0123456789.,-/: ' are read"),
        ({"pattern": "1" * 251}, "a pattern of 251 characters; expected up to 250"),
        ({"pattern": "(0|1)*1(0|1){20}"}, "too large"),
        ({"pattern": r"(((\d{0,60}-?){0,60}1?){0,60}2?){0,60}"}, "too large"),
        ({"digits": 100_000}, "too large"),
        ({"digits": 1_500}, "too large"),
        ({"pattern": r"\d{9999}"}, "too large"),
        ({"pattern": "[0-9.]{199}", "digits": 99}, "too large"),
        ({"pattern": ""}, "expected what the number looks like"),
        ({"pattern": 12}, "expected what the number looks like"),
        ({"allowed": (12, 34)}, "expected a list of the values that may be read, as strings"),
    ],
)
def test_what_cannot_be_a_constraint_is_told(given_ones: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        automaton(**given_ones)


def test_deep_patterns_do_not_exhaust_the_stack() -> None:
    assert accepts(automaton(pattern="(" * 83 + "1" + ")?" * 83), "1")


GIVEN: list[dict[str, object]] = [
    {"digits": 3},
    {"pattern": r"\d{2}-\d{2}"},
    {"minimum": 100, "maximum": "250.5"},
    {"allowed": ("12", "1.990", "77", "0042")},
    {"digits": 4, "minimum": 1000, "pattern": r"[\d.,]+"},
]


def satisfies(text: str, given_ones: dict[str, object]) -> bool:
    return accepts(automaton(**given_ones), text)


@given(st.integers(0, 2**20), st.sampled_from(GIVEN))
def test_the_search_gives_only_what_is_allowed(seed: int, given_ones: dict[str, object]) -> None:
    log_probs, made = line(seed), automaton(**given_ones)
    free = ctc.search(log_probs, LABELS, BLANK)
    found = ctc.search(log_probs, LABELS, BLANK, made)
    assert found
    assert all(satisfies(text, given_ones) for text, _ in found)
    best = [each for each in free if satisfies(each[0], given_ones)][:1]
    assert not best or found[0][1] >= best[0][1] - 1e-9
    if satisfies(free[0][0], given_ones):
        assert found[0] == free[0]


def test_a_constraint_wins_over_a_sure_model() -> None:
    logits = np.zeros((100, len(LABELS)), np.float32)
    logits[:, BLANK] = 30
    for place, digit in ((10, 1), (30, 9), (50, 9), (70, 0)):
        logits[place, BLANK], logits[place, digit] = 0, 30
    logits[85, 7] = 14  # a trace of a fifth digit
    log_probs = ctc.log_softmax(logits)
    assert ctc.search(log_probs, LABELS, BLANK)[0][0] == "1990"
    assert ctc.search(log_probs, LABELS, BLANK, automaton(digits=5))[0][0] == "19907"
    assert ctc.search(log_probs, LABELS, BLANK, automaton(pattern=r"\d{3}"))[0][0][:2] in ("19", "99")
    assert ctc.search(log_probs, LABELS, BLANK, automaton(allowed=("1890", "555")))[0][0] == "1890"


def test_where_no_text_fits_into_the_line_none_is_given() -> None:
    assert ctc.search(line(0, 3), LABELS, BLANK, automaton(digits=4)) == []
    assert ctc.search(line(0, 2), LABELS, BLANK, automaton(allowed=("77",))) == []


def test_the_only_text_that_fits_is_found_however_unlikely() -> None:
    logits = np.zeros((3, len(LABELS)), np.float32)
    logits[[0, 1, 2], [7, 7, 1]] = 60  # "771" would need a blank between, and there is no step for it
    assert ctc.search(ctc.log_softmax(logits), LABELS, BLANK, automaton(allowed=("771", "789")))[0][0] == "789"


def test_a_pattern_that_would_fill_the_memory_is_refused() -> None:
    with pytest.raises(UsageError, match="too large to follow"):
        automaton(pattern="(0|1)*1(0|1){13}")


def test_a_generator_of_values_serves_for_many_readings() -> None:
    constraints = Constraints(allowed=(text for text in ("12", "77")))  # type: ignore[arg-type]
    assert constraints.allowed == ("12", "77")
    assert constraints == Constraints(allowed=["12", "77"])  # type: ignore[arg-type]
