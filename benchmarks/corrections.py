"""Fifty corrections of one unusual hand: what the digit model gains on it, and what MNIST loses.

    python benchmarks/corrections.py [--epochs 2] [--seed 3]        about three minutes on two cores

Writes results/corrections.json. The hand is made up and leans back farther than any that the model was trained on, with
hooks at its stems. Fifty of its digits, five of each, go the way that a person's corrections go: kept by
`guarismo serve --keep`'s store, exported, learnt by `guarismo train digit --start` (the bundled model) `--also` (they).
Measured on a thousand other digits by that hand, and on MNIST's test digits: at most 0.05 points may be lost there.
The pool in runs/pool is used where it is there.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import record
from PIL import Image

from guarismo import Reader
from guarismo.datasets import load_mnist
from guarismo.model import bundled
from guarismo.render import png
from guarismo.train.pens import Pen, draw
from guarismo.train.strokes import Hand
from guarismo.types import Gray
from guarismo.web.corrections import Correction, Corrections, export

MOST_LOST = 0.0005
"""Share of MNIST's test digits that the corrections may cost."""

PARTS = 6
"""Ten thousands of photographed pictures beside the corrections: two epochs see each once."""

LEAN, HOOK = 1.1, 0.3
"""Columns to a row by which the hand leans back, and length of the hook at a stroke's end, in digit heights."""

Rng = np.random.Generator


def written(hand: Hand, digit: int, rng: Rng) -> Gray:
    """One digit by the unusual hand: uint8 (H, W), dark on white."""
    strokes = []
    for stroke in hand.write(digit, rng):
        back = stroke.copy()
        back[:, 0] += LEAN * back[:, 1]
        hook = back[-1] + HOOK * rng.uniform(0.7, 1.3) * np.array([[0.6, -0.1], [0.9, -0.7]], np.float32)
        strokes.append(np.concatenate([back, hook.astype(np.float32)]))
    picture = draw(strokes, int(rng.integers(44, 90)), Pen.random(rng), rng)
    return np.pad(picture, int(0.2 * max(picture.shape)), constant_values=255)


def share_right(reader: Reader, pictures: Any, labels: Any) -> float:
    return float(np.mean([one.value == label for one, label in zip(reader.digits(pictures), labels, strict=True)]))


def kept(folder: Path, reader: Reader, pictures: list[Gray], labels: list[int]) -> None:
    """As the page's corrections are kept."""
    store, info = Corrections(folder), reader.model
    for read, gray, label in zip(reader.digits(pictures), pictures, labels, strict=True):
        said = (read.text, str(label), read.status, read.confidence, info.name, info.version)
        store.keep(Correction(png(Image.fromarray(gray)), None, *said))
    store.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=3)
    asked = parser.parse_args()
    hand, rng = Hand.random(np.random.default_rng(asked.seed)), np.random.default_rng([asked.seed, 1])
    labels = [i % 10 for i in range(1050)]
    pictures = [written(hand, label, rng) for label in labels]
    before, mnist = Reader(), load_mnist()

    def measured(reader: Reader) -> dict[str, float]:
        return {
            "hand": share_right(reader, pictures[50:], labels[50:]),
            "mnist": share_right(reader, mnist.test_images, mnist.test_labels),
        }

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        kept(folder / "kept", before, pictures[:50], labels[:50])
        export(folder / "kept", folder / "own")
        command = ["train", "digit", "--recipe", "short", "--epochs", str(asked.epochs), "--learning-rate", "1e-4"]
        command += ["--start", str(bundled()), "--also", str(folder / "own"), "--out", str(folder / "run")]
        command += ["--parts", str(PARTS)]
        subprocess.run([sys.executable, "-m", "guarismo", *command], check=True)
        after = Reader(folder / "run")
        rows = {"before": measured(before), "after": measured(after)}
    lost = rows["before"]["mnist"] - rows["after"]["mnist"]
    record.write(
        "corrections",
        {
            "command": " ".join(["python", "benchmarks/corrections.py", *sys.argv[1:]]),
            "model": before.model.to_dict(),
            "corrections": 50,
            "others": 1000,
            **rows,
            "mnist_lost": lost,
            "enough": rows["after"]["hand"] > rows["before"]["hand"] and lost <= MOST_LOST,
        },
    )


if __name__ == "__main__":
    main()
