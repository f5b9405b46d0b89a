"""What people write on a line: amounts, dates, times, telephone numbers, postcodes, scores, readings, plain digits.

Only what is written; ``lines.py`` knows how. A text has the characters of ``ALPHABET``, begins and ends with no space,
and never has two spaces in a row.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Rng = np.random.Generator

ALPHABET = "0123456789.,-/: "
"""Everything that a line's label may hold. Currency signs, double dashes and long lines are drawn, and not labelled."""

LONGEST = 22
"""Characters: the longest telephone number in pairs, or a sum of milliards with its cents."""


def text(rng: Rng) -> str:
    """One line's text, 1 to ``LONGEST`` characters."""
    place = int(np.searchsorted(_EDGES, rng.random(), side="right"))
    return _KINDS[min(place, len(_KINDS) - 1)][1](rng)


def _digits(rng: Rng, count: int) -> str:
    return "".join("0123456789"[i] for i in rng.integers(0, 10, count).tolist())


def _pick(rng: Rng, choices: str | tuple[str, ...]) -> str:
    return choices[int(rng.integers(len(choices)))]


def _whole(rng: Rng) -> str:
    """A sum without cents, from units to milliards: small ones are as frequent as large ones, and many are round."""
    count = 1 + int(rng.binomial(8, 0.42)) if rng.random() < 0.95 else int(rng.integers(9, 11))
    first = str(1 + int(9 ** rng.random() - 1e-9)) if rng.random() < 0.9 else _pick(rng, "123456789")
    rest = _digits(rng, count - 1)
    if rng.random() < 0.4:  # two in five are so many hundreds or thousands
        zeros = int(rng.integers(1, max(2, count)))
        rest = rest[: max(0, count - 1 - zeros)] + "0" * min(zeros, count - 1)
    if rng.random() < 0.03:
        rest = _pick(rng, "0123456789") * len(rest)  # 5.555, 99.999
    return first + rest


def grouped(whole: str, mark: str) -> str:
    """Digits in groups of three from the right: ("1990000", ".") is 1.990.000."""
    first = len(whole) % 3
    groups = [whole[:first]] if first else []
    return mark.join([*groups, *(whole[i : i + 3] for i in range(first, len(whole), 3))])


def _amount(rng: Rng) -> str:
    """As people write sums: 1.990,50  3.500.-  1,234.56  25.000  25000  12,50  4720-  3.827."""
    whole, style = _whole(rng), rng.random()
    if style < 0.45:
        thousands, decimal = ".", ","
    elif style < 0.6:
        thousands, decimal = ",", "."
    elif style < 0.68:
        thousands, decimal = " ", _pick(rng, ",.")
    else:
        thousands, decimal = "", _pick(rng, ",.")
    if len(whole) == 4 and rng.random() < 0.25:
        thousands = ""
    return (grouped(whole, thousands) if thousands else whole) + _ending(rng, decimal)


def _ending(rng: Rng, decimal: str) -> str:
    """Nothing; cents; or a mark that stands for no cents."""
    chance = rng.random()
    if chance < 0.42:
        return ""
    if chance < 0.72:
        cents = "00" if rng.random() < 0.3 else _digits(rng, 2)
        return decimal + (cents[:1] if rng.random() < 0.06 else cents)
    return _pick(rng, (".-", ".-", ".-", ",-", "-", "-", ".", ".", ",", " -"))


def _plain(rng: Rng) -> str:
    """1 to 12 digits, leading zeros as they come; short ones are the more frequent."""
    count = int(rng.integers(1, 7)) if rng.random() < 0.7 else int(rng.integers(6, 13))
    digits = _digits(rng, count)
    if rng.random() < 0.15:
        zeros = int(rng.integers(1, count + 1))
        digits = "0" * zeros + digits[zeros:]
    return _pick(rng, "0123456789") * count if rng.random() < 0.03 else digits


def _postcode(rng: Rng) -> str:
    length = (4, 5, 5, 5, 6, 7)[int(rng.integers(6))]
    code = _digits(rng, length)
    chance = rng.random()
    if length == 7:
        return f"{code[:3]}-{code[3:]}"  # Japan, Chile
    if length == 5 and chance < 0.15:
        return f"{code}-{_digits(rng, 4)}"
    if length in {5, 6} and chance < 0.3:
        return f"{code[:3]} {code[3:]}"
    return code


