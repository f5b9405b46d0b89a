"""Phone photos of puzzles, printed and handwritten digits in one grid, through ``Reader.page``. For measuring only.

    python benchmarks/sudoku.py [--model DIR]

Writes results/sudoku.json. A cell is right when an empty one is None, or its best guess is the digit; ``trusted``
counts those that are ``read`` too, and ``wrong_read`` the wrong ones among all that are ``read``. ``by_ink_alone`` has
the same of what each cell looks most like, without the rules of the puzzle (``guarismo.puzzle``).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import record
from numpy.typing import NDArray

from guarismo import Grid, Number, Reader
from guarismo.datasets import data_folder
from guarismo.errors import DatasetError

SIDE = 9

Cells = NDArray[Any]


def photos(folder: Path) -> list[dict[str, Any]]:
    """Each with its file, cells (9 x 9, 0 for an empty one), and which of them are printed."""
    return list(json.loads((folder / "sudoku" / "labels.json").read_text()))


def best(grids: tuple[Grid, ...]) -> Grid | None:
    """The grid of nine rows and columns; None where none was found."""
    whole = [grid for grid in grids if (grid.rows, grid.columns) == (SIDE, SIDE)]
    return max(whole, key=lambda grid: grid.box.width * grid.box.height, default=None)


def by_ink(cell: Number | None) -> str:
    """What a cell looks most like: its reading, or the alternative that has more confidence."""
    if cell is None:
        return ""
    return max([(cell.text, cell.confidence), *cell.alternatives], key=lambda one: one[1])[0]


def by_rules(cell: Number | None) -> str:
    return cell.text if cell else ""


def compared(grid: Grid | None, wanted: Cells, said: Callable[[Number | None], str]) -> Cells:
    """Which cells are right, bool (9, 9). All is wrong where no grid was found."""
    if grid is None:
        return np.zeros((SIDE, SIDE), bool)
    return np.array([[said(cell) for cell in row] for row in grid.cells]) == np.where(wanted, wanted.astype(str), "")


def trusted(grid: Grid | None) -> Cells:
    """Which cells are ``read``, bool (9, 9)."""
    cells = [cell for row in grid.cells for cell in row] if grid else [None] * SIDE**2
    return np.array([cell is not None and cell.status == "read" for cell in cells]).reshape(SIDE, SIDE)


def shares(right: Cells, cells: Cells, printed: Cells) -> dict[str, Any]:
    """Of N photos, (N, 9, 9) each: the share of cells that is right, by kind, and how many photos are whole."""
    return {
        "cells_right": float(right.mean()),
        "handwritten_right": float(right[(cells > 0) & ~printed].mean()),
        "printed_right": float(right[(cells > 0) & printed].mean()),
        "empty_right": float(right[cells == 0].mean()) if (cells == 0).any() else None,
        "photos_whole": int(right.all((1, 2)).sum()),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=Path)
    parser.add_argument("--line-model", type=Path)
    asked = parser.parse_args()
    folder = data_folder()
    if folder is None:
        raise DatasetError("the photos of puzzles are needed: set GUARISMO_DATA")
    reader = Reader(asked.model, asked.line_model)
    told, grids, seconds = photos(folder), [], []
    for photo in told:
        began = time.perf_counter()
        grids.append(best(reader.page(folder / "sudoku" / photo["file"]).grids))
        seconds.append(time.perf_counter() - began)
    cells = np.array([photo["cells"] for photo in told])
    prints = np.array([photo["printed"] for photo in told]) == 1
    right, ink = (
        np.stack([compared(grid, wanted, said) for grid, wanted in zip(grids, cells, strict=True)])
        for said in (by_rules, by_ink)
    )
    reads = np.stack([trusted(grid) for grid in grids])
    errors = [
        {
            "file": told[photo]["file"],
            "row": row,
            "column": column,
            "wanted": int(cells[photo, row, column]),
            "printed": bool(prints[photo, row, column]),
            "by_ink_alone": by_ink(cell),
            "got": by_rules(cell),
            "status": cell.status if cell else "empty",
        }
        for photo, row, column in np.argwhere(~(right & ink)).tolist()
        if (grid := grids[photo]) is not None
        for cell in [grid.cells[row][column]]
    ]
    record.write(
        "sudoku",
        {
            "command": "python benchmarks/sudoku.py",
            "model": reader.model.to_dict(),
            "photos": len(told),
            "grids_found": sum(grid is not None for grid in grids),
            **shares(right, cells, prints),
            "by_ink_alone": shares(ink, cells, prints),
            "trusted": float(reads[cells > 0].mean()),
            "wrong_read": float((reads & ~right).sum() / max(1, reads.sum())),
            "seconds": record.spread(seconds),
            "errors": errors,
        },
    )


if __name__ == "__main__":
    main()
