"""The pool and the training of the digit model, on a handful of pictures."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from guarismo.errors import DataError


@pytest.mark.data
def test_a_pool_is_its_seed_and_leaves_out_what_it_is_told(real_data: Path) -> None:
    from guarismo.train.pool import NOT_A_DIGIT, Made, held_out, make, sources

    first, again = make(Made(real_data), 60, 3), make(Made(real_data), 60, 3)
    assert (first.inks == again.inks).all()
    assert (first.labels == again.labels).all()
    assert set(first.labels) <= {*range(10), NOT_A_DIGIT}
    assert "optdigits" not in sources(real_data, ("optdigits",))
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
    recipe = digits.DigitRecipe(epochs=2, epoch_size=64, batch_size=16, width=4)

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
