"""Draws the measured figures of the tutorial pages into docs/img/, in both languages.

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
from guarismo.train.sweep import read_rows
from guarismo.train.tutorial import arrays_of, last_state

IMAGES = Path(__file__).parent / "img"


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
