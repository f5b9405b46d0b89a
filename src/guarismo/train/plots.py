"""Arrays → pictures for run folders and pages: each function returns the bytes of a PNG and touches no file.

Colours are those of Okabe and Ito (2008), told apart by colour-blind readers too. Texts are in English or
Spanish; Spanish has the decimal comma.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

import numpy as np
from matplotlib import rc_context
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray

Language = Literal["en", "es"]
Row = Mapping[str, float | int | str]

BLUE, ORANGE, GREEN, PINK = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
GREY, PALE, DARK = "#767676", "#E4E4E4", "#262626"

DPI = 120
"""Ten inches are 1,200 pixels: sharp at the 600 to 900 that a README shows, and still a small file."""

STYLE: dict[str, Any] = {
    "font.size": 11,
    "axes.edgecolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": DARK,
    "grid.color": PALE,
    "legend.frameon": False,
}

_STEPS = [1, 2, 5, 10]  # between ticks; 25 and 3 are harder to read off

WORST = 50
SHEET_COLUMNS = 10
CELL = (40, 32)  # rows and columns of the sheet for each mistake: 28x28 pixels, two lines above, a margin

_SPANISH = {
    "loss": "pérdida",
    "accuracy": "aciertos",
    "epoch": "época",
    "training pictures": "imágenes de entrenamiento",
    "unseen pictures": "imágenes nuevas",
    "the gap": "la brecha",
    "what was read": "lo que se leyó",
    "what it is": "lo que es",
    "no mistakes": "ningún error",
    "units in each hidden layer": "unidades en cada capa oculta",
    "hidden layers": "capas ocultas",
    "units": "unidades",
    "layers": "capas",
    "right on unseen pictures": "aciertos en imágenes nuevas",
    "overfitting gap (points)": "brecha de sobreajuste (puntos)",
    "parameters": "parámetros",
    "training (seconds)": "entrenamiento (segundos)",
    "reading one picture (µs)": "leer una imagen (µs)",
    "confidence": "confianza",
    "share that was right": "proporción de aciertos",
    "perfectly calibrated": "calibración perfecta",
    "calibration error": "error de calibración",
    "readings": "lecturas",
    "share of pictures read": "proporción de imágenes leídas",
    "wrong among those read": "errores entre las leídas",
}


def say(text: str, language: Language) -> str:
    """``text`` in the reader's language."""
    return _SPANISH[text] if language == "es" else text


def number(value: float, spec: str, language: Language) -> str:
    """``value`` formatted by a Python format spec, as the language writes numbers: 1,234.5% or 1234,5 %.

    In Spanish a space groups digits, from five digits on, and stands before the percent sign.
    """
    text = format(value, spec)
    if language == "en":
        return text
    digits = text.strip("+-%").partition(".")[0]
    group = "\u00a0" if len(digits.replace(",", "")) > 4 else ""
    return text.replace(",", group).replace(".", ",").replace("%", "\u00a0%")


@contextmanager
def canvas(width: float, height: float) -> Iterator[tuple[Any, io.BytesIO]]:
    """A figure of so many inches, and the buffer that holds its PNG once the block is left."""
    png = io.BytesIO()
    with rc_context(STYLE):
        figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
        yield figure, png
        # without matplotlib's version in it, the same data gives the same bytes for longer
        figure.savefig(png, format="png", metadata={"Software": None})


# --- one training run -----------------------------------------------------------------------------


def curves(history: Sequence[Mapping[str, float]], language: Language = "en") -> bytes:
    """Loss and accuracy over the epochs, training against unseen pictures, with the gap between them shaded.

    Each row has epoch, loss, accuracy, test_loss, test_accuracy (shares within 0..1).
    """
    with canvas(10, 4.2) as (figure, png):
        left, right = figure.subplots(1, 2)
        _pair(left, history, "loss", language)
        _pair(right, history, "accuracy", language)
        left.set_ylim(bottom=0)
        _label_ticks(left.yaxis, "f", language)
        _label_ticks(right.yaxis, "%", language)
        figure.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return png.getvalue()


def _pair(axes: Any, history: Sequence[Mapping[str, float]], column: str, language: Language) -> None:
    epoch, seen, unseen = ([row[name] for row in history] for name in ("epoch", column, f"test_{column}"))
    marker = "o" if len(history) < 15 else None  # a line through one point is invisible
    axes.fill_between(epoch, seen, unseen, color=PALE, label=say("the gap", language), linewidth=0)
    axes.plot(epoch, seen, color=BLUE, marker=marker, label=say("training pictures", language))
    axes.plot(epoch, unseen, color=ORANGE, marker=marker, linestyle="--", label=say("unseen pictures", language))
    axes.set_title(say(column, language), loc="left")
    axes.set_xlabel(say("epoch", language))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=_STEPS))
    if len(history) == 1:
        axes.set_xticks(epoch)
    axes.grid(axis="y")
    axes.set_axisbelow(True)


