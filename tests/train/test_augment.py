"""Augmentation: seeded, always a picture, and never so strong that the digit is gone."""

from __future__ import annotations

import numpy as np

from guarismo import ink
from guarismo.train.augment import as_bytes, bent, photograph
from guarismo.train.nondigits import nondigit
from guarismo.train.pens import Pen, draw
from guarismo.train.strokes import Hand
from guarismo.train.wiggle import wiggle
from guarismo.types import Gray


def written(seed: int) -> Gray:
    rng = np.random.default_rng(seed)
    return draw(Hand.random(rng).write(seed % 10, rng), 56, Pen(width=0.09), rng)


def test_a_seed_is_a_photograph() -> None:
    first, again, other = (photograph(written(3), np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert first.dtype == np.uint8
    assert (first == again).all()
    assert first.shape != other.shape or (first != other).any()


def test_photographs_keep_their_ink() -> None:
    made = [photograph(written(i), np.random.default_rng(i)) for i in range(300)]
    assert min(min(picture.shape) for picture in made) >= 6
    blank = sum(ink.frame(picture).box is None for picture in made[:120])
    assert blank <= 8, "one in fifteen may drown in its paper; such pictures are drawn again"


def test_bending_moves_ink_and_does_not_lose_it() -> None:
    picture = np.pad(written(2), 30, constant_values=255)
    bowed = bent(picture, np.random.default_rng(1))
    assert bowed.shape == picture.shape
    assert (bowed != picture).mean() > 0.02
    assert (255 - bowed.astype(float)).sum() > 0.8 * (255 - picture.astype(float)).sum()


def test_wiggling_stays_near() -> None:
    framed = as_bytes(ink.frame(written(8)).ink)
    rng = np.random.default_rng(4)
    moved = list(wiggle(np.stack([framed] * 40), rng))
    shares = [one.astype(float).sum() / framed.astype(float).sum() for one in moved]
    assert all(one.shape == (28, 28) and one.dtype == np.uint8 for one in moved)
    assert 0.6 < min(shares) and max(shares) < 1.6
    assert np.mean([np.abs(one.astype(float) - framed).mean() for one in moved]) > 5


def test_nondigits_are_pictures_of_many_kinds() -> None:
    rng = np.random.default_rng(0)
    made = [nondigit(rng) for _ in range(80)]
    assert all(one.dtype == np.uint8 and one.ndim == 2 and one.size for one in made)
    assert len({one.tobytes() for one in made}) == 80
    assert sum(ink.frame(one).box is None for one in made) < 8
