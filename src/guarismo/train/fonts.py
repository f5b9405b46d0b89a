"""Letters and digits of fonts: Debian's free ones, found by file name on the machine that trains.

Letters are no digits, in handwriting fonts as in print; some handwriting fonts are held out, to measure on.
Digits of fonts are what half of a form or a puzzle is printed in.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from guarismo.errors import UsageError
from guarismo.types import Gray

Rng = np.random.Generator

LETTERS = "ACDEFGHJKLMNPQRTUVWXYacdefhijkmnprtuvwxy&%$#@?!+=*"
"""Without the letters that people themselves cannot tell from digits: O o l I S s Z z B b q g. Of these, 'i' and 'j'
have dots and 'L', 'T', 'Y', 'y', 't' are near 1, 7 and 4; people tell them apart."""

HAND = [
    "Delphine.ttf",
    "Humor-Sans.ttf",
    "LeckerliOne-Regular.ttf",
    "Ecolier-court.ttf",
    "femkeklaver.ttf",
    "Breip.ttf",
    "breipfont.ttf",
    "ComicNeue-Light.otf",
    "ComicNeue-Bold.otf",
    "ComicNeue-Italic.otf",
    "BecauseWeBuild-Regular.otf",
    "BecauseWeOrganize-Regular.otf",
    "BecauseWeConnect-Regular.otf",
    "BecauseWeCreate-Regular.otf",
    "DancingScript-Regular.otf",
    "DancingScript-Bold.otf",
    "KaushanScript-Regular.otf",
]
"""Handwriting to train on: fonts-sjfonts, -humor-sans, -leckerli-one, -ecolier-court, -femkeklaver, -breip,
-comic-neue, -bwht, -dancingscript, -kaushanscript."""

HELD_OUT = [
    "SteveHand.ttf",
    "dkg.ttf",
    "dkgIt.ttf",
    "Kristi.ttf",
    "KleeOne-Regular.ttf",
    "BecauseWeMentor-Regular.otf",
    "BecauseWeLearn-Regular.otf",
]
"""Handwriting to measure on, never trained on: fonts-sjfonts, -dkg-handwriting, -kristi, -klee, -bwht."""

PRINT = [
    "DejaVuSans.ttf",
    "DejaVuSans-Bold.ttf",
    "DejaVuSerif.ttf",
    "DejaVuSansMono.ttf",
    "LiberationSans-Regular.ttf",
    "LiberationSans-Bold.ttf",
    "LiberationSerif-Regular.ttf",
    "LiberationSerif-Italic.ttf",
    "LiberationSansNarrow-Regular.ttf",
    "LiberationMono-Regular.ttf",
    "FreeSans.ttf",
    "FreeSansOblique.ttf",
    "FreeSerifBold.ttf",
    "FreeMono.ttf",
    "OSP-DIN.ttf",
    "EBGaramond12-Regular.otf",
    "Hack-Regular.ttf",
    "OpenSans-Regular.ttf",
    "OpenSans-Light.ttf",
    "OpenSans-CondBold.ttf",
    "Lato-Regular.ttf",
    "Lato-Black.ttf",
    "Lato-Hairline.ttf",
    "Roboto-Regular.ttf",
    "RobotoCondensed-Regular.ttf",
]
"""Print: fonts-dejavu, -liberation, -freefont-ttf, -opendin, -ebgaramond, -hack, -open-sans, -lato,
-roboto-unhinted."""

FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path("~/.local/share/fonts"), Path("~/.fonts"))


@lru_cache(maxsize=1)
def _installed() -> dict[str, Path]:
    every = (path for folder in FOLDERS for path in sorted(folder.expanduser().rglob("*.[ot]tf")))
    return {path.name: path for path in every}


def found(names: list[str]) -> list[Path]:
    """Where these font files lie, in their order; those that are not installed are left out."""
    return [_installed()[name] for name in names if name in _installed()]


def needed(names: list[str], least: int) -> list[Path]:
    """``found``, but raises UsageError where fewer than ``least`` are installed: a font or two more or less differ
    between Debian's releases."""
    paths = found(names)
    if len(paths) < least:
        raise UsageError(
            "only {found} of {count} fonts were found ({example} is missing, for one): install Debian's packages "
            "named in docs/en/train.md, or leave them out with --without fonts",
            found=len(paths),
            count=len(names),
            example=next(name for name in names if name not in _installed()),
        )
    return paths


@lru_cache(maxsize=256)
def font(path: Path, size: int) -> ImageFont.FreeTypeFont:
    """A font at a size in pixels, kept once it is loaded."""
    return ImageFont.truetype(str(path), size)


def letter(path: Path, character: str, rng: Rng) -> Gray:
    """One character of a font, thin or thickened: uint8 (H, W), black on white paper 255, with a margin.

    A character that the font has not comes as the font's empty box, which is no digit either.
    """
    face = font(path, 64)
    bold = int(rng.choice([0, 0, 0, 1, 2]))
    left, top, right, bottom = (round(side) for side in face.getbbox(character, stroke_width=bold))
    canvas = Image.new("L", (max(right - left, 1) + 8, max(bottom - top, 1) + 8), 255)
    ImageDraw.Draw(canvas).text((4 - left, 4 - top), character, 0, face, stroke_width=bold)
    return np.asarray(canvas, np.uint8)
