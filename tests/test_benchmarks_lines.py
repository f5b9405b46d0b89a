"""The benchmarks of line models: their sets are what they say, and their counting is strict."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fakes import spelled
from guarismo.reader import Reader
from guarismo.types import Box, Number, Status

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"benchmarks_{name}", FOLDER / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # a dataclass looks itself up there
    sys.path.insert(0, str(FOLDER))  # it imports its neighbour, record.py
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(FOLDER))
    return module


mdw: Any = _load("mdw")
lines: Any = _load("lines")


def said(text: str, status: Status = "read", confidence: float = 0.9) -> Number:
    return Number(text, (), status, confidence, Box(0, 0, 1, 1))


@pytest.fixture
def hands() -> Any:
    """Three writers: 1 wrote all digits, 2 no nine, 3 only ones. The grey of a digit's bar is 100 * writer + digit."""
    rows = [(1, digit) for digit in range(10)] * 2 + [(2, digit) for digit in range(9)] + [(3, 1)]
    images = np.zeros((len(rows), 28, 28), np.uint8)
    for image, (writer, digit) in zip(images, rows, strict=True):
        image[4:24, 8 : 10 + digit] = 70 * writer + digit
    writers, labels = np.array(rows).T
    return mdw.Hands.of(images, labels, writers)


def test_the_sets_are_of_the_digits_that_the_protocol_asks_for() -> None:
    rng = np.random.default_rng(0)
    made = {kind: [draw(rng) for _ in range(2000)] for kind, draw in mdw.KINDS.items()}
    assert {len(text) for text in made["postcodes"]} == {5}
    assert {len(text) for text in made["amounts"]} == {3, 4, 5, 6, 7} and not any(t[0] == "0" for t in made["amounts"])
    assert {len(text) for text in made["times"]} == {3, 4}
    assert all(int(text[:-2]) < 24 and int(text[-2:]) < 60 for text in made["times"])


@pytest.mark.parametrize("kind", ["postcodes", "amounts", "times"])
def test_a_string_is_by_one_writer_with_small_gaps_and_the_same_for_a_seed(hands: Any, kind: str) -> None:
    made = list(mdw.strings(kind, 30, hands))
    assert len(made) == 30
    for (text, picture), (again, same) in zip(made, mdw.strings(kind, 30, hands), strict=True):
        assert text == again and (picture == same).all()
        bars = picture[mdw.MARGIN + 10, mdw.MARGIN : -mdw.MARGIN].astype(int)
        edges = np.flatnonzero(np.diff(bars)) + 1
        runs = [(int(run[0]), len(run)) for run in np.split(bars, edges)]
        inked = [run for run in runs if run[0]]
        assert len({level // 70 for level, _wide in inked}) == 1
        assert "".join(str(level % 70) for level, _wide in inked) == text
        assert {wide for level, wide in runs if not level} <= {1, 2, 3}
    assert picture.shape[0] == 28 + 2 * mdw.MARGIN
    assert [text for text, _ in mdw.strings(kind, 30, hands, seed=7)] != [text for text, _ in made]


def test_nobody_writes_digits_that_are_not_his(hands: Any) -> None:
    rng = np.random.default_rng(0)
    assert all(hands.written("99", rng).max() // 70 == 1 for _ in range(20))
    assert {int(hands.written("11", rng).max()) // 70 for _ in range(40)} == {1, 2, 3}
    assert mdw.Hands(hands.images, hands.by_writer[2:]).written("12", rng) is None


def test_strings_are_counted_strictly() -> None:
    found = [said("12345"), said("1234.5", "unsure"), said("", "not_a_digit"), said("1234")]
    figures = mdw.figures(["12345"] * 4, found)
    assert (figures["n"], figures["wrong"], figures["error"]) == (4, 3, 0.75)
    assert (figures["read"], figures["wrong_read"]) == (0.5, 0.5)


def test_a_set_is_measured_through_the_reader(hands: Any, reader: Reader) -> None:
    result = mdw.measured(reader, "times", 5, hands)
    assert (result["n"], result["read"], result["wrong_read"]) == (5, 0.0, 0.0)
    assert result["wrong"] == 5


def test_the_share_that_may_be_accepted_is_the_largest_with_so_few_wrong() -> None:
    right = [True] * 150 + [False] + [True] * 20 + [False] * 9
    confidences = np.linspace(1, 0, len(right)).tolist()
    assert lines.accepted_at(confidences, right) == pytest.approx(171 / 180)
    assert lines.accepted_at(confidences[::-1], right[::-1]) == pytest.approx(171 / 180)
    assert lines.accepted_at([0.9, 0.8], [False, True]) == 0.0
    assert lines.accepted_at([0.9, 0.8], [True, True]) == 1.0


def test_marks_count_where_they_are_known() -> None:
    found = [said("1.990"), said("1990", "unsure", 0.4), said("199", "read", 0.8)]
    assert lines.figures(found, ["1990"] * 3, marks=False)["right"] == pytest.approx(2 / 3)
    strict = lines.figures(found, ["1990"] * 3, marks=True)
    assert strict["right"] == pytest.approx(1 / 3)
    assert (strict["n"], strict["read"], strict["wrong_read"]) == (3, pytest.approx(2 / 3), 1.0)


def test_things_without_a_number_are_counted_as_accepted() -> None:
    found = [said("7"), said("42", "unsure"), said("", "not_a_digit"), said("", "blank")]
    assert lines.accepted(found) == {"n": 4, "read": 0.25, "read_or_unsure": 0.5}
    assert lines.accepted([]) == {"n": 0}


def test_cheques_are_whole_pictures_with_their_digits_and_corrections(
    tmp_path: Path, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "orand-car-a").mkdir()
    Image.fromarray(spelled("1.990,-")).save(tmp_path / "orand-car-a" / "a.png")
    label = [{"file": "a.png", "number": "1990", "digits": []}]
    (tmp_path / "orand-car-a" / "labels.json").write_text(json.dumps(label))
    looked_at = tmp_path / "looked_at.json"
    looked_at.write_text(json.dumps({"wrong_labels": {"a": "1991"}, "needs": {}}))
    monkeypatch.setattr(lines, "LOOKED_AT", looked_at)
    [cheque] = lines.orand(tmp_path)
    assert (cheque.name, cheque.label, cheque.corrected) == ("a", "1990", "1991")
    assert lines.figures(reader.numbers([cheque.gray]), [cheque.label], marks=False)["right"] == 1.0
    assert lines.speed(reader, [cheque.gray], rounds=2)["n"] == 2


def test_lines_that_touch_have_no_gap_to_speak_of() -> None:
    for seed in range(200):
        first = np.random.default_rng(seed).random()
        gap = lines.lines.Habits.random(np.random.default_rng(seed)).gap
        assert (first < lines.TOUCHING) == (gap > 0.06)


@pytest.mark.data
def test_touching_lines_are_their_seed(real_data: Path) -> None:
    sources = lines.Writers(real_data, lines.SEED, hands=5)
    one, other = (list(lines.touching(sources, 4)) for _ in "ab")
    assert [text for text, _gray in one] == [text for text, _gray in other] and len(one) == 4
    assert all((a == b).all() for (_, a), (_, b) in zip(one, other, strict=True))


def test_strangers_are_pictures_of_their_seed_or_none_without_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = (list(lines.strangers(3)) for _ in "ab")
    assert len(one) in (0, 3)
    assert all((a == b).all() for a, b in zip(one, other, strict=True))
    monkeypatch.setattr(lines.fonts, "found", lambda _names: [])
    assert list(lines.strangers(3)) == []
