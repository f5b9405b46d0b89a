"""Signs and units beside a number: of a digit's size, each side with its own, and left out of the label's place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from guarismo.train import affixes, fonts, lines, nonlines
from guarismo.train.pens import Pen, Stroke
from guarismo.train.writers import Writer, stroked

BAR: Stroke = np.stack([np.full(51, 0.2), np.linspace(0, 1, 51)], 1).astype(np.float32)


@pytest.mark.parametrize("seed", range(60))
def test_signs_and_units_have_the_size_of_writing(seed: int) -> None:
    for drawn in (affixes.sign, affixes.unit):
        every = np.concatenate(drawn(np.random.default_rng(seed)))
        wide, high = np.ptp(every, axis=0)
        assert 0.1 < max(wide, high) < 1.5
        assert every[:, 1].min() > -0.4 and every[:, 1].max() < 1.4
        np.testing.assert_array_equal(every, np.concatenate(drawn(np.random.default_rng(seed))))


def test_degrees_hang_and_signs_of_sums_do_not() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        assert np.concatenate(affixes._degrees(rng))[:, 1].max() < 0.5
        assert min(y for path in affixes._equals(rng) for _, y in path) > 0.3


def test_a_few_lines_in_a_hundred_have_a_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(affixes, "unit", lambda rng: [BAR * np.float32(3)])
    writer = Writer(lambda what, rng: stroked([BAR]), Pen(0.1, pressure=0, softness=0))
    high = [lines.write_line("11", writer, np.random.default_rng(seed)).shape[0] for seed in range(300)]
    assert 5 < sum(rows > 2 * lines.SIZE for rows in high) < 40


@pytest.fixture
def faces() -> list[Path]:
    found = fonts.found(["DejaVuSans.ttf", "LiberationSans-Regular.ttf"])
    if not found:
        pytest.skip("no font is installed")
    return found


def test_a_label_beside_keeps_the_number_whole(faces: list[Path]) -> None:
    line = np.full((44, 90), 255, np.uint8)
    line[2:42, 5:85:10] = 60
    places = set()
    for seed in range(80):
        sheet = nonlines.beside(line, faces, 44, np.random.default_rng(seed))
        assert sheet.dtype == np.uint8 and sheet.shape[1] > 95
        first, last = sheet[-44:, :90], sheet[-44:, -90:]
        places.add((np.array_equal(first, line), np.array_equal(last, line)))
    assert places == {(True, False), (False, True)}
