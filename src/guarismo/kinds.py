"""What is on a picture: one digit, a number in one line, a page, or whichever it is. For all doors the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from guarismo.pattern import Constraints
from guarismo.reader import Reader
from guarismo.types import ACTED_ON, As, Digit, Gray, Number, Page

Read = tuple[Page, Digit | Number | None]
"""A picture as a page, and the one digit or number that the page is made of; None where it may have many."""


def read_as(
    kind: As,
    reader: Reader,
    grays: Sequence[Gray],
    constraints: Constraints | None = None,
    page_numbers: Sequence[int | None] = (),
) -> list[Read]:
    """Open pictures, each read as what it is, in their order.

    "auto" takes a picture with several lines, on which there are numbers, and one with a number in ``page_numbers``
    for a page; the rest as ``Reader.readings`` does. Constraints speak of one number, so that with them nothing is a
    page. Raises UsageError and ModelError, for no pictures too.
    """
    numbers = [*page_numbers, *[None] * (len(grays) - len(page_numbers))]
    pages = [_page(kind, reader, gray, constraints, number) for gray, number in zip(grays, numbers, strict=True)]
    rest = [gray for gray, page in zip(grays, pages, strict=True) if page is None]
    singles: dict[As, Callable[[], Sequence[Digit | Number]]] = {
        "digit": lambda: reader.digits(rest),
        "number": lambda: reader.numbers(rest, constraints),
        "page": lambda: reader.numbers(rest),  # none is left, but the line model is looked at
        "auto": lambda: reader.readings(rest, constraints),
    }
    found = iter(singles[kind]())
    return [
        (page, None) if page is not None else (_numbered(reader.page_of(one := next(found), gray), number), one)
        for gray, page, number in zip(grays, pages, numbers, strict=True)
    ]


def _numbered(page: Page, number: int | None) -> Page:
    return page if number is None else replace(page, page_number=number)


def _page(kind: As, reader: Reader, gray: Gray, constraints: Constraints | None, number: int | None) -> Page | None:
    if kind not in ("page", "auto") or constraints is not None:
        return None
    from guarismo.layout import has_several_lines  # what finds things on pages takes 20 ms that a digit is spared

    sure = kind == "page" or number is not None
    if not sure and not has_several_lines(gray):
        return None
    page = reader.sheet(gray, number)
    return page if sure or any(one.status in ACTED_ON for one in page.written) else None
