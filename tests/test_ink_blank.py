"""Users' group G: where nothing is written there is no ink, and nothing to be sure of."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from guarismo.image import load_gray
from guarismo.ink import frame
from guarismo.types import Gray
from pictures import gradient, half_shaded, levels, lit, on_paper, ruled, specked, textured, written

SHAPES = [(28, 28), (60, 80), (240, 240), (700, 900)]
SEEDS = range(6)

Paper = Callable[[tuple[int, int], int], Gray]


def white(shape: tuple[int, int], _seed: int) -> Gray:
    return np.full(shape, 255, np.uint8)


def noisy(shape: tuple[int, int], seed: int, level: float = 200, deviation: float = 8) -> Gray:
    return np.clip(np.random.default_rng(seed).normal(level, deviation, shape), 0, 255).astype(np.uint8)


def compressed(gray: Gray, quality: int) -> Gray:
    buffer = io.BytesIO()
    Image.fromarray(gray).save(buffer, "JPEG", quality=quality)
    return load_gray(buffer.getvalue())


PAPERS: dict[str, Paper] = {
    "white": white,
    "black": lambda shape, _seed: np.zeros(shape, np.uint8),
    "grey": lambda shape, seed: np.full(shape, 40 * seed % 256, np.uint8),
    "a little noise": lambda shape, seed: noisy(shape, seed, deviation=2),
    "noise": noisy,
    "much noise": lambda shape, seed: noisy(shape, seed, 150, 15),
    "noise in the dark": lambda shape, seed: noisy(shape, seed, 40),
    "a gradient": lambda shape, seed: gradient(white(shape, seed), 0.4 + 0.1 * seed, 1.0, seed % 2),
    "a noisy gradient": lambda shape, seed: gradient(noisy(shape, seed, 230, 4), 0.75, 1.0, seed % 2),
    "a hard shadow": lambda shape, seed: half_shaded(white(shape, seed), 0.3 + 0.1 * seed),
    "a faint texture": lambda shape, seed: textured(seed, shape, 1.5),
    "blocks of JPEG": lambda shape, seed: compressed(noisy(shape, seed, 240, 3), 20 + 10 * seed),
}


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: f"{shape[0]}x{shape[1]}")
@pytest.mark.parametrize("paper", PAPERS)
def test_bare_paper_is_blank(paper: str, shape: tuple[int, int]) -> None:
    for seed in SEEDS:
        framed = frame(PAPERS[paper](shape, seed))
        assert framed.box is None, seed
        assert not framed.ink.any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 2), (3, 3), (8, 8), (1, 3000), (3000, 1)], ids=str)
def test_the_smallest_and_narrowest_bare_papers_are_blank(shape: tuple[int, int]) -> None:
    assert frame(white(shape, 0)).box is None


def test_a_line_of_a_pencil_hardly_darker_than_paper_is_blank_and_a_little_darker_is_not() -> None:
    seven = on_paper(written(7, 1))
    assert frame(levels(seven, 250, 255)).box is None
    assert frame(levels(seven, 235, 255)).box is not None


def not_blank(paper: Paper, shape: tuple[int, int], seeds: range = range(20)) -> list[int]:
    return [seed for seed in seeds if frame(paper(shape, seed)).box is not None]


@pytest.mark.xfail(
    strict=True, reason="ink: grain is taken to be single pixels; blotches of 3 grey levels pass for ink"
)
def test_rough_paper_is_blank() -> None:
    assert not_blank(lambda shape, seed: textured(seed, shape, 3.0), (240, 240)) == []


@pytest.mark.xfail(strict=True, reason="ink: on paper at 255 noise is cut off above, so no grain is measured")
def test_overexposed_noise_is_blank() -> None:
    assert not_blank(lambda shape, seed: noisy(shape, seed, 255, 8), (60, 80)) == []


@pytest.mark.xfail(strict=True, reason="ink: a strong gradient with camera noise now and then passes for ink")
@pytest.mark.parametrize(("shape", "seed", "first"), [((60, 80), 0, 0.55), ((240, 240), 2, 0.65)])
def test_a_strong_gradient_with_noise_is_blank(shape: tuple[int, int], seed: int, first: float) -> None:
    assert frame(gradient(noisy(shape, seed, 230, 4), first, 1.0, axis=0)).box is None


def vignetted(shape: tuple[int, int], _seed: int) -> Gray:
    """Corners at 40 % of the middle's light: a phone held close, or a cheap webcam."""
    y, x = (np.linspace(-1, 1, n) ** 2 for n in shape)
    return lit(white(shape, 0), 1 - 0.3 * np.add.outer(y, x))


@pytest.mark.xfail(strict=True, reason="ink: a strong vignette leaves ink at the edges")
def test_paper_in_a_vignette_is_blank() -> None:
    assert not_blank(vignetted, (240, 240), range(1)) == []


def soft_shadow(shape: tuple[int, int], seed: int) -> Gray:
    place = np.arange(shape[1]) - 0.6 * shape[1]
    return lit(white(shape, 0), 1 - 0.5 / (1 + np.exp(-place / (2 + seed))))


@pytest.mark.xfail(strict=True, reason="ink: the penumbra of a soft shadow on a small picture passes for ink")
def test_paper_with_a_soft_shadow_is_blank() -> None:
    assert not_blank(soft_shadow, (60, 80)) == []


def test_dust_on_bare_paper_is_blank() -> None:
    assert not_blank(lambda shape, seed: specked(white(shape, 0), seed, 3), (240, 240)) == []


def test_an_empty_printed_box_is_blank() -> None:
    boxed: Paper = lambda shape, _seed: ruled(white(shape, 0), "left", "right", "top", "bottom", off=4)  # noqa: E731
    assert not_blank(boxed, (240, 240), range(1)) == []


@pytest.mark.parametrize("pixels", [[[0, 1, 2]], [[215, 176]], [[99], [224]]])
def test_a_picture_of_a_few_pixels_does_not_break_off(pixels: list[list[int]]) -> None:
    frame(np.array(pixels, np.uint8))
