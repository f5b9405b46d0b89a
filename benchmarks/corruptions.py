"""MNIST's test digits under the fifteen corruptions of MNIST-C, and as they are: writes results/corruptions.json.

    python benchmarks/corruptions.py              all 10,000 test digits, sixteen times
    python benchmarks/corruptions.py --count 500  the same 500 each time

The fifteen are those of Mu and Gilmer 2019, "MNIST-C: A Robustness Benchmark for Computer Vision"
(arXiv:1906.02337), written anew from the paper's description; neither their code nor their pictures are
used, and figures on their files may differ. The paper names and shows each corruption at one severity and gives
no number for it: the numbers below are ours, set by eye so that a person still reads the digit. They are frozen:
another number is another benchmark.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from typing import Any, Final

import cv2
import numpy as np
import record
from numpy.typing import NDArray

from guarismo import Reader
from guarismo.datasets import load_mnist
from guarismo.evaluate import figures as measure

Picture = NDArray[np.uint8]
"""uint8 (28, 28), light ink on dark, as MNIST is: 0 paper ... 255 ink."""
Corruption = Callable[[Picture, np.random.Generator], Picture]

SIDE = 28
MIDDLE = (SIDE - 1) / 2
SEED = 2019


def shot_noise(digit: Picture, rng: np.random.Generator) -> Picture:
    """Too few photons: at most five on average where the ink is full."""
    return _picture(rng.poisson(5 * _unit(digit)) / 5)


def impulse_noise(digit: Picture, rng: np.random.Generator) -> Picture:
    """Salt and pepper: a tenth of the pixels white, a tenth black."""
    chance = rng.random(digit.shape)
    return np.where(chance < 0.1, 255, np.where(chance < 0.2, 0, digit)).astype(np.uint8)


def glass_blur(digit: Picture, rng: np.random.Generator) -> Picture:
    """Frosted glass: each pixel comes from one at most one away, between two soft blurs."""
    blurred = cv2.GaussianBlur(_unit(digit), (0, 0), 0.7)
    rows, columns = np.clip(np.indices(digit.shape) + rng.integers(-1, 2, (2, SIDE, SIDE)), 0, SIDE - 1)
    return _picture(cv2.GaussianBlur(blurred[rows, columns], (0, 0), 0.7))


def motion_blur(digit: Picture, rng: np.random.Generator) -> Picture:
    """The hand moved: a mean along seven pixels of a line, at most 45 degrees from level, and the camera's gain."""
    angle = rng.uniform(-np.pi / 4, np.pi / 4)
    reach = 3 * 16 * np.array([np.cos(angle), np.sin(angle)])  # in sixteenths of a pixel
    kernel = np.zeros((7, 7), np.uint8)
    first, last = ([round(3 * 16 + sign * part) for part in reach.tolist()] for sign in (-1, 1))
    cv2.line(kernel, first, last, 255, 1, cv2.LINE_AA, 4)
    blurred = cv2.filter2D(_unit(digit), -1, kernel.astype(np.float32) / np.float32(kernel.sum()))
    return _picture(1.3 * blurred)


def shear(digit: Picture, rng: np.random.Generator) -> Picture:
    """Leaning to either side by 0.3 to 0.6 of the height: 17 to 31 degrees."""
    return _affine(digit, np.array([[1, _either(rng, 0.3, 0.6)], [0, 1]]))


def scale(digit: Picture, rng: np.random.Generator) -> Picture:
    """Smaller, to 0.5 to 0.8, in width and height apart."""
    return _affine(digit, np.diag(rng.uniform(0.5, 0.8, 2)))


def rotate(digit: Picture, rng: np.random.Generator) -> Picture:
    """Turned to either side by 15 to 30 degrees."""
    angle = np.deg2rad(_either(rng, 15, 30))
    return _affine(digit, np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]))


def brightness(digit: Picture, rng: np.random.Generator) -> Picture:
    """All lighter by 0.4 to 0.6 of the scale; what is beyond white is white."""
    return _picture(_unit(digit) + rng.uniform(0.4, 0.6))


