"""Papers of several pages, and what becomes of their readings: hOCR, Label Studio, cut-outs to review."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from guarismo import Reader
from guarismo.cli import main
from guarismo.errors import PictureError
from guarismo.exports import to_hocr, to_labelstudio
from guarismo.papers import paper
from guarismo.results import Result, told
from guarismo.types import Box, Grid, ModelInfo, Number, Page

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture
def tiff(tmp_path: Path) -> Path:
    """Two pages: a seven, and a one."""
    pages = [Image.open(EXAMPLES / name).convert("L") for name in ("seven.png", "one-with-a-flag.png")]
    pages[0].save(tmp_path / "two.tiff", save_all=True, append_images=pages[1:])
    return tmp_path / "two.tiff"


def test_each_page_of_a_tiff_comes_with_its_number(tiff: Path) -> None:
    opened = paper(tiff)
    assert (opened.count, opened.numbered) == (2, True)
    assert [isinstance(page, np.ndarray) and page.ndim for page in opened.pages(10)] == [2, 2]
    assert len(list(opened.pages(1))) == 1
    pages = list(Reader(threads=1).pages(tiff))
    assert [page.page_number for page in pages] == [1, 2]
    assert Page.from_dict(pages[1].to_dict()) == pages[1]
    assert Reader(threads=1).page(EXAMPLES / "seven.png").page_number is None


def test_pages_of_numbers_that_are_constrained_keep_their_numbers(
    tiff: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["read", str(tiff), "--as", "auto", "--digits", "1", "--format", "jsonl"])
    pages = [json.loads(line)["page"] for line in capsys.readouterr().out.splitlines()]
    assert [page["page_number"] for page in pages] == [1, 2]


def test_a_pdf_is_read_page_by_page_and_a_broken_one_is_told(tmp_path: Path) -> None:
    pytest.importorskip("pypdfium2")
    pages = [Image.open(EXAMPLES / name).convert("L") for name in ("seven.png", "blank-paper.png")]
    pages[0].save(tmp_path / "two.pdf", save_all=True, append_images=pages[1:])
    assert len(list(Reader(threads=1).pages(tmp_path / "two.pdf"))) == 2
    (tmp_path / "cut.pdf").write_bytes((tmp_path / "two.pdf").read_bytes()[:200])
    with pytest.raises(PictureError, match="damaged or cut short"):
        list(Reader(threads=1).pages(tmp_path / "cut.pdf"))


def test_what_is_not_sure_is_cut_out_for_review(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    review = tmp_path / "review"
    with pytest.raises(SystemExit):
        main(["read", str(EXAMPLES / "seven.png"), str(EXAMPLES / "scribble.png"), "--review", str(review)])
    (sheet,) = review.glob("*.csv")
    with sheet.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 1 and "scribble" in str(rows[0])
    assert len(list(review.glob("**/*.png"))) == 1


def page() -> Page:
    sure = Number("1.990", (), "read", 0.98, Box(10, 20, 60, 40))
    unsure = Number("7", (), "unsure", 0.6, Box(110, 60, 120, 80))
    grid = Grid(1, 2, ((unsure, None),), Box(100, 50, 160, 90))
    return Page((sure,), (grid,), 200, 100, ModelInfo("digit", "1", "ab", 1))


def test_hocr_is_a_document_with_words_in_their_boxes() -> None:
    text = to_hocr([Result("a&b.png", page()), Result("c.png", error="c.png: an empty file")])
    root = ElementTree.fromstring(text.partition("<html")[1] + text.partition("<html")[2])
    spans = [one for one in root.iter() if one.get("class") == "ocrx_word"]
    assert [(one.text, one.get("title")) for one in spans] == [
        ("1.990", "bbox 10 20 60 40; x_wconf 98"),
        ("7", "bbox 110 60 120 80; x_wconf 60"),
    ]


def test_label_studio_gets_places_in_percent() -> None:
    (task,) = json.loads(to_labelstudio([Result("a.png", page())]))
    regions = task["predictions"][0]["result"]
    assert {region["type"] for region in regions} == {"rectangle", "labels", "textarea"}
    first = next(region["value"] for region in regions if region["type"] == "textarea")
    assert (first["x"], first["y"], first["width"], first["height"], first["text"]) == (5, 20, 25, 20, ["1.990"])


def test_hocr_bears_any_name() -> None:
    text = to_hocr([Result('a\x01"b.png', page())])
    root = ElementTree.fromstring(text.partition("<html")[1] + text.partition("<html")[2])
    title = next(one.get("title") for one in root.iter() if one.get("class") == "ocr_page")
    assert title == 'image "a?%22b.png"; bbox 0 0 200 100; ppageno 0'


def test_an_empty_page_is_said_to_be_blank() -> None:
    model = ModelInfo("digit", "1", "ab", 1)
    (place,) = told(Page((), (), 200, 100, model))
    assert (place.number.status, place.number.box) == ("blank", Box(0, 0, 200, 100))
    assert told(Page((), (Grid(1, 1, ((None,),), Box(0, 0, 9, 9)),), 200, 100, model)) == []
