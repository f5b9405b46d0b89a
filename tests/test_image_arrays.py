"""Users' group J: the shape, dtype and range of an array never stop anybody."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from guarismo import image
from guarismo.errors import GuarismoError, PictureError, UsageError
from guarismo.image import load_gray
from guarismo.types import Gray

SEVEN: Gray = np.full((28, 28), 255, np.uint8)
SEVEN[5:8, 6:22] = 0
SEVEN[8:24, 14:17] = 60


@given(
    hnp.arrays(
        hnp.scalar_dtypes() | hnp.byte_string_dtypes(max_len=3) | st.just(np.dtype(object)),
        hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=6)
        | st.sampled_from([(784,), (1, 784), (3, 9, 9)]),
    )
)
def test_any_array_at_all_is_a_picture_or_an_error_of_ours(array: NDArray[Any]) -> None:
    try:
        gray = load_gray(array)
    except GuarismoError as error:
        assert "\n" not in str(error)
        return
    assert gray.dtype == np.uint8
    assert gray.ndim == 2
    assert gray.size
    assert not gray.flags.writeable


COLOUR = np.stack([SEVEN] * 3, 2)
OPAQUE = np.full((28, 28), 255, np.uint8)

SHAPES: dict[str, NDArray[np.uint8]] = {
    "(H, W)": SEVEN,
    "(H, W, 1)": SEVEN[..., None],
    "(1, H, W), channels first": SEVEN[None],
    "(1, H, W, 1), a batch of one": SEVEN[None, ..., None],
    "(1, H, W, 3), a batch of one in colour": COLOUR[None],
    "(1, 3, H, W), a batch of one, channels first": np.moveaxis(COLOUR, 2, 0)[None],
    "(784,), flat": SEVEN.ravel(),
    "(1, 784), flat batch of one": SEVEN.reshape(1, 784),
    "(H, W, 3)": COLOUR,
    "(3, H, W)": np.moveaxis(COLOUR, 2, 0),
    "(H, W, 4)": np.dstack([COLOUR, OPAQUE]),
    "(4, H, W)": np.moveaxis(np.dstack([COLOUR, OPAQUE]), 2, 0),
    "(H, W, 2), grey and alpha": np.dstack([SEVEN, OPAQUE]),
    "column-major": np.asfortranarray(SEVEN),
    "a strided view": np.repeat(np.repeat(SEVEN, 2, 0), 2, 1)[::2, ::2],
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_a_picture_is_the_same_picture(shape: str) -> None:
    np.testing.assert_array_equal(load_gray(SHAPES[shape]), SEVEN)


DTYPES: dict[str, NDArray[Any]] = {
    **{f"{dtype} 0..255": SEVEN.astype(dtype) for dtype in ("int16", "uint16", "int32", "int64", "float32", "float64")},
    **{f"{dtype} 0..1": (SEVEN / 255).astype(dtype) for dtype in ("float16", "float32", "float64", "longdouble")},
    "float 0..255 in half precision": SEVEN.astype(np.float16),
    "float -1..1": SEVEN / 127.5 - 1,
    "10 bits": SEVEN.astype(np.uint16) * 4 + 3,
    "12 bits": SEVEN.astype(np.uint16) * 16 + 15,
    "16 bits": SEVEN.astype(np.uint16) * 257,
    "32 bits": SEVEN.astype(np.uint32) * 16_843_009,
    "another byte order": SEVEN.astype(">u2") * 257,
}


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_and_range_is_the_same_picture(dtype: str) -> None:
    np.testing.assert_allclose(load_gray(DTYPES[dtype]).astype(int), SEVEN, atol=1)


@pytest.mark.parametrize("full", [1.0, 255.0])
@pytest.mark.parametrize(("low", "high"), [(-0.02, 1.0), (-0.07, 1.05), (-0.001, 0.999)])
def test_a_resampling_that_overshoots_black_or_white_is_the_same_picture(full: float, low: float, high: float) -> None:
    values = (SEVEN / 255).astype(np.float32)
    values[0, 0], values[0, 1] = low, high
    found = load_gray(values * np.float32(full)).astype(int)
    np.testing.assert_allclose(found[1:], SEVEN[1:], atol=1)
    assert found[0, 0] == 0 and found[0, 1] >= 254


def test_pictures_set_to_mean_nought_and_deviation_one_are_still_refused() -> None:
    with pytest.raises(PictureError, match=r"expected 0..1, -1..1 or 0..255"):
        load_gray(((SEVEN / 255 - 0.1307) / 0.3081).astype(np.float32))


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float32"])
def test_a_mask_of_zeros_and_ones_is_black_and_white(dtype: str) -> None:
    mask = SEVEN > 128
    np.testing.assert_array_equal(load_gray(mask.astype(dtype)), np.where(mask, 255, 0))


BAD: dict[str, tuple[NDArray[Any], str]] = {
    "many pictures": (np.zeros((5, 28, 28), np.uint8), r"\(5, 28, 28\) is not one picture; .* digits\(\)"),
    "a row of 7": (np.zeros(7), r"\(7,\) is not one picture"),
    "a scalar": (np.array(3.0), r"\(\) is not one picture"),
    "five channels": (np.zeros((8, 8, 5)), r"\(8, 8, 5\) is not one picture"),
    "nothing": (np.zeros((0, 28)), r"shape \(0, 28\) and dtype float64 is no picture; expected \(H, W\)"),
    "text": (np.array([["a"]]), r"dtype <U1 is no picture"),
    "objects": (np.array([[None]]), r"dtype object is no picture"),
    "complex numbers": (np.zeros((3, 3), complex), r"dtype complex128 is no picture"),
    "NaN": (np.array([[0.5, np.nan]]), r"NaN or infinite .* expected numbers in 0..1 or 0..255"),
    "infinity": (np.array([[0.5, np.inf]]), r"NaN or infinite"),
    "below -1": (np.array([[-80.0, 200.0]]), r"values from -80 to 200 is no picture; expected 0..1, -1..1 or 0..255"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_no_picture_is_told_with_what_came_and_what_was_expected(what: str) -> None:
    array, message = BAD[what]
    with pytest.raises(PictureError, match=message):
        load_gray(array)


@pytest.mark.parametrize("shape", [(11, 10), (11, 10, 1), (11, 10, 3), (121,)])
def test_an_array_beyond_the_limit_is_refused(shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image, "MAX_PIXELS", 100)
    array = np.full(shape, 200, np.uint8)
    with pytest.raises(PictureError, match="megapixels; scale it down"):
        load_gray(array)


def test_the_callers_array_is_neither_changed_nor_shared() -> None:
    mine = SEVEN.copy()
    gray = load_gray(mine)
    mine[:] = 7
    np.testing.assert_array_equal(gray, SEVEN)
    assert mine.flags.writeable


def test_writing_that_differs_by_colour_alone_is_seen() -> None:
    yellow = np.full((20, 20, 3), 255, np.uint8)
    yellow[5:15, 8:12] = (255, 255, 0)
    gray = load_gray(yellow)
    assert int(gray[0, 0]) - int(gray[10, 10]) > 200


KRAFT, PINK = np.array([190, 150, 105]), np.array([240, 120, 170])


@pytest.mark.parametrize("darkest", [1.0, 0.7, 0.4])
def test_light_from_one_side_does_not_hide_what_differs_by_colour_alone(darkest: float) -> None:
    """Pink on brown wrapping paper is as light as it; its gradient of light has more spread in grey than writing."""
    ink = np.kron(255 - SEVEN, np.ones((8, 8), np.uint8))[..., None] / 255
    light = np.linspace(darkest, 1, ink.shape[1])[None, :, None]
    gray = load_gray(((KRAFT * (1 - ink) + PINK * ink) * light).astype(np.uint8)).astype(int)
    stem, beside = gray[80:180, 114:134], gray[80:180, 150:170]
    assert abs(stem.mean() - beside.mean()) > 25 * darkest


def test_what_a_highlighter_marks_does_not_choose_the_channel() -> None:
    """Pencil on white, one number under a yellow mark: in blue the mark is far darker than pencil."""
    page = np.full((500, 600, 3), 245.0)
    for top in (150, 300):
        page[top : top + 40, 200:208] = page[top : top + 40, 240:248] = page[top + 16 : top + 24, 200:248] = 170
    page[140:200, 180:400] *= [1, 0.97, 0.42]
    gray = load_gray(page.astype(np.uint8)).astype(int)
    assert gray[190, 300] == pytest.approx(gray[250, 300], abs=6)
    assert gray[170, 204] < 190


def test_a_list_is_a_usage_error_that_names_what_is_expected() -> None:
    with pytest.raises(
        UsageError, match="list is no picture; expected a path, bytes, a file, a PIL picture or an array"
    ):
        load_gray([[0, 255], [255, 0]])  # type: ignore[arg-type]
