"""Makes the pictures of this folder and their expected ink, which every port of ``ink.py`` must reproduce.

    python tests/vectors/make.py             compares what ``ink.py`` makes now with what is stored
    python tests/vectors/make.py --update    writes the ink anew, and pictures that are missing

The pictures stay what they are, though hands learn more shapes.

``expected.npz`` holds ``ink_version``, ``names`` (24) and ``inks``, uint8 (24, 28, 28), 0 paper ... 255 ink.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from guarismo.image import load_gray  # noqa: E402
from guarismo.ink import INK_VERSION, frame  # noqa: E402
from guarismo.types import Gray  # noqa: E402
from pictures import (  # noqa: E402
    FELT,
    HAIRLINE,
    gradient,
    grainy,
    half_shaded,
    levels,
    on_paper,
    ruled,
    scaled,
    specked,
    textured,
    written,
)

TOLERANCE = 2 / 255
"""Mean absolute difference that a port may have: another rounding, never another stage."""

SHEET = (96, 96)


def _sheet(digit: int, size: int = 56, at: tuple[float, float] = (0.5, 0.5)) -> Gray:
    return on_paper(written(digit, 40 + digit, size), SHEET, at)


def _colour(gray: Gray, ink: tuple[int, int, int], paper: tuple[int, int, int]) -> Image.Image:
    share = gray[..., None] / 255
    return Image.fromarray(np.rint(share * paper + (1 - share) * np.array(ink)).astype(np.uint8))


def _canvas(gray: Gray, level: int) -> Image.Image:
    return Image.fromarray(np.dstack([np.full((*gray.shape, 3), level, np.uint8), 255 - gray]))


def pictures() -> Iterator[tuple[str, Image.Image]]:
    """Twenty-four names and pictures."""
    frame_of = ("left", "right", "top", "bottom")
    grays: dict[str, Gray] = {
        "plain": _sheet(0),
        "corner": _sheet(1, 40, (0.0, 0.0)),
        "tiny": on_paper(written(2, 3, 24), (180, 150), (0.8, 0.7)),
        "filling": written(3, 3, 60),
        "hairline": on_paper(written(4, 3, 64, HAIRLINE), SHEET),
        "felt": on_paper(written(5, 3, 56, FELT), SHEET),
        "faint": levels(_sheet(6), 225, 250),
        "half-contrast": levels(_sheet(7), 90, 200),
        "gradient": gradient(_sheet(8), 0.4, 1.0),
        "shadow": half_shaded(_sheet(9)),
        "specks": specked(_sheet(0, 60), 3, 20),
        "line-below": ruled(_sheet(1), "bottom", thick=3),
        "box": ruled(_sheet(2, 48), *frame_of, thick=2, off=3),
        "inverted": 255 - _sheet(3),
        "noise": grainy(_sheet(4), 3, 7.0),
        "rough-paper": np.minimum(_sheet(5), textured(3, SHEET)),
        "mnist-sized": scaled(_sheet(6), (28, 28)),
        "twelve-pixels": scaled(_sheet(7, 84), (12, 12)),
        "large": on_paper(written(8, 3, 150), (300, 260), (0.4, 0.6)),
        "blank": grainy(gradient(np.full(SHEET, 220, np.uint8), 0.7, 1.0), 3, 4.0),
    }
    for name, gray in grays.items():
        yield name, Image.fromarray(gray)
    yield "blue-on-yellow", _colour(_sheet(9), (30, 40, 160), (250, 240, 170))
    yield "canvas-black", _canvas(_sheet(0), 0)
    yield "canvas-white", _canvas(_sheet(1), 255)
    yield "sixteen-bits", Image.fromarray(levels(_sheet(2), 40, 230).astype(np.uint16) * 257)


def main(update: bool) -> int:
    names, inks = [], []
    for name, picture in pictures():
        path = HERE / f"{name}.png"
        if update and not path.exists():
            picture.save(path)
        names.append(name)
        inks.append(np.rint(frame(load_gray(path)).ink * 255).astype(np.uint8))
    if update:
        np.savez_compressed(HERE / "expected.npz", ink_version=INK_VERSION, names=names, inks=np.stack(inks))
        return 0
    with np.load(HERE / "expected.npz") as stored:
        gaps = np.abs(np.stack(inks).astype(float) - stored["inks"]).mean((1, 2)) / 255
    for name, gap in zip(names, gaps, strict=True):
        print(f"{name:16} {gap:.5f}" + (" DIFFERS" if gap > TOLERANCE else ""))
    return int(gaps.max() > TOLERANCE)


if __name__ == "__main__":
    sys.exit(main("--update" in sys.argv))
