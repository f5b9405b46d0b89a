"""``Result``: what came of one picture, under its name; and how results are told apart in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from gettext import gettext as _
from typing import Any

from guarismo.types import ACTED_ON, Box, Number, Page, Status


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one picture: a page, or the error that took its place."""

    name: str
    page: Page | None = None
    error: str = ""

    @property
    def label(self) -> str:
        """The name, and which page of it, if it has several."""
        number = self.page.page_number if self.page else None
        return self.name if number is None else f"{self.name}[{number}]"

    def to_dict(self) -> dict[str, Any]:
        if self.page is None:
            return {"file": self.name, "error": self.error}
        return {"file": self.name, "page": self.page.to_dict()}


@dataclass(frozen=True, slots=True)
class Place:
    """A number of a page; which grid it stands in, and its row and column there, from 1, or None outside of grids."""

    number: Number
    grid: int | None = None
    row: int | None = None
    column: int | None = None


def places(page: Page) -> Iterator[Place]:
    """All numbers of a page, those in grids last, by rows."""
    yield from map(Place, page.numbers)
    for which, grid in enumerate(page.grids, 1):
        for row, cells in enumerate(grid.cells, 1):
            for column, cell in enumerate(cells, 1):
                if cell is not None:
                    yield Place(cell, which, row, column)


def told(page: Page) -> list[Place]:
    """Those that are worth a line: words and drawings beside them are not, unless there is nothing else. Of an empty
    page it is said that it is blank."""
    every = list(places(page))
    worth = [place for place in every if place.number.status in (*ACTED_ON, "blank") or place.grid is not None]
    if every or page.grids:
        return worth or every[:1]
    return [Place(Number("", (), "blank", 1.0, Box(0, 0, page.width, page.height)))]


def in_words(status: Status) -> str:
    """The status as a person would say it, in the language of the session."""
    words = {"read": _("read"), "unsure": _("not sure"), "not_a_digit": _("not a digit"), "blank": _("blank")}
    return words[status]
