"""How people put marks between digits: sums, dates, times, telephone numbers, scores, codes.

A point is a speck, and a space a matter of taste: of lines of which all digits are right, one in ten has a mark too
many or too few. Whoever reads 80,00098 looks for the point that makes it 80,000.98. So of several spellings of the same
digits one that is well formed weighs more. No digit is the likelier for it, and no grammar is learnt: this is all.
"""

from __future__ import annotations

import re

_SIGN = r"(?:- ?)?"

_OFF = r"(?: ?[.,]?-|[.,])?"
"""What stands for no cents at a sum's end: 25.-  25,-  25 -  25."""

_FORMS = (
    _SIGN + r"\d+" + _OFF,
    _SIGN + r"\d+[.,]\d{1,3}",
    _SIGN + r"\d{1,3}(?:\.\d{3})+(?:,\d{1,2})?" + _OFF,
    _SIGN + r"\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?" + _OFF,
    _SIGN + r"\d{1,3}(?: \d{3})+(?:[.,]\d{1,2})?" + _OFF,
    r"\d{1,2}( [-/.] |[-/.] ?| )\d{1,2}\1(?:\d{2}|\d{4})",  # 7.11.26
    r"\d{1,2}( [-/.] |[-/.]| )\d{1,2}",
    r"\d{4}-\d\d-\d\d",
    r"\d{1,2}([:.])\d\d(?:\1\d\d)?(?:(?:-| - )\d{1,2}\1\d\d)?",  # 9:05 - 10:30
    r"\d{1,3}([-:/]| [-:/] )\d{1,3}(?: \d{1,3}\1\d{1,3})?",  # 6-4 7-6
    r"\d\d([ .-])\d\d(?:\1\d\d)+",  # 91 23 45 67
    r"\d{3}([ .-])\d{3}\1\d{3,4}",
    r"\d{2,4}(?: \d{2,4})+",
    r"\d+(?:[/-]| [/-] | )(?:\d{3}[ -]?)?\d+",  # 030 / 123 4567
    r"\d{1,3}(?:\.\d{3})+-\d",  # 12.345.678-5
    r"\d+([./-])\d+(?:\1\d+)+",
)
_WELL_FORMED = tuple(re.compile(form) for form in _FORMS)


def is_well_formed(text: str) -> bool:
    """Whether people put marks so; nothing at all is a well-formed spelling of no digits."""
    return not text or any(form.fullmatch(text) for form in _WELL_FORMED)
