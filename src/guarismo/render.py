"""``Page`` → text, JSON, JSON lines, CSV, tables, an annotated picture; ``exports`` has the forms of other programs.

Each result has the name of its picture: ``Result(name, page)``, or ``Result(name, error=...)``.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable
from gettext import gettext as _
from typing import Any

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from guarismo.exports import to_hocr, to_labelstudio
from guarismo.results import Result, in_words, told
from guarismo.types import ACTED_ON, Gray, Ink, Number, Page, Status

COLOURS: dict[Status, tuple[int, int, int]] = {
    "read": (0, 128, 72),
    "unsure": (196, 108, 0),
    "not_a_digit": (190, 30, 60),
    "blank": (110, 110, 110),
}
"""Green, amber, red, grey; each at least 3:1 against white, and told apart by the label too."""

CSV_COLUMNS = (
    *("file", "text", "status", "confidence", "left", "top", "right", "bottom", "alternatives", "error"),
    *("page", "grid", "row", "column"),
)
"""The last four are empty where there is no paper with pages, and no grid; they count from 1."""


def to_text(results: Iterable[Result], top: int = 1) -> str:
    """A table: file, what was read, status, confidence. ``top`` above 1 adds the next likeliest readings."""
    results = list(results)
    rows = [(_("file"), _("read as"), _("status"), _("confidence"), *((_("or else"),) if top > 1 else ()))]
    for result in results:
        for number in [place.number for place in told(result.page) if place.grid is None] if result.page else ():
            others = (" ".join(f"{text} ({share:.3f})" for text, share in number.alternatives[: top - 1]),)
            rows.append(
                (
                    _on_one_line(result.label),
                    number.text if number.status in ACTED_ON else "-",
                    in_words(number.status),
                    _sure(number),
                    *others[: top > 1],
                )
            )
    grids = "".join(_grid_text(result) for result in results)
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return ("\n".join(lines) + "\n" if len(rows) > 1 else "") + grids


def _grid_text(result: Result) -> str:
    """Each grid of a page, a row a line: "." for an empty cell, "?" after what is not sure."""
    told = []
    for grid in result.page.grids if result.page else ():
        cells = [[_in_cell(cell) for cell in row] for row in grid.cells]
        wide = max(len(text) for row in cells for text in row)
        title = _("{name}: {rows} x {columns} cells").format(
            name=_on_one_line(result.label), rows=grid.rows, columns=grid.columns
        )
        told += ["", title, *(" ".join(text.rjust(wide) for text in row) for row in cells)]
    return "\n".join(told) + "\n" if told else ""


def _in_cell(cell: Number | None) -> str:
    if cell is None:
        return "."
    return {"read": cell.text, "unsure": f"{cell.text}?"}.get(cell.status, "-")


def _on_one_line(name: str) -> str:
    """A file may be called anything: a new line would break the table, an escape could repaint the terminal."""
    return "".join(character if character.isprintable() else "?" for character in name)


def _sure(number: Number) -> str:
    return f"{number.confidence:.3f}" if number.status in ACTED_ON else "-"


def to_json(results: Iterable[Result], top: int = 1) -> str:
    """One JSON array."""
    return json.dumps([_limited(result, top) for result in results], ensure_ascii=False, indent=2) + "\n"


def to_jsonl(results: Iterable[Result], top: int = 1) -> str:
    """One JSON object a line."""
    return "".join(json.dumps(_limited(result, top), ensure_ascii=False) + "\n" for result in results)


def _limited(result: Result, top: int) -> dict[str, Any]:
    whole = result.to_dict()
    page = whole.get("page", {})
    cells = [cell for grid in page.get("grids", ()) for row in grid["cells"] for cell in row if cell is not None]
    for number in [*page.get("numbers", ()), *cells]:
        number["alternatives"] = number["alternatives"][: max(0, top - 1)]
    return whole


def to_table(results: Iterable[Result], top: int = 1) -> str:
    """Grids as tables: a quoted row of CSV for each of their rows, an empty line between two grids; of a page without
    any, its numbers, one a row. What is not sure is in it; JSON tells how sure."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\n")
    pages = [result.page for result in results if result.page]
    tables: list[tuple[tuple[Number | None, ...], ...]] = [
        cells for page in pages for cells in ([g.cells for g in page.grids] or [tuple((p.number,) for p in told(page))])
    ]
    for place, table in enumerate(tables):
        buffer.write("\n" if place else "")
        for row in table:
            writer.writerow([cell.text if cell and cell.status in ACTED_ON else "" for cell in row])
    return buffer.getvalue()


