r"""What a number must look like → the automaton that the search for the best text walks along (see `guarismo.ctc`).

``digits``: exactly so many digits, with any marks and spaces between.

``pattern``: the whole text looks like this. It means what it means to Python's `re`, of which there are characters,
``\d``, ``.``, ``[0-9.,]``, ``?``, ``*``, ``+``, ``{n}``, ``{n,}``, ``{n,m}``, groups, ``|``, ``^`` first, ``$`` last.

``minimum`` and ``maximum``: the text is a number within these bounds, compared exactly. How it is read:

    0042  1990                42 and 1990
    1.990,50  1,234.56        groups of three by a point, a comma or a space; the decimal mark is another one
    1.990  1,234              1990 and 1234: a mark before three digits is a group's wherever that is possible
    0.125  1990.125           decimal marks, as 0 and 1990 are no first groups
    12,5  12.  ,5  -5         12.5, 12, 0.5 and minus five
    1.990.-  5,-  500/-  5-   no cents
    1.2.3  12/05  1-2  12:30  no numbers, so within no bounds

``allowed``: the text is one of these, marks and spaces included.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import partial, reduce
from typing import Any

from guarismo.automaton import Automaton, explored, too_large
from guarismo.errors import UsageError

MOST_KEPT, MOST_TERMS = 4_000, 200
"""States of all constraints together, made as few as can be: 3,600 take 0.2 s and 50 MB for a line of 100 steps. And
terms of a pattern in each, while it is built."""

MAX_PATTERN, MAX_PLACES = 250, 40
"""Characters of a pattern: what nests deeper would exhaust Python's stack. Digits of a bound: far beyond what is
written by hand, far below what fills the memory (1e999999)."""

Columns = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Constraints:
    """What the caller knows of a number before it is read. None is no constraint; the module says what each means."""

    digits: int | None = None
    pattern: str | None = None
    minimum: Decimal | float | str | None = None
    maximum: Decimal | float | str | None = None
    allowed: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if isinstance(self.allowed, Iterable) and not isinstance(self.allowed, str):  # a generator could be read once
            object.__setattr__(self, "allowed", tuple(self.allowed))


def build(constraints: Constraints, labels: Sequence[str], blank: int) -> Automaton | None:
    """The automaton of all constraints together, over the labels of a line model; None where nothing is constrained.

    Raises UsageError for a constraint that cannot be, and where no text satisfies all of them.
    """
    columns = {label: column for column, label in enumerate(labels) if column != blank and len(label) == 1}
    asked = {name: getattr(constraints, name) for name in _MAKERS if getattr(constraints, name) is not None}
    parts = [_MAKERS[name](value, columns, len(labels)) for name, value in asked.items()]
    whole = reduce(_both, parts) if parts else None
    if whole is not None and len(whole.table) > MOST_KEPT:
        raise too_large()
    if whole is not None and not whole.accepting.any():
        raise UsageError(
            "{came}: no text of the characters that are read ({read}) is like that; change it or leave it out",
            came=", ".join(f"{name}={_shown(value):.60}" for name, value in asked.items()),
            read="".join(columns),
        )
    return whole


def _shown(value: object) -> str:
    """As it was given: ``repr`` would double a pattern's backslashes."""
    return f"'{value}'" if isinstance(value, str) else repr(value)


def _both(one: Automaton, other: Automaton) -> Automaton:
    """The texts that both accept."""

    def moves(state: tuple[int, int]) -> dict[int, tuple[int, int]]:
        nexts = enumerate(zip(one.table[state[0]].tolist(), other.table[state[1]].tolist(), strict=True))
        return {symbol: pair for symbol, pair in nexts if min(pair) >= 0}

    return explored((0, 0), moves, lambda at: one.accepts(at[0]) and other.accepts(at[1]), one.table.shape[1])


def _counted(digits: int, columns: Columns, size: int) -> Automaton:
    """So many digits; marks anywhere."""
    if not isinstance(digits, int) or digits < 1:
        raise UsageError("digits={came!r}; expected how many digits there are, from 1 up", came=digits)

    def moves(seen: int) -> dict[int, int]:
        counts = {column: seen + character.isdigit() for character, column in columns.items()}
        return {column: count for column, count in counts.items() if count <= digits}

    return explored(0, moves, lambda seen: seen == digits, size)


def _listed(values: tuple[str, ...], columns: Columns, size: int) -> Automaton:
    """One of the values. A state is the set of endings that are still possible."""
    if not isinstance(values, tuple) or not values or not all(isinstance(one, str) for one in values):
        raise UsageError("allowed={came!r}; expected a list of the values that may be read, as strings", came=values)
    for value in values:
        if not columns.keys() >= set(value):
            raise UsageError("allowed: {came!r}; only {read!r} are read", came=value, read="".join(columns))

    def moves(endings: frozenset[str]) -> dict[int, frozenset[str]]:
        following: dict[int, set[str]] = {}
        for ending in filter(None, endings):
            following.setdefault(columns[ending[0]], set()).add(ending[1:])
        return {column: frozenset(rest) for column, rest in following.items()}

    return explored(frozenset(values), moves, lambda endings: "" in endings, size)


