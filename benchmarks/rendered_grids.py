"""Rendered photos of grids, each from its number alone: puzzles, tables, rows of boxes; printed and handwritten digits.

    python benchmarks/rendered_grids.py [--count 100] [--first 0] [--show FOLDER] [--read]

Writes results/rendered_grids.json: grids found with all rows and columns, cells in place, empty ones told from others,
grids found where none are, and with ``--read`` how many digits are right. Every threshold of ``grids.py`` and the
modules below it is confirmed here: no photo of the data folder is in it.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import record
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from guarismo import Reader
from guarismo.grids import GridCut, find
from guarismo.train import fonts, pens, strokes
from guarismo.types import Gray

SEED = 50_001
TEXT = "mit der Zahl in jedem Feld une grille se lit ainsi cada fila tiene nueve casillas y no hay dos iguales"
WORDS = TEXT.split(" ")
Rng = np.random.Generator


@dataclass
class Drawn:
    """A grid on a page: ``cells`` from (row, column, row span, column span) to what is in it, "" for nothing."""

    rows: int
    columns: int
    left: float
    top: float
    xs: NDArray[np.float64]
    ys: NDArray[np.float64]
    cells: dict[tuple[int, int, int, int], str] = field(default_factory=dict)

    @property
    def corners(self) -> NDArray[np.float64]:
        x, y = self.xs, self.ys
        return np.array([[x[0], y[0]], [x[-1], y[0]], [x[-1], y[-1]], [x[0], y[-1]]])


def _plan(kind: str, width: float, rng: Rng) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Places of lines from 0: columns' and rows'."""
    if kind == "puzzle":
        n = int(rng.choice([4, 6, 9, 9, 9, 9]))
        return np.linspace(0, width, n + 1), np.linspace(0, width, n + 1)
    if kind == "boxes":
        n = int(rng.integers(4, 13))
        return np.linspace(0, width, n + 1), np.array([0, width / n * rng.uniform(1, 1.5)])
    rows, columns = int(rng.integers(3, 13)), int(rng.integers(3, 8))
    widths = rng.uniform(1, 2.6, columns)
    heights = np.where(rng.random(rows) < 0.15, 1.5, 1.0) if rng.random() < 0.3 else np.ones(rows)
    x = np.concatenate([[0], np.cumsum(widths)]) * width / widths.sum()
    y = np.concatenate([[0], np.cumsum(heights)]) * width / columns * rng.uniform(0.35, 0.6)
    return x, y


def _texts(kind: str, drawn: Drawn, rng: Rng) -> None:
    """What is in the cells, some of them merged in tables."""
    empty = float(rng.choice([0.0, 0.3, 0.6]))
    taken: set[tuple[int, int]] = set()
    if kind == "table" and rng.random() < 0.35:
        row, column = int(rng.integers(0, drawn.rows)), int(rng.integers(0, drawn.columns - 1))
        spans = (1, int(rng.integers(2, drawn.columns - column + 1)))
        if drawn.rows > 3 and rng.random() < 0.3:
            row, spans = int(rng.integers(0, drawn.rows - 1)), (2, 1)
        taken = {(row + i, column + j) for i in range(spans[0]) for j in range(spans[1])}
        drawn.cells[(row, column, *spans)] = str(rng.integers(10, 1000))
    for row in range(drawn.rows):
        for column in range(drawn.columns):
            if (row, column) not in taken:
                digits = 1 if kind != "table" else int(rng.integers(1, 5))
                written = "".join(str(d) for d in rng.integers(0, 10, digits))
                drawn.cells[(row, column, 1, 1)] = "" if rng.random() < empty else written


def _line(page: Gray, start: tuple[float, float], end: tuple[float, float], style: dict[str, Any], rng: Rng) -> None:
    """A ruled line, worn off in places where ``style`` says so."""
    points = np.linspace(start, end, max(2, int(np.hypot(end[0] - start[0], end[1] - start[1]) / 6)))
    worn = rng.random(len(points)) < style["worn"]
    for one, other, gap in zip(points[:-1], points[1:], worn[1:], strict=True):
        if not gap:
            cv2.line(page, _fixed(one), _fixed(other), style["level"], style["thick"], cv2.LINE_AA, 4)


def _fixed(point: NDArray[np.float64]) -> tuple[int, int]:
    return round(float(point[0]) * 16), round(float(point[1]) * 16)


