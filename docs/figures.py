"""Draw the figures of the tutorial that explain: ``python docs/figures.py [--data FOLDER]`` writes docs/img/.

FOLDER holds MNIST; without it, it is looked for where guarismo always looks. Only training digits are shown.
What these figures show is computed, not painted: the descents are descents, the ink is guarismo's ink.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.patches import Rectangle
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from guarismo.ink import frame
from guarismo.mnist import load_mnist
from guarismo.train.plots import BLUE, DARK, GREEN, GREY, ORANGE, PALE, Language, canvas, number

IMAGES = Path(__file__).resolve().parent / "img"
SEVEN = 15
"""Place of the digit on show among MNIST's training digits: its first 7."""

SPANISH = {
    "28 × 28 pixels": "28 × 28 píxeles",
    "the crop, 0 … 255": "el recorte, de 0 a 255",
    "the same, divided by 255": "el mismo, dividido por 255",
    "28 rows of 28": "28 filas de 28",
    "one row of 784": "una fila de 784",
    "two neighbours, one above the other": "dos vecinos, uno encima del otro",
    "in the row they are 28 places apart": "en la fila quedan a 28 lugares",
    "ReLU: nothing below zero": "ReLU: nada por debajo de cero",
    "ten sums ...": "diez sumas...",
    "... become ten probabilities": "...se vuelven diez probabilidades",
    "in": "entra",
    "out": "sale",
    "digit": "cifra",
    "loss": "pérdida",
    "one weight": "un peso",
    "another weight": "otro peso",
    "steps too short": "pasos demasiado cortos",
    "about right": "la medida justa",
    "too long": "demasiado largos",
    "downhill along the slope": "cuesta abajo por la pendiente",
    "Adam": "Adam",
    "start": "salida",
    "lowest point": "punto más bajo",
    "your picture": "tu imagen",
    "only shrunk to 28 × 28": "solo reducida a 28 × 28",
    "guarismo's ink": "la tinta de guarismo",
    "pen on paper": "bolígrafo en papel",
    "chalk, small": "tiza, en pequeño",
    "hairline": "trazo finísimo",
}


def say(text: str, language: Language) -> str:
    return SPANISH[text] if language == "es" else text


# --- what a pixel is ------------------------------------------------------------------------------


def pixels(digit: NDArray[np.uint8], language: Language) -> bytes:
    """A digit uint8 (28, 28), a crop of it in numbers, and the same numbers divided by 255."""
    top, left, side = 6, 14, 8
    crop = digit[top : top + side, left : left + side]
    with canvas(10, 3.7) as (figure, png):
        whole, raw, scaled = figure.subplots(1, 3)
        _grid(whole, digit, say("28 × 28 pixels", language))
        whole.add_patch(Rectangle((left - 0.5, top - 0.5), side, side, fill=False, edgecolor=ORANGE, linewidth=2))
        _grid(raw, crop, say("the crop, 0 … 255", language))
        _grid(scaled, crop, say("the same, divided by 255", language))
        for (row, column), value in np.ndenumerate(crop):
            colour = DARK if value > 127 else "white"
            style = {"ha": "center", "va": "center", "color": colour, "fontsize": 9}
            raw.text(column, row, str(value), **style)
            scaled.text(column, row, number(value / 255, ".2f", language), **style)
    return png.getvalue()


def _grid(axes: Any, gray: NDArray[np.uint8], title: str) -> None:
    axes.imshow(gray, cmap="gray", vmin=0, vmax=255)
    axes.set_title(title, fontsize=11)
    axes.set_xticks(np.arange(-0.5, gray.shape[1]), [])
    axes.set_yticks(np.arange(-0.5, gray.shape[0]), [])
    axes.tick_params(length=0)
    axes.grid(color="#606060", linewidth=0.4)


# --- Flatten --------------------------------------------------------------------------------------


def flatten(digit: NDArray[np.uint8], language: Language) -> bytes:
    """28 rows of 28 laid end to end, and what becomes of two neighbours: digit uint8 (28, 28)."""
    above, column = 13, 15
    with canvas(10, 4.6) as (figure, png):
        square, strip = figure.subplots(2, 1, height_ratios=[5, 1])
        square.imshow(_tinted(digit))
        square.set_title(say("28 rows of 28", language))
        square.plot([column, column], [above, above + 1], "s", color=ORANGE, markersize=6)
        square.text(29, above + 0.5, say("two neighbours, one above the other", language), color=ORANGE, va="center")
        long = _tinted(digit).reshape(1, 784, 3)
        strip.imshow(long, aspect="auto", extent=(0, 784, 0, 1), interpolation="nearest")
        strip.set_title(say("one row of 784", language))
        for row in (above, above + 1):
            strip.plot([28 * row + column + 0.5] * 2, [0, 1], color=ORANGE, linewidth=2.5)
        middle = 28 * (above + 0.5) + column
        text = say("in the row they are 28 places apart", language)
        strip.text(middle, -0.12, text, color=ORANGE, ha="center", va="top")
        for axes in (square, strip):
            axes.set_axis_off()
    return png.getvalue()