def confusion(matrix: NDArray[np.int64], language: Language = "en") -> bytes:
    """Counts (10, 10): rows what it is, columns what was read. The diagonal is muted, so that errors show."""
    errors = np.where(np.eye(len(matrix), dtype=bool), 0, matrix)
    most = max(int(errors.max(initial=0)), 1)
    shades = LinearSegmentedColormap.from_list("errors", ["white", "#F6C9A8", ORANGE, "#7A2E00"])
    with canvas(7.2, 6.8) as (figure, png):
        axes = figure.subplots()
        axes.imshow(errors, cmap=shades, vmin=0, vmax=most)
        for row, column in np.ndindex(matrix.shape):
            _count(axes, row, column, int(matrix[row, column]), most)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_ticks(range(10))
            axis.set_ticks(np.arange(-0.5, 10), minor=True)
        axes.grid(which="minor", linewidth=0.8)
        axes.tick_params(which="both", length=0, labelsize=13)
        axes.spines[:].set_visible(False)
        axes.xaxis.tick_top()
        axes.xaxis.set_label_position("top")
        axes.set_xlabel(say("what was read", language), fontsize=13, labelpad=8)
        axes.set_ylabel(say("what it is", language), fontsize=13)
    return png.getvalue()


def _count(axes: Any, row: int, column: int, count: int, most: int) -> None:
    if row == column:
        axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor="#F1F1F1", edgecolor="none"))
        axes.text(column, row, count, ha="center", va="center", color=GREY, fontsize=10)
    elif count:
        colour = "white" if count > 0.5 * most else DARK
        axes.text(column, row, count, ha="center", va="center", color=colour, fontsize=12)


def worst(
    truths: NDArray[np.integer[Any]], readings: NDArray[np.integer[Any]], confidences: NDArray[np.floating[Any]]
) -> NDArray[np.int64]:
    """Indices of the mistakes, the surest first: at most fifty. Equally sure ones keep their order."""
    wrong = np.flatnonzero(np.asarray(truths) != np.asarray(readings))
    order = np.argsort(-np.asarray(confidences, np.float64)[wrong], kind="stable")
    return np.asarray(wrong[order][:WORST], np.int64)


