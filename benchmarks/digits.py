"""The bundled digit model through ``Reader`` as shipped: writes results/digits.json and the model's card.

python benchmarks/digits.py
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import record
from numpy.typing import NDArray

from guarismo import Reader
from guarismo.evaluate import Figures, load_named
from guarismo.evaluate import figures as measure
from guarismo.model import CARD, DESCRIPTION, WEIGHTS, bundled
from guarismo.train import plots
from guarismo.types import Digit

IMAGES = Path(__file__).parents[1] / "docs" / "img"
WORDS = {
    "mnist": "MNIST, test digits",
    "orand": "digit boxes of ORAND-CAR-A, never trained on",
    "digits8x8": "scikit-learn's digits, 8x8 pixels, never trained on",
}


def card(figures: dict[str, Figures], bytes_: int) -> str:
    described = json.loads((bundled() / DESCRIPTION).read_text())
    limits = described["thresholds"]
    rows = "\n".join(
        f"| {WORDS[name]} | {f.count:,} | {f.accuracy:.2%} | {f.read:.1%} | {f.wrong_read:.2%} | {f.not_a_digit:.2%} "
        f"| {f.calibration:.4f} | {f.likelihood:.4f} |"
        for name, f in figures.items()
    )
    return f"""# The digit model, {described["version"]}

Reads one handwritten digit on a picture of any kind, and says "not sure", "not a digit" or "blank".
{bytes_ / 1e6:.2f} MB of ONNX: five 3x3 convolutions, 166,499 parameters, ink version {described["ink_version"]}.

## Figures

Measured through `Reader` as shipped, by `make evaluate` (benchmarks/results/digits.json):

| measured on | pictures | right | `read` | wrong among `read` | no digit or blank | ECE, 15 bins | NLL |
| --- | --- | --- | --- | --- | --- | --- | --- |
{rows}

One training run; no spread over seeds was measured yet.

## Data

MNIST's training half without every twelfth writer (LeCun, Cortes, Burges; CC BY-SA 3.0), optdigits and
pendigits (Alpaydin and others, UCI; CC BY 4.0), shapes from the stroke generator, and things that are no
digits, made by `train/nondigits.py`. Writers are known from QMNIST's labels. Weights are ours: Apache-2.0.
ORAND-CAR-A was looked at for errors, which told what shapes to generate more of; no weight, threshold or temperature
has seen one of its pictures. Trained in three runs (docs/LOG.md).

## Calibration and thresholds

Temperature {described["temperature"]:.3f} and the threshold of `read`, {limits["read"]:.4f}, stand on the MNIST
training digits of the writers held out: at most one in two thousand accepted digits is wrong there.
`not_a_digit` from a probability of {limits["not_a_digit"]:.2f} on.

![share right against confidence](../../../../docs/img/digit-reliability.png)
![share of wrong readings against share read](../../../../docs/img/digit-coverage.png)

Both on MNIST's test digits.

## What it cannot read

More than one digit on a picture (it says "not a digit" to most); letters that look like digits (O, l, S, Z, B)
are read as digits; printed digits were not trained on.
"""


def plot(read: list[Digit], labels: NDArray[np.int64]) -> None:
    """Reliability and risk against coverage on MNIST's test digits, for the card."""
    confidences = np.array([0.0 if digit.value is None else digit.confidence for digit in read])
    right = np.array([digit.value for digit in read]) == labels
    (IMAGES / "digit-reliability.png").write_bytes(plots.reliability(confidences, right))
    (IMAGES / "digit-coverage.png").write_bytes(plots.coverage(confidences, right))


def main() -> None:
    reader = Reader()
    began = time.perf_counter()
    sets = {name: load_named(name) for name in WORDS}
    read = {name: reader.digits(digits.images) for name, digits in sets.items()}
    figures = {name: measure(read[name], digits.labels) for name, digits in sets.items()}
    plot(read["mnist"], sets["mnist"].labels)
    bytes_ = (bundled() / WEIGHTS).stat().st_size
    result = {"command": "python benchmarks/digits.py", "model": reader.model.to_dict(), "bytes": bytes_}
    rows = {name: f.to_dict() for name, f in figures.items()}
    record.write("digits", {**result, "sets": rows, "seconds": round(time.perf_counter() - began, 1)})
    (bundled() / CARD).write_text(card(figures, bytes_))


if __name__ == "__main__":
    main()
