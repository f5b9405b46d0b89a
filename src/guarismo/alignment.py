"""Where each character of a text stands on a line, by its best alignment with the steps, and what else may stand there.

Everywhere as in ``ctc``: ``log_probs`` float64 (T, C), ``labels`` C strings, the blank in column ``blank``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guarismo.ctc import Steps, Symbols, paths, symbols_of

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Character:
    """Where a character stands: steps ``first`` to ``last`` (included); ``centre`` weighs them by its probability.

    ``confidence`` is the probability that between its neighbours there is this character and nothing else.
    ``probabilities`` are of the ten digits in its place (sum 1); None for a mark.
    """

    text: str
    first: int
    last: int
    centre: float
    confidence: float
    probabilities: tuple[float, ...] | None


def align(log_probs: Steps, text: str, labels: Sequence[str], blank: int) -> list[Character]:
    """Where each character of the text stands: its best alignment (Viterbi), and what else may stand there.

    Raises ValueError for a text that does not fit into T steps.
    """
    symbols = symbols_of(text, labels)
    spans = _spans(log_probs, symbols, blank)
    digits = [labels.index(digit) for digit in "0123456789"]
    characters = []
    for symbol, span, said, alone in zip(symbols, spans, text, _alone(log_probs, symbols, spans, blank), strict=True):
        ten = tuple(_shares(alone[digits]).tolist()) if symbol in digits else None
        confidence = float(np.exp(alone[symbol]))
        characters.append(Character(said, *span, _centre(log_probs, symbol, span), confidence, ten))
    return characters


def middles(log_probs: Steps, text: str, labels: Sequence[str], blank: int) -> list[float]:
    """The ``centre`` of each of the text's digits, as ``align`` has them. Raises ValueError as that does."""
    symbols = symbols_of(text, labels)
    spans = _spans(log_probs, symbols, blank)
    every = [_centre(log_probs, symbol, span) for symbol, span in zip(symbols, spans, strict=True)]
    return [centre for centre, said in zip(every, text, strict=True) if said.isdigit()]


def _centre(log_probs: Steps, symbol: int, span: Span) -> float:
    first, last = span
    return float(_shares(log_probs[first : last + 1, symbol]) @ np.arange(first, last + 1))


def _spans(log_probs: Steps, symbols: Symbols, blank: int) -> list[Span]:
    """The first and last step of each character in the text's best alignment."""
    several, skips = paths([symbols], blank)
    path, skip = several[0], skips[0]
    reached, come = np.full((len(log_probs) + 1, len(path) + 2), -np.inf), np.empty(len(path))
    reached[0, 2] = 0.0
    for before, after, step in zip(reached, reached[1:, 2:], log_probs[:, path], strict=False):
        np.add(before[:-2], skip, out=come)
        np.maximum(come, before[1:-1], out=come)
        np.maximum(come, before[2:], out=come)
        np.add(come, step, out=after)
    at = len(path) - 1 - int(len(path) > 1 and reached[-1, -2] > reached[-1, -1])
    if reached[-1, at + 2] == -np.inf:
        raise ValueError(f"a text of {len(symbols)} characters does not fit into {len(log_probs)} steps")
    standing = np.empty(len(log_probs), int)
    for t in reversed(range(len(log_probs))):
        standing[t] = at
        stayed, moved, skipped = reached[t, at + 2], reached[t, at + 1], reached[t, at] + skip[at]
        at -= (0 if stayed >= moved else 1) if stayed >= skipped or moved >= skipped else 2
    firsts = np.searchsorted(standing, range(1, len(path), 2))
    lasts = np.searchsorted(standing, range(1, len(path), 2), side="right") - 1
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))


def _alone(log_probs: Steps, symbols: Symbols, spans: Sequence[Span], blank: int) -> NDArray[np.float64]:
    """For each character and symbol the log probability (N, C) that the steps between the neighbours of the one say the
    other and nothing else.

    Touching a neighbour that is the same symbol, it would be a part of that one.
    """
    starts = [0, *[last + 1 for _, last in spans]]
    ends = [*[first for first, _ in spans[1:]], len(log_probs)]
    longest = max((end - start for start, end in zip(starts, ends, strict=False)), default=0)
    windows = np.full((len(spans), longest, log_probs.shape[1]), -np.inf)
    windows[..., blank] = 0.0  # the steps before a short one say nothing, surely
    for i, (window, start, end) in enumerate(zip(windows, starts, ends, strict=False)):
        window[longest - (end - start) :] = log_probs[start:end]
        window[longest - (end - start), symbols[max(i - 1, 0) : i]] = -np.inf
    nothing = np.zeros((len(spans), 1))
    going, ended = np.full((2, len(spans), log_probs.shape[1]), -np.inf)
    for t in range(longest):
        step, silent = windows[:, t], windows[:, t, blank, None]
        ended = np.logaddexp(ended, going) + silent
        going = np.logaddexp(going, nothing) + step
        nothing = nothing + silent
    going[range(len(spans) - 1), symbols[1:]] = -np.inf
    return np.asarray(np.logaddexp(going, ended), np.float64)


def _shares(logs: Steps) -> Steps:
    shares: Steps = np.exp(logs - logs.max())
    shares /= shares.sum()
    return shares
