"""What is on a picture: one digit, a number in one line, a page, or whichever it is. For all doors the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from guarismo.errors import UsageError
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
    for a page; the rest as ``Reader.readings`` does, and where that is not ``read`` as a page if there is more on that.
    Constraints speak of one number, so that with them nothing is a page. Raises ModelError, and UsageError for
    constraints that no number can meet, or on digits and pages; for no pictures too.
    """
    if constraints is not None and kind in ("digit", "page"):
        raise UsageError("{kind}: constraints are for single numbers; read as number or auto", kind=kind)
    numbers = [*page_numbers, *[None] * (len(grays) - len(page_numbers))]
    may = kind in ("page", "auto") and constraints is None
    sure = [kind == "page" or number is not None for number in numbers]
    tried = [_page(reader, *one) if may else None for one in zip(grays, numbers, sure, strict=True)]
    pages = [page if page is not None and (s or _has_any(page)) else None for page, s in zip(tried, sure, strict=True)]
    rest = [gray for gray, page in zip(grays, pages, strict=True) if page is None]
    singles: dict[As, Callable[[], Sequence[Digit | Number]]] = {
        "digit": lambda: reader.digits(rest),
        "number": lambda: reader.numbers(rest, constraints),
        "page": lambda: reader.numbers(rest),  # none is left, but the line model is looked at
        "auto": lambda: reader.readings(rest, constraints),
    }
    found = iter(singles[kind]())
    read: list[Read] = []
    for gray, page, before, number in zip(grays, pages, tried, numbers, strict=True):
        if page is not None:
            read.append((page, None))
            continue
        one = next(found)
        again = _second(reader, gray, one) if may and before is None else None
        read.append((_numbered(reader.page_of(one, gray), number), one) if again is None else (again, None))
    return read


def _numbered(page: Page, number: int | None) -> Page:
    return page if number is None else replace(page, page_number=number)


NEARLY_SURE = 0.9
"""Confidence of an unsure reading from which on it is not looked at as a page, too."""


def _second(reader: Reader, gray: Gray, one: Digit | Number) -> Page | None:
    """The picture as a page, where it is large enough for one and there is more to read than as a digit or a number, or
    the same for surer: the edge of a table, a row of boxes, or a heading may hide what is written beside it."""
    from guarismo.layout import LEAST_PAGE

    nearly = one.status == "unsure" and one.confidence > NEARLY_SURE
    if one.status == "read" or nearly or max(gray.shape) < LEAST_PAGE:
        return None
    page = reader.sheet(gray)
    said = [number for number in page.written if number.status in ACTED_ON]
    sure = sum(len(number.digits_text) for number in said if number.status == "read")
    likely = max((number.digits_confidence for number in said if len(number.digits_text) > 1), default=0.0)
    if one.status != "unsure":
        return page if sure or likely else None
    if len(one.text) == 1:  # the edge of a table is a 1
        return page if sure > 1 or likely > one.confidence else None
    if len(said) == 1 and said[0].confidence > one.confidence and len(said[0].digits) >= len(one.text.strip()) // 2:
        return page
    return page if sure > 1 and all(number.status == "read" for number in said) else None


def _page(reader: Reader, gray: Gray, number: int | None, sure: bool) -> Page | None:
    """A picture that is ``sure`` to be a page, or looks like one, as such."""
    from guarismo.layout import has_several_lines  # what finds things on pages takes 20 ms that a digit is spared

    return reader.sheet(gray, number) if sure or has_several_lines(gray) else None


def _has_any(page: Page) -> bool:
    return any(one.status in ACTED_ON for one in page.written)