@dataclass(frozen=True, slots=True)
class _Repeat:
    """One of the terms, from ``low`` to ``high`` times; None is without end."""

    terms: tuple[Term, ...]
    low: int
    high: int | None


Term = tuple[frozenset[int] | _Repeat, ...]
"""What comes one after the other: one of some symbols, or a group. ``()`` is the empty text."""


def _like(pattern: str, columns: Columns, size: int) -> Automaton:
    """What the pattern describes, by derivatives (Brzozowski 1964): a state is all that may follow (Antimirov 1996)."""
    if not isinstance(pattern, str) or not pattern:
        raise UsageError("pattern={came!r}; expected what the number looks like, such as \\d{{5}}", came=pattern)
    if len(pattern) > MAX_PATTERN:
        raise UsageError("a pattern of {came} characters; expected up to {limit}", came=len(pattern), limit=MAX_PATTERN)

    def moves(terms: frozenset[Term]) -> dict[int, frozenset[Term]]:
        if len(terms) > MOST_TERMS:
            raise too_large()
        return {symbol: frozenset(rest) for symbol, rest in _merged(map(_after, terms)).items()}

    start = frozenset(_Parser(pattern, columns).either())
    return explored(start, moves, lambda terms: any(map(_may_end, terms)), size)


def _may_end(term: Term) -> bool:
    return all(isinstance(item, _Repeat) and (not item.low or any(map(_may_end, item.terms))) for item in term)


def _after(term: Term) -> dict[int, set[Term]]:
    """For each symbol that may come first, the terms that may follow it."""
    if not term:
        return {}
    first, rest = term[0], term[1:]
    if not isinstance(first, _Repeat):
        return {symbol: {rest} for symbol in first}
    high = None if first.high is None else first.high - 1
    again = () if high == 0 else (_Repeat(first.terms, max(first.low - 1, 0), high),)
    begun = _merged(map(_after, first.terms)) if first.high != 0 else {}
    found = {symbol: {end + again + rest for end in ends} for symbol, ends in begun.items()}
    return _merged((found, _after(rest))) if _may_end((first,)) else found


def _merged(many: Iterable[Mapping[int, set[Term]]]) -> dict[int, set[Term]]:
    merged: dict[int, set[Term]] = {}
    for found in many:
        for symbol, terms in found.items():
            merged.setdefault(symbol, set()).update(terms)
    return merged


class _Parser:
    """A pattern → its terms, by recursive descent. Characters that the model does not read become empty sets."""

    def __init__(self, pattern: str, columns: Columns) -> None:
        self.pattern, self.columns, self.at = pattern, columns, 0

    def take(self, expected: str) -> re.Match[str] | None:
        """What comes next, if it looks like this."""
        found = re.compile(expected, re.S).match(self.pattern, self.at)
        self.at = found.end() if found else self.at
        return found

    def must(self, expected: str) -> re.Match[str]:
        if found := self.take(expected):
            return found
        raise self.wrong(self.at)

    def wrong(self, at: int) -> UsageError:
        return UsageError(
            "pattern {came!r}: {part!r} in it is not supported; expected characters, \\d, [0-9.,], ?, *, +, {{n}}, "
            "{{n,m}}, groups and |",
            came=self.pattern,
            part=self.pattern[at:] or self.pattern,
        )

    def either(self, end: str = r"\Z") -> tuple[Term, ...]:
        terms = [self.sequence()]
        while self.take(r"\|"):
            terms.append(self.sequence())
        self.must(end)
        return tuple(terms)

    def sequence(self) -> Term:
        term: Term = ()
        while self.take(r"(?=[^|)])"):
            terms = self.one()
            low, high = self.times()
            term += terms[0] if low == high == len(terms) == 1 else (_Repeat(terms, low, high),)
        return term

    def one(self) -> tuple[Term, ...]:
        if self.take(r"\A\^|\$\Z"):
            return ((),)
        if self.take(r"\((\?:|(?!\?))"):
            return self.either(r"\)")
        if self.take(r"\."):
            return ((frozenset(self.columns.values()),),)
        one = r"\\[d\W]|[^][\\{}()?*+|^$]"
        characters = self.inside() if self.take(r"\[(?![]^])") else self.spelled(one)
        return ((frozenset(self.columns[each] for each in characters if each in self.columns),),)

    def spelled(self, expected: str) -> str:
        found = self.must(expected)[0]
        return "0123456789" if found == r"\d" else found[-1]

    def inside(self) -> str:
        characters = ""
        while not self.take(r"\]"):
            if span := self.take(r"(\\\W|[^\\])-(\\\W|[^]\\])"):
                first, last = span[1][-1], span[2][-1]
                if first > last:
                    raise self.wrong(span.start())
                characters += "".join(map(chr, range(ord(first), ord(last) + 1)))
            else:
                characters += self.spelled(r"(?:\\[d\W]|[^\\])(?!-[^]])")
        return characters

    def times(self) -> tuple[int, int | None]:
        found = self.take(r"([?*+])|\{(\d{1,4})(?:(,)(\d{0,4}))?\}")
        if not found:
            return 1, 1
        self.must(r"(?![?*+{])")
        if found[1]:
            return int(found[1] == "+"), 1 if found[1] == "?" else None
        low, high = int(found[2]), int(found[4] or found[2]) if found[4] or not found[3] else None
        if high is not None and high < low:
            raise self.wrong(found.start())
        return low, high