def _tinted(digit: NDArray[np.uint8]) -> NDArray[np.float64]:
    """White on black with every second row bluish, so that rows can be followed: float64 (28, 28, 3)."""
    paper = np.where(np.arange(28)[:, None, None] % 2, [0.0, 0.17, 0.30], [0.0, 0.0, 0.0])
    ink = digit[:, :, None] / 255
    return np.asarray(ink + (1 - ink) * paper, np.float64)


# --- ReLU and softmax -----------------------------------------------------------------------------

SUMS = np.array([-1.0, 1.0, 2.0, 3.0, -3.0, -1.0, -5.0, 6.0, 0.0, 3.5])
"""What a network that has learnt could give for a 7; the tutorial computes with these numbers."""


def functions(language: Language) -> bytes:
    """ReLU as a line; softmax as ten bars that become ten others."""
    shares = np.exp(SUMS) / np.exp(SUMS).sum()
    with canvas(10, 3.6) as (figure, png):
        relu, sums, chances = figure.subplots(1, 3)
        relu.plot([-3, 0, 3], [0, 0, 3], color=BLUE, linewidth=3)
        relu.set_title(say("ReLU: nothing below zero", language), fontsize=11)
        relu.set_xlabel(say("in", language))
        relu.set_ylabel(say("out", language))
        relu.set_xticks(range(-3, 4))
        relu.set_yticks(range(4))
        relu.grid()
        _bars(sums, SUMS, ".1f", language)
        sums.set_title(say("ten sums ...", language), fontsize=11)
        sums.set_ylim(-6.5, 7.5)
        _bars(chances, shares, ".1%", language)
        chances.set_title(say("... become ten probabilities", language), fontsize=11)
        chances.set_ylim(0, 1.08)
        chances.set_yticks([0, 0.5, 1], [number(v, ".0%", language) for v in (0, 0.5, 1)])
    return png.getvalue()


def _bars(axes: Any, values: NDArray[np.float64], spec: str, language: Language) -> None:
    colours = [ORANGE if value == values.max() else GREY for value in values]
    axes.bar(range(10), values, color=colours)
    axes.axhline(0, color=DARK, linewidth=0.8)
    best = int(values.argmax())
    axes.annotate(number(values[best], spec, language), (best, values[best]), ha="center", va="bottom")
    axes.set_xticks(range(10))
    axes.set_xlabel(say("digit", language))


# --- going downhill -------------------------------------------------------------------------------

STEEP = 20.0
"""How much steeper the valley is across than along: enough that plain descent must tiptoe."""


def descent(language: Language) -> bytes:
    """One weight with three lengths of step; two weights in a narrow valley, plain descent against Adam."""
    with canvas(10, 4) as (figure, png):
        line, valley = figure.subplots(1, 2, width_ratios=[1, 1.35])
        _one_weight(line, language)
        _two_weights(valley, language)
    return png.getvalue()


def _one_weight(axes: Any, language: Language) -> None:
    weight = np.linspace(-3.4, 3.4, 200)
    axes.plot(weight, weight**2 / 2, color=GREY, linewidth=1.2)
    cases = ((0.06, -3.1, GREEN, "^", "steps too short"), (0.5, -2.6, BLUE, "o", "about right"))
    for rate, start, colour, marker, text in (*cases, (2.3, 0.9, ORANGE, "s", "too long")):
        path = start * (1 - rate) ** np.arange(6)  # the slope of w²/2 is w
        axes.plot(path, path**2 / 2, color=colour, marker=marker, markersize=5, linewidth=1, label=say(text, language))
    axes.set_xlabel(say("one weight", language))
    axes.set_ylabel(say("loss", language))
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_ylim(-0.6, 8.5)
    axes.legend(loc="upper center", fontsize=10)


