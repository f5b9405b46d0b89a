"""A hard shadow's edge is found and the light made even; digits under it are read, and its edge is none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from guarismo import Reader, ink
from guarismo.shade import without_deep_shade, without_shade
from guarismo.types import Gray
from pictures import levels, on_paper
from pictures import written as drawn

SIDE = 120


def shaded(clean: Gray, angle: float, offset: float, left: float, soft: float = 1.0) -> Gray:
    """A shadow that leaves this share of the light lies beyond a line: x cos + y sin > offset, both from -1 to 1; its
    edge is so many pixels soft. Some grain over all."""
    rows, columns = clean.shape
    y, x = np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, columns), indexing="ij")
    beyond = (np.cos(angle) * x + np.sin(angle) * y - offset) * rows / 2 / soft
    light = 1 - (1 - left) / (1 + np.exp(-np.clip(4 * beyond, -50, 50)))
    grain = np.random.default_rng(3).normal(0, 2, clean.shape)
    return np.asarray(np.clip(clean * light + grain, 0, 255), np.uint8)


def written() -> Gray:
    """A seven, dark on even paper."""
    gray = np.full((SIDE, 90), 225, np.uint8)
    cv2.polylines(gray, [np.array([[25, 30], [65, 28], [40, 92]], np.int32)], False, 70, 6, cv2.LINE_AA)
    return gray


PAPER = np.full((SIDE, 90), 225, np.uint8)


@pytest.mark.parametrize("left", [0.35, 0.6, 0.85])
@pytest.mark.parametrize(("angle", "offset"), [(0.3, 0.2), (1.2, -0.5), (2.0, 0.6), (2.9, -0.2)])
def test_light_is_even_without_the_shadow(angle: float, offset: float, left: float) -> None:
    lit = without_shade(shaded(PAPER, angle, offset, left))
    assert lit is not None
    away = cv2.blur(lit.gray, (5, 5))[~lit.edge].astype(int)
    assert abs(away - int(np.median(away))).max() < 16
    assert 0.0 < lit.edge.mean() < 0.3


@pytest.mark.parametrize(
    "gray",
    [
        PAPER,
        shaded(PAPER, 0.5, 0.0, 0.98),
        shaded(PAPER, 0.5, 0.0, 0.05),
        shaded(PAPER, 0.0, 0.97, 0.5),
        np.zeros((1, 1), np.uint8),
        np.full((1, 300), 90, np.uint8),
    ],
    ids=["even", "faint", "black", "a side alone", "a pixel", "a row"],
)
def test_what_is_no_shadow_stays(gray: Gray) -> None:
    assert without_shade(gray) is None


def test_a_digit_without_a_shadow_has_none() -> None:
    assert without_shade(written()) is None


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(threads=1)


SHADOWS = [(angle, offset, left) for angle in (0.4, 1.1, 2.2) for offset in (-0.3, 0.1, 0.4) for left in (0.35, 0.6)]


def test_digits_under_the_edge_of_a_shadow_are_read(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = [shaded(written(), *shadow, soft=2) for shadow in SHADOWS]
    right = [one.value == 7 and one.status == "read" for one in reader.digits(pictures)]
    for look in ("without_shade", "without_deep_shade"):
        monkeypatch.setattr(ink, look, lambda _gray: None)
    before = [one.value == 7 and one.status == "read" for one in reader.digits(pictures)]
    assert sum(right) >= 16
    assert sum(before) <= 10


def test_the_edge_of_a_shadow_alone_is_no_digit(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = [shaded(PAPER, *shadow, soft=soft) for shadow in SHADOWS for soft in (1, 4)]
    assert "read" not in [one.status for one in reader.digits(pictures)]
    monkeypatch.setattr(ink, "ALONG", 2.0)
    assert "read" in [one.status for one in reader.digits(pictures)]


def under_a_hand(clean: Gray, left: float, seed: int) -> Gray:
    """Two fingers' shadow over it, which leaves this share of the light, its edges some pixels soft."""
    rng = np.random.default_rng(seed)
    rows, columns = clean.shape
    hand = np.zeros(clean.shape, np.uint8)
    for share in (0.3, 0.62):
        middle = (round(share * columns), round(rng.uniform(0.55, 0.9) * rows))
        cv2.ellipse(
            hand, middle, (round(0.16 * columns), round(0.45 * rows)), float(rng.uniform(-30, 30)), 0, 360, 255, -1
        )
    light = 1 - (1 - left) * cv2.GaussianBlur(hand, (0, 0), 3) / 255
    return np.asarray(np.clip(clean * light + rng.normal(0, 2, clean.shape), 0, 255), np.uint8)


def test_paper_under_a_hand_is_even_without_its_shadow() -> None:
    lit = without_deep_shade(under_a_hand(np.full((200, 200), 235, np.uint8), 0.5, 1))
    assert lit is not None
    assert np.ptp(np.percentile(cv2.blur(lit.gray, (5, 5)), (10, 90))) < 20


@pytest.mark.parametrize(
    "gray",
    [PAPER, under_a_hand(PAPER, 0.8, 2), np.zeros((1, 1), np.uint8)],
    ids=["even", "a shallow shadow", "a pixel"],
)
def test_where_no_shadow_is_deep_nothing_is_taken_off(gray: Gray) -> None:
    assert without_deep_shade(gray) is None


@pytest.mark.parametrize("digit", range(10))
def test_a_digit_under_a_hand_is_read(digit: int) -> None:
    sheets = [
        under_a_hand(levels(on_paper(drawn(digit, seed, 130), (200, 200)), 60, 235), 0.45, seed) for seed in range(5)
    ]
    assert [one.value for one in Reader(threads=1).digits(sheets)].count(digit) >= 4


def test_the_shadow_of_a_hand_on_bare_paper_is_never_read() -> None:
    bare = [under_a_hand(np.full((200, 200), 235, np.uint8), 0.5, seed) for seed in range(20)]
    assert "read" not in {one.status for one in Reader(threads=1).digits(bare)}