def _date(rng: Rng) -> str:
    day, month = int(rng.integers(1, 32)), int(rng.integers(1, 13))
    year = int(rng.integers(1930, 2036))
    pad = rng.random() < 0.55
    parts = [f"{n:02d}" if pad else str(n) for n in (day, month)]
    if rng.random() < 0.2:
        parts.reverse()  # the month first
    last = str(year) if rng.random() < 0.5 else f"{year % 100:02d}"
    mark = _pick(rng, ("/", "/", "/", "-", "-", ".", ".", " ", " / ", "- "))
    chance = rng.random()
    if chance < 0.08:
        return mark.join(parts)
    if chance < 0.16:
        return f"{year}-{month:02d}-{day:02d}"
    return mark.join([*parts, last])


def _time(rng: Rng) -> str:
    hour, minute = int(rng.integers(0, 24)), int(rng.integers(0, 60))
    start = f"{hour:02d}" if rng.random() < 0.5 else str(hour)
    mark = _pick(rng, "::::.")
    clock = f"{start}{mark}{minute:02d}"
    chance = rng.random()
    if chance < 0.1:
        return f"{clock}{mark}{int(rng.integers(0, 60)):02d}"
    if chance < 0.2:
        return f"{clock}{_pick(rng, ('-', ' - '))}{(hour + 1) % 24}{mark}{int(rng.integers(0, 60)):02d}"
    return clock


def _telephone(rng: Rng) -> str:
    """Area and number; in pairs, in threes, or with a dash or slash between."""
    chance = rng.random()
    if chance < 0.25:
        pairs = [_digits(rng, 2) for _ in range(int(rng.integers(3, 6)))]
        return _pick(rng, (" ", " ", ".", "-")).join(pairs)
    if chance < 0.5:
        mark = _pick(rng, " -.")
        return mark.join([_digits(rng, 3), _digits(rng, 3), _digits(rng, int(rng.integers(3, 5)))])
    area = ("0" if rng.random() < 0.7 else "") + _digits(rng, int(rng.integers(1, 5)))
    number = _digits(rng, int(rng.integers(4, 9)))
    if len(number) > 5 and rng.random() < 0.4:
        number = f"{number[:3]}{_pick(rng, ' -')}{number[3:]}"
    return f"{area}{_pick(rng, (' ', '/', '-', ' - ', ''))}{number}"


def _score(rng: Rng) -> str:
    mark = _pick(rng, ("-", "-", ":", ":", " - ", " : ", "/"))
    high = 7 if rng.random() < 0.6 else 130
    sets = [f"{rng.integers(0, high)}{mark}{rng.integers(0, high)}" for _ in range(1 + int(rng.random() < 0.2))]
    return " ".join(sets)


def _reading(rng: Rng) -> str:
    """What a meter, a thermometer or a balance says: 00123,4  36.6  -12,5  0,035."""
    whole = f"{int(10 ** rng.uniform(0, 4)) - 1}"
    if rng.random() < 0.25:
        whole = whole.zfill(int(rng.integers(4, 8)))
    decimals = _digits(rng, int(rng.integers(1, 4)))
    sign = "-" if rng.random() < 0.12 else ""
    return f"{sign}{whole}{_pick(rng, ',.')}{decimals}"


def _code(rng: Rng) -> str:
    """An account, a document or a part: groups of digits with one kind of mark between them."""
    mark, groups = _pick(rng, ".-/ -"), int(rng.integers(2, 5))
    code = mark.join(_digits(rng, int(rng.integers(1, 5))) for _ in range(groups))
    if rng.random() < 0.2:
        return f"{grouped(_digits(rng, int(rng.integers(7, 9))), '.')}-{_digits(rng, 1)}"  # Chile's RUT, Brazil's CPF
    return code


def _fraction(rng: Rng) -> str:
    if rng.random() < 0.5:
        return f"{rng.integers(1, 100)}/{rng.integers(1, 1000)}"
    return f"{_digits(rng, 4)}/{_digits(rng, 2)}"


_KINDS: tuple[tuple[float, Callable[[Rng], str]], ...] = (
    (0.34, _amount),
    (0.28, _plain),
    (0.08, _date),
    (0.05, _time),
    (0.07, _telephone),
    (0.05, _postcode),
    (0.04, _score),
    (0.05, _reading),
    (0.03, _code),
    (0.01, _fraction),
)
"""Share and kind. Sums lead, for they have all the difficulties at once; plain digits keep the model from believing
in any grammar: what a field may hold is told to the decoder, not learned."""

_EDGES = np.cumsum([share for share, _ in _KINDS])
