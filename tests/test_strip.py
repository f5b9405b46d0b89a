"""The strip of a line: its scale, its place in the caller's picture, both polarities, extreme shapes."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from guarismo import Reader
from guarismo import strip as strip_
from guarismo.strip import FILLED, HEIGHT, MAX_WIDTH, Strip, again, sharper, strip, viewed
from guarismo.types import Gray, Look
from pictures import levels, on_paper, scaled, written


def line(height: int = 60, text: str = "1990", paper: int = 230, ink: int = 60) -> Gray:
    """A line of print, its digits half as high as the picture."""
    gray = np.full((height, height * (len(text) + 1)), paper, np.uint8)
    thick = max(1, height // 20)
    cv2.putText(gray, text, (height // 3, height * 3 // 4), 0, height / 45, ink, thick, cv2.LINE_AA)
    return gray


def found(gray: Gray) -> Strip:
    result = strip(gray)
    assert result is not None
    return result


def rows(result: Strip) -> tuple[int, int]:
    inked = np.flatnonzero((result.ink > 0.5).any(1))
    return int(inked[0]), int(inked[-1])


def test_the_writing_fills_its_rows_in_the_middle() -> None:
    for height in (30, 60, 150, 700):
        top, bottom = rows(found(line(height)))
        assert FILLED - 3 <= bottom - top + 1 <= FILLED + 3
        assert abs((top + bottom + 1) / 2 - HEIGHT / 2) < 2


def test_ink_is_float_between_paper_and_ink_and_read_only() -> None:
    ink = found(line()).ink
    assert ink.dtype == np.float32 and ink.shape[0] == HEIGHT
    assert ink.min() == 0.0 and 0.9 < ink.max() <= 1.0
    assert not ink.flags.writeable


def test_both_polarities_give_the_same_strip() -> None:
    light, dark = found(line()), found(255 - line())
    assert light.ink.shape == dark.ink.shape
    assert np.abs(light.ink - dark.ink).mean() < 0.02


def test_where_no_surface_fits_the_paper_the_same_line_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    first = found(line())
    monkeypatch.setattr(strip_, "subtract_paper", lambda gray: np.zeros(gray.shape, np.float32))
    assert np.abs(found(line()).ink - first.ink).mean() < 0.05
    assert strip(np.full((60, 300), 230, np.uint8)) is None


def test_a_point_is_kept_and_has_no_say_in_the_scale() -> None:
    gray = line(text="19 90")
    with_point = gray.copy()
    cv2.circle(with_point, (148, 45), 2, 60, -1)
    bare, pointed = found(gray), found(with_point)
    assert pointed.scale == pytest.approx(bare.scale, rel=0.03)
    assert pointed.ink.sum() > bare.ink.sum() + 10


def test_a_rule_and_a_neighbour_have_no_say_in_the_scale() -> None:
    gray = line()
    disturbed = gray.copy()
    cv2.line(disturbed, (0, 56), (disturbed.shape[1], 56), 20, 2)
    cv2.line(disturbed, (100, 0), (96, 7), 60, 3)
    assert found(disturbed).scale == pytest.approx(found(gray).scale, rel=0.05)


@pytest.mark.parametrize("text", ["-5", "-17", "-340"])
def test_a_sign_at_the_edge_is_no_rule(text: str) -> None:
    gray = np.full((600, 400 * len(text)), 250, np.uint8)
    scale = cv2.getFontScaleFromHeight(cv2.FONT_HERSHEY_SIMPLEX, 400, 40)
    cv2.putText(gray, text, (40, 500), cv2.FONT_HERSHEY_SIMPLEX, scale, (20,), 40, cv2.LINE_AA)
    inked = np.flatnonzero((gray < 128).any(0))
    tight = gray[(gray < 128).any(1)][:, inked[0] : inked[-1] + 1]
    whole = found(np.ascontiguousarray(tight))
    assert whole.left <= 0 and (whole.ink[:, 8:16] > 0.5).any(0).all()


def test_a_rule_across_a_narrow_picture_is_one_and_a_dash_is_none() -> None:
    mask = np.zeros((100, 80), np.uint8)
    mask[88:91], mask[50:53, :60] = 1, 1
    ruled = strip_.rules(mask)
    assert ruled[88:91].all() and not ruled[50:53].any()


def test_columns_lead_back_to_the_picture() -> None:
    gray = np.full((400, 900), 220, np.uint8)
    gray[150:230, 300:700] = line(80, paper=220)
    for scale in (1, 3):
        large = np.asarray(cv2.resize(gray, None, fx=scale, fy=scale), np.uint8)
        result = found(large)
        inked = np.flatnonzero((result.ink > 0.5).any(0))
        box = result.box(inked[0], inked[-1] + 1)
        dark_rows, dark_columns = (np.flatnonzero((large < 140).any(axis)) for axis in (1, 0))
        expected = (dark_columns[0], dark_rows[0], dark_columns[-1] + 1, dark_rows[-1] + 1)
        came = (box.left, box.top, box.right, box.bottom)
        assert np.abs(np.subtract(came, expected)).max() <= 4 * scale


def test_half_of_a_line_in_the_shade() -> None:
    gray = line()
    shaded = gray.copy()
    shaded[:, 130:] = (shaded[:, 130:] * 0.55).astype(np.uint8)
    assert np.abs(found(shaded).ink - found(gray).ink).mean() < 0.03


def test_too_long_a_line_is_squeezed_and_says_so() -> None:
    long = np.tile(line(), (1, 20))
    result = found(long)
    assert result.ink.shape == (HEIGHT, MAX_WIDTH)
    assert 0 < result.squeeze < 1 and found(line()).squeeze == 1.0
    assert result.box(0, MAX_WIDTH).right <= long.shape[1]


@pytest.mark.parametrize("level", [0, 90, 255])
def test_bare_paper_is_blank(level: int) -> None:
    assert strip(np.full((60, 200), level, np.uint8)) is None
    assert strip(np.full((1, 1), level, np.uint8)) is None


@pytest.mark.parametrize("shape", [(1, 4000), (4000, 1), (60, 20_000), (20_000, 60), (3000, 4000)])
def test_extreme_shapes_are_quick(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    for gray in (rng.integers(0, 256, shape).astype(np.uint8), (np.indices(shape).sum(0) % 256).astype(np.uint8)):
        start = time.process_time()
        result = strip(gray)
        assert time.process_time() - start < 3
        assert result is None or result.ink.shape[1] <= MAX_WIDTH


@given(arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 90)), elements=st.integers(0, 255)))
def test_any_picture_gives_a_sound_strip_or_none(gray: Gray) -> None:
    result = strip(gray)
    if result is not None:
        assert result.ink.shape[0] == HEIGHT and 1 <= result.ink.shape[1] <= MAX_WIDTH
        assert np.isfinite(result.ink).all() and result.ink.min() >= 0 and result.ink.max() <= 1
        box = result.box(0, result.ink.shape[1])
        assert 0 <= box.left < box.right <= gray.shape[1] and 0 <= box.top < box.bottom <= gray.shape[0]


@pytest.mark.parametrize("rows", range(2, 60))
def test_a_mark_along_an_edge_is_no_error(rows: int) -> None:
    for top in (0, rows - 1):
        gray = np.full((rows, 30), 230, np.uint8)
        gray[top, 10:14] = 20
        found = strip(gray)
        assert found is None or (found.ink.shape[0] == HEIGHT and np.isfinite(found.ink).all())


def test_a_further_look_is_smaller_leans_or_is_bolder_about_the_middle_row() -> None:
    ink = np.zeros((HEIGHT, 40), np.float32)
    ink[8:40, 18:22] = 1.0
    np.testing.assert_array_equal(viewed(ink, Look(1, 1, 0, 0)), ink)
    small, leaning, bold = (viewed(ink, look) for look in (Look(0.5, 0.5, 0, 0), Look(1, 1, 0.25, 0), Look(1, 1, 0, 1)))
    assert small.shape == (HEIGHT, 20)
    rows = np.flatnonzero(small.max(1) > 0.5)
    assert (rows[0], rows[-1]) == (16, 31)
    heads = [float(np.flatnonzero(leaning[row] > 0.5).mean()) for row in (9, 24, 38)]
    assert heads[0] - heads[1] == pytest.approx(0.25 * 15, abs=0.6)
    assert heads[1] - heads[2] == pytest.approx(0.25 * 14, abs=0.6)
    assert heads[1] == pytest.approx((leaning.shape[1] - 40) / 2 + 19.5, abs=0.6)
    assert [int((bold > 0.5)[24].sum()), int((ink > 0.5)[24].sum())] == [6, 4]
    assert all(0 <= one.min() and one.max() <= 1 and one.dtype == np.float32 for one in (small, leaning, bold))


@pytest.mark.parametrize("size", [(60, 240), (900, 3600)])
@pytest.mark.parametrize("inverted", [False, True])
def test_a_sharper_look_sees_the_same_line_with_steeper_edges(size: tuple[int, int], inverted: bool) -> None:
    gray = np.full((60, 240), 220, np.uint8)
    for x in (60, 110, 170):
        cv2.putText(gray, "5", (x, 45), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (60,), 3)
    gray = np.asarray(cv2.resize(cv2.GaussianBlur(gray, (0, 0), 2), size[::-1]), np.uint8)
    found = strip(255 - gray if inverted else gray)
    assert found is not None
    sharp = sharper(found, 2.0)
    assert sharp is not None
    assert abs(sharp.ink.shape[1] - found.ink.shape[1]) <= 4
    half = [float(((ink > 0.2) & (ink < 0.8)).sum() / (ink > 0.2).sum()) for ink in (found.ink, sharp.ink)]
    assert half[1] < half[0]
    looked = again(found, Look(0.8, 0.8, 0, 0, 2.0))
    assert looked is not None
    np.testing.assert_array_equal(looked, viewed(sharp.ink, Look(0.8, 0.8, 0, 0)))


def low(text: str, seed: int, height: int = 8) -> Gray:
    """A number by one hand of so few pixels, on paper of twice its size."""
    digits = [written(int(digit), seed, 60) for digit in text]
    high = max(len(digit) for digit in digits)
    padded = [np.pad(one, ((high - len(one), 0), (4, 8)), constant_values=255) for one in digits]
    alone = np.concatenate(padded, 1)
    small = scaled(alone, (height, round(height * alone.shape[1] / high)))
    return levels(on_paper(small, (2 * height, small.shape[1] + height)), 60, 220)


def test_of_few_pixels_more_is_read_where_they_are_made_more(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["1990", "35", "8042", "617", "2764", "590"]
    lines = [low(text, seed) for text in texts for seed in range(10)]
    reader = Reader()
    more = reader.numbers(lines)
    monkeypatch.setattr(strip_, "LOW", 0)
    few = reader.numbers(lines)
    right, right_of_few = (
        [one.digits_text == text for one, text in zip(found, np.repeat(texts, 10), strict=True)]
        for found in (more, few)
    )
    read, read_of_few = (sum(one.status == "read" for one in found) for found in (more, few))
    assert sum(right) >= sum(right_of_few) + 2
    assert read >= read_of_few + 10
    for gray, one in zip(lines, more, strict=True):
        assert 0 <= one.box.left < one.box.right <= gray.shape[1]
        assert 3 <= one.box.top <= 6 and 10 <= one.box.bottom <= 13, one.box


def test_a_long_line_of_few_pixels_is_enlarged_no_further_than_there_is_room() -> None:
    gray = np.concatenate([low("1990", 1)] * 300, 1)
    result = found(gray)
    assert result.near.size <= strip_.AREA
    assert result.ink.shape[1] == MAX_WIDTH
