"""What ``guarismo read`` writes beside the results, and over nobody's picture: annotated pictures, ink, cut-outs."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from guarismo.cli.inputs import places as places_of
from guarismo.errors import OutputError
from guarismo.files import probe, write_whole
from guarismo.ink import frame
from guarismo.render import SOFTWARE, annotate, ink_picture, png
from guarismo.results import Result, places
from guarismo.strip import HEIGHT, strip
from guarismo.types import Box, Digit, Gray, Number

REVIEW = "review.csv"
REVIEW_COLUMNS = (
    *("file", "page", "cutout", "left", "top", "right", "bottom", "reading", "status", "confidence"),
    "correct",
)
"""The last one is empty: a person fills it in."""

LONGEST = 200
"""Bytes of a picture's name that are kept: 255 are allowed, and a number and an ending are added."""


@dataclass(frozen=True, slots=True)
class One:
    """A picture and what came of it; ``gray`` and ``reading`` are None where it could not be opened; ``reading`` is
    None for pages too."""

    result: Result
    gray: Gray | None = None
    reading: Digit | Number | None = None


@dataclass(frozen=True, slots=True)
class Folders:
    """Where to write annotated pictures, ink, and cut-outs of what is not read; None is nowhere."""

    marked: Path | None = None
    show_ink: Path | None = None
    review: Path | None = None


class Written:
    """Writes for one picture after the other; ``finish`` at the end.

    ``failed`` is what could not be written first, after which nothing more is: reading goes on, and loses nothing.
    """

    def __init__(self, paths: tuple[str, ...], folders: Folders, output: Path | None) -> None:
        writes = output is not None or folders != Folders()
        self._inputs = places_of(paths) if writes else set()
        self._folders = folders
        self._targets = [
            (folder, ending)
            for folder, ending in ((folders.marked, ".png"), (folders.show_ink, ".ink.png"))
            if folder is not None
        ]
        self._names: set[str] = set()
        self._rows: list[list[Any]] = []
        self.failed: OutputError | None = None
        for folder in (folders.marked, folders.show_ink, folders.review):
            if folder is not None:
                _make(folder)
        if folders.review is not None and (folders.review / REVIEW).exists():
            raise OutputError("{path}: holds a review already; name another folder", path=folders.review)
        if output is not None:
            self.check(output)
            probe(output)

    def check(self, path: Path) -> None:
        if os.path.realpath(path) in self._inputs:
            raise OutputError("{path}: is one of the pictures; name another place", path=path)

    def pictures(self, one: One) -> None:
        try:
            self._pictures(one)
        except OutputError as error:
            self.failed = self.failed or error

    def _pictures(self, one: One) -> None:
        name, gray, page = one.result.name, one.gray, one.result.page
        if self._folders == Folders() or gray is None or page is None or self.failed is not None:
            return
        stem = self._unique(name, page.page_number, self._targets)
        if self._folders.marked is not None:
            self._save(annotate(gray, page), self._folders.marked / f"{stem}.png")
        if self._folders.show_ink is not None and one.reading is not None:  # of a page there is no such picture
            seen = _strip_picture(gray) if isinstance(one.reading, Number) else ink_picture(frame(gray).ink)
            self._save(seen, self._folders.show_ink / f"{stem}.ink.png")
        if self._folders.review is not None:
            self._review(one.result, gray, stem, self._folders.review)

    def _review(self, result: Result, gray: Gray, stem: str, folder: Path) -> None:
        """What is neither read nor blank, cut out, and a row for each."""
        assert result.page is not None
        doubted = [p.number for p in places(result.page) if p.number.status not in ("read", "blank")]
        for place, number in enumerate(doubted, 1):
            cutout, box = f"{self._unique(f'{stem}-{place}.png', None, [(folder, '.png')])}.png", number.box
            self._save(Image.fromarray(_around(gray, box)), folder / cutout)
            edges = [box.left, box.top, box.right, box.bottom]
            said = [number.text, number.status, round(number.confidence, 6), ""]
            self._rows.append([result.name, result.page.page_number, cutout, *edges, *said])

    def finish(self) -> None:
        """Write the table to fill in."""
        try:
            if self._folders.review is not None and (self._rows or self.failed is None):
                self._write_rows(self._folders.review / REVIEW)
        except OutputError as error:
            self.failed = self.failed or error

    def _write_rows(self, path: Path) -> None:
        buffer = io.StringIO()
        writer = csv.writer(buffer, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
        writer.writerows([list(REVIEW_COLUMNS), *self._rows])
        self.check(path)
        write_whole(path, buffer.getvalue().encode(errors="surrogateescape"))

    def _unique(self, name: str, page: int | None, targets: list[tuple[Path, str]]) -> str:
        """The picture's own name and page, numbered when two pictures share it, or where in one of the folders, with
        that ending, there is a picture of somebody else's."""
        stem = "stdin" if name == "-" else Path(name).stem
        while len(os.fsencode(stem)) > LONGEST:
            stem = stem[:-1]
        stem = stem if page is None else f"{stem}-p{page}"
        numbered = (f"{stem}-{number}" for number in count(2))
        free = (one for one in chain([stem], numbered) if one not in self._names)
        chosen = next(
            one for one in free if not any(self._is_foreign(folder / f"{one}{ending}") for folder, ending in targets)
        )
        self._names.add(chosen)
        return chosen

    def _is_foreign(self, path: Path) -> bool:
        """Whether there is something that this program has not made. Of the pictures that are read ``check`` tells."""
        if not path.exists() or os.path.realpath(path) in self._inputs:
            return False
        try:
            with Image.open(path, formats=["PNG"]) as picture:
                return picture.info.get("Software") != SOFTWARE
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
            return True

    def _save(self, picture: Image.Image, path: Path) -> None:
        self.check(path)
        write_whole(path, png(picture))


def _around(gray: Gray, box: Box) -> Gray:
    """A box and half of its height around it, so that it is seen what stands beside."""
    spare = max(4, box.height // 2)
    return gray[max(0, box.top - spare) : box.bottom + spare, max(0, box.left - spare) : box.right + spare]


def _strip_picture(gray: Gray) -> Image.Image:
    """The strip of a number, or as much blank paper, enlarged less than a digit: it is long."""
    found = strip(gray)
    return ink_picture(np.zeros((HEIGHT, HEIGHT), np.float32) if found is None else found.ink, scale=4)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            "{path}: the folder cannot be made ({reason}); choose another place", path=folder, reason=error.strerror
        ) from error
