"""Photos of filled puzzles through ``grids.find`` and ``Reader.digits``: writes results/sudoku.json.

    python benchmarks/sudoku.py [--model DIR] [--sheet FILE.png] [--name sudoku]

The 40 photos (Wicht and Hennebert 2014) are for measuring only. A cell is right where its digit is whatever its status;
shares of what is ``read`` are told beside. ``--sheet`` draws each wrong cell, its cut-out over its ink, outside the
repository.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import record
from numpy.typing import NDArray

from guarismo import Digit, Reader
from guarismo.datasets import data_folder
from guarismo.errors import DatasetError
from guarismo.grids import Cell, GridCut, find
from guarismo.image import load_gray
from guarismo.ink import frame
from guarismo.types import Gray

SIDE = 9
ACROSS = 14
"""Wrong cells in a row of the sheet."""

Wrong = tuple[dict[str, Any], Cell]


def puzzle(cuts: list[GridCut]) -> GridCut | None:
    """The largest grid of nine rows and nine columns."""
    good = [cut for cut in cuts if (cut.rows, cut.columns) == (SIDE, SIDE)]
    return max(good, key=lambda cut: cut.box.width * cut.box.height, default=None)


def read(reader: Reader, cut: GridCut) -> dict[tuple[int, int], tuple[Cell, Digit | None]]:
    """What each single cell says; None where it is empty."""
    single = [cell for cell in cut.cells if cell.row_span == cell.column_span == 1]
    digits = reader.digits([cell.cutout.gray for cell in single])
    pairs = zip(single, digits, strict=True)
    return {(cell.row, cell.column): (cell, None if cell.empty else digit) for cell, digit in pairs}


def wrong_cells(photo: dict[str, Any], said: dict[tuple[int, int], tuple[Cell, Digit | None]]) -> Iterator[Wrong]:
    """Each cell that says something else than is there."""
    for (row, column), (cell, digit) in said.items():
        wanted = photo["cells"][row][column]
        got = digit.value if digit is not None else None
        if (got or 0) != wanted or (got == 0 and wanted == 0):
            told = {"status": digit.status, "confidence": round(digit.confidence, 3)} if digit is not None else {}
            place = {"photo": Path(photo["file"]).name, "row": row, "column": column, "wanted": wanted, "got": got}
            yield {**place, "printed": bool(photo["printed"][row][column]), **told}, cell


def measured(reader: Reader, folder: Path) -> tuple[dict[str, Any], list[Wrong]]:
    """Figures over all photos, and what is wrong."""
    photos = json.loads((folder / "labels.json").read_text())
    printed = np.array([photo["printed"] for photo in photos], bool)
    right, sure = np.zeros(printed.shape, bool), np.zeros(printed.shape, bool)
    wrong: list[Wrong] = []
    missed, others, seconds = [], 0, []
    for i, photo in enumerate(photos):
        gray = load_gray(folder / photo["file"])
        began = time.perf_counter()
        cuts = find(gray)
        seconds.append(time.perf_counter() - began)
        cut = puzzle(cuts)
        others += len(cuts) - (cut is not None)
        if cut is None:
            missed.append(Path(photo["file"]).name)
            continue
        said = read(reader, cut)
        mine = list(wrong_cells(photo, said))
        bad = {(one["row"], one["column"]) for one, _cell in mine}
        for place, (_cell, digit) in said.items():
            right[i][place] = place not in bad
            sure[i][place] = digit is not None and digit.status == "read"
        wrong += mine
    return {
        "photos": len(photos),
        "grids_found": len(photos) - len(missed),
        "not_found": missed,
        "other_grids": others,
        "cells_right": float(right.mean()),
        "handwritten_right": float(right[~printed].mean()),
        "printed_right": float(right[printed].mean()),
        "photos_whole": int(right.all((1, 2)).sum()),
        "read": float(sure.mean()),
        "wrong_read": float((sure & ~right).sum() / max(int(sure.sum()), 1)),
        "seconds_to_find": record.spread(seconds),
        "wrong": [one for one, _cell in wrong],
    }, wrong


def sheet(wrong: list[Wrong]) -> Gray:
    """The wrong cells: cut-out, ink, and what was read for what."""
    tiles = [_tile(one, cell) for one, cell in wrong]
    tiles += [np.full_like(tiles[0], 255)] * (-len(tiles) % ACROSS)
    return np.vstack([np.hstack(tiles[i : i + ACROSS]) for i in range(0, len(tiles), ACROSS)])


def _tile(one: dict[str, Any], cell: Cell) -> NDArray[np.uint8]:
    ink = 255 - np.rint(255 * frame(cell.cutout.gray).ink).astype(np.uint8)
    pictures = [cv2.resize(cell.cutout.gray, (96, 96)), cv2.resize(ink, (96, 96), interpolation=cv2.INTER_NEAREST)]
    tile = np.vstack([*pictures, np.full((30, 96), 255, np.uint8)])
    kind = "P" if one["printed"] else "H"
    lines = (f"{one['wanted']}>{one['got']} {kind}{one.get('confidence', '')}", _place(one))
    for line, y in zip(lines, (205, 219), strict=True):
        cv2.putText(tile, line, (1, y), cv2.FONT_HERSHEY_SIMPLEX, 0.38, (0,))
    return np.asarray(tile, np.uint8)


def _place(one: dict[str, Any]) -> str:
    return f"{one['photo'].removeprefix('image').removesuffix('.jpg')} {one['row']},{one['column']}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", help="a model directory; the bundled one otherwise")
    parser.add_argument("--sheet", type=Path, help="a picture of all wrong cells")
    parser.add_argument("--name", default="sudoku", help="of the file in benchmarks/results")
    asked = parser.parse_args()
    folder = data_folder()
    if folder is None:
        raise DatasetError("{name}: not found; point GUARISMO_DATA to the folder that holds it", name="sudoku")
    cv2.setNumThreads(1)
    reader = Reader(asked.model, threads=1)
    figures, wrong = measured(reader, folder / "sudoku")
    if asked.sheet and wrong:
        cv2.imwrite(str(asked.sheet), sheet(wrong))
    record.write(asked.name, {"command": "python benchmarks/sudoku.py", "model": reader.model.to_dict(), **figures})


if __name__ == "__main__":
    main()
