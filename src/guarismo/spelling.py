"""How people put marks between digits: sums, dates, times, telephone numbers, scores, codes.

A point is a speck, and a space a matter of taste: of lines of which all digits are right, one in ten has a mark too
many or too few. Whoever reads 80,00098 looks for the point that makes it 80,000.98. So of several spellings of the same
digits one that is well formed weighs more, and so does one whose spaces are the widest gaps: the line network sees two
digits to each side, and does not know what is wide in this hand. No digit is the likelier for it, and no grammar is
learnt.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise

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
    r"(?!\d{1,3}(?:\.\d{3})+\.\d\d?$)\d+([./-])\d+(?:\1\d+)+",  # 97.346.56 is a sum whose comma looks like a point
    r"\d{1,2}\. \d+(?:[.,]\d+)?",  # 2. 443 in a numbered list
)
_WELL_FORMED = tuple(re.compile(form) for form in _FORMS)


def is_well_formed(text: str) -> bool:
    """Whether people put marks so; nothing at all is a well-formed spelling of no digits."""
    return not text or any(form.fullmatch(text) for form in _WELL_FORMED)


GAPS = 4
"""Gaps between digits, without a mark in them, from which on they say what is wide."""

SHARP, APART, MOST = 8.0, 0.1, 2.0
"""How fast a spelling gains by its narrowest space being wider than its widest gap without one, to a digit's height;
how much wider it is in doubt; and what is gained or lost at most, as a logarithm. Of 5,400 lines of writers held out
27 are mended and five spoilt, and about as many with other values or with gaps of paper (docs/LOG.md)."""


def spaced(text: str, middles: Sequence[float]) -> float:
    """How many times more a spelling weighs for its spaces being where digits are far apart; 1 without spaces.

    ``middles`` are where its digits stand from left to right, in heights of a digit, as many as the text has.
    """
    between = re.split(r"\d", text)[1:-1]
    gaps = [after - before for before, after in pairwise(middles)]
    spaces = [gap for gap, mark in zip(gaps, between, strict=True) if mark == " "]
    others = [gap for gap, mark in zip(gaps, between, strict=True) if not mark]
    if not spaces or not others or len(spaces) + len(others) < GAPS:
        return 1.0
    gained = SHARP * (min(spaces) - max(others) - APART)
    return math.exp(min(max(gained, -MOST), MOST))
