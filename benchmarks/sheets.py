"""Pages through ``Reader.page`` as shipped: rendered sheets, pictures without a number, and a photo of 12 megapixels.

    python benchmarks/sheets.py [--line-model DIR] [--count 300] [--none 200] [--seed 2026]

Writes results/sheets.json. A number counts as right where its text is what was written, marks too, and its middle lies
on what was written; the numbers of cells and rows of boxes count like those of lines. Bars: 97 % right; 0.05 numbers
reported on a picture without any; 1.5 s and 600 MB for the photo.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import record
import rendered

from guarismo import Number, Page, Reader
from guarismo.datasets import data_folder
from guarismo.errors import DatasetError
from guarismo.train.writers import Writers
from guarismo.types import ACTED_ON, Status, digits_of
from guarismo.workers import cores, run_all

SEED = 2026
PHOTO = (4000, 3000)
"""Height and width of the photo that is timed."""


def every(page: Page) -> Iterator[Number]:
    """All numbers that a page reports, those of cells too."""
    return (number for number in page.written if number.status in ACTED_ON)


def matched(page: Page, wanted: Iterable[rendered.Wanted]) -> tuple[list[Number | None], int]:
    """For each number wanted the one found in its place, and how many were found in no such place."""
    left = list(every(page))
    pairs: list[Number | None] = []
    for one in wanted:
        near = [number for number in left if _inside(one, number)]
        best = min(near, key=lambda number: number.text != one.text, default=None)
        pairs.append(best)
        left = [number for number in left if number is not best]
    return pairs, len(left)


def _inside(one: rendered.Wanted, number: Number) -> bool:
    middle = ((number.box.left + number.box.right) / 2, (number.box.top + number.box.bottom) / 2)
    return cv2.pointPolygonTest(one.corners, middle, False) >= 0


def of_sheets(line_model: Path | None, count: int, seed: int, folder: Path) -> dict[str, Any]:
    """Shares found and right, by kind of sheet and altogether, a process to each core."""
    found: dict[str, list[list[bool]]] = {}
    beside, pages = 0, 0
    for kind, compared, more in run_all(cores(), _of_sheet, [(line_model, seed, i, folder) for i in range(count)]):
        beside, pages = beside + more, pages + 1
        found.setdefault(kind, []).extend(compared)
    everything = [each for some in found.values() for each in some]
    shares = {kind: _shares(some) for kind, some in [*sorted(found.items()), ("all", everything)]}
    return {"sheets": pages, "beside_a_sheet": beside / max(pages, 1), **shares}


def _of_sheet(line_model: Path | None, seed: int, number: int, folder: Path) -> tuple[str, list[list[bool]], int]:
    made = rendered.sheet(seed, number, _sources(folder))
    pairs, more = matched(_reader(line_model).page(made.picture), made.wanted)
    return made.kind, [_compared(one, wanted.text) for one, wanted in zip(pairs, made.wanted, strict=True)], more


@cache
def _reader(line_model: Path | None) -> Reader:
    return Reader(line_model=line_model, threads=1)


@cache
def _sources(folder: Path) -> Writers:
    return Writers(folder, SEED)


def _compared(one: Number | None, text: str) -> list[bool]:
    """Whether it is there, right, its digits right, and read."""
    if one is None:
        return [False] * 4
    return [True, one.text == text, one.digits_text == digits_of(text), one.status == "read"]


def _shares(some: list[list[bool]]) -> dict[str, float]:
    there, right, digits, read = np.array(some).T
    return {
        "n": len(some),
        "found": float(there.mean()),
        "right": float(right.mean()),
        "digits_right": float(digits.mean()),
        "read": float(read.mean()),
        "wrong_read": float((read & ~right).sum() / max(int(read.sum()), 1)),
    }


def of_nothing(line_model: Path | None, count: int, seed: int) -> dict[str, float]:
    """Numbers reported on pictures without any."""
    statuses = list(run_all(cores(), _of_none, [(line_model, seed, i) for i in range(count)]))
    return {
        "n": count,
        "a_picture": sum(map(len, statuses)) / max(count, 1),
        "read_a_picture": sum(some.count("read") for some in statuses) / max(count, 1),
    }


def _of_none(line_model: Path | None, seed: int, number: int) -> list[Status]:
    return [one.status for one in every(_reader(line_model).page(rendered.without(seed, number)))]


def of_a_photo(seed: int, folder: Path, line_model: Path | None, rounds: int = 5) -> dict[str, Any]:
    """Seconds and peak megabytes of a process that reads a 12-megapixel photo of a table."""
    made = next(
        made for i in range(2, 300, 3) if len((made := rendered.sheet(seed, i, Writers(folder, SEED))).wanted) > 20
    )
    whole = cv2.resize(made.picture, PHOTO[::-1], interpolation=cv2.INTER_CUBIC)
    path = record.RESULTS / "photo.jpg"
    path.write_bytes(cv2.imencode(".jpg", whole[..., ::-1])[1].tobytes())
    command = [sys.executable, __file__, "--photo", str(path), "--rounds", str(rounds)]
    command += ["--line-model", str(line_model)] if line_model else []
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    path.unlink()
    return {**json.loads(told), "numbers": len(made.wanted)}


def _photo(reader: Reader, path: Path, rounds: int) -> dict[str, Any]:
    reader.page(path)
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        reader.page(path)
        seconds.append(time.perf_counter() - began)
    return {"seconds": record.spread(seconds), "megabytes": _most_megabytes()}


def _most_megabytes() -> float:
    """The most that this process has held. What ``getrusage`` says is, after a start from a larger one, that one's."""
    return (record.held("VmHWM") / 1024 or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / 1024


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--line-model", type=Path)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--none", type=int, default=200)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--photo", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    reader = Reader(line_model=asked.line_model)
    if asked.photo is not None:
        print(json.dumps(_photo(reader, asked.photo, asked.rounds)))
        return
    folder = data_folder()
    if folder is None:
        raise DatasetError("the data of training are needed, for their held-out writers: set GUARISMO_DATA")
    record.write(
        "sheets",
        {
            "command": f"python benchmarks/sheets.py --count {asked.count} --none {asked.none} --seed {asked.seed}",
            "model": reader.model.to_dict(),
            "line_model": reader.line_model.to_dict(),
            "sheets": of_sheets(asked.line_model, asked.count, asked.seed, folder),
            "no_number": of_nothing(asked.line_model, asked.none, asked.seed),
            "photo": of_a_photo(asked.seed, folder, asked.line_model, asked.rounds),
        },
    )


if __name__ == "__main__":
    main()
