"""Pictures for the batch benchmarks, made by script from a seed: digits in tar files, number lines in Parquet files.

A few thousand strokes are drawn; each picture is some of them, moved, in another light and encoded anew, so that no two
are alike and a million can be made in minutes.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from guarismo.train.pens import Pen, draw
from guarismo.train.strokes import Hand

DRAWINGS = 200
"""Of each digit."""

BALLPOINT = Pen(width=0.09, pressure=0.1, softness=0.006)

Rng = np.random.Generator
Drawing = NDArray[np.uint8]
"""uint8 (H, W), black on white, cut close."""


def drawings(seed: int, height: int) -> list[list[Drawing]]:
    """For each digit, by ``DRAWINGS`` hands."""
    rng = np.random.default_rng(seed)
    hands = [Hand.random(rng) for _hand in range(DRAWINGS)]
    return [[draw(hand.write(digit, rng), height, BALLPOINT, rng) for hand in hands] for digit in range(10)]


def digit_pictures(seed: int, count: int) -> Iterator[bytes]:
    """PNG files of 40x40 pixels, each with one digit."""
    rng, drawn = np.random.default_rng([seed, 1]), drawings(seed, 24)
    for i in range(count):
        one = drawn[i % 10][rng.integers(DRAWINGS)]
        yield _png(_on_paper(one, 40, max(40, one.shape[1] + 4), rng))


def line_pictures(seed: int, count: int) -> Iterator[bytes]:
    """PNG files 64 pixels high, each with a number of three to eight digits."""
    rng, drawn = np.random.default_rng([seed, 2]), drawings(seed, 40)
    for _line in range(count):
        chosen = [drawn[digit][rng.integers(DRAWINGS)] for digit in rng.integers(0, 10, rng.integers(3, 9))]
        high = max(len(one) for one in chosen)
        gap = np.full((high, 6), 255, np.uint8)
        padded = [cv2.copyMakeBorder(one, 0, high - len(one), 0, 0, cv2.BORDER_CONSTANT, value=255) for one in chosen]
        line = np.concatenate([part for one in padded for part in (one, gap)], 1)
        yield _png(_on_paper(line, 64, line.shape[1] + 40, rng))


def _on_paper(drawing: Drawing, height: int, width: int, rng: Rng) -> Drawing:
    sheet = np.full((max(height, len(drawing)), width), 255, np.uint8)
    top = rng.integers(len(sheet) - len(drawing) + 1)
    left = rng.integers(width - drawing.shape[1] + 1)
    sheet[top : top + len(drawing), left : left + drawing.shape[1]] = drawing
    black, white = rng.uniform(0, 60), rng.uniform(200, 255)
    return np.rint(black + (white - black) / 255 * sheet).astype(np.uint8)


def _png(picture: Drawing) -> bytes:
    return bytes(cv2.imencode(".png", picture)[1])


def write_tars(folder: Path, pictures: Iterator[bytes], each: int = 10_000) -> None:
    """``each`` pictures to a tar file, as WebDataset has them."""
    folder.mkdir(parents=True)
    number = 0
    while some := list(islice(pictures, each)):
        with tarfile.open(folder / f"{number:05}.tar", "w") as tar:
            for i, data in enumerate(some):
                member = tarfile.TarInfo(f"{number:05}-{i:05}.png")
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
        number += 1


def write_parquets(folder: Path, pictures: Iterator[bytes], each: int = 2000) -> None:
    """``each`` pictures to a Parquet file, 500 to a row group."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir(parents=True)
    for number, some in enumerate(iter(lambda: list(islice(pictures, each)), [])):
        pq.write_table(pa.table({"image": some}), folder / f"{number:05}.parquet", row_group_size=500)
