"""Phone photos of puzzles, printed and handwritten digits in one grid, through ``Reader.page``. For measuring only.

    python benchmarks/sudoku.py [--model DIR]

Writes results/sudoku.json. A cell is right when an empty one is None, or its best guess is the digit; ``trusted``
counts those that are ``read`` too, and ``wrong_read`` the wrong ones among all that are ``read``.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import record

from guarismo import Grid, Reader
from guarismo.datasets import data_folder
from guarismo.errors import DatasetError

SIDE = 9


def photos(folder: Path) -> list[dict[str, Any]]:
    """Each with its file, cells (9 x 9, 0 for an empty one), and which of them are printed."""
    return list(json.loads((folder / "sudoku" / "labels.json").read_text()))


def best(grids: tuple[Grid, ...]) -> Grid | None:
    """The grid of nine rows and columns; None where none was found."""
    whole = [grid for grid in grids if (grid.rows, grid.columns) == (SIDE, SIDE)]
    return max(whole, key=lambda grid: grid.box.width * grid.box.height, default=None)


def compared(grid: Grid | None, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """bool (9, 9): right, and ``read``. All is wrong where no grid was found."""
    right, read = np.zeros((SIDE, SIDE), bool), np.zeros((SIDE, SIDE), bool)
    for row, column in np.ndindex(SIDE, SIDE) if grid is not None else ():
        cell = grid.cells[row][column] if grid is not None else None
        right[row, column] = (cell.text if cell else "") == (str(wanted[row, column]) if wanted[row, column] else "")
        read[row, column] = cell is not None and cell.status == "read"
    return right, read


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=Path)
    parser.add_argument("--line-model", type=Path)
    asked = parser.parse_args()
    folder = data_folder()
    if folder is None:
        raise DatasetError("the photos of puzzles are needed: set GUARISMO_DATA")
    reader = Reader(asked.model, asked.line_model)
    found, right, read, wanted, printed, seconds = 0, [], [], [], [], []
    errors: list[dict[str, Any]] = []
    for photo in photos(folder):
        began = time.perf_counter()
        grid = best(reader.page(folder / "sudoku" / photo["file"]).grids)
        seconds.append(time.perf_counter() - began)
        cells = np.array(photo["cells"])
        ok, trusted = compared(grid, cells)
        found += grid is not None
        for row, column in np.argwhere(~ok).tolist() if grid is not None else []:
            cell = grid.cells[row][column] if grid is not None else None
            errors.append(
                {
                    "file": photo["file"],
                    "row": row,
                    "column": column,
                    "wanted": int(cells[row, column]),
                    "printed": bool(photo["printed"][row][column]),
                    "got": cell.text if cell else "",
                    "status": cell.status if cell else "empty",
                }
            )
        right.append(ok)
        read.append(trusted)
        wanted.append(cells)
        printed.append(np.array(photo["printed"]) == 1)
    rights, reads, cells, prints = (np.stack(one) for one in (right, read, wanted, printed))
    hand = (cells > 0) & ~prints
    record.write(
        "sudoku",
        {
            "command": "python benchmarks/sudoku.py",
            "model": reader.model.to_dict(),
            "photos": len(right),
            "grids_found": found,
            "cells_right": float(rights.mean()),
            "handwritten_right": float(rights[hand].mean()),
            "printed_right": float(rights[(cells > 0) & prints].mean()),
            "empty_right": float(rights[cells == 0].mean()) if (cells == 0).any() else None,
            "photos_whole": int(rights.all((1, 2)).sum()),
            "trusted": float(reads[cells > 0].mean()),
            "wrong_read": float((reads & ~rights).sum() / max(1, reads.sum())),
            "seconds": record.spread(seconds),
            "errors": errors,
        },
    )


if __name__ == "__main__":
    main()
