"""Automata: which texts may be read, as the search for the best one walks along (see `guarismo.ctc`)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from guarismo.errors import UsageError

MAX_STATES = 20_000
"""While an automaton is built."""

LONGEST = 600
"""Characters by which two states may be told apart, more than any strip has steps. Each is a round over all states, so
that a chain of ten thousand would take minutes."""

State = TypeVar("State", bound=Hashable)


@dataclass(frozen=True, slots=True, eq=False)
class Automaton:
    """Which texts may be read: deterministic, over a line model's columns, and from each state some text is accepted.

    ``table`` int32 (Q, C): the next state, -1 where there is none; ``accepting`` bool (Q,): where a text may end.
    State 0 is the start. Both arrays are read-only.
    """

    table: NDArray[np.int32]
    accepting: NDArray[np.bool_]

    def allowed(self, state: int) -> tuple[int, ...]:
        return tuple(np.flatnonzero(self.table[state] >= 0).tolist())

    def step(self, state: int, symbol: int) -> int:
        return int(self.table[state, symbol])

    def accepts(self, state: int) -> bool:
        return bool(self.accepting[state])


def explored(
    start: State, moves: Callable[[State], Mapping[int, State]], accepts: Callable[[State], bool], size: int
) -> Automaton:
    """All states that can be reached from the start, as the smallest automaton."""
    numbers, rows, waiting = {start: 0}, [], [start]
    for state in waiting:
        row = np.full(size, -1, np.int32)
        for symbol, following in moves(state).items():
            if following not in numbers:
                numbers[following] = len(waiting)
                waiting.append(following)
            row[symbol] = numbers[following]
        rows.append(row)
        if len(waiting) > MAX_STATES:
            raise too_large()
    return _smallest(np.array(rows), np.array([accepts(state) for state in waiting]))


def too_large() -> UsageError:
    return UsageError("constraints that are too large to follow; ask for shorter repetitions or fewer values")


def _smallest(table: NDArray[np.int32], accepting: NDArray[np.bool_]) -> Automaton:
    """The same texts with the fewest states (Moore 1956): each one costs time at every step of every line.

    States that lead to no acceptance become one with -1. Where the start does, it is left alone: no text is accepted.
    """
    table, count = np.vstack((table, np.full(table.shape[1], -1, np.int32))), 0  # the last row is for -1
    classes: NDArray[np.intp] = np.append(accepting, False).astype(np.intp)
    for _round in range(LONGEST):
        if (now := len(np.unique(classes))) == count:
            break
        count = now
        told = np.column_stack((classes, classes[table]))
        classes = np.unique(told, axis=0, return_inverse=True)[1].reshape(-1)
    else:
        raise too_large()
    members = np.unique(classes, return_index=True)[1]  # one of each class
    members = np.sort(members[(classes[members] != classes[-1]) | (members == 0)])  # the start's comes first
    number = np.full(count, -1, np.int32)
    number[classes[members]] = np.arange(len(members))
    number[classes[-1]] = -1
    smallest = Automaton(number[classes[table[members]]], np.append(accepting, False)[members])
    smallest.table.flags.writeable = smallest.accepting.flags.writeable = False
    return smallest
