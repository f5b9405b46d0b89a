"""Lines: seeded, by one writer, inside the canvas, and on the right side of the split."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from guarismo.errors import DataError, UsageError
from guarismo.train import lines, texts, writers
from guarismo.train.lines import Habits, Strips
from guarismo.train.pens import Pen, Stroke
from guarismo.train.writers import Glyph, Part, Writer, Writers

BAR: Stroke = np.stack([np.full(51, 0.2), np.linspace(0, 1, 51)], 1).astype(np.float32)
RIGHT = np.array([1, 0], np.float32)


def bars(joins: bool = False) -> Writer:
    """Somebody who writes every digit as an upright bar."""
    return Writer(
        lambda what, rng: writers.stroked([BAR + np.float32(0.5 * i) * RIGHT for i in range(len(what))]), Pen(), joins
    )


def picture(digit: int = 0) -> Glyph:
    ink = np.zeros((28, 28), np.uint8)
    ink[4:24, 10:18] = 255
    return writers.pictured(ink)


def placed(written: str, seed: int) -> list[lines._Placed]:
    rng = np.random.default_rng(seed)
    writer = bars()
    return lines._laid(lines._glyphs(written, writer, rng), Habits.random(rng), writer.pen.width, rng)


def test_an_outline_knows_both_sides() -> None:
    for glyph in (writers.stroked([BAR]), picture()):
        assert np.isinf(glyph.left[0]) and np.isinf(glyph.right[-1])
        assert glyph.left.min() == pytest.approx(0, abs=1e-6)
        assert (glyph.left <= glyph.right)[np.isfinite(glyph.left)].all()
    assert picture().width == pytest.approx(8 / 20)


@pytest.mark.parametrize("seed", range(25))
def test_glyphs_come_from_left_to_right(seed: int) -> None:
    for written in ("11111", "12.345,67", "1 2 3", "10:30"):
        found = placed(written, seed)
        assert "".join(one.what for one in found) == written.replace(" ", "")
        digits = [one.x for one in found if one.what.isdigit()]
        assert digits == sorted(digits)


def test_a_space_is_wider_than_no_space() -> None:
    for seed in range(20):
        near, far = placed("77", seed), placed("7 7", seed)
        assert far[1].x - far[0].x > near[1].x - near[0].x + 0.1


def test_zeros_are_chained_by_those_who_join() -> None:
    found = [
        [what for what, _ in lines._glyphs("1.000", bars(True), np.random.default_rng(seed))] for seed in range(20)
    ]
    assert ["1", ".", "000"] in found and ["1", ".", "0", "0", "0"] in found
    chain = np.concatenate(writers.chain(3, np.random.default_rng(0)))
    assert np.ptp(chain[:, 0]) > 1.2 * np.ptp(chain[:, 1])


def test_bitmaps_and_strokes_share_a_sheet() -> None:
    writer = Writer(lambda what, rng: picture(), Pen(0.12, pressure=0.1, softness=0))
    for seed in range(30):
        clean = lines.write_line("12.345,67", writer, np.random.default_rng(seed))
        assert clean.dtype == np.uint8 and (clean < 190).any()
        edges = np.concatenate([clean[0], clean[-1], clean[:, 0], clean[:, -1]])
        assert (edges > 128).mean() > 0.6  # nothing is cut off but where bars stand on the edge


def test_strips_are_found_by_their_offsets() -> None:
    ink = np.arange(48 * 10, dtype=np.uint16).reshape(48, 10).astype(np.uint8)
    strips = Strips(ink, np.array([0, 4, 10]), np.array(["1", "20"]))
    assert len(strips) == 2
    np.testing.assert_array_equal(strips.strip(1), ink[:, 4:])


@pytest.fixture(scope="module")
def sources() -> Writers:
    import os

    given = os.environ.get("GUARISMO_DATA")
    if not given:
        pytest.skip("GUARISMO_DATA is not set: this test reads real data")
    return Writers(Path(given), hands=5)


@pytest.mark.data
def test_every_source_writes_on_both_sides(sources: Writers, monkeypatch: pytest.MonkeyPatch) -> None:
    parts: tuple[Part, ...] = ("train", "held_out")
    for name in writers.SHARES:
        monkeypatch.setattr(writers, "SHARES", {name: 1.0})
        for part in parts:
            for seed in range(4):
                one, other = (lines.make_line(np.random.default_rng(seed), part, sources) for _ in "ab")
                np.testing.assert_array_equal(one[0], other[0])
                assert one[1] == other[1] and set(one[1]) <= set(texts.ALPHABET)


@pytest.mark.data
def test_no_writer_is_on_both_sides(real_data: Path, sources: Writers) -> None:
    from guarismo.datasets import load_writers
    from guarismo.train.pool import held_out

    who, kept = load_writers(real_data), held_out(real_data)
    people = {part: sources.people(part) for part in ("train", "held_out")}
    assert not people["train"] & people["held_out"]
    assert people["held_out"] <= set(who[kept].tolist()) and people["train"] <= set(who[~kept].tolist())
    assert len(people["held_out"]) > 30


@pytest.mark.data
def test_files_of_strips_are_their_seed(real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = (lines.make(real_data, "held_out", 12, 3) for _ in "ab")
    np.testing.assert_array_equal(one.ink, other.ink)
    assert one.ink.dtype == np.uint8 and one.offsets[-1] == one.ink.shape[1] and len(one) == 12
    monkeypatch.setattr(lines, "LINES", 6)
    lines._part(real_data, tmp_path / "a.npz", "train", 1)
    lines._part(real_data, tmp_path / "b.npz", "train", 2)
    both = lines.load_parts([tmp_path / "a.npz", tmp_path / "b.npz"])
    assert len(both) == 12 and both.offsets[-1] == both.ink.shape[1]
    (tmp_path / "a.npz").write_bytes((tmp_path / "a.npz").read_bytes()[:200])
    with pytest.raises(DataError, match=r"a\.npz: damaged"):
        lines.load_parts([tmp_path / "a.npz"])
    (tmp_path / "made-from.json").write_text("{}\n")
    with pytest.raises(UsageError, match="name another --lines"):
        lines.make_parts(real_data, tmp_path, "train", 0, 1)
