"""What is written: only the alphabet, and everything of it."""

from __future__ import annotations

import re

import numpy as np

from guarismo.train.texts import ALPHABET, LONGEST, grouped, text

TEXTS = [text(np.random.default_rng(seed)) for seed in range(4000)]


def test_texts_keep_to_their_alphabet_and_length() -> None:
    assert {character for written in TEXTS for character in written} == set(ALPHABET)
    assert all(1 <= len(written) <= LONGEST for written in TEXTS)
    assert all(written == written.strip() and "  " not in written for written in TEXTS)


def test_the_same_seed_writes_the_same() -> None:
    assert text(np.random.default_rng(7)) == TEXTS[7]


def test_all_the_kinds_come() -> None:
    kinds = [
        r"\d{1,3}(\.\d{3})+,\d\d", r"\d{1,3}(\.\d{3})+\.-", r"\d{1,3}(,\d{3})+\.\d\d", r"\d{1,3}\.000", r"\d+,\d\d",
        r"0\d+", r"\d\d/\d\d/\d{4}", r"\d\d:\d\d", r"\d{1,2}-\d{1,2}", r"(\d\d ){2,}\d\d", r"-\d+[.,]\d+", r"\d",
    ]  # fmt: skip
    for kind in kinds:
        assert any(re.fullmatch(kind, written) for written in TEXTS), kind


def test_groups_of_three() -> None:
    assert grouped("1990000", ".") == "1.990.000"
    assert grouped("990", ".") == "990"
    assert grouped("25000", ",") == "25,000"
