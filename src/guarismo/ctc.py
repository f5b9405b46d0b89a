"""What a line model says at each step → the likeliest texts, and how likely each is.

The model is trained by connectionist temporal classification (Graves, Fernández, Gomez and Schmidhuber 2006):
a text is as likely as all its alignments together, where repeats merge and blanks vanish. The search is a prefix
beam search (Hannun, Maas, Jurafsky and Ng 2014): one hypothesis for each *text*.

A constraint acts inside the search. One pass from the line's end tells how likely each state of its automaton still
is to reach acceptance in the steps that are left, and the beam ranks a prefix by the probability that it goes on to an
*accepted* text. A prefix that cannot any more is worth nothing, and one that will must never fall out of the beam.

Everywhere: ``log_probs`` float64 (T, C), log softmax, T steps from left to right; ``labels`` are C strings, one
character each but for the blank, which is column ``blank``; the digits are found by their labels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import nlargest
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from guarismo.types import Logits

Steps = NDArray[np.float64]
Symbols = tuple[int, ...]

FLOOR = 1e-6
"""A prefix or a new character below this share of the beam is not followed, so a clear line has few alternatives. It is
a share of the *beam*: what a constraint forces is followed. On 30 made-up lines of 100 steps with doubtful digits 1e-4
changed two second-best texts; 1e-7 changed none and took 1.4 times as long, 1e-9 1.7 times."""

SURE = 1e-4
"""A run of steps with less than this beside the blank becomes one step. On the same lines that halved the time and
changed one second-best text; 1e-3 changed two."""

AGREES = 0.05
"""Where less than this share agrees with the constraint, what it needs may lie in the runs of blank: none is cut."""

LEAST = 1e-10
"""The least probability of a symbol in the search, so that 30 characters against the model's will do not underflow."""


class Language(Protocol):
    """The texts that are allowed: a deterministic automaton, as `guarismo.pattern` builds it. State 0 is the start.

    ``table`` int32 (Q, C): the next state, -1 where there is none; ``accepting`` bool (Q,).
    """

    @property
    def table(self) -> NDArray[np.int32]: ...

    @property
    def accepting(self) -> NDArray[np.bool_]: ...


@dataclass(frozen=True, slots=True)
class _Ahead:
    """What is still to come, for each step t from 0 to T and state: the probability of reaching acceptance.

    ``blank`` (T+1, Q+1) after a blank, ``symbol`` (T+1, Q+1, C) after that symbol; row Q is for "no such state" and 0.
    Each step is divided by its ``scales`` (T,), so that long lines do not underflow. ``free``: all of it is 1.
    """

    table: NDArray[np.int32]
    blank: Steps
    symbol: Steps
    scales: Steps
    free: bool = False

    @property
    def log_accepted(self) -> float:
        start = float(self.blank[0, 0])
        return float(np.log(self.scales).sum() + np.log(start)) if start > 0 else -np.inf


@dataclass(slots=True)
class _Hypothesis:
    """The probability of a prefix: ``ended`` in a blank, and still ``going`` on with its last character."""

    ended: float
    going: float
    state: int


Held = dict[Symbols, _Hypothesis]


def log_softmax(logits: Logits, temperature: float = 1.0) -> Steps:
    """Log softmax at a temperature (Guo et al. 2017) of logits (T, C): float64 (T, C), exp of rows sums to 1."""
    scaled = logits.astype(np.float64) / temperature
    scaled -= scaled.max(1, keepdims=True, initial=-np.inf)
    scaled -= np.log(np.exp(scaled).sum(1, keepdims=True))
    return scaled


def greedy(log_probs: Steps, labels: Sequence[str], blank: int) -> tuple[str, float]:
    """The text of each step's best symbol, and the log probability of that one alignment.

    Above log 0.5 it is the best text, whatever a search would try: all others share the rest.
    """
    path = log_probs.argmax(1)
    new = path[np.flatnonzero(np.diff(path, prepend=-1))]
    return "".join(labels[symbol] for symbol in new if symbol != blank), float(log_probs.max(1).sum())


