"""How wide, how deep? Training runs over a grid, and a search, with their figures.

``sweep`` answers "why 128 units?" by measurement: every combination, several seeds, the test set read
once at the end of each run and nothing chosen by it. ``search`` chooses, and so looks at held-out
training digits only.
"""

from __future__ import annotations

import csv
import io
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guarismo.datasets import load_mnist
from guarismo.errors import DataError
from guarismo.files import write_whole
from guarismo.train.fit import Recipe, epochs, probabilities, use_cores
from guarismo.train.nets import DenseShape
from guarismo.train.tutorial import Arrays, arrays_of
from guarismo.workers import run_all

COLUMNS = (
    "units",
    "layers",
    "seed",
    "epochs",
    "parameters",
    "train_accuracy",
    "test_accuracy",
    "test_loss",
    "train_seconds",
    "read_microseconds",
)
Row = dict[str, float]
Key = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Grid:
    """What to try: each of ``units`` with each of ``layers``, ``seeds`` times, ``epochs`` long."""

    units: tuple[int, ...]
    layers: tuple[int, ...]
    seeds: int
    epochs: int

    def runs(self) -> list[Key]:
        """(units, layers, seed, epochs) of each run, the cheap ones first."""
        grid = product(self.units, self.layers, range(1, self.seeds + 1))
        return sorted(((u, n, s, self.epochs) for u, n, s in grid), key=lambda key: (key[0] * key[1], key))


def parameters(shape: DenseShape) -> int:
    """Weights and biases: counted by hand, as the tutorial does."""
    sizes = [784, *[shape.units] * shape.layers, 10]
    return sum(before * after + after for before, after in pairwise(sizes))


def sweep(grid: Grid, table: Path, arrays: Arrays | None, at_once: int, say: Callable[[Row], None]) -> list[Row]:
    """Run what ``table`` (a CSV) does not hold yet, two or more at a time, one core each; all rows in order.

    ``arrays`` None loads MNIST in each process. Each finished run is in the table at once: a sweep that
    was killed goes on where it was.
    """
    rows = {_key(row): row for row in read_rows(table)}
    missing = [key for key in grid.runs() if key not in rows]
    for row in _run_all(missing, arrays, at_once):
        rows[_key(row)] = row
        _write_rows(table, [rows[key] for key in sorted(rows)])
        say(row)
    return [rows[key] for key in grid.runs()]


def _run_all(keys: list[Key], arrays: Arrays | None, count: int) -> Iterator[Row]:
    if count == 1 or len(keys) < 2:
        yield from (run_one(key, arrays) for key in keys)
        return
    yield from run_all(count, run_one, [(key, arrays) for key in keys])


def _key(row: Row) -> Key:
    return int(row["units"]), int(row["layers"]), int(row["seed"]), int(row["epochs"])


def run_one(key: Key, arrays: Arrays | None = None) -> Row:
    """One training run from nothing to its row."""
    use_cores(1)
    units, layers, seed, count = key
    inks, labels, test_inks, test_labels = arrays or arrays_of(load_mnist())
    shape, began = DenseShape(units, layers), time.process_time()
    (last,) = deque(epochs(inks, labels, shape, Recipe(epochs=count, seed=seed)), maxlen=1)
    seconds = time.process_time() - began  # of the processor: what else runs beside it does not count
    weights = last.state.weights
    said = probabilities(weights, test_inks)
    loss = float(-np.log(np.maximum(said[np.arange(len(test_labels)), test_labels], 1e-7)).mean())
    return {
        "units": units,
        "layers": layers,
        "seed": seed,
        "epochs": count,
        "parameters": parameters(shape),
        "train_accuracy": round(_right(weights, inks, labels), 6),
        "test_accuracy": round(_right(weights, test_inks, test_labels), 6),
        "test_loss": round(loss, 6),
        "train_seconds": round(seconds, 2),
        "read_microseconds": round(_microseconds(weights, test_inks), 2),
    }


def _right(weights: Any, inks: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    parts = (slice(i, i + 5000) for i in range(0, len(inks), 5000))
    return sum(int((probabilities(weights, inks[p]).argmax(1) == labels[p]).sum()) for p in parts) / len(inks)


def _microseconds(weights: Any, inks: NDArray[np.float32], times: int = 300) -> float:
    """Median time to read one picture, alone, on one core."""
    took = []
    for i in range(times):
        one = inks[i % len(inks)][None]
        began = time.perf_counter()
        probabilities(weights, one)
        took.append(time.perf_counter() - began)
    return float(np.median(took) * 1e6)


def read_rows(table: Path) -> list[Row]:
    """The rows of a sweep's CSV; none where it is not there. Raises DataError where it is another table."""
    if not table.exists():
        return []
    try:
        with table.open(newline="") as file:
            return [{name: float(row[name]) for name in COLUMNS} for row in csv.DictReader(file)]
    except (KeyError, ValueError, TypeError) as error:
        raise DataError("{path}: not the table of a sweep; name another --out", path=table) from error


def _write_rows(table: Path, rows: Sequence[Row]) -> None:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: f"{row[name]:.10g}" for name in COLUMNS} for row in rows)
    write_whole(table, buffer.getvalue().encode())


def held_out_split(arrays: Arrays, share: float = 1 / 6) -> Arrays:
    """Training digits only: a sixth of them, by lot, takes the place of the test set, for choosing. Digits of one's own
    come in the order of their folders, so that the last sixth would be nines."""
    inks, labels, _test_inks, _test_labels = arrays
    order = np.random.default_rng(0).permutation(len(inks))
    some, kept = np.split(order, [round(len(inks) * (1 - share))])
    return inks[some], labels[some], inks[kept], labels[kept]


def search(arrays: Arrays, trials: int, count: int, seed: int, store: Path, say: Callable[[Row], None]) -> Row:
    """Optuna's TPE (Bergstra et al. 2011) over depth, width, rate and dropout, by held-out training digits.

    ``store`` is an SQLite file: a search that was stopped goes on. Gives the best trial's row.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    inks, labels, kept_inks, kept_labels = held_out_split(arrays)

    def objective(trial: Any) -> float:
        shape = DenseShape(
            units=trial.suggest_int("units", 16, 512, log=True),
            layers=trial.suggest_int("layers", 1, 4),
            dropout=trial.suggest_float("dropout", 0.0, 0.5, step=0.1),
        )
        rate = trial.suggest_float("learning_rate", 1e-4, 1e-2, log=True)
        best = 0.0
        for epoch in epochs(inks, labels, shape, Recipe(epochs=count, learning_rate=rate, seed=seed)):
            best = _right(epoch.state.weights, kept_inks, kept_labels)
            trial.report(best, epoch.number)
            if trial.should_prune():
                raise optuna.TrialPruned
        return best

    study = optuna.create_study(
        study_name="guarismo",
        storage=f"sqlite:///{store}",
        load_if_exists=True,
        direction="maximize",
        pruner=optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=1),
    )
    states = optuna.trial.TrialState
    left = trials - len(study.get_trials(deepcopy=False, states=(states.COMPLETE, states.PRUNED)))
    # the dice of a search that goes on must not fall as they did at its beginning
    study.sampler = optuna.samplers.TPESampler(seed=seed + len(study.trials))
    study.optimize(objective, n_trials=max(0, left), callbacks=[lambda _study, trial: say(_trial_row(trial))])
    return _trial_row(study.best_trial)


def _trial_row(trial: Any) -> Row:
    value = trial.value if trial.value is not None else float("nan")
    return {"trial": trial.number, "held_out_accuracy": value, **trial.params}