def mistakes(
    inks: NDArray[np.floating[Any]],
    truths: NDArray[np.integer[Any]],
    readings: NDArray[np.integer[Any]],
    confidences: NDArray[np.floating[Any]],
    language: Language = "en",
) -> bytes:
    """The fifty surest mistakes on a sheet of 5x10: ink (N, 28, 28) in 0..1, each with truth → reading and confidence.

    Right readings among the N are left out. Drawn as on paper, dark on light.
    """
    chosen = worst(truths, readings, confidences)
    rows = max(1, -(-len(chosen) // SHEET_COLUMNS))
    sheet = np.zeros((CELL[0] * rows, CELL[1] * SHEET_COLUMNS))
    with canvas(10, 10 * rows * CELL[0] / sheet.shape[1]) as (figure, png):
        axes = figure.subplots()  # one for all: fifty take seconds
        axes.set_axis_off()
        if not len(chosen):
            axes.text(160, 20, say("no mistakes", language), ha="center", va="center", fontsize=14)
        for which, (row, column) in zip(chosen, np.ndindex(rows, SHEET_COLUMNS), strict=False):
            top, left = CELL[0] * row, CELL[1] * column
            sheet[top + 12 : top + CELL[0], left + 2 : left + 30] = inks[which]
            sure = np.floor(1000 * float(confidences[which])) / 1000  # rounded down: nothing shows as wholly sure
            caption = f"{truths[which]} → {readings[which]}\n{number(sure, '.1%', language)}"
            axes.text(left + 16, top + 12, caption, ha="center", va="bottom", fontsize=10, linespacing=1.1)
        axes.imshow(sheet, cmap="gray_r", vmin=0, vmax=1, aspect="auto")
    return png.getvalue()


# --- many training runs ---------------------------------------------------------------------------


class _Panel(NamedTuple):
    """A small plot of the sweep: what its ordinate says, the column of the rows, how its ticks are written."""

    label: str
    column: str
    kind: str


_PANELS = {
    "A": _Panel("right on unseen pictures", "test_accuracy", "%"),
    "B": _Panel("overfitting gap (points)", "gap", "f"),
    "C": _Panel("parameters", "parameters", ",f"),
    "D": _Panel("training (seconds)", "train_seconds", ",f"),
    "E": _Panel("reading one picture (µs)", "read_microseconds", ",f"),
}


def sweep(rows: Sequence[Row], axis: Literal["units", "layers"], language: Language = "en") -> bytes:
    """Accuracy, overfitting gap (training minus test, in points), parameters and times against units or layers.

    Each row is one training: units, layers, seed, parameters, test_accuracy, train_accuracy, train_seconds,
    read_microseconds. Points are means over seeds, bars one sample standard deviation, dots single seeds. Where
    the other axis varies too, each of its values that has at least two points gets a line of its own.
    """
    other = "layers" if axis == "units" else "units"
    with canvas(10, 6.4) as (figure, png):
        panels = figure.subplot_mosaic("AAAABB;AAAABB;CCDDEE", height_ratios=[1, 1, 1.6])
        for name, panel in _PANELS.items():
            _draw_panel(panels[name], rows, (axis, other), panel, language)
        lines, labels = panels["A"].get_legend_handles_labels()
        if len(lines) > 1:
            panels["A"].legend(lines, [f"{label} {say(other, language)}" for label in labels])
    return png.getvalue()


def _draw_panel(axes: Any, rows: Sequence[Row], by: tuple[str, str], panel: _Panel, language: Language) -> None:
    axis, other = by
    lines = _lines(rows, axis, other)
    for colour, (name, line) in zip((BLUE, ORANGE, GREEN, PINK, DARK, GREY) * len(lines), lines.items(), strict=False):
        values = [[_value(row, panel.column) for row in line if row[axis] == place] for place in _places(line, axis)]
        _draw_line(axes, _places(line, axis), values, colour, str(name))
    places = _places(rows, axis)
    if axis == "units":
        axes.set_xscale("log", base=2)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(places, [str(place) for place in places], fontsize=9.5)
    axes.set_xlabel(say("units in each hidden layer" if axis == "units" else "hidden layers", language))
    axes.set_title(say(panel.label, language), loc="left", fontsize=11)
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    _ordinate(axes, panel, language)


def _draw_line(axes: Any, places: list[int], values: list[list[float]], colour: str, name: str) -> None:
    means = [float(np.mean(v)) for v in values]
    spreads = [float(np.std(v, ddof=1)) if len(v) > 1 else 0.0 for v in values]
    for place, points in zip(places, values, strict=True):
        axes.scatter([place] * len(points), points, s=14, color=colour, alpha=0.4, linewidths=0)
    axes.errorbar(
        places, means, spreads, color=colour, marker="o", markersize=4.5, capsize=4, linewidth=1.6, label=name
    )


def _ordinate(axes: Any, panel: _Panel, language: Language) -> None:
    """Costs start at zero, unless they span more than a factor of thirty: then equal steps are equal factors."""
    low, high = axes.dataLim.intervaly
    if panel.column != "test_accuracy" and low > 0 and high > 30 * low:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 100 * low else (1,)))
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=_STEPS))
        axes.set_ylim(bottom=None if panel.column == "test_accuracy" else min(0, low))
    _label_ticks(axes.yaxis, panel.kind, language)


def _lines(rows: Sequence[Row], axis: str, other: str) -> dict[int, list[Row]]:
    lines = {name: [row for row in rows if row[other] == name] for name in _places(rows, other)}
    long = {name: line for name, line in lines.items() if len(_places(line, axis)) > 1}
    return long or lines


def _places(rows: Sequence[Row], axis: str) -> list[int]:
    return sorted({int(row[axis]) for row in rows})


def _value(row: Row, column: str) -> float:
    if column == "gap":
        return 100 * (float(row["train_accuracy"]) - float(row["test_accuracy"]))
    return float(row[column])


# --- how far a confidence can be trusted ----------------------------------------------------------


