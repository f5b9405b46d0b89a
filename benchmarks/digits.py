"""The bundled digit model through ``Reader`` as shipped: writes results/digits.json and draws the plots of its card.

python benchmarks/digits.py
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import record
from numpy.typing import NDArray

from guarismo import Reader
from guarismo.evaluate import figures as measure
from guarismo.evaluate import load_named
from guarismo.train import plots
from guarismo.types import Digit

IMAGES = Path(__file__).parents[1] / "docs" / "img"
SETS = ("mnist", "orand", "digits8x8")


def plot(read: list[Digit], labels: NDArray[np.int64]) -> None:
    """Reliability and risk against coverage on MNIST's test digits, for the card."""
    confidences = np.array([0.0 if digit.value is None else digit.confidence for digit in read])
    right = np.array([digit.value for digit in read]) == labels
    (IMAGES / "digit-reliability.png").write_bytes(plots.reliability(confidences, right))
    (IMAGES / "digit-coverage.png").write_bytes(plots.coverage(confidences, right))


def main() -> None:
    reader = Reader()
    began = time.perf_counter()
    sets = {name: load_named(name) for name in SETS}
    read = {name: reader.digits(digits.images) for name, digits in sets.items()}
    figures = {name: measure(read[name], digits.labels) for name, digits in sets.items()}
    plot(read["mnist"], sets["mnist"].labels)
    rows = {name: f.to_dict() for name, f in figures.items()}
    seconds = round(time.perf_counter() - began, 1)
    model = reader.model.to_dict()
    record.write("digits", {"command": "python benchmarks/digits.py", "model": model, "sets": rows, "seconds": seconds})


if __name__ == "__main__":
    main()
