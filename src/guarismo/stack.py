"""Strips read together: each filled up to the width that it would have alone, so that none is read otherwise for its
company."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from guarismo.strip import HEIGHT

Key = TypeVar("Key", bound=Hashable)

TOGETHER = 32
"""Strips that are read together are filled up to a common width, a multiple of this many columns: the fewer the widths,
the fewer kernels the runtime has to prepare. In training as in reading."""

GROUP = 16
"""Strips read at once: no more are faster."""


def stacked(inks: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """The ink of strips as one array float32 (N, 48, W), filled up with paper."""
    wide = _filled(max(ink.shape[1] for ink in inks))
    whole = np.zeros((len(inks), HEIGHT, wide), np.float32)
    for row, ink in zip(whole, inks, strict=True):
        row[:, : ink.shape[1]] = ink
    return whole


def alike(widths: Mapping[Key, int]) -> Iterator[list[Key]]:
    """Strips to be read together, which are filled up to the same width: their keys, the narrowest first."""
    group: list[Key] = []
    for key in sorted(widths, key=lambda one: widths[one]):
        if group and (len(group) == GROUP or _filled(widths[key]) > _filled(widths[group[0]])):
            yield group
            group = []
        group.append(key)
    if group:
        yield group


def _filled(columns: int) -> int:
    return -(-columns // TOGETHER) * TOGETHER
