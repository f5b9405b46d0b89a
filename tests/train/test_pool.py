"""The pool and the training of the digit model, on a handful of pictures."""

from __future__ import annotations

import ast
import dataclasses
import sys
from pathlib import Path

import numpy as np
import pytest

from guarismo.errors import DataError, UsageError


@pytest.mark.data
def test_a_pool_is_its_seed_and_leaves_out_what_it_is_told(real_data: Path, tmp_path: Path) -> None:
    from guarismo.files import write_arrays
    from guarismo.train.pool import NOT_A_DIGIT, Made, held_out, load_parts, make, sources

    made = Made(real_data, with_fonts=False)
    (first, names), (again, _) = make(made, 60, 3), make(made, 60, 3)
    assert (first.inks == again.inks).all()
    assert (first.labels == again.labels).all()
    assert set(first.labels) <= {*range(10), NOT_A_DIGIT}
    assert set(names) <= set(sources(real_data, with_fonts=False))
    assert ((first.labels == NOT_A_DIGIT) == (names == "nondigits")).all()
    write_arrays(tmp_path / "part.npz", {"inks": first.inks, "labels": first.labels, "sources": names})
    kept = load_parts([tmp_path / "part.npz"], ("strokes", "nondigits"))
    assert len(kept.labels) == (~np.isin(names, ["strokes", "nondigits"])).sum()
    assert NOT_A_DIGIT not in kept.labels
    assert 0.06 < held_out(real_data).mean() < 0.11


@pytest.mark.data
def test_no_writer_is_on_both_sides(real_data: Path) -> None:
    from guarismo.datasets import load_writers
    from guarismo.train.pool import held_out

    writers, kept = load_writers(real_data), held_out(real_data)
    assert not set(writers[kept]) & set(writers[~kept])


@pytest.mark.train
def test_a_stopped_training_goes_on_and_ends_the_same(tmp_path: Path) -> None:
    digits = pytest.importorskip("guarismo.train.digit")
    from guarismo.train.pool import Pool

    rng = np.random.default_rng(0)
    pool = Pool(rng.integers(0, 256, (64, 28, 28)).astype(np.uint8), rng.integers(0, 11, 64))
    recipe = dataclasses.replace(digits.SHORT, epochs=2, epoch_size=64, batch_size=16, width=4)

    def weights(out: Path, stop_after: int | None = None) -> list[np.ndarray]:
        class Stopped(Exception): ...

        def say(line: object) -> None:
            if getattr(line, "epoch", None) == stop_after:
                raise Stopped

        try:
            return [w.numpy() for w in digits.train(recipe, (pool, pool), (pool, pool), out, say).weights]
        except Stopped:
            return weights(out)

    for one, other in zip(weights(tmp_path / "whole"), weights(tmp_path / "stopped", 1), strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(DataError, match="a checkpoint of another recipe"):
        digits.train(dataclasses.replace(recipe, seed=2), (pool, pool), (pool, pool), tmp_path / "whole", print)


@pytest.mark.train
def test_a_training_that_runs_away_says_where(tmp_path: Path) -> None:
    digits = pytest.importorskip("guarismo.train.digit")
    from guarismo.train.pool import Pool

    pool = Pool(np.full((64, 28, 28), 200, np.uint8), np.zeros(64, np.int64))
    recipe = dataclasses.replace(digits.SHORT, epochs=9, epoch_size=64, batch_size=16, width=4, learning_rate=1e38)
    with pytest.raises(
        DataError, match=r"loss is nan in step \d+ \(epoch \d+\) at a learning rate of 1e\+38.*checkpoint"
    ):
        digits.train(recipe, (pool, pool), (pool, pool), tmp_path, lambda _: None)


@pytest.mark.train
def test_a_part_that_is_cut_off_is_named(tmp_path: Path) -> None:
    from guarismo.train.pool import load_parts

    (tmp_path / "part.npz").write_bytes(b"PK\x03\x04 cut")
    with pytest.raises(DataError, match=r"part\.npz: damaged.*delete it"):
        load_parts([tmp_path / "part.npz"])


def test_bending_keeps_digits_apart_and_whole() -> None:
    from guarismo.train.wiggle import wiggle

    rng = np.random.default_rng(3)
    inks = np.zeros((40, 28, 28), np.uint8)
    inks[::2, 6:22, 12:16] = 255
    bent = wiggle(inks, rng)
    assert not bent[1::2].any(), "ink ran from one digit into the next"
    mass = bent[::2].sum((1, 2)) / inks[0].sum()
    assert ((mass > 0.7) & (mass < 1.4)).all()
    assert not (bent[0] == bent[2]).all()


def test_missing_fonts_are_named_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from guarismo.train import fonts

    monkeypatch.setattr(fonts, "_installed", dict)
    assert fonts.found(fonts.HAND) == []
    with pytest.raises(UsageError, match=r"only 0 of 17 fonts.*Delphine\.ttf.*--without fonts"):
        fonts.needed(fonts.HAND, 12)


def test_no_font_is_on_both_sides() -> None:
    from guarismo.train import fonts

    assert not set(fonts.HELD_OUT) & {*fonts.HAND, *fonts.PRINT}
    assert not set(fonts.LETTERS) & set("OolISsZzBbqg")


@pytest.mark.train
def test_a_finished_run_ships_in_eight_bits_and_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digits = pytest.importorskip("guarismo.train.digit")
    from fakes import painted
    from guarismo import Reader
    from guarismo.ink import frame
    from guarismo.train.pool import Made, Pool

    framed = [np.rint(frame(painted(label)).ink * 255).astype(np.uint8) for label in range(11)]
    pool = Pool(np.stack(framed * 16), np.tile(np.arange(11), 16))
    monkeypatch.setattr(digits, "make_parts", lambda *_given: [])
    monkeypatch.setattr(digits, "load_parts", lambda *_given: pool)
    monkeypatch.setattr(digits, "mnist_half", lambda _folder: (pool, pool))
    recipe = dataclasses.replace(
        digits.SHORT, epochs=4, epoch_size=1024, batch_size=32, width=8, learning_rate=1e-2, averaging=0.9
    )
    out = tmp_path / "run"
    digits.run(recipe, digits.Data(Made(tmp_path)), digits.Folders(out, tmp_path), lambda _line: None)
    assert b"QuantizeLinear" in (out / "model" / "model.onnx").read_bytes()
    read = Reader(out).digits([painted(label) for label in range(11)])
    assert sum(one.value == label for label, one in enumerate(read[:10])) >= 8  # tiles differ by a bit, and are bent
    assert read[10].status == "not_a_digit"


def test_whatever_makes_ink_and_strips_is_known_to_make_the_pool_and_the_lines() -> None:
    from guarismo import ink, strip
    from guarismo.train import lines, pool

    def closure(name: str, found: set[str]) -> set[str]:
        found.add(name)
        tree = ast.parse(Path(sys.modules[name].__file__ or "").read_text())
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.ImportFrom)
                and (node.module or "").startswith("guarismo.")
                and node.module not in found
            ):
                closure(str(node.module), found)
        return found

    told = {"guarismo.types", "guarismo.errors"}  # nothing is computed there
    assert closure(ink.__name__, set()) - told <= {module.__name__ for module in pool.MADE_BY}
    assert closure(strip.__name__, set()) - told <= {module.__name__ for module in lines.MADE_BY}