def _ruled(page: Gray, kind: str, drawn: Drawn, rng: Rng) -> None:
    """The sides of all cells."""
    thin = int(rng.integers(1, 4))
    level = int(rng.choice([20, 60, 110, 150]))
    style = {"level": level, "thick": thin, "worn": float(rng.choice([0, 0, 0, 0.06, 0.15]))}
    open_sides = kind == "table" and rng.random() < 0.25
    block = {4: 2, 6: 3, 9: 3}.get(drawn.columns, 0) if kind == "puzzle" else 0
    for row, column, row_span, column_span in drawn.cells:
        x, y = drawn.xs, drawn.ys
        corners = [(x[column], y[row]), (x[column + column_span], y[row]), (x[column + column_span], y[row + row_span])]
        corners.append((x[column], y[row + row_span]))
        for i, place in enumerate((row, column + column_span, row + row_span, column)):
            if open_sides and i % 2 and place in (0, drawn.columns):
                continue
            thick = thin + 2 if block and place % block == 0 else thin
            if i in (0, 3) or place in (drawn.rows if i == 2 else drawn.columns,) or row_span + column_span > 2:
                _line(page, corners[i], corners[(i + 1) % 4], {**style, "thick": thick}, rng)


def _written(text: str, height: float, printed: bool, hand: strokes.Hand, pen: pens.Pen, rng: Rng) -> Gray:
    """Digits, black on white."""
    if printed:
        faces = fonts.found(fonts.PRINT)
        face = fonts.font(faces[int(rng.integers(len(faces)))], max(8, round(height * 1.3)))
        left, top, right, bottom = face.getbbox(text)
        sheet = Image.new("L", (round(right - left) + 4, round(bottom - top) + 4), 255)
        ImageDraw.Draw(sheet).text((2 - left, 2 - top), text, int(rng.choice([0, 0, 80, 120])), face)
        return np.asarray(sheet)
    glyphs = [
        pens.draw(hand.write(int(d), rng), max(8, round(height * rng.uniform(0.85, 1.1))), pen, rng) for d in text
    ]
    high = max(glyph.shape[0] for glyph in glyphs)
    padded = [np.pad(g, ((high - len(g), 0), (2, 2)), constant_values=255) for g in glyphs]
    return np.concatenate(padded, 1)


