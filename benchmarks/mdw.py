"""Numbers of MNIST's test digits, each by one writer, after the Multi-Digit Writer sets: writes results/mdw.json.

    python benchmarks/mdw.py [--line-model DIR] [--count 10000]

Postcodes have five digits, amounts three to seven, times three or four. Writers are those of QMNIST's labels. The tiles
of 28x28 are trimmed to their ink and laid side by side with gaps of one to three pixels. A string is right if all of it
is; a mark that nobody wrote makes it wrong. The published readers know digits alone; so each string is also read with
``DIGITS`` as a constraint, which a person who has such fields would give. Strings, writers and digits are drawn by a
seed: these are sets made by the description of the protocol, and not the files that others measured on.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import record
from numpy.typing import NDArray

from guarismo import Constraints, Number, Reader
from guarismo.datasets import data_folder, load_mnist, load_writers
from guarismo.errors import DatasetError

Rng = np.random.Generator
COUNT, SEED, MARGIN = 10_000, 2026, 8
DIGITS = Constraints(pattern=r"\d+")


def postcode(rng: Rng) -> str:
    return f"{rng.integers(100_000):05d}"


def amount(rng: Rng) -> str:
    """Three to seven digits, each length as often; the first is no zero."""
    count = int(rng.integers(3, 8))
    return str(rng.integers(10 ** (count - 1), 10**count))


def clock(rng: Rng) -> str:
    """An hour without leading zero and two digits of minutes."""
    return f"{rng.integers(24)}{rng.integers(60):02d}"


KINDS: dict[str, Callable[[Rng], str]] = {"postcodes": postcode, "amounts": amount, "times": clock}


@dataclass(frozen=True, slots=True)
class Hands:
    """Digits uint8 (N, 28, 28), ink 255 on 0, and for each writer ten arrays of places, one for each digit."""

    images: NDArray[np.uint8]
    by_writer: list[list[NDArray[np.int64]]]

    @classmethod
    def of(cls, images: NDArray[np.uint8], labels: NDArray[Any], writers: NDArray[Any]) -> Hands:
        people = [np.flatnonzero(writers == one) for one in np.unique(writers)]
        return cls(images, [[mine[labels[mine] == digit] for digit in range(10)] for mine in people])

    def written(self, text: str, rng: Rng) -> NDArray[np.uint8] | None:
        """The text by one of those who wrote all its digits: uint8 (H, W), ink 255 on 0. None where there is nobody."""
        able = [hand for hand in self.by_writer if all(len(hand[int(digit)]) for digit in text)]
        if not able:
            return None
        hand = able[int(rng.integers(len(able)))]
        return laid([self.images[rng.choice(hand[int(digit)])] for digit in text], rng)


def laid(tiles: list[NDArray[np.uint8]], rng: Rng) -> NDArray[np.uint8]:
    """Tiles (28, 28) side by side, trimmed to the columns of their ink, with gaps of one to three pixels."""
    pieces = []
    for tile in tiles:
        inked = np.flatnonzero(tile.max(0))
        pieces += [tile[:, inked[0] : inked[-1] + 1], np.zeros((len(tile), int(rng.integers(1, 4))), np.uint8)]
    return np.pad(np.concatenate(pieces[:-1], axis=1), MARGIN)


def strings(kind: str, count: int, hands: Hands, seed: int = SEED) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """``count`` texts with their pictures, the same for a seed."""
    rng = np.random.default_rng([seed, list(KINDS).index(kind)])
    while count:
        text = KINDS[kind](rng)
        picture = hands.written(text, rng)
        if picture is not None:
            yield text, picture
            count -= 1


def figures(texts: list[str], found: list[Number]) -> dict[str, float]:
    """Strict: every character, and no other."""
    right = np.array([one.text == text for one, text in zip(found, texts, strict=True)])
    read = np.array([one.status == "read" for one in found])
    return {
        "n": len(texts),
        "wrong": int((~right).sum()),
        "error": float((~right).mean()),
        "read": float(read.mean()),
        "wrong_read": float((~right[read]).mean()) if read.any() else 0.0,
    }


def measured(
    reader: Reader, kind: str, count: int, hands: Hands, constraints: Constraints | None = None
) -> dict[str, float]:
    texts: list[str] = []

    def pictures() -> Iterator[NDArray[np.uint8]]:
        for text, picture in strings(kind, count, hands):
            texts.append(text)
            yield picture

    return figures(texts, reader.numbers(pictures(), constraints))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--line-model", type=Path)
    parser.add_argument("--count", type=int, default=COUNT)
    asked = parser.parse_args()
    folder = data_folder()
    if folder is None:
        raise DatasetError("MNIST and QMNIST's labels are needed: set GUARISMO_DATA")
    reader, mnist = Reader(line_model=asked.line_model), load_mnist()
    hands = Hands.of(mnist.test_images, mnist.test_labels, load_writers(folder, "test"))
    sets = {kind: measured(reader, kind, asked.count, hands) for kind in KINDS}
    digits = {kind: measured(reader, kind, asked.count, hands, DIGITS) for kind in KINDS}
    record.write(
        "mdw",
        {
            "command": f"python benchmarks/mdw.py --count {asked.count}",
            "model": reader.line_model.to_dict(),
            "seed": SEED,
            "sets": sets,
            "digits_alone": {"pattern": DIGITS.pattern, "sets": digits},
        },
    )


if __name__ == "__main__":
    main()
