"""MNIST's test digits as people's files are, against the same digits as they are: 2,000 pictures, seeded.

python benchmarks/renderings.py
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import record
from numpy.typing import NDArray

from guarismo import Reader
from guarismo.datasets import load_mnist

Picture = NDArray[np.uint8]
COUNT = 2000


def large(digit: Picture) -> Picture:
    """Dark on light, 300x300."""
    return np.asarray(255 - cv2.resize(digit, (300, 300), interpolation=cv2.INTER_CUBIC), np.uint8)


def corner(digit: Picture) -> Picture:
    return np.pad(large(digit), ((0, 320), (280, 0)), constant_values=255)


def half_contrast(digit: Picture) -> Picture:
    return np.asarray(110 + large(digit) // 2, np.uint8)


def gradient(digit: Picture) -> Picture:
    light = np.linspace(0.4, 1, 300)[None] * np.linspace(1, 0.8, 300)[:, None]
    return (large(digit) * light).astype(np.uint8)


def noise(digit: Picture) -> Picture:
    grain = np.random.default_rng(int(digit.sum())).normal(0, 8, (300, 300))
    return np.clip(large(digit) * 0.8 + grain + 20, 0, 255).astype(np.uint8)


def everything(digit: Picture) -> Picture:
    """A corner, half the contrast and a gradient at once."""
    page = 110 + corner(digit).astype(float) / 2
    light = np.linspace(0.5, 1, page.shape[1])[None]
    return np.clip(page * light, 0, 255).astype(np.uint8)


RENDERINGS: dict[str, Callable[[Picture], Picture]] = {
    "as_they_are": lambda digit: digit,
    "inverted": lambda digit: np.asarray(255 - digit, np.uint8),
    "large": large,
    "corner": corner,
    "half_contrast": half_contrast,
    "gradient": gradient,
    "noise": noise,
    "everything": everything,
}


def main() -> None:
    mnist = load_mnist()
    chosen = np.random.default_rng(2026).permutation(len(mnist.test_labels))[:COUNT]
    digits, labels = mnist.test_images[chosen], mnist.test_labels[chosen]
    reader = Reader()
    accuracy = {
        name: float(np.mean([d.value == t for d, t in zip(reader.digits(map(render, digits)), labels, strict=True)]))
        for name, render in RENDERINGS.items()
    }
    lost = {name: round(100 * (accuracy["as_they_are"] - share), 3) for name, share in accuracy.items()}
    record.write(
        "renderings",
        {"command": "python benchmarks/renderings.py", "n": COUNT, "accuracy": accuracy, "points_lost": lost},
    )


if __name__ == "__main__":
    main()