_MARKS = {"p": ".", "c": ",", "s": "-", **{mark: mark for mark in "., -/"}}
_ROLES = {"w": "123456789", "z": "0", "f": "0123456789", **_MARKS}
"""What the characters of ``_NUMBER`` stand for: whole digits (zero apart), fraction digits, decimal marks, the sign."""

_NUMBER = (
    r"s?((z[wz]*|w[wz]{3,})([pc]f*|END)?|w[wz]{0,2}([pc](f{1,2}|f{4,})?|END)?|[pc]f+|w[wz]{0,2}"
    r"((\.[wz]{3})+(cf*|p|END)?|(,[wz]{3})+(pf*|c|END)?|( [wz]{3})+([pc]f*|END)?))"
).replace("END", "[pc]?-|/-")

Track = tuple[bool, int, int]
"""A number beside a bound: in its fraction? after how many digits? above (1), below (-1) or so far the same (0)?"""


@dataclass(frozen=True, slots=True)
class _Bound:
    """The digits of a bound without its sign, and on which ``side`` numbers are to be: 1 or above, -1 or below."""

    whole: str
    fraction: str
    side: int

    def after(self, track: Track, role: str, character: str) -> Track:
        in_fraction, place, above = track
        if role in "pc":
            return True, 0, (place > len(self.whole)) - (place < len(self.whole)) or above
        if role not in "wzf" or (in_fraction and above) or (role == "z" and not place):
            return track
        digits = self.fraction if in_fraction else self.whole
        bound = digits[place : place + 1] or "0"
        return in_fraction, min(place, len(digits)) + 1, above or (character > bound) - (character < bound)

    def holds(self, track: Track) -> bool:
        """For the number that ends here."""
        _, place, above = track if track[0] else self.after(track, "p", ".")
        return (above or -(place < len(self.fraction))) * self.side >= 0


Reading = tuple[int, str, Track]


def _bounded(name: str, came: object, columns: Columns, size: int) -> Automaton:
    """The numbers from a minimum up, or from a maximum down: the same with the signs swapped.

    A state is all that the text so far may be, each with its sign and where it stands beside that sign's bound.
    """
    bound, plus, minus = (_decimal(name, came), *(("", "-") if name == "minimum" else ("-", "")))
    whole, _, fraction = f"{bound.copy_abs():f}".partition(".")
    digits = whole.lstrip("0"), fraction.rstrip("0")
    beyond = bound > 0 if name == "minimum" else bound < 0  # zero, so that one sign is out
    bounds = {plus: _Bound(*digits, 1)} if beyond else {plus: _Bound("", "", 1), minus: _Bound(*digits, -1)}
    roles = list(_ROLES)
    number = _like(_NUMBER, {role: at for at, role in enumerate(roles)}, len(roles))

    def moves(readings: frozenset[Reading]) -> dict[int, frozenset[Reading]]:
        found: dict[int, set[Reading]] = {}
        for state, sign, track in readings:
            for symbol in number.allowed(state):
                role, following = roles[symbol], number.step(state, symbol)
                signed = "-" if role == "s" else sign
                for character in columns.keys() & _ROLES[role] if signed in bounds else ():
                    now = bounds[signed].after(track, role, character)
                    found.setdefault(columns[character], set()).add((following, signed, now))
        return {column: frozenset(new) for column, new in found.items()}

    def accepts(readings: frozenset[Reading]) -> bool:
        return any(number.accepts(state) and bounds[sign].holds(track) for state, sign, track in readings)

    return explored(frozenset([(0, "", (False, 0, 0))]), moves, accepts, size)


def _decimal(name: str, came: object) -> Decimal:
    """A float means what is written: 0.1, not the binary number next to it."""
    try:
        value = Decimal(str(came))
        if value.is_finite() and abs(value.adjusted()) < MAX_PLACES and len(value.as_tuple().digits) < MAX_PLACES:
            return value
    except InvalidOperation:
        pass
    raise UsageError("{name}={came!r}; expected a number such as 0, -5 or 1990.50", name=name, came=came)


_MAKERS: dict[str, Callable[[Any, Columns, int], Automaton]] = {
    "allowed": _listed,
    "digits": _counted,
    **{name: partial(_bounded, name) for name in ("minimum", "maximum")},
    "pattern": _like,
}
