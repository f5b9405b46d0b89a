"""Results for other programs: hOCR, which readers of scanned books know, and predictions for Label Studio."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from html import escape
from typing import Any

from guarismo.results import Result, places
from guarismo.types import ACTED_ON, Box, Number, Page

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" lang="zxx">
<head>
<title>guarismo</title>
<meta http-equiv="Content-Type" content="text/html; charset=utf-8" />
<meta name="ocr-system" content="guarismo" />
<meta name="ocr-capabilities" content="ocr_page ocr_table ocr_line ocrx_word" />
</head>
<body>
"""


def to_hocr(results: Iterable[Result], top: int = 1) -> str:
    """One document, a page of it for each page read. ``x_wconf`` is the confidence in percent."""
    pages = [_page(result, number) for number, result in enumerate(results) if result.page is not None]
    return f"{HEAD}{''.join(pages)}</body>\n</html>\n"


def _page(result: Result, number: int) -> str:
    page = result.page
    assert page is not None
    whole = Box(0, 0, page.width, page.height)
    title = f'image "{_quotable(result.name)}"; {_bbox(whole)}; ppageno {number}'
    lines = [_line(one, f"line_{number}_{i}") for i, one in enumerate(page.numbers) if one.status in ACTED_ON]
    tables = [_table(page, number, i) for i in range(len(page.grids))]
    inside = "".join([*lines, *tables])
    return f'<div class="ocr_page" id="page_{number}" title="{escape(title, quote=True)}">\n{inside}</div>\n'


def _quotable(name: str) -> str:
    """A file may be called anything: XML bears no control characters, and a quotation mark would end the property."""
    return "".join("?" if one < " " or one in "\x7f\ufffe\uffff" else one for one in name).replace('"', "%22")


def _line(one: Number, name: str) -> str:
    return f'<span class="ocr_line" id="{name}" title="{_bbox(one.box)}">{_word(one)}</span>\n'


def _word(one: Number) -> str:
    title = f"{_bbox(one.box)}; x_wconf {round(100 * one.confidence)}"
    return f'<span class="ocrx_word" title="{title}">{escape(one.text)}</span>'


def _table(page: Page, number: int, which: int) -> str:
    grid = page.grids[which]
    rows = [
        "<tr>" + "".join(f"<td>{_word(c) if c and c.status in ACTED_ON else ''}</td>" for c in row) + "</tr>\n"
        for row in grid.cells
    ]
    return f'<table class="ocr_table" id="table_{number}_{which}" title="{_bbox(grid.box)}">\n{"".join(rows)}</table>\n'


def _bbox(box: Box) -> str:
    return f"bbox {box.left} {box.top} {box.right} {box.bottom}"


def to_labelstudio(results: Iterable[Result], top: int = 1) -> str:
    """Tasks with predictions for a project with ``Rectangle name="bbox"``, ``Labels name="label"`` and
    ``TextArea name="transcription"`` over ``Image name="image" value="$image"``. One task a page."""
    tasks = [_task(result, result.page) for result in results if result.page is not None]
    return json.dumps(tasks, ensure_ascii=False, indent=2) + "\n"


def _task(result: Result, page: Page) -> dict[str, Any]:
    numbers = [place.number for place in places(page) if place.number.status != "blank"]
    regions = [part for i, one in enumerate(numbers) for part in _regions(one, f"n{i}", page)]
    sure = [one.confidence for one in numbers if one.status in ACTED_ON]
    version = f"{page.model.name} {page.model.version}"
    prediction = {"model_version": version, "score": min(sure, default=0.0), "result": regions}
    return {"data": {"image": result.name, "page": page.page_number or 1}, "predictions": [prediction]}


def _regions(one: Number, name: str, page: Page) -> Iterator[dict[str, Any]]:
    """Of one number: where it is, its status as a label, and what it says. Places are in percent of the picture."""
    box = one.box
    across, down = 100 / page.width, 100 / page.height
    place = {"x": box.left * across, "y": box.top * down, "width": box.width * across, "height": box.height * down}
    common = {
        "id": name,
        "to_name": "image",
        "original_width": page.width,
        "original_height": page.height,
        "image_rotation": 0,
        "score": one.confidence,
    }
    value = {**place, "rotation": 0}
    text = [one.text] if one.status in ACTED_ON else [""]
    yield {**common, "from_name": "bbox", "type": "rectangle", "value": value}
    yield {**common, "from_name": "label", "type": "labels", "value": {**value, "labels": [one.status]}}
    yield {**common, "from_name": "transcription", "type": "textarea", "value": {**value, "text": text}}
