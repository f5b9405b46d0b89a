"""What the reader gets wrong or does not read, to look at: writes docs/img/mistakes-SET.png and prints the counts.

    python benchmarks/mistakes.py orand                       the bundled model on the digit boxes of cheques
    python benchmarks/mistakes.py pendigits --model runs/mine --count 500 --out /tmp/page.png

A tile is the picture as given, what ``ink.py`` made of it, label → best guess, confidence and status; of ``orand``,
whose pictures may be looked at and not passed on, the ink alone; it is framed
where a wrong guess was accepted. Wrong guesses come first, then pictures without ink, then right guesses that were not
accepted, the surest of each first; a page has the first 120. MNIST's test digits (``mnist``) are for the final model
only.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import matplotlib as mpl
import numpy as np
import strangers
from PIL import Image, ImageDraw, ImageFont

from guarismo import Reader
from guarismo.datasets import Digits
from guarismo.evaluate import load_named
from guarismo.ink import frame
from guarismo.render import COLOURS
from guarismo.types import Digit, Gray

IMAGES = Path(__file__).parents[1] / "docs" / "img"
SETS: Final[dict[str, Callable[[int | None], Digits]]] = {
    "orand": lambda count: first(load_named("orand"), count),
    "mnist": lambda count: first(load_named("mnist"), count),
    "optdigits": strangers.optdigits,
    "pendigits": strangers.pendigits,
}

UNSHOWN = ("orand",)
"""Its licence is for research: its pictures are no part of this repository."""

LARGEST = 120
"""Tiles of a page: about what is looked through at one sitting, and below 400 kB."""

COLUMNS, SIDE, GAP = 10, 56, 8
"""Tiles in a row; pixels of the side of either picture, twice MNIST's; pixels around tiles."""
WIDTH, HEIGHT = 2 * SIDE + 3, SIDE + 34
PAGE, TILE, TEXT, FAINT = (232, 232, 232), (255, 255, 255), (38, 38, 38), (200, 200, 200)
SHADES = 33
"""Greys of the PNG, beside the statuses' colours: enough for photos; where two lie nearer, Pillow may take the
neighbour of white for white."""


@dataclass(frozen=True, slots=True, eq=False)
class Mistake:
    """A picture that was not read as what it shows."""

    picture: Gray
    label: int
    digit: Digit

    @property
    def wrong(self) -> bool:
        return self.digit.value != self.label

    @property
    def accepted(self) -> bool:
        return self.digit.status == "read"


def first(digits: Digits, count: int | None) -> Digits:
    """``count`` of them, spread over the set; all where it is None."""
    chosen = strangers.some(len(digits), count)
    images = tuple(digits.images[i] for i in chosen)
    return Digits(images, digits.labels[chosen], tuple(digits.names[i] for i in chosen))


def mistakes(reader: Reader, digits: Digits) -> list[Mistake]:
    """Wrong guesses, blank ones, right ones that were not accepted; the surest of each first."""
    read = zip(digits.images, digits.labels.tolist(), reader.digits(digits.images), strict=True)
    every = [Mistake(picture, label, digit) for picture, label, digit in read]
    found = [one for one in every if one.wrong or not one.accepted]
    return sorted(found, key=lambda one: (not one.wrong, one.digit.value is None, -one.digit.confidence))