def _filled(page: Gray, drawn: Drawn, rng: Rng) -> None:
    """Each cell's digits about its middle, now and then over its lines."""
    hand, pen = strokes.Hand.random(rng), pens.Pen.random(rng)
    mixed = rng.random()
    for (row, column, row_span, column_span), text in drawn.cells.items():
        if not text:
            if rng.random() < 0.1:
                _dirt(page, drawn.xs[column] + 4, drawn.ys[row] + 4, rng)
            continue
        wide, high = drawn.xs[column + column_span] - drawn.xs[column], drawn.ys[row + row_span] - drawn.ys[row]
        ink = _written(text, high * rng.uniform(0.4, 0.7), bool(rng.random() < mixed), hand, pen, rng)
        scale = min(1.0, 0.85 * wide / ink.shape[1], 0.85 * high / ink.shape[0])
        if scale < 1:
            ink = cv2.resize(ink, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        x = drawn.xs[column] + (wide - ink.shape[1]) * np.clip(rng.normal(0.5, 0.15), 0.03, 0.97)
        y = drawn.ys[row] + (high - ink.shape[0]) * np.clip(rng.normal(0.5, 0.15), 0.03, 0.97)
        _stamp(page, ink, round(x), round(y))


def _dirt(page: Gray, x: float, y: float, rng: Rng) -> None:
    cv2.circle(page, (round(x + rng.uniform(0, 12)), round(y + rng.uniform(0, 8))), int(rng.integers(1, 3)), 120, -1)


def _stamp(page: Gray, ink: Gray, left: int, top: int) -> None:
    height, width = min(ink.shape[0], page.shape[0] - top), min(ink.shape[1], page.shape[1] - left)
    if height > 0 and width > 0 and left >= 0 and top >= 0:
        view = page[top : top + height, left : left + width]
        np.minimum(view, ink[:height, :width], out=view)


def _print(page: Gray, box: tuple[float, float, float, float], rng: Rng) -> None:
    """A column of newspaper text."""
    faces = fonts.found(fonts.PRINT)
    size = int(rng.integers(14, 30))
    sheet = Image.fromarray(page)
    draw, face = ImageDraw.Draw(sheet), fonts.font(faces[int(rng.integers(len(faces)))], size)
    y = box[1]
    while y + size < box[3]:
        line = " ".join(rng.choice(WORDS, 30))
        while line and draw.textlength(line, face) > box[2] - box[0]:
            line = line[:-1]
        draw.text((box[0], y), line, int(rng.integers(0, 90)), face)
        y += size * 1.25
    page[:] = np.asarray(sheet)


def page_with(kinds: list[str], rng: Rng) -> tuple[Gray, list[Drawn]]:
    """A flat page with these grids one below the other, text around them."""
    page = np.full((1500, 1150), 255, np.uint8)
    top, grids = float(rng.uniform(60, 180)), []
    if rng.random() < 0.6:
        _print(page, (60, 20, 1090, top - 25), rng)
    for kind in kinds:
        width = float(rng.uniform(420, 900 if kind == "puzzle" else 1000)) / (1 if len(kinds) == 1 else 1.4)
        x, y = _plan(kind, width, rng)
        y *= min(1.0, 1200 / len(kinds) / y[-1])
        left = float(rng.uniform(50, 1150 - width - 50))
        drawn = Drawn(len(y) - 1, len(x) - 1, left, top, x + left, y + top)
        _texts(kind, drawn, rng)
        _ruled(page, kind, drawn, rng)
        _filled(page, drawn, rng)
        if rng.random() < 0.5 and left + width < 950:
            _print(page, (left + width + 25, top, 1130, top + y[-1]), rng)
        grids.append(drawn)
        top += float(y[-1]) + rng.uniform(60, 120)
    if rng.random() < 0.6:
        _print(page, (60, top, 1090, 1480), rng)
    return page, grids


def photographed(page: Gray, rng: Rng) -> tuple[Gray, NDArray[np.float64], NDArray[np.float64]]:
    """A phone's photo of a bent page: the picture, and the homography and the bend that made it."""
    height, width = page.shape
    scale = rng.uniform(0.55, 1.1)
    turn = float(np.radians(rng.normal(0, 4) if rng.random() < 0.85 else rng.uniform(-40, 40)))
    size = np.array([width, height]) * scale
    corners = np.array([[0, 0], [size[0], 0], size, [0, size[1]]]) + rng.normal(0, 0.03, (4, 2)) * size.min()
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    corners = (corners - size / 2) @ spin.T
    corners += -corners.min(0) + rng.uniform(-10, 40, 2)
    matrix = cv2.getPerspectiveTransform(
        np.float32([[0, 0], [width, 0], [width, height], [0, height]]), corners.astype(np.float32)
    )
    bend = rng.normal(0, 0.012 * width, 4) * (rng.random() < 0.6)
    out = np.ceil(corners.max(0) + rng.uniform(0, 40)).astype(int)
    x, y = np.meshgrid(np.arange(out[0]), np.arange(out[1]))
    flat = np.stack([x, y, np.ones_like(x)], -1) @ np.linalg.inv(matrix).T
    flat = flat[..., :2] / flat[..., 2:]
    flat -= bent(flat, bend, page.shape)
    ground = int(rng.integers(30, 200))
    seen = cv2.remap(page, flat.astype(np.float32), None, cv2.INTER_AREA, borderValue=ground)
    return _camera(seen, rng), matrix, bend


def bent(points: NDArray[np.float64], bend: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """The shift (..., 2) of points of a flat page, a book's curl and a wave."""
    x, y = points[..., 0] / shape[1], points[..., 1] / shape[0]
    down = bend[0] * np.cos(np.pi * x) + bend[1] * (2 * x - 1) ** 2
    aside = bend[2] * np.cos(np.pi * y) + bend[3] * 0.5 * (2 * y - 1) ** 2
    return np.stack([aside, down], -1)


def _camera(gray: Gray, rng: Rng) -> Gray:
    """Light, shadow, focus, noise, JPEG."""
    rows, columns = gray.shape
    y, x = np.mgrid[:rows, :columns] / max(rows, columns)
    light = rng.uniform(0.55, 1.0) * (1 + rng.normal(0, 0.25) * (x - 0.5) + rng.normal(0, 0.25) * (y - 0.5))
    if rng.random() < 0.35:
        angle, place = rng.uniform(0, np.pi), rng.uniform(0.2, 0.8)
        edge = (np.cos(angle) * x + np.sin(angle) * y - place) / rng.uniform(0.004, 0.08)
        light *= 1 - rng.uniform(0.2, 0.5) / (1 + np.exp(-np.clip(edge, -30, 30)))
    light *= min(1.0, 1.04 / float(light.max()))
    contrast = rng.uniform(0.5, 1.0)
    picture = (255 - contrast * (255 - gray.astype(np.float32))) * light
    blur = float(rng.choice([0.4, 0.8, 1.3, 2.0]))
    picture = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), blur) + rng.normal(0, rng.uniform(1, 6), gray.shape)
    _good, data = cv2.imencode(".jpg", np.clip(picture, 0, 255).astype(np.uint8), [1, int(rng.integers(45, 95))])
    return np.asarray(cv2.imdecode(data, 0), np.uint8)


