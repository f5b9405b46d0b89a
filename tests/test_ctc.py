"""Against all alignments, one by one, on lines of a few steps."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from guarismo import ctc
from guarismo.alignment import align, middles

FEW, END = ("7", "1", "-", ""), 3
ALL, BLANK = ("", *"0123456789", *".,-/: "), 0

seeds = st.integers(0, 2**20)
shapes = st.integers(0, 5)


def line(seed: int, steps: int, columns: int = len(FEW), spread: float = 1.5) -> ctc.Steps:
    rng = np.random.default_rng(seed)
    return ctc.log_softmax(rng.normal(0, spread, (steps, columns)).astype(np.float32))


def written(text: str, steps: int = 100, sure: float = 16.0) -> ctc.Steps:
    """A line of sharp characters on blank paper, two steps each."""
    logits = np.zeros((steps, len(ALL)), np.float32)
    logits[:, BLANK] = sure
    for place, character in zip(np.linspace(4, steps - 8, len(text)).astype(int), text, strict=True):
        logits[place : place + 2] = 0
        logits[place : place + 2, ALL.index(character)] = sure
    return ctc.log_softmax(logits)


def collapsed(path: tuple[int, ...], labels: tuple[str, ...] = FEW) -> str:
    return "".join(labels[symbol] for symbol, _ in itertools.groupby(path))


def alignments(log_probs: ctc.Steps) -> list[tuple[tuple[int, ...], float]]:
    """Every path with its log probability."""
    steps, columns = log_probs.shape
    paths = itertools.product(range(columns), repeat=steps)
    return [(path, float(sum(log_probs[t, symbol] for t, symbol in enumerate(path)))) for path in paths]


def texts(log_probs: ctc.Steps) -> dict[str, float]:
    """Every text that the line may say, with its probability."""
    found: dict[str, float] = {}
    for path, score in alignments(log_probs):
        found[collapsed(path)] = found.get(collapsed(path), 0.0) + np.exp(score)
    return found


@dataclass(frozen=True)
class Walk:
    """Any automaton at all."""

    table: NDArray[np.int32]
    accepting: NDArray[np.bool_]

    def accepts(self, text: str) -> bool:
        state = 0
        for character in text:
            state = int(self.table[state, FEW.index(character)])
            if state < 0:
                return False
        return bool(self.accepting[state])


@st.composite
def walks(draw: st.DrawFn) -> Walk:
    rng, states = np.random.default_rng(draw(seeds)), draw(st.integers(1, 4))
    table = rng.integers(-1, states, (states, len(FEW))).astype(np.int32)
    table[:, END] = -1
    return Walk(table, rng.random(states) < 0.5)


@given(seeds, shapes)
def test_a_text_is_as_likely_as_all_its_alignments(seed: int, steps: int) -> None:
    log_probs = line(seed, steps)
    every = texts(log_probs)
    assert sum(every.values()) == pytest.approx(1)
    for text, probability in every.items():
        assert np.exp(ctc.log_probability(log_probs, text, FEW, END)) == pytest.approx(probability)
    assert ctc.log_probability(log_probs, "7" * (steps + 1), FEW, END) == -np.inf


@given(seeds, shapes)
def test_the_search_finds_the_best_texts(seed: int, steps: int) -> None:
    log_probs = line(seed, steps)
    every = sorted(texts(log_probs).items(), key=lambda each: -each[1])[:5]
    found = ctc.search(log_probs, FEW, END, beam=200)
    assert [text for text, _ in found] == [text for text, _ in every]
    np.testing.assert_allclose([np.exp(score) for _, score in found], [probability for _, probability in every])


@given(seeds, shapes, walks())
def test_the_search_finds_the_best_texts_of_a_language(seed: int, steps: int, walk: Walk) -> None:
    log_probs = line(seed, steps)
    every = {text: probability for text, probability in texts(log_probs).items() if walk.accepts(text)}
    found = ctc.search(log_probs, FEW, END, walk, beam=200)
    assert [text for text, _ in found] == sorted(every, key=lambda text: -every[text])[:5]
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(ctc.log_accepted(log_probs, END, walk), np.log(sum(every.values())), atol=1e-9)


@given(seeds, st.integers(1, 5), walks(), st.sampled_from([3.0, 30.0, 3000.0]))
def test_the_narrowest_beam_still_ends_in_the_language(seed: int, steps: int, walk: Walk, spread: float) -> None:
    log_probs = line(seed, steps, spread=spread)
    possible = any(walk.accepts(text) for text in texts(log_probs))
    found = ctc.search(log_probs, FEW, END, walk, beam=1)
    assert bool(found) == possible
    assert all(walk.accepts(text) for text, _ in found)


@pytest.mark.parametrize("text", ["", "7", "77", "1990", "1.990,50", "0000000000"])
@pytest.mark.parametrize("sure", [8.0, 16.0, 500.0])
def test_what_is_clear_is_read_however_much_blank_paper_is_cut(text: str, sure: float) -> None:
    log_probs = written(text, sure=sure)
    (best, score), *_ = ctc.search(log_probs, ALL, BLANK)
    assert best == text
    assert score == pytest.approx(ctc.log_probability(log_probs, text, ALL, BLANK))


@given(seeds, st.integers(1, 5), st.integers(1, 5))
def test_looks_agree_on_the_mean_of_what_each_says(seed: int, steps: int, others: int) -> None:
    """Of digits: what all spellings of them have together, one by one."""
    looks = [line(seed, steps), line(seed + 1, others)]
    spellings = sorted({collapsed(path) for n in (steps, others) for path in itertools.product(range(4), repeat=n)})
    texts = ["71", "7-1", "", "-", "77"]
    whole, digits = ctc.agreed(looks, texts, FEW, END)
    each = {t: np.mean([np.exp(ctc.log_probability(one, t, FEW, END)) for one in looks]) for t in spellings}
    for text, log_whole, log_digits in zip(texts, whole, digits, strict=True):
        assert np.exp(log_whole) == pytest.approx(each.get(text, 0.0), abs=1e-12)
        alike = [share for t, share in each.items() if t.replace("-", "") == text.replace("-", "")]
        assert np.exp(log_digits) == pytest.approx(sum(alike), abs=1e-12)


@given(seeds, shapes)
def test_greedy_is_the_best_where_its_one_path_has_more_than_half(seed: int, steps: int) -> None:
    log_probs = line(seed, steps, spread=6.0)
    text, score = ctc.greedy(log_probs, FEW, END)
    assert score == pytest.approx(max(score for _, score in alignments(log_probs)))
    if score > np.log(0.5):
        assert ctc.search(log_probs, FEW, END)[0][0] == text


def test_greedy_joins_repeats_and_drops_blanks() -> None:
    assert ctc.greedy(written("1.990,50"), ALL, BLANK)[0] == "1.990,50"
    assert ctc.greedy(written(""), ALL, BLANK)[0] == ""


def test_the_temperature_divides_the_logits() -> None:
    logits = np.random.default_rng(1).normal(0, 3, (4, 5)).astype(np.float32)
    np.testing.assert_allclose(ctc.log_softmax(logits, 2.0), ctc.log_softmax(logits / np.float32(2)), rtol=1e-6)
    np.testing.assert_allclose(np.exp(ctc.log_softmax(logits)).sum(1), 1)


def test_extreme_logits_neither_overflow_nor_warn() -> None:
    logits = np.random.default_rng(1).normal(0, 1e4, (30, len(ALL))).astype(np.float32)
    log_probs = ctc.log_softmax(logits)
    text, score = ctc.search(log_probs, ALL, BLANK)[0]
    assert np.isfinite(score)
    for character in align(log_probs, text, ALL, BLANK):
        assert np.isfinite([character.centre, character.confidence, *(character.probabilities or ())]).all()


def test_a_line_of_no_steps_says_nothing() -> None:
    nothing = ctc.log_softmax(np.zeros((0, len(ALL)), np.float32))
    assert ctc.search(nothing, ALL, BLANK) == [("", 0.0)]
    assert ctc.greedy(nothing, ALL, BLANK) == ("", 0.0)
    assert align(nothing, "", ALL, BLANK) == []


@given(seeds, st.integers(1, 3))
def test_the_alignment_is_the_best_of_all(seed: int, steps: int) -> None:
    log_probs = line(seed, steps, len(ALL))
    text = ctc.search(log_probs, ALL, BLANK)[0][0]
    best, _ = max((each for each in alignments(log_probs) if collapsed(each[0], ALL) == text), key=lambda each: each[1])
    runs = [(symbol, [t for t, _ in run]) for symbol, run in itertools.groupby(enumerate(best), lambda each: each[1])]
    spans = [(ALL[symbol], run[0], run[-1]) for symbol, run in runs if symbol != BLANK]
    assert [(each.text, each.first, each.last) for each in align(log_probs, text, ALL, BLANK)] == spans


@given(seeds, st.integers(1, 12))
def test_places_are_in_order_and_posteriors_are_ten_that_sum_to_one(seed: int, steps: int) -> None:
    log_probs = line(seed, steps, len(ALL))
    text = ctc.search(log_probs, ALL, BLANK)[0][0]
    characters = align(log_probs, text, ALL, BLANK)
    assert "".join(each.text for each in characters) == text
    places = [place for each in characters for place in (each.first, each.centre, each.last)]
    assert all(one <= next_one + 1e-9 for one, next_one in itertools.pairwise(places))
    for each in characters:
        assert 0 <= each.confidence <= 1 + 1e-9
        assert (each.probabilities is not None) == each.text.isdigit()
        assert each.probabilities is None or (
            len(each.probabilities) == 10 and sum(each.probabilities) == pytest.approx(1)
        )


@given(seeds, st.integers(1, 3))
def test_a_character_alone_is_judged_by_the_whole_line(seed: int, steps: int) -> None:
    log_probs = line(seed, steps, len(ALL))
    seven = align(log_probs, "7", ALL, BLANK)[0]
    every = {digit: np.exp(ctc.log_probability(log_probs, digit, ALL, BLANK)) for digit in "0123456789"}
    assert seven.confidence == pytest.approx(every["7"])
    np.testing.assert_allclose(seven.probabilities or (), [share / sum(every.values()) for share in every.values()])


def test_between_neighbours_a_character_is_judged_by_its_own_steps() -> None:
    log_probs = written("190", steps=30)
    at = align(log_probs, "190", ALL, BLANK)[1]
    doubtful = log_probs.copy()
    doubtful[at.first : at.last + 1] = np.log(1e-9)
    doubtful[at.first : at.last + 1, ALL.index("9")] = np.log(0.6)
    doubtful[at.first : at.last + 1, ALL.index("4")] = np.log(0.4)
    one, nine, zero = align(doubtful, "190", ALL, BLANK)
    assert min(one.confidence, zero.confidence) > 0.999
    assert nine.confidence == pytest.approx(0.36, abs=1e-3)  # not 0.6: a 9 and a 4 beside it is no 9
    assert np.array(nine.probabilities)[[9, 4]] == pytest.approx([0.36 / 0.52, 0.16 / 0.52], abs=1e-3)
    assert (nine.first, nine.last) == (at.first, at.last)
    assert nine.centre == pytest.approx((at.first + at.last) / 2)


def test_what_touches_its_like_is_a_part_of_it() -> None:
    probs = np.full((3, len(ALL)), 1e-9)
    probs[[0, 2], ALL.index("7")] = 1
    probs[1, [BLANK, ALL.index("7")]] = 0.6, 0.4  # two sevens, or one that is wide
    first, second = align(np.log(probs), "77", ALL, BLANK)
    assert (first.confidence, second.confidence) == pytest.approx((0.6, 0.6), abs=1e-3)


def test_a_text_that_does_not_fit_cannot_be_aligned() -> None:
    with pytest.raises(ValueError, match="a text of 2 characters does not fit into 2 steps"):
        align(line(0, 2, len(ALL)), "77", ALL, BLANK)


def test_the_middles_are_those_of_the_digits() -> None:
    log_probs = written("1.990,50")
    found = [each.centre for each in align(log_probs, "1.990,50", ALL, BLANK) if each.text.isdigit()]
    assert middles(log_probs, "1.990,50", ALL, BLANK) == found and len(found) == 6