def translate(digit: Picture, rng: np.random.Generator) -> Picture:
    """Moved by 3 to 5 pixels to a side and up or down; MNIST leaves four, so a rim may be lost."""
    return _affine(digit, np.eye(2), np.array([_either(rng, 3, 5), _either(rng, 3, 5)]))


def stripe(digit: Picture, _rng: np.random.Generator) -> Picture:
    """The middle eight columns inverted, from top to bottom."""
    striped = digit.copy()
    striped[:, 10:18] = 255 - striped[:, 10:18]
    return striped


def fog(digit: Picture, rng: np.random.Generator) -> Picture:
    """Uneven white fog before it, 0.2 to 0.7 of it opaque."""
    veil = 0.2 + 0.5 * _plasma(rng)
    return _picture(_unit(digit) * (1 - veil) + veil)


def spatter(digit: Picture, rng: np.random.Generator) -> Picture:
    """Small grey spots that cover what is below: a ninth of the picture, where soft noise is highest."""
    noise = cv2.GaussianBlur(rng.normal(size=digit.shape), (0, 0), 1.0)
    cover = cv2.GaussianBlur((noise > np.quantile(noise, 8 / 9)).astype(np.float32), (0, 0), 0.5)
    return _picture(_unit(digit) * (1 - cover) + rng.uniform(0.3, 0.7) * cover)


def dotted_line(digit: Picture, rng: np.random.Generator) -> Picture:
    """A straight line of dots, white, from the left side to the right: ten to thirteen of one pixel."""
    dotted = digit.copy()
    for x, y in _across(rng, int(rng.integers(10, 14))).round().astype(np.int64).tolist():
        dotted[y, x] = 255
    return dotted


def zigzag(digit: Picture, rng: np.random.Generator) -> Picture:
    """The same line drawn through, one pixel wide, up and down by two pixels at each of its 8 to 12 turns."""
    turns = _across(rng, int(rng.integers(8, 13)))
    turns[::2, 1] -= 2
    turns[1::2, 1] += 2
    crossed = digit.copy()
    cv2.polylines(crossed, [np.rint(16 * turns).astype(np.int32)], False, 255, 1, cv2.LINE_AA, 4)
    return crossed


def canny_edges(digit: Picture, _rng: np.random.Generator) -> Picture:
    """Nothing but the edges (Canny 1986), white on black."""
    return np.asarray(cv2.Canny(digit, 100, 200), np.uint8)


CORRUPTIONS: Final[dict[str, Corruption]] = {
    "shot_noise": shot_noise,
    "impulse_noise": impulse_noise,
    "glass_blur": glass_blur,
    "motion_blur": motion_blur,
    "shear": shear,
    "scale": scale,
    "rotate": rotate,
    "brightness": brightness,
    "translate": translate,
    "stripe": stripe,
    "fog": fog,
    "spatter": spatter,
    "dotted_line": dotted_line,
    "zigzag": zigzag,
    "canny_edges": canny_edges,
}
"""In the paper's order, which is part of each picture's seed."""


def _unit(digit: Picture) -> NDArray[np.float32]:
    """0.0 paper ... 1.0 ink."""
    return digit.astype(np.float32) / np.float32(255)


def _picture(values: NDArray[Any]) -> Picture:
    return np.asarray(np.rint(np.clip(values, 0, 1) * 255), np.uint8)


def _either(rng: np.random.Generator, least: float, most: float) -> float:
    """From ``least`` to ``most``, to one side or the other."""
    return float(rng.uniform(least, most) * rng.choice([-1, 1]))


def _affine(digit: Picture, matrix: NDArray[Any], shift: NDArray[Any] | float = 0.0) -> Picture:
    """``matrix`` (2, 2) about the picture's middle, then ``shift`` (x, y) in pixels; black comes in."""
    move = MIDDLE - matrix @ [MIDDLE, MIDDLE] + shift
    return np.asarray(cv2.warpAffine(digit, np.column_stack([matrix, move]), (SIDE, SIDE)), np.uint8)