def photo(number: int) -> tuple[Gray, list[Drawn], list[NDArray[np.float64]]]:
    """Picture ``number``: grey, the grids on it, and the corners of each in it, float64 (4, 2)."""
    rng = np.random.default_rng([SEED, number])
    kinds = ["puzzle", "puzzle", "table", "boxes"][number % 4 : number % 4 + 1]
    if rng.random() < 0.15:
        kinds.append(str(rng.choice(["table", "boxes"])))
    page, grids = page_with(kinds, rng)
    gray, matrix, bend = photographed(page, rng)
    corners = []
    for drawn in grids:
        moved = drawn.corners
        for _ in range(4):
            moved = drawn.corners + bent(moved, bend, page.shape)
        corners.append(cv2.perspectiveTransform(moved[None], matrix)[0])
    return gray, grids, corners


def near(cut: GridCut, corners: NDArray[np.float64]) -> bool:
    """Whether the corners are right, to a twentieth of the grid's size or a third of a cell."""
    size = float(np.linalg.norm(corners[2] - corners[0]))
    return float(np.abs(np.asarray(cut.corners) - corners).max()) < 0.05 * size


def score(count: int, first: int, reader: Reader | None, show: Path | None) -> dict[str, Any]:
    """What is found of pictures ``first`` and on."""
    totals: Counter[str] = Counter()
    missed = []
    for number in range(first, first + count):
        gray, grids, corners = photo(number)
        cuts = find(gray)
        matched = 0
        for drawn, place in zip(grids, corners, strict=True):
            totals["grids"] += 1
            totals["cells"] += len(drawn.cells)
            cut = next((c for c in cuts if (c.rows, c.columns) == (drawn.rows, drawn.columns) and near(c, place)), None)
            if cut is None:
                missed.append(
                    {"photo": number, "wanted": [drawn.rows, drawn.columns], "got": [[c.rows, c.columns] for c in cuts]}
                )
                _keep(show, f"{number}-missed", gray)
                continue
            matched += 1
            totals["found"] += 1
            for problem in compared(cut, drawn, reader, totals):
                missed.append({"photo": number, **problem})
        totals["false"] += len(cuts) - matched
    return {**totals, "wrong": missed}


def compared(cut: GridCut, drawn: Drawn, reader: Reader | None, totals: Counter[str]) -> Iterator[dict[str, Any]]:
    """Counts what is right, and tells what is not."""
    by_place = {(c.row, c.column, c.row_span, c.column_span): c for c in cut.cells}
    single = []
    for place, text in drawn.cells.items():
        cell = by_place.get(place)
        if cell is None:
            yield {"cell": place, "wanted": text, "got": "no such cell"}
            continue
        totals["in_place"] += 1
        if cell.empty != (text == ""):
            yield {"cell": place, "wanted": text, "got": "empty" if cell.empty else "not empty"}
        else:
            totals["empty_right"] += 1
            if len(text) == 1:
                single.append((place, text, cell))
    if reader is None:
        return
    for (place, text, _cell), digit in zip(single, reader.digits([c.cutout.gray for *_rest, c in single]), strict=True):
        totals["digits"] += 1
        totals["digits_right"] += digit.text == text
        if digit.text != text:
            yield {"cell": place, "wanted": text, "got": digit.text, "confidence": round(digit.confidence, 2)}


def _keep(show: Path | None, name: str, gray: Gray) -> None:
    if show is not None:
        show.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(show / f"{name}.png"), gray)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--show", type=Path, help="a folder for the photos with a grid that was missed")
    parser.add_argument("--read", action="store_true", help="digits too")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    found = score(asked.count, asked.first, Reader(threads=1) if asked.read else None, asked.show)
    command = f"python benchmarks/rendered_grids.py --count {asked.count} --first {asked.first}"
    record.write("rendered_grids", {"command": command + " --read" * asked.read, "seed": SEED, **found})


if __name__ == "__main__":
    main()