def reliability(
    confidences: NDArray[np.floating[Any]], right: NDArray[np.bool_], bins: int = 15, language: Language = "en"
) -> bytes:
    """Share right against confidence, in bins of equal width with 95 % intervals, over how many readings each has.

    ``confidences`` (N,) in 0..1, ``right`` bool (N,). The calibration error is the mean distance from the diagonal,
    bins weighted by their readings (Naeini, Cooper and Hauskrecht 2015).
    """
    count, mean, share = _binned(np.asarray(confidences, np.float64), np.asarray(right, bool), bins)
    error = float((count * np.abs(mean - share)).sum() / max(count.sum(), 1))
    with canvas(6.4, 6.4) as (figure, png):
        top, below = figure.subplots(2, 1, sharex=True, height_ratios=[4, 1])
        top.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=":", label=say("perfectly calibrated", language))
        top.errorbar(mean, share, _wilson(count, share), color=BLUE, marker="o", capsize=3, linewidth=1.4)
        top.set_title(f"{say('calibration error', language)}: {number(error, '.4f', language)}", loc="left")
        top.set_ylabel(say("share that was right", language))
        top.legend(loc="lower right")
        below.bar(mean, count, width=0.8 / bins, color=BLUE)
        below.set_yscale("log")
        below.set_ylabel(say("readings", language))
        below.yaxis.set_minor_locator(NullLocator())
        _label_ticks(below.yaxis, ",f", language)
        below.set_xlabel(say("confidence", language))
        _label_ticks(top.yaxis, "%", language)
        _label_ticks(below.xaxis, "%", language)
    return png.getvalue()


def _binned(confidences: NDArray[np.float64], right: NDArray[np.bool_], bins: int) -> NDArray[np.float64]:
    """float64 (3, B): readings, mean confidence and share right of the bins that hold anything."""
    which = np.minimum((confidences * bins).astype(np.int64), bins - 1)
    count = np.bincount(which, minlength=bins)
    sums = [np.bincount(which, values, bins)[count > 0] for values in (confidences, right.astype(np.float64))]
    there = count[count > 0].astype(np.float64)
    return np.stack([there, sums[0] / there, sums[1] / there])


def _wilson(count: NDArray[np.float64], share: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far down and up, (2, B), the 95 % interval of each share reaches (Wilson 1927): right for few of them too."""
    z = 1.96
    shrink = 1 + z * z / count
    middle = (share + z * z / (2 * count)) / shrink
    half = z * np.sqrt(share * (1 - share) / count + (z / count) ** 2 / 4) / shrink
    return np.asarray(np.maximum([share - middle + half, middle + half - share], 0), np.float64)


def coverage(confidences: NDArray[np.floating[Any]], right: NDArray[np.bool_], language: Language = "en") -> bytes:
    """How many of the readings are wrong when only the surest are read, from the surest few to all.

    ``confidences`` (N,) in 0..1, ``right`` bool (N,). A threshold on the confidence is a point of the curve.
    """
    share, risk = _risk(np.asarray(confidences, np.float64), np.asarray(right, bool))
    with canvas(7.6, 4.4) as (figure, png):
        axes = figure.subplots()
        axes.plot(share, risk, color=BLUE)
        axes.plot(1, risk[-1], "o", color=BLUE, clip_on=False)
        axes.text(0.97, risk[-1], number(float(risk[-1]), ".2%", language), ha="right")
        settled = risk[share >= 0.05]  # the first few say little: one mistake among ten is 10 %
        axes.set_ylim(0, 1.15 * max(float(settled.max(initial=0)), 1e-4))
        axes.set_xlim(0, 1)
        axes.set_xlabel(say("share of pictures read", language))
        axes.set_ylabel(say("wrong among those read", language))
        _label_ticks(axes.xaxis, "%", language)
        _label_ticks(axes.yaxis, "%", language)
        axes.grid(axis="y")
    return png.getvalue()


def _risk(
    confidences: NDArray[np.float64], right: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Share read and share wrong among them, at each confidence that occurs: equally sure readings go together."""
    order = np.argsort(-confidences, kind="stable")
    last = np.flatnonzero(np.diff(confidences[order], append=-1.0))
    wrong = np.cumsum(~right[order])[last]
    return (last + 1) / len(right), wrong / (last + 1)


def _label_ticks(axis: Any, kind: str, language: Language) -> None:
    """Write the ticks as ``kind`` ("f", ",f" or "%") says. Where they lie is only known once the figure is drawn."""

    def label(value: float, _position: int) -> str:
        low, high = sorted(axis.get_view_interval())
        seen = [tick for tick in axis.get_majorticklocs() if low <= tick <= high]
        return number(value, f"{kind[:-1]}.{_decimals(seen, kind)}{kind[-1]}", language)

    axis.set_major_formatter(FuncFormatter(label))


def _decimals(ticks: Sequence[float], kind: str) -> int:
    """The fewest that write the ticks as they are."""
    values = np.asarray(ticks) * (100 if kind == "%" else 1)
    exact = (d for d in range(6) if np.allclose(values, np.round(values, d), rtol=0, atol=1e-9))
    return next(exact, 6)