def _across(rng: np.random.Generator, points: int) -> NDArray[np.float64]:
    """(x, y) evenly on a straight line from the left side to the right, its ends at random heights."""
    left, right = rng.uniform(3, SIDE - 4, 2).tolist()
    return np.column_stack([np.linspace(0, SIDE - 1, points), np.linspace(left, right, points)])


def _plasma(rng: np.random.Generator) -> NDArray[np.float64]:
    """Clouds 0.0 ... 1.0 (28, 28) by the diamond-square algorithm (Fournier, Fussell, Carpenter 1982)."""
    grid = rng.uniform(-1, 1, (3, 3))
    amount = 1.0
    while len(grid) < SIDE:
        amount /= 2
        grid = _finer(grid, amount, rng)
    top, left = rng.integers(0, len(grid) - SIDE + 1, 2).tolist()
    clouds = grid[top : top + SIDE, left : left + SIDE]
    return np.asarray((clouds - clouds.min()) / np.ptp(clouds))


def _finer(coarse: NDArray[np.float64], amount: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """(n, n) to (2n-1, 2n-1): the squares' centres, then the diamonds', each the mean around it and a chance."""
    side = 2 * len(coarse) - 1
    fine = np.zeros((side, side))
    fine[::2, ::2] = coarse
    fine[1::2, 1::2] = (coarse[:-1, :-1] + coarse[:-1, 1:] + coarse[1:, :-1] + coarse[1:, 1:]) / 4
    fine[1::2, 1::2] += rng.uniform(-amount, amount, fine[1::2, 1::2].shape)
    around = np.pad(fine, 1)
    there = np.pad(np.ones((side, side)), 1)
    total, count = (a[:-2, 1:-1] + a[2:, 1:-1] + a[1:-1, :-2] + a[1:-1, 2:] for a in (around, there))
    diamonds = np.indices((side, side)).sum(0) % 2 == 1
    chance = rng.uniform(-amount, amount, (side, side))
    return np.where(diamonds, total / count + chance, fine)


def corrupted(name: str, number: int, digit: Picture) -> Picture:
    """Test digit ``number`` under a corruption: the same picture in every run, whatever else is read."""
    rng = np.random.default_rng([SEED, list(CORRUPTIONS).index(name), number])
    return CORRUPTIONS[name](digit, rng)


def row(reader: Reader, pictures: list[Picture], labels: NDArray[np.int64]) -> dict[str, float]:
    """Share right, share with status ``read``, share of wrong ones among those."""
    found = measure(reader.digits(pictures), labels).to_dict()
    return {key: found[key] for key in ("accuracy", "read", "wrong_read")}


def rows(reader: Reader, count: int) -> dict[str, dict[str, float]]:
    """A row for ``identity`` and for each corruption, of the same ``count`` test digits."""
    mnist = load_mnist()
    chosen = np.random.default_rng(SEED).permutation(len(mnist.test_labels))[:count].tolist()
    digits, labels = mnist.test_images[chosen], mnist.test_labels[chosen].astype(np.int64)
    found = {"identity": row(reader, list(digits), labels)}
    for name in CORRUPTIONS:
        pictures = [corrupted(name, number, digit) for number, digit in zip(chosen, digits, strict=True)]
        found[name] = row(reader, pictures, labels)
        print(name, found[name], flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=10_000)
    count = parser.parse_args().count
    reader = Reader()
    found = rows(reader, count)
    mean = {key: statistics.mean(found[name][key] for name in CORRUPTIONS) for key in found["identity"]}
    command = "python benchmarks/corruptions.py" + ("" if count == 10_000 else f" --count {count}")
    record.write(
        "corruptions",
        {"command": command, "n": count, "model": reader.model.to_dict(), "mean_of_fifteen": mean, "sets": found},
    )


if __name__ == "__main__":
    main()