def search(
    log_probs: Steps, labels: Sequence[str], blank: int, language: Language | None = None, beam: int = 8, count: int = 5
) -> list[tuple[str, float]]:
    """The ``count`` best texts with their log probabilities, best first; of the language only, where one is given.

    The probabilities are exact sums over all alignments, and of everything the line may say, constraint or not.
    Empty only where no text of the language fits into T steps, or it is so unlikely that the beam has lost it.
    """
    found = _likely(log_probs, blank, language, beam)
    scored = zip(found, _forward(log_probs, found, blank).tolist(), strict=True)
    best = sorted(scored, key=lambda each: (-each[1], each[0]))[:count]
    return [("".join(labels[symbol] for symbol in symbols), score) for symbols, score in best]


def likely(
    log_probs: Steps, labels: Sequence[str], blank: int, language: Language | None = None, beam: int = 8
) -> list[str]:
    """The texts among which ``search`` finds the best, all of its beam, without their probabilities."""
    return ["".join(labels[symbol] for symbol in each) for each in _likely(log_probs, blank, language, beam)]


def _likely(log_probs: Steps, blank: int, language: Language | None, beam: int) -> list[Symbols]:
    probs = np.maximum(np.exp(log_probs), LEAST)
    found = _beam_search(probs[_busy(probs[:, blank])], blank, language, beam, np.log(AGREES))
    return found or _beam_search(probs, blank, language, beam, -np.inf)


def log_probability(log_probs: Steps, text: str, labels: Sequence[str], blank: int) -> float:
    """Of the text among everything that the line may say: the sum over all its alignments."""
    return float(_forward(log_probs, [symbols_of(text, labels)], blank)[0])


