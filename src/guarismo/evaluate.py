"""Measures a ``Reader`` as it is shipped: pictures in, readings out, never the network alone.

The figures go to the model's card. Sets for measuring only (orand-car-a) are opened here and nowhere
in training.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guarismo.datasets import (
    Digits,
    data_folder,
    load_digits8x8,
    load_mnist,
    load_optdigits,
    load_orand_boxes,
    load_own,
)
from guarismo.errors import DatasetError
from guarismo.reader import Reader
from guarismo.types import Digit

BINS = 15
"""Of the expected calibration error (Naeini et al. 2015; Guo et al. 2017), as the literature counts them."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a reader did on a labelled set of digits.

    accuracy     share whose best guess is right, whatever the status
    read         share with status ``read``; ``wrong_read``: share of wrong ones among those
    not_a_digit  share taken for something else, blank ones included
    calibration  expected calibration error in 15 bins; ``likelihood``: mean negative log likelihood
    """

    count: int
    accuracy: float
    read: float
    wrong_read: float
    not_a_digit: float
    calibration: float
    likelihood: float

    def to_dict(self) -> dict[str, float]:
        return {name: round(getattr(self, name), 6) for name in self.__slots__}


def evaluate(reader: Reader, digits: Digits) -> Figures:
    """Read every picture and compare. Raises DatasetError where there is none."""
    if not len(digits):
        raise DatasetError("a data set without pictures cannot be measured; name another")
    return figures(reader.digits(digits.images), digits.labels)


def figures(read: list[Digit], labels: NDArray[np.int64]) -> Figures:
    """The same from readings that are there already."""
    right = np.array([digit.value for digit in read]) == labels
    confidence = np.array([0.0 if digit.value is None else digit.confidence for digit in read])
    accepted = np.array([digit.status == "read" for digit in read])
    of_label = np.array([digit.probabilities[label] for digit, label in zip(read, labels.tolist(), strict=True)])
    strange = np.array([digit.status in ("not_a_digit", "blank") for digit in read])
    return Figures(
        count=len(read),
        accuracy=float(right.mean()),
        read=float(accepted.mean()),
        wrong_read=float((~right[accepted]).mean()) if accepted.any() else 0.0,
        not_a_digit=float(strange.mean()),
        calibration=calibration_error(confidence, right),
        likelihood=float(-np.log(np.maximum(of_label, 1e-12)).mean()),
    )


def calibration_error(confidence: NDArray[np.float64], right: NDArray[np.bool_], bins: int = BINS) -> float:
    """Expected calibration error: mean over equal-width bins of |share right - mean confidence|, by their size."""
    place = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    gaps = [
        abs(float(right[place == b].mean()) - float(confidence[place == b].mean())) * float((place == b).mean())
        for b in range(bins)
        if (place == b).any()
    ]
    return float(sum(gaps))


def load_named(name: str) -> Digits:
    """A set by its name (``SETS``), or people's own pictures by their path."""
    if name in SETS:
        return SETS[name]()
    return load_own(Path(name), classes_required=False)


def _data(name: str) -> Path:
    folder = data_folder()
    if folder is None:
        raise DatasetError("{name}: not found; point GUARISMO_DATA to the folder that holds it", name=name)
    return folder


def _mnist_test() -> Digits:
    mnist = load_mnist()
    names = tuple(f"t10k#{i}" for i in range(len(mnist.test_labels)))
    return Digits(mnist.test_images, mnist.test_labels.astype(np.int64), names)


SETS: dict[str, Callable[[], Digits]] = {
    "mnist": _mnist_test,
    "orand": lambda: load_orand_boxes(_data("orand-car-a")),
    "optdigits": lambda: load_optdigits(_data("optdigits")),
    "digits8x8": load_digits8x8,
}


def describe(name: str, result: Figures) -> dict[str, Any]:
    """A row for JSON: the set and its figures."""
    return {"set": name, **result.to_dict()}
