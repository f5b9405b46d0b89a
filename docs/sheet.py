"""Draws docs/img/examples.png: the pictures of examples/ as ``guarismo read --annotate`` writes them.

python docs/sheet.py
"""

from __future__ import annotations

import csv
from pathlib import Path

from PIL import Image

from guarismo import Reader
from guarismo.image import load_gray
from guarismo.render import annotate

ROOT = Path(__file__).parents[1]
COLUMNS, SIDE, GAP = 6, 200, 12


def main() -> None:
    reader = Reader()
    with (ROOT / "examples" / "labels.csv").open(newline="") as file:
        names = [row["file"] for row in csv.DictReader(file)]
    rows = -(-len(names) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * (SIDE + GAP) + GAP, rows * (SIDE + GAP) + GAP), (232, 232, 232))
    for i, name in enumerate(names):
        gray = load_gray(ROOT / "examples" / name)
        picture = annotate(gray, reader.page_of(reader.digit(gray), gray))
        picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
        x, y = GAP + (i % COLUMNS) * (SIDE + GAP), GAP + (i // COLUMNS) * (SIDE + GAP)
        sheet.paste(picture, (x + (SIDE - picture.width) // 2, y + (SIDE - picture.height) // 2))
    sheet.quantize(128).save(ROOT / "docs" / "img" / "examples.png", optimize=True)


if __name__ == "__main__":
    main()