def page(found: Sequence[Mistake], given: bool = True) -> Image.Image:
    """Tiles in rows, the first ``LARGEST`` of them; without the pictures as given, where ``given`` is false."""
    shown = found[:LARGEST]
    columns = min(COLUMNS, max(len(shown), 1))
    rows = -(-max(len(shown), 1) // columns)
    sheet = Image.new("RGB", (columns * (WIDTH + GAP) + GAP, rows * (HEIGHT + GAP) + GAP), PAGE)
    for i, one in enumerate(shown):
        sheet.paste(tile(one, given), (GAP + i % columns * (WIDTH + GAP), GAP + i // columns * (HEIGHT + GAP)))
    return sheet


def tile(one: Mistake, given: bool = True) -> Image.Image:
    """The picture, its ink dark on light, and two lines; a wrong reading that was accepted is framed."""
    made = Image.new("RGB", (WIDTH, HEIGHT), TILE)
    draw = ImageDraw.Draw(made)
    if given:
        fitted = _fitted(one.picture)
        made.paste(fitted, ((SIDE - fitted.width) // 2, (SIDE - fitted.height) // 2))
    ink = Image.fromarray(np.rint(255 - 255 * frame(one.picture).ink).astype(np.uint8))
    made.paste(ink.resize((SIDE, SIDE), Image.Resampling.NEAREST), (SIDE + 3 if given else WIDTH // 2 - SIDE // 2, 0))
    if given:
        draw.line([(SIDE + 1, 0), (SIDE + 1, SIDE)], FAINT)
    draw.line([(0, SIDE), (WIDTH, SIDE)], FAINT)
    value = "–" if one.digit.value is None else str(one.digit.value)
    colour = COLOURS[one.digit.status]
    draw.text((5, SIDE + 3), f"{one.label} → {value}", TEXT, font(13, bold=True))
    draw.text((WIDTH - 5, SIDE + 4), f"{one.digit.confidence:.3f}", TEXT, font(12), anchor="ra")
    draw.text((5, SIDE + 18), one.digit.status.replace("_", " "), colour, font(11))
    if one.wrong and one.accepted:
        draw.rectangle((0, 0, WIDTH - 1, HEIGHT - 1), outline=COLOURS["not_a_digit"], width=2)
    return made


def _fitted(picture: Gray) -> Image.Image:
    """As large as its place allows, in its own proportions."""
    given = Image.fromarray(picture)
    scale = SIDE / max(given.size)
    size = (max(1, round(given.width * scale)), max(1, round(given.height * scale)))
    return given.resize(size, Image.Resampling.LANCZOS if scale < 1 else Image.Resampling.NEAREST)


def font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """DejaVu Sans from Matplotlib, which is on every machine that trains; Pillow's own has no arrow."""
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(Path(mpl.get_data_path()) / "fonts" / "ttf" / name, size)


def table(found: Sequence[Mistake]) -> str:
    """Label → best guess, counted: ``none`` where no ink was found, ``unread`` where it was right but not accepted."""
    wrong = Counter((one.label, one.digit.value) for one in found if one.wrong)
    unread = Counter(one.label for one in found if not one.wrong)
    guesses = (*range(10), None)
    lines = ["label" + "".join(f"{'none' if guess is None else guess:>5}" for guess in guesses) + "  unread"]
    for label in range(10):
        counts = "".join(f"{wrong[label, guess] or '.':>5}" for guess in guesses)
        lines.append(f"{label:>5}{counts}{unread[label] or '.':>8}")
    return "\n".join(lines)


def save(sheet: Image.Image, path: Path) -> None:
    """With a palette of its own: one made from the page would have no room for the few coloured pixels."""
    greys = [(level,) * 3 for level in np.linspace(0, 255, SHADES).round().astype(int).tolist()]
    palette = Image.new("P", (1, 1))
    palette.putpalette([channel for colour in (*greys, PAGE, *COLOURS.values()) for channel in colour])
    sheet.quantize(palette=palette, dither=Image.Dither.NONE).save(path, "PNG", optimize=True)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("set", choices=SETS)
    parser.add_argument("--model", help="a model directory; the bundled one otherwise")
    parser.add_argument("--count", type=strangers.positive, help="at most so many pictures of the set")
    parser.add_argument("--out", type=Path, help="the PNG; docs/img/mistakes-SET.png otherwise")
    given = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    digits = SETS[given.set](given.count)
    found = mistakes(Reader(given.model, threads=1), digits)
    path = given.out or IMAGES / f"mistakes-{given.set}.png"
    save(page(found, given.set not in UNSHOWN), path)
    accepted = sum(one.wrong and one.accepted for one in found)
    print(table(found))
    print(f"{len(digits)} pictures, {sum(one.wrong for one in found)} wrong ({accepted} accepted), ", end="")
    print(f"{sum(not one.wrong for one in found)} right but not accepted; {path}: {min(len(found), LARGEST)} tiles")


if __name__ == "__main__":
    main()