def _two_weights(axes: Any, language: Language) -> None:
    x, y = np.meshgrid(np.linspace(-6.6, 1.2, 200), np.linspace(-1.5, 1.9, 200))
    axes.contour(x, y, (x**2 + STEEP * y**2) / 2, levels=[0.3, 1.5, 4, 8, 14, 21, 30], colors=PALE, linewidths=1.2)
    start = np.array([-6.0, 1.2])
    for path, colour, marker, text in (
        (plain(start, rate=0.092, steps=60), ORANGE, "s", "downhill along the slope"),
        (adam(start, rate=0.25, steps=60), BLUE, "o", "Adam"),
    ):
        axes.plot(*path.T, color=colour, marker=marker, markersize=3.5, linewidth=1, label=say(text, language))
    axes.plot(*start, "o", color=DARK, markersize=6)
    axes.annotate(say("start", language), start, (8, 4), textcoords="offset points")
    axes.plot(0, 0, "+", color=DARK, markersize=12)
    axes.annotate(say("lowest point", language), (0, 0), (0, -26), textcoords="offset points", ha="center")
    axes.set_xlabel(say("one weight", language))
    axes.set_ylabel(say("another weight", language))
    axes.set_xticks([])
    axes.set_yticks([])
    axes.legend(loc="upper right", fontsize=10, frameon=True, framealpha=1, edgecolor="none")


def _slope(place: NDArray[np.float64]) -> NDArray[np.float64]:
    """The gradient of the valley, (x² + 20 y²) / 2."""
    return np.asarray(place * [1.0, STEEP], np.float64)


def plain(place: NDArray[np.float64], rate: float, steps: int) -> NDArray[np.float64]:
    """Gradient descent: the places it passes, float64 (steps + 1, 2)."""
    path = [place]
    for _ in range(steps):
        path.append(path[-1] - rate * _slope(path[-1]))
    return np.array(path)


def adam(place: NDArray[np.float64], rate: float, steps: int) -> NDArray[np.float64]:
    """Adam with Keras' defaults but for the rate: the places it passes, float64 (steps + 1, 2)."""
    path, first, second = [place], np.zeros(2), np.zeros(2)
    for step in range(1, steps + 1):
        slope = _slope(path[-1])
        first = 0.9 * first + 0.1 * slope
        second = 0.999 * second + 0.001 * slope**2
        mean, size = first / (1 - 0.9**step), second / (1 - 0.999**step)
        path.append(path[-1] - rate * mean / (np.sqrt(size) + 1e-7))
    return np.array(path)


# --- one's own digits -----------------------------------------------------------------------------


def own(language: Language) -> bytes:
    """Three drawn sevens: as they are, only shrunk, and as guarismo's ink."""
    names = ("pen on paper", "chalk, small", "hairline")
    drawn = (_seven((60, 40), 200, 14), 255 - _seven((190, 30), 80, 8), _seven((40, 30), 230, 3))
    with canvas(8, 7) as (figure, png):
        sheet = figure.subplots(3, 3)
        for row, name, picture in zip(sheet, names, drawn, strict=True):
            shrunk = np.asarray(Image.fromarray(picture).resize((28, 28), Image.Resampling.BOX))
            for axes, gray in zip(row, (picture, shrunk, 255 * frame(picture).ink), strict=True):
                axes.imshow(gray, cmap="gray", vmin=0, vmax=255)
                axes.set_xticks([])
                axes.set_yticks([])
                axes.spines[:].set_visible(True)
            row[0].set_ylabel(say(name, language), fontsize=12)
        for axes, title in zip(sheet[0], ("your picture", "only shrunk to 28 × 28", "guarismo's ink"), strict=True):
            axes.set_title(say(title, language))
    return png.getvalue()


def _seven(corner: tuple[int, int], height: int, pen: int) -> NDArray[np.uint8]:
    """A drawn 7, dark on light, uint8 (300, 300)."""
    picture = Image.new("L", (1200, 1200), 245)  # drawn four times as large: smooth edges
    x, y = 4 * corner[0], 4 * corner[1]
    h = 4 * height
    points = [(x, y + 0.04 * h), (x + 0.62 * h, y), (x + 0.45 * h, y + 0.4 * h), (x + 0.25 * h, y + h)]
    ImageDraw.Draw(picture).line(points, fill=30, width=4 * pen, joint="curve")
    return np.asarray(picture.resize((300, 300), Image.Resampling.BOX))


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw the figures of the tutorial into docs/img/.")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="a folder with MNIST")
    digit = load_mnist(parser.parse_args().data).train_images[SEVEN]
    drawings: dict[str, Callable[[Language], bytes]] = {
        "pixels": lambda language: pixels(digit, language),
        "flatten": lambda language: flatten(digit, language),
        "functions": functions,
        "descent": descent,
        "own": own,
    }
    IMAGES.mkdir(exist_ok=True)
    languages: tuple[Language, ...] = ("en", "es")
    for name, draw in drawings.items():
        for language in languages:
            (IMAGES / f"{name}-{language}.png").write_bytes(draw(language))


if __name__ == "__main__":
    main()
