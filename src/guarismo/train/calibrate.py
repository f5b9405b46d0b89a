"""From raw outputs to confidences that can be believed, and the thresholds that rest on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guarismo.decode import shares

CANDIDATES = np.exp(np.linspace(np.log(0.3), np.log(6.0), 241))
"""Temperatures tried, a step of 1.3 %: a network trained with smoothed labels lies below 1, one that was
overfitted above 2. A search by steps cannot run away as a gradient can."""


Looks = NDArray[np.float32]
"""Logits (K, N, L) of K looks at the same N pictures; often one."""


def temperature(
    looks: Looks,
    labels: NDArray[np.integer[Any]],
    said: Callable[[Looks, float], NDArray[np.float64]] = lambda looks, heat: shares(looks[0], heat),
) -> float:
    """The temperature with the least negative log likelihood on data that was not trained on (Guo et al. 2017) of what
    is ``said`` in the end, shares (N, L). Labels (N,) lie in 0..L-1."""
    losses = [negative_log_likelihood(said(looks, float(t)), labels) for t in CANDIDATES]
    return float(CANDIDATES[int(np.argmin(losses))])


def negative_log_likelihood(probabilities: NDArray[np.float64], labels: NDArray[np.integer[Any]]) -> float:
    """Mean over the rows of -log of the right column."""
    right = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(right, 1e-12)).mean())


def read_threshold(confidences: NDArray[np.float64], right: NDArray[np.bool_], most_wrong: float) -> float:
    """The least confidence from which on at most ``most_wrong`` of what is accepted is wrong; 1.0 if there is none.

    A threshold lies between two confidences that were seen, half way.
    """
    order = np.argsort(-confidences, kind="stable")
    wrong = np.cumsum(~right[order]) / np.arange(1, len(order) + 1)
    ranked = confidences[order]
    last_of_its_kind = np.diff(ranked, append=-1.0) != 0  # what is equally sure is accepted or refused together
    good = np.flatnonzero((wrong <= most_wrong) & last_of_its_kind)
    if not good.size:
        return 1.0
    last = int(good[-1])
    below = ranked[last + 1] if last + 1 < len(ranked) else ranked[last]
    return float((ranked[last] + below) / 2)
