"""The fifteen corruptions keep to their contract: a picture like the one given, seeded, and the digit still there."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest

from guarismo.reader import Reader

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"
NAMES = [
    "shot_noise",
    "impulse_noise",
    "glass_blur",
    "motion_blur",
    "shear",
    "scale",
    "rotate",
    "brightness",
    "translate",
    "stripe",
    "fog",
    "spatter",
    "dotted_line",
    "zigzag",
    "canny_edges",
]


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmarks_corruptions", FOLDER / "corruptions.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(FOLDER))  # it imports its neighbour, record.py
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(FOLDER))
    return module


corruptions: Any = _load()


@pytest.fixture
def digit() -> Any:
    """A 2 as MNIST would have it; read-only, as MNIST's are."""
    picture = np.zeros((28, 28), np.uint8)
    cv2.putText(picture, "2", (6, 23), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 255, 2, cv2.LINE_AA)
    picture.flags.writeable = False
    return picture


def test_the_fifteen_of_the_paper_in_its_order() -> None:
    assert list(corruptions.CORRUPTIONS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_gives_another_picture_of_the_same_kind(name: str, digit: Any) -> None:
    before = digit.copy()
    for number in range(50):
        came = corruptions.corrupted(name, number, digit)
        assert came.shape == (28, 28)
        assert came.dtype == np.uint8
        assert (came != digit).sum() > 5
    assert (digit == before).all()


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_same_picture(name: str, digit: Any) -> None:
    first, again, other = (corruptions.corrupted(name, number, digit) for number in (7, 7, 8))
    assert (first == again).all()
    assert (first != other).any() or name in ("stripe", "canny_edges")  # these two leave nothing to chance


@pytest.mark.parametrize("name", NAMES)
def test_some_contrast_is_left(name: str, digit: Any) -> None:
    for number in range(50):
        assert np.ptp(corruptions.corrupted(name, number, digit).astype(int)) >= 70


def test_an_empty_picture_breaks_none() -> None:
    for name in NAMES:
        assert corruptions.corrupted(name, 0, np.zeros((28, 28), np.uint8)).shape == (28, 28)


def test_stripe_inverts_the_middle_columns_only(digit: Any) -> None:
    striped = corruptions.corrupted("stripe", 0, digit)
    assert (striped[:, :10] == digit[:, :10]).all()
    assert (striped[:, 10:18] == 255 - digit[:, 10:18]).all()
    assert (striped[:, 18:] == digit[:, 18:]).all()


def test_fog_comes_in_clouds() -> None:
    clouds = corruptions._plasma(np.random.default_rng(3))
    assert clouds.shape == (28, 28)
    assert (clouds.min(), clouds.max()) == (0, 1)
    beside = np.abs(np.diff(clouds)).mean()
    assert beside < 0.5 * np.abs(clouds[:, 14:] - clouds[:, :14]).mean()


def test_row_counts_what_the_reader_says(reader: Reader, digit: Any) -> None:
    found = corruptions.row(reader, [digit] * 3, np.array([2, 2, 2]))
    assert set(found) == {"accuracy", "read", "wrong_read"}
    assert all(0 <= share <= 1 for share in found.values())
