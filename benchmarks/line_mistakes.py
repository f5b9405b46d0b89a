"""Cheque amounts that are not read right: writes docs/img/mistakes-lines.png and prints what each would need.

    python benchmarks/line_mistakes.py [--line-model DIR] [--out FILE]

A tile is the strip that the network saw (the pictures of ORAND-CAR-A may be looked at and not passed on), the right
number → the reading, its confidence and status, and what it would need (``orand_lines.json``, by eye); framed where
it was accepted. The surest come first.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import lines
import mistakes
import numpy as np
from PIL import Image, ImageDraw

from guarismo import Number, Reader
from guarismo.render import COLOURS
from guarismo.strip import HEIGHT as ROWS
from guarismo.strip import strip
from guarismo.types import Gray

OUT = mistakes.IMAGES / "mistakes-lines.png"
COLUMNS, WIDTH, GAP = 4, 300, 8
"""Tiles in a row; pixels of a tile: the strip of seven digits as it is, longer ones smaller."""
HEIGHT = ROWS + 40


@dataclass(frozen=True, slots=True, eq=False)
class Mistake:
    """A cheque that was not read right, and what it would need."""

    gray: Gray
    wanted: str
    found: Number
    need: str


def wrong(reader: Reader) -> list[Mistake]:
    """The cheques read wrong by the corrected labels, the surest first."""
    cheques = lines.orand(lines.needed_folder())
    needs = lines.looked_at()["needs"]
    read = reader.numbers([cheque.gray for cheque in cheques])
    made = [
        Mistake(cheque.gray, cheque.corrected, found, needs.get(cheque.name, "not looked at"))
        for cheque, found in zip(cheques, read, strict=True)
        if found.digits_text != cheque.corrected
    ]
    return sorted(made, key=lambda one: -one.found.confidence)


def page(found: Sequence[Mistake]) -> Image.Image:
    rows = -(-max(len(found), 1) // COLUMNS)
    size = (COLUMNS * (WIDTH + GAP) + GAP, rows * (HEIGHT + GAP) + GAP)
    sheet = Image.new("RGB", size, mistakes.PAGE)
    for i, one in enumerate(found):
        sheet.paste(tile(one), (GAP + i % COLUMNS * (WIDTH + GAP), GAP + i // COLUMNS * (HEIGHT + GAP)))
    return sheet


def tile(one: Mistake) -> Image.Image:
    made = Image.new("RGB", (WIDTH, HEIGHT), mistakes.TILE)
    draw = ImageDraw.Draw(made)
    seen = strip(one.gray)
    if seen is not None:
        ink = Image.fromarray(np.rint(255 - 255 * seen.ink).astype(np.uint8))
        ink.thumbnail((WIDTH, ROWS), Image.Resampling.LANCZOS)
        made.paste(ink, ((WIDTH - ink.width) // 2, (ROWS - ink.height) // 2))
    draw.line([(0, ROWS), (WIDTH, ROWS)], mistakes.FAINT)
    status = one.found.status
    draw.text((6, ROWS + 3), f"{one.wanted} → {one.found.text or '–'}", mistakes.TEXT, mistakes.font(14, bold=True))
    draw.text((WIDTH - 6, ROWS + 4), f"{one.found.confidence:.3f}", mistakes.TEXT, mistakes.font(12), anchor="ra")
    draw.text((6, ROWS + 22), one.need, mistakes.TEXT, mistakes.font(11))
    draw.text((WIDTH - 6, ROWS + 22), status.replace("_", " "), COLOURS[status], mistakes.font(11), anchor="ra")
    if status == "read":
        draw.rectangle((0, 0, WIDTH - 1, HEIGHT - 1), outline=COLOURS["not_a_digit"], width=2)
    return made


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--line-model", type=Path)
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args()
    found = wrong(Reader(line_model=asked.line_model, threads=1))
    mistakes.save(page(found), asked.out)
    for need, count in Counter(one.need for one in found).most_common():
        print(f"{count:>4}  {need}")
    print(f"{len(found)} wrong, {sum(one.found.status == 'read' for one in found)} of them accepted; {asked.out}")


if __name__ == "__main__":
    main()
