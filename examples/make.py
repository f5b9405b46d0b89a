"""Makes the pictures of this folder: digits that the stroke generator wrote, as people would have them.

    python examples/make.py

Seeded; each picture's name says what is on it, ``labels.csv`` what is to be read.
"""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from guarismo.train.pens import Pen, draw
from guarismo.train.strokes import Hand
from guarismo.types import Gray

HERE = Path(__file__).parent
PAPER, BLUE = np.array([250, 248, 240.0]), np.array([30, 50, 150.0])


def written(digit: int, form: str, seed: int, pen: Pen, size: int = 300) -> Gray:
    rng = np.random.default_rng(seed)
    return draw(Hand.random(rng).write(digit, rng, form=form), size, pen, rng)


def on_page(digit: Gray, shape: tuple[int, int], at: tuple[int, int]) -> Gray:
    page = np.full(shape, 255, np.uint8)
    page[at[0] : at[0] + digit.shape[0], at[1] : at[1] + digit.shape[1]] = digit
    return page


def coloured(gray: Gray, ink: NDArray[np.float64], paper: NDArray[np.float64]) -> NDArray[np.float64]:
    share = gray[..., None] / 255
    return share * paper + (1 - share) * ink


def photo(picture: NDArray[np.float64], light: NDArray[np.float64], seed: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    noisy = picture * light[..., None] + rng.normal(0, 4, picture.shape)
    return np.clip(cv2.GaussianBlur(noisy, (0, 0), 1.2), 0, 255).astype(np.uint8)


def slope(shape: tuple[int, int], low: float) -> NDArray[np.float64]:
    return np.broadcast_to(np.linspace(1, low, shape[1]), shape) * np.linspace(1, 0.85, shape[0])[:, None]


def main() -> None:
    biro, felt, marker = Pen(width=0.035), Pen(width=0.08), Pen(width=0.17)
    pictures: dict[str, tuple[str, Image.Image]] = {}

    seven = on_page(written(7, "crossed", 3, felt), (480, 640), (70, 200))
    pictures["seven.png"] = "7", Image.fromarray(photo(coloured(seven, BLUE, PAPER), slope((480, 640), 0.6), 1))

    two = on_page(written(2, "loop", 5, biro), (420, 420), (20, 40))
    shade = np.where(np.add.outer(np.arange(420), np.arange(420)) < 400, 0.55, 1.0)
    pictures["two-in-the-shade.jpg"] = "2", Image.fromarray(photo(coloured(two, BLUE, PAPER), shade, 2))

    pictures["four-on-a-blackboard.png"] = "4", Image.fromarray(255 - written(4, "open", 8, felt))

    nine = written(9, "hook", 2, marker)
    clear = np.zeros((*nine.shape, 4), np.uint8)
    clear[..., 3] = 255 - nine
    pictures["nine-on-nothing.png"] = "9", Image.fromarray(clear)

    small = cv2.resize(written(5, "hat", 4, felt), (24, 30), interpolation=cv2.INTER_AREA)
    pictures["five-tiny-on-a-page.png"] = "5", Image.fromarray(on_page(small, (1000, 700), (840, 560)))

    pictures["one-with-a-flag.png"] = "1", Image.fromarray(written(1, "flag_foot", 6, biro))

    zero = on_page(written(0, "slashed", 9, felt, 160), (240, 240), (30, 50))
    boxed = cv2.rectangle(zero.copy(), (6, 6), (233, 233), 60, 3)
    pictures["zero-in-a-box.png"] = "0", Image.fromarray(boxed)

    faint = (255 - (255 - written(3, "flat", 11, biro)) * 0.2).astype(np.uint8)
    pictures["three-in-pencil.png"] = "3", Image.fromarray(faint)

    pictures["eight-sideways.jpg"] = "8", Image.fromarray(np.rot90(written(8, "open", 12, felt)))

    rng = np.random.default_rng(13)
    pictures["blank-paper.png"] = "", Image.fromarray(photo(np.full((300, 300, 3), 225.0), slope((300, 300), 0.8), 3))
    turns = np.linspace(0, 9 * np.pi, 60)  # to and fro, as one crosses a word out
    knot = np.stack([np.sin(turns) * 0.6 + 0.7, turns / 40 + 0.1 * np.cos(2.3 * turns)], 1).astype(np.float32)
    pictures["scribble.png"] = "", Image.fromarray(draw([knot], 240, felt, rng))

    for name, (_label, picture) in pictures.items():
        extra = {}
        if name == "eight-sideways.jpg":  # lies on its side; its orientation tag says so
            exif = Image.Exif()
            exif[0x0112] = 6
            extra = {"exif": exif}
        picture.save(HERE / name, **extra)
    with (HERE / "labels.csv").open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(
            [("file", "digit"), *((n, label) for n, (label, _) in pictures.items())]
        )


if __name__ == "__main__":
    main()