def to_csv(results: Iterable[Result], top: int = 1) -> str:
    """One row for each number, quoted, so that a spreadsheet keeps leading zeros as far as it can."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for result in results:
        if result.page is None:
            writer.writerow([result.name, *[""] * 8, result.error, *[""] * 4])
            continue
        for place in told(result.page):
            number, box = place.number, place.number.box
            others = " ".join(f"{text}:{share:.4f}" for text, share in number.alternatives[: max(0, top - 1)])
            where = (result.page.page_number, place.grid, place.row, place.column)
            edges = (box.left, box.top, box.right, box.bottom)
            text = number.text if number.status in ACTED_ON else ""
            writer.writerow([result.name, text, number.status, round(number.confidence, 6), *edges, others, "", *where])
    return buffer.getvalue()


FORMATS: dict[str, Callable[[Iterable[Result], int], str]] = {
    "text": to_text,
    "json": to_json,
    "jsonl": to_jsonl,
    "csv": to_csv,
    "table": to_table,
    "hocr": to_hocr,
    "labelstudio": to_labelstudio,
}


def annotate(gray: Gray, page: Page) -> Image.Image:
    """The picture with a box around each number and what was read above it, coloured by status."""
    from PIL import ImageDraw, ImageFont  # 12 ms that reading without pictures is spared

    scale = max(1, -(-280 // max(gray.shape)))  # pictures of 28 pixels are enlarged until a label fits
    numbers = [place.number for place in told(page)]
    heights = sorted(number.box.height for number in numbers)
    if len(heights) > 1:  # and pages until the digits have forty pixels
        scale = max(scale, min(3, -(-40 // heights[len(heights) // 2])))
    picture = Image.fromarray(gray).convert("RGB")
    picture = picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST)
    size = max(14, min(96, max(picture.size) // 22))
    if len(heights) > 1:  # labels no larger than half the writing, or they would hide it
        size = max(11, min(size, round(0.45 * scale * heights[len(heights) // 2])))
    font = ImageFont.load_default(size)
    labels = [(number, _label(number, bool(page.grids) or len(page.numbers) > 1)) for number in numbers]
    pad = min(5, size // 4)
    band = size + 2 * pad + 2
    wide = max([picture.width, *(round(font.getlength(label)) + 2 * pad + 2 for _number, label in labels)])
    sheet = Image.new("RGB", (wide, picture.height + band), "white")
    sheet.paste(picture, (0, band))
    draw = ImageDraw.Draw(sheet)
    for number, label in labels:
        _mark(draw, number, label, scale, band, font)
    return sheet


def _label(number: Number, short: bool = False) -> str:
    if short:
        return _in_cell(number)
    if number.status in ("blank", "not_a_digit"):
        return in_words(number.status)
    return f"{number.text}  {in_words(number.status)} {number.confidence:.2f}"


def _mark(draw: Any, number: Number, label: str, scale: int, band: int, font: Any) -> None:
    colour, box = COLOURS[number.status], number.box
    edges = (box.left * scale, box.top * scale + band, box.right * scale - 1, box.bottom * scale + band - 1)
    draw.rectangle(edges, outline=colour, width=max(2, round(font.size / 10)))
    left, top, right, _bottom = draw.textbbox((0, 0), label, font=font)
    pad = min(5, int(font.size) // 4)
    x = max(0, min(edges[0], draw.im.size[0] - (right - left) - 2 * pad - 2))
    y = max(0, edges[1] - band)
    draw.rectangle((x, y, x + right - left + 2 * pad, y + band - 2), fill=colour)
    draw.text((x + pad, y + pad - 1 - min(0, top)), label, fill="white", font=font)


SOFTWARE = "guarismo"
"""What PNG files made here say of who made them: these may be written over."""


def png(picture: Image.Image) -> bytes:
    """The picture as a PNG file, which says whose it is."""
    buffer, about = io.BytesIO(), PngInfo()
    about.add_text("Software", SOFTWARE)
    picture.save(buffer, "PNG", pnginfo=about)
    return buffer.getvalue()


def ink_picture(ink: Ink, scale: int = 10) -> Image.Image:
    """What the network saw: 28x28 ink or a strip, enlarged, each pixel a square, dark ink on white."""
    levels = np.rint(255 - ink * 255).astype(np.uint8)
    size = (ink.shape[1] * scale, ink.shape[0] * scale)
    return Image.fromarray(levels).resize(size, Image.Resampling.NEAREST)
