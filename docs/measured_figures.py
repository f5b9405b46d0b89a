"""Draws the measured figures of the tutorial pages into docs/img/, in both languages, and sums up the sweep.

    python docs/measured_figures.py --run runs/tutorial --sweep benchmarks/results/sweep.csv

``--run`` is a folder of ``guarismo train tutorial``, ``--sweep`` the table of ``guarismo sweep``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from guarismo.datasets import load_mnist
from guarismo.train import plots
from guarismo.train.fit import probabilities
from guarismo.train.sweep import Row, read_rows
from guarismo.train.tutorial import arrays_of, last_state

IMAGES = Path(__file__).parent / "img"
RESULTS = Path(__file__).parents[1] / "benchmarks" / "results"


def summary(rows: list[Row]) -> dict[str, dict[str, float]]:
    """Mean and sample deviation over the seeds of each network: "units-layers" → its figures."""
    found: dict[str, dict[str, float]] = {}
    for key in sorted({(int(row["units"]), int(row["layers"])) for row in rows}):
        of_it = [row for row in rows if (row["units"], row["layers"]) == key]
        columns = {name: np.array([row[name] for row in of_it]) for name in of_it[0]}
        found["-".join(map(str, key))] = {
            "seeds": len(of_it),
            "accuracy": float(columns["test_accuracy"].mean()),
            "std": float(columns["test_accuracy"].std(ddof=1)),
            "gap": float((columns["train_accuracy"] - columns["test_accuracy"]).mean()),
            "parameters": float(columns["parameters"][0]),
            "seconds": float(np.median(columns["train_seconds"])),
            "microseconds": float(np.median(columns["read_microseconds"])),
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--sweep", type=Path, required=True)
    options = parser.parse_args()
    history = json.loads((options.run / "history.json").read_text())
    _inks, _labels, inks, labels = arrays_of(load_mnist())
    said = probabilities(last_state(options.run).weights, inks)
    matrix = np.zeros((10, 10), np.int64)
    np.add.at(matrix, (labels, said.argmax(1)), 1)
    rows = read_rows(options.sweep)
    (RESULTS / "sweep.json").write_text(json.dumps(summary(rows), indent=2) + "\n")
    by_units = [row for row in rows if row["layers"] == 3]
    by_layers = [row for row in rows if row["units"] == 128]
    for language in ("en", "es"):
        drawn = {
            "curves": plots.curves(history, language),
            "confusion": plots.confusion(matrix, language),
            "sweep-units": plots.sweep(by_units, "units", language),
            "sweep-layers": plots.sweep(by_layers, "layers", language),
        }
        for name, data in drawn.items():
            (IMAGES / f"{name}-{language}.png").write_bytes(data)
    (IMAGES / "mistakes.png").write_bytes(plots.mistakes(inks, labels, said.argmax(1), said.max(1)))


if __name__ == "__main__":
    main()
