"""Sweep and search: the grid that was asked for, once each, kept as they come."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from guarismo.errors import DataError

Arrays = tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float32], NDArray[np.int64]]

pytestmark = pytest.mark.train

sweeps = pytest.importorskip("guarismo.train.sweep")


@pytest.fixture(scope="module")
def arrays() -> Arrays:
    from guarismo.datasets import load_digits8x8
    from guarismo.train.tutorial import split_own

    return split_own(load_digits8x8())


def test_parameters_are_counted_as_keras_counts_them() -> None:
    from guarismo.train.nets import DenseShape, dense_net

    for shape in (DenseShape(), DenseShape(17, 1), DenseShape(8, 4)):
        assert sweeps.parameters(shape) == dense_net(shape).count_params()


def test_a_sweep_runs_each_combination_once_and_goes_on(arrays: Arrays, tmp_path: Path) -> None:
    table = tmp_path / "sweep.csv"
    said: list[dict[str, float]] = []
    grid = sweeps.Grid((8, 16), (1,), 2, 2)
    rows = sweeps.sweep(grid, table, arrays, 1, said.append)
    assert [(r["units"], r["seed"]) for r in rows] == [(8, 1), (8, 2), (16, 1), (16, 2)]
    assert len(said) == 4
    wider = sweeps.Grid((8, 16), (1,), 3, 2)
    assert len(sweeps.sweep(wider, table, arrays, 1, said.append)) == 6
    assert len(said) == 6, "only the two missing ones ran"
    assert sweeps.read_rows(table)[0] == pytest.approx(rows[0])


def test_another_table_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "other.csv"
    table.write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="not the table of a sweep"):
        sweeps.read_rows(table)


def test_the_search_chooses_by_training_digits_only(arrays: Arrays, tmp_path: Path) -> None:
    inks, labels, test_inks, _test_labels = arrays
    kept = sweeps.held_out_split(arrays)
    assert len(kept[0]) + len(kept[2]) == len(inks)
    spoiled = (inks, labels, np.full_like(test_inks, np.nan), None)
    said: list[dict[str, float]] = []
    best = sweeps.search(spoiled, 2, 1, 1, tmp_path / "trials.sqlite", said.append)
    assert 0.2 < best["held_out_accuracy"] <= 1
    sweeps.search(spoiled, 3, 1, 1, tmp_path / "trials.sqlite", said.append)
    assert len(said) == 3, "the two trials of before were kept"
    units = [one["units"] for one in said]
    assert units[2] != units[0], "the dice fall on, they do not begin anew"


def test_a_trial_that_was_interrupted_is_no_trial(arrays: Arrays, tmp_path: Path) -> None:
    store = tmp_path / "trials.sqlite"
    with pytest.MonkeyPatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(sweeps, "epochs", interrupted_epochs)
        sweeps.search(arrays, 1, 1, 1, store, lambda _row: None)
    assert 0.2 < sweeps.search(arrays, 1, 1, 1, store, lambda _row: None)["held_out_accuracy"] <= 1


def interrupted_epochs(*_given: object) -> None:
    raise KeyboardInterrupt


def test_own_digits_are_held_out_by_lot() -> None:
    """They come in the order of their folders."""
    labels = np.repeat(np.arange(10), 60)
    kept = sweeps.held_out_split((np.zeros((600, 28, 28), np.float32), labels, np.zeros(0), np.zeros(0)))
    assert set(kept[1]) == set(kept[3]) == set(range(10))
