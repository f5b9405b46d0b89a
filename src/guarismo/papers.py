"""Papers: what has pages, one ``Gray`` after the other. PDF (needs the extra ``[pdf]``), TIFF; a picture has one page.

Only one page is in memory at a time. A page that cannot be read is an error of its own; the others are not lost.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
from PIL import Image

from guarismo import image
from guarismo.errors import PictureError
from guarismo.image import Source, load_gray
from guarismo.types import Gray

DOTS = 200
"""Dots to the inch at which a page of a PDF is drawn: digits of 3 mm have 24 pixels, and a page of A4 takes 4 MB."""

LARGEST = 24_000_000
"""Pixels of a drawn page; larger ones (a plan of A0) are drawn coarser, so that memory is bounded."""

MAX_PAGES = 100
"""Pages that are read unless more are asked for: a thousand take half an hour, which nobody expects of one file."""

_pdfium = Lock()
"""PDFium may be used by one thread at a time."""


@dataclass(frozen=True, slots=True)
class Paper:
    """``count`` pages; ``page`` gives one of them, from 0, as a ``Gray``. Raises PictureError where it cannot be read.
    ``numbered`` is false for a picture, which has no pages to count. ``close`` lets go of what the pages are in."""

    count: int
    page: Callable[[int], Gray]
    numbered: bool = True
    close: Callable[[], None] = lambda: None

    def pages(self, most: int = MAX_PAGES) -> Iterator[Gray | PictureError]:
        """The first ``most`` pages one by one, or the errors that took their places; then it is closed."""
        try:
            for number in range(min(self.count, most)):
                try:
                    yield self.page(number)
                except PictureError as error:
                    yield error
        finally:
            self.close()


def paper(source: Source) -> Paper:
    """Whatever ``image.load_gray`` takes, and PDF. Raises what it raises, where not even the first page is there."""
    if isinstance(source, (np.ndarray, Image.Image)):
        return _single(load_gray(source))
    data, name = image.encoded(source)
    image.check(data, name)
    if image.is_pdf(data):
        return _pdf(data, name)
    count = image.frames(data, name)
    if count == 1:
        return _single(image.decoded(data, name))
    return Paper(count, lambda number: image.load_frame(data, f"{name}[{number + 1}]", number))


def _single(gray: Gray) -> Paper:
    return Paper(1, lambda _number: gray, numbered=False)


def _pdf(data: bytes, name: str) -> Paper:
    """Raises PictureError where it is locked or damaged, or pypdfium2 is missing."""
    try:
        import pypdfium2
    except ImportError as error:
        raise PictureError(
            "{name}: a PDF, which needs one more package: pip install 'guarismo[pdf]'", name=name
        ) from error
    with _pdfium, _reading(name):
        document = pypdfium2.PdfDocument(data)
        if document.get_formtype():
            document.init_forms()  # what was typed into fields is drawn too
        count = len(document)

    def close() -> None:
        with _pdfium:  # left to itself it would be closed in any thread
            document.close()

    if count == 0:
        close()
        raise PictureError("{name}: a PDF without pages; save it again", name=name)
    return Paper(count, lambda number: _drawn(document, number, f"{name}[{number + 1}]"), close=close)


def _drawn(document: Any, number: int, name: str) -> Gray:
    with _pdfium, _reading(name):
        page = document[number]
        try:
            width, height = page.get_size()
            scale = min(DOTS / 72, math.sqrt(LARGEST / max(width * height, 1)))
            bitmap = page.render(scale=scale)
            picture = bitmap.to_pil().copy()
            bitmap.close()
        finally:
            page.close()
    return load_gray(picture)


@contextmanager
def _reading(name: str) -> Iterator[None]:
    """What PDFium says of a file, as an error of ours."""
    try:
        yield
    except (RuntimeError, ValueError, OSError) as error:  # PdfiumError is a RuntimeError
        if "assword" in str(error):
            raise PictureError(
                "{name}: a PDF that is locked with a password; save it without one", name=name
            ) from error
        raise PictureError("{name}: a PDF that is damaged or cut short; save or copy it again", name=name) from error