def agreed(
    looks: Sequence[Steps], texts: Sequence[str], labels: Sequence[str], blank: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Log probabilities (N,) of texts, and of their digits whatever marks stand between: means over several looks.

    ``looks`` are the steps (T, C) of the same line seen in several ways, T their own. Marks and blanks added together
    are one silence; with it for a blank, the alignments of the digits are those of all their spellings.
    """
    silent = [i for i, label in enumerate(labels) if i == blank or not label.isdigit()]
    whole = np.full((max(map(len, looks)), len(looks), len(labels) + 1), -np.inf)
    whole[:, :, [blank, -1]] = 0.0  # after its last step a look says nothing, surely
    for i, steps in enumerate(looks):
        whole[: len(steps), i, :-1] = steps
        whole[: len(steps), i, -1] = np.logaddexp.reduce(steps[:, silent], 1)
    symbols = [symbols_of(text, labels) for text in texts]
    digits = [tuple(symbol for symbol in each if symbol not in silent) for each in symbols]
    several = list(dict.fromkeys(digits))
    blanks = np.repeat([blank, len(labels)], [len(texts), len(several)])
    shares = np.logaddexp.reduce(_forward(whole, [*symbols, *several], blanks), 0) - np.log(len(looks))
    return shares[: len(texts)], shares[len(texts) :][[several.index(each) for each in digits]]


def log_accepted(log_probs: Steps, blank: int, language: Language) -> float:
    """Of all texts of the language together. Take it from a text's, and that is the text's *given the constraint*."""
    return _ahead(np.exp(log_probs), blank, language).log_accepted


def _busy(blanks: Steps) -> NDArray[np.bool_]:
    """Which steps to look at (T,): of each run of sure blanks only the first, which still parts equal digits."""
    sure = blanks > 1 - SURE
    busy: NDArray[np.bool_] = ~sure
    busy[1:] |= ~sure[:-1]
    return busy


def _beam_search(probs: Steps, blank: int, language: Language | None, beam: int, least: float) -> list[Symbols]:
    """What is in the beam after the last step; nothing where not more than ``least`` (a logarithm) is accepted."""
    ahead = _free(len(probs), probs.shape[1], blank) if language is None else _ahead(probs, blank, language)
    if not ahead.log_accepted > least:
        return []
    held: Held = {(): _Hypothesis(1.0, 0.0, 0)}
    mass = float(ahead.blank[0, 0])
    for t, step in enumerate(probs):
        floor = FLOOR * mass * float(ahead.scales[t])
        ranked = _ranked(_grown(held, step, blank, ahead, t, floor), ahead, t + 1, beam, floor)
        most = max(each.ended + each.going for _, _, each in ranked)
        held = {prefix: _Hypothesis(each.ended / most, each.going / most, each.state) for _, prefix, each in ranked}
        mass = sum(score for score, _, _ in ranked) / most
    return list(held)


def _free(steps: int, columns: int, blank: int) -> _Ahead:
    """No constraint: one state, and whatever comes is accepted."""
    table = np.zeros((1, columns), np.int32)
    table[0, blank] = -1
    come = np.ones((steps + 1, 2, columns))
    come[:, 1] = 0
    return _Ahead(table, come[:, :, 0], come, np.ones(steps), free=True)


def _ahead(probs: Steps, blank: int, language: Language) -> _Ahead:
    """CTC's backward pass over alignments and states of the automaton together."""
    table, (steps, columns), states = language.table, probs.shape, len(language.table)
    after_blank = np.zeros((steps + 1, states + 1))
    after_symbol = np.zeros((steps + 1, states + 1, columns))
    after_blank[-1, :-1], after_symbol[-1, :-1] = language.accepting, language.accepting[:, None]
    scales, column = np.ones(steps), np.arange(columns)
    for t in reversed(range(steps)):
        new = after_symbol[t + 1][table, column] * probs[t]
        stay = after_blank[t + 1, :-1] * probs[t, blank]
        after_blank[t, :-1] = stay + new.sum(1)
        goes_on = after_symbol[t + 1, :-1] * probs[t]  # the same symbol for one more step
        after_symbol[t, :-1] = stay[:, None] + goes_on + _sum_of_others(new)
        scales[t] = max(after_blank[t].max(), after_symbol[t].max()) or 1.0
        after_blank[t] /= scales[t]
        after_symbol[t] /= scales[t]
    return _Ahead(table, after_blank, after_symbol, scales)


def _sum_of_others(values: Steps) -> Steps:
    """For each column the sum of the others. Not "all less this": what is nearly nothing would drown in rounding."""
    others = np.zeros_like(values)
    np.cumsum(values[:, :-1], 1, out=others[:, 1:])
    others[:, :-1] += np.cumsum(values[:, :0:-1], 1)[:, ::-1]
    return others


def _grown(held: Held, step: Steps, blank: int, ahead: _Ahead, t: int, floor: float) -> Held:
    """Each prefix as it is after one more step, and with each character that this step may begin."""
    p: list[float] = step.tolist()
    grown = {
        prefix: _Hypothesis(
            (each.ended + each.going) * p[blank], each.going * p[prefix[-1]] if prefix else 0, each.state
        )
        for prefix, each in held.items()
    }
    begun = _begun_freely(held, p, blank, floor) if ahead.free else _begun(held, step, ahead, t, floor)
    for prefix, each, symbol, state in begun:
        longer, repeat = (*prefix, symbol), prefix[-1:] == (symbol,)
        added = p[symbol] * (each.ended if repeat else each.ended + each.going)  # a repeat needs a blank before it
        grown.setdefault(longer, _Hypothesis(0.0, 0.0, state)).going += added
    return grown


Begun = Iterator[tuple[Symbols, _Hypothesis, int, int]]
"""A prefix, what is known of it, a character that a step begins after it, and the state to which that leads."""


def _begun(held: Held, step: Steps, ahead: _Ahead, t: int, floor: float) -> Begun:
    before = list(held.items())
    nexts = ahead.table[[each.state for each in held.values()]]
    whole = np.array([[each.ended + each.going] for each in held.values()])
    rows, symbols = np.nonzero(ahead.symbol[t + 1][nexts, np.arange(len(step))] * step * whole > floor)
    for row, symbol, state in zip(rows.tolist(), symbols.tolist(), nexts[rows, symbols].tolist(), strict=True):
        yield *before[row], symbol, state


def _begun_freely(held: Held, p: list[float], blank: int, floor: float) -> Begun:
    """The same where there is no constraint: a step has one or two characters to begin, seldom more."""
    most = max(each.ended + each.going for each in held.values())
    live = [symbol for symbol, share in enumerate(p) if share * most > floor and symbol != blank]
    for prefix, each in list(held.items()):
        whole = each.ended + each.going
        for symbol in live:
            if p[symbol] * whole > floor:
                yield prefix, each, symbol, 0


def _ranked(grown: Held, ahead: _Ahead, t: int, beam: int, floor: float) -> list[tuple[float, Symbols, _Hypothesis]]:
    """The ``beam`` prefixes likeliest to go on to an accepted text, best first, with that probability."""
    if ahead.free:
        whole = ((each.ended + each.going, prefix, each) for prefix, each in grown.items())
        return nlargest(beam, (each for each in whole if each[0] > floor))
    blank, symbol = ahead.blank[t].item, ahead.symbol[t].item
    scored = [
        (each.ended * blank(each.state) + (each.going and each.going * symbol(each.state, prefix[-1])), prefix, each)
        for prefix, each in grown.items()
    ]
    return nlargest(beam, (each for each in scored if each[0] > floor))


def fewest_steps(text: str) -> int:
    """In how many steps a text can be spelled: one for each character, and a blank between two that are alike. In fewer
    its probability is nothing."""
    return len(text) + sum(one == after for one, after in pairwise(text))


def symbols_of(text: str, labels: Sequence[str]) -> Symbols:
    """The column of each character."""
    return tuple(labels.index(character) for character in text)


def _forward(log_probs: Steps, texts: Sequence[Symbols], blank: int | NDArray[np.int64]) -> Steps:
    """CTC's forward pass over all texts (N) at once, each with its own ``blank`` or all with one: log probabilities
    (N,) of steps (T, C), (K, N) of (T, K, C)."""
    path, skips = paths(texts, blank)
    may_skip, probs = np.exp(skips), np.exp(log_probs)[..., path]
    states = np.zeros((*log_probs.shape[1:-1], len(texts), path.shape[1] + 2))
    states[..., 2] = 1.0  # before the first step: as after a blank; two in front, so that each looks back alike
    scales, here, come = np.zeros(states.shape[:-1]), states[..., 2:], np.empty_like(states[..., 2:])
    for t, step in enumerate(probs, 1):
        np.multiply(states[..., :-2], may_skip, out=come)
        come += states[..., 1:-1]
        come += here
        np.multiply(come, step, out=here)
        if t % 4 == 0:  # or long lines would underflow
            most = np.maximum(here.max(-1), 1e-300)
            here /= most[..., None]
            scales += np.log(most)
    last = 2 * np.array([len(text) for text in texts], int) + 2
    row = np.arange(len(texts))
    ends: Steps = states[..., row, last] + np.where(last > 2, states[..., row, last - 1], 0.0)
    return np.asarray(np.log(ends, out=np.full_like(ends, -np.inf), where=ends > 0) + scales)


def paths(texts: Sequence[Symbols], blank: int | NDArray[np.int64]) -> tuple[NDArray[np.int64], Steps]:
    """The texts with blanks around characters (N, S), and what skipping the blank before costs: 0 or -inf (N, S)."""
    path = np.empty((len(texts), 2 * max((len(text) for text in texts), default=0) + 1), int)
    path[:] = np.reshape(blank, (-1, 1))
    for row, text in zip(path, texts, strict=True):
        row[1 : 2 * len(text) : 2] = text
    skips = np.full(path.shape, -np.inf)
    skips[:, 3::2] = np.where(path[:, 3::2] != path[:, 1:-2:2], 0.0, -np.inf)
    return path, skips
