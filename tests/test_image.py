"""What people really have: files of every kind, and what they call pictures."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from fakes import painted
from guarismo import image
from guarismo.errors import GuarismoError, PictureError, UsageError
from guarismo.image import Source, load_gray, load_grays
from guarismo.types import Gray
from pictures import written

FOUR: Gray = written(4, 1, 60)


def encoded(picture: Image.Image | Gray, form: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    (picture if isinstance(picture, Image.Image) else Image.fromarray(picture)).save(buffer, form, **options)
    return buffer.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header claims to be huge."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(99))) + chunk(b"IEND", b"")
    )


def test_a_path_text_bytes_a_file_and_a_pil_picture_are_the_same(tmp_path: Path) -> None:
    path = tmp_path / "four.png"
    path.write_bytes(encoded(FOUR))
    data = path.read_bytes()
    with path.open("rb") as file, Image.open(path) as opened:
        sources: list[Source] = [
            path,
            str(path),
            data,
            bytearray(data),
            memoryview(data),
            file,
            opened,
            Image.fromarray(FOUR),
        ]
        for source in sources:
            gray = load_gray(source)
            np.testing.assert_array_equal(gray, FOUR)
            assert gray.dtype == np.uint8
            assert not gray.flags.writeable


MODES: dict[str, Image.Image] = {
    "grey": Image.fromarray(FOUR),
    "colour": Image.fromarray(FOUR).convert("RGB"),
    "with an alpha channel": Image.fromarray(FOUR).convert("RGBA"),
    "grey with an alpha channel": Image.fromarray(FOUR).convert("LA"),
    "palette": Image.fromarray(FOUR).convert("RGB").quantize(256),
    "16 bits": Image.fromarray(FOUR.astype(np.uint16) * 257),
    "32 bits": Image.fromarray(FOUR.astype(np.int32) * 257),
    "floats": Image.fromarray((FOUR / 255).astype(np.float32)),
    "CMYK": Image.fromarray(FOUR).convert("RGB").convert("CMYK"),
    "YCbCr": Image.fromarray(FOUR).convert("RGB").convert("YCbCr"),
    "HSV": Image.fromarray(FOUR).convert("RGB").convert("HSV"),
}


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_of_a_picture_is_the_same_picture(mode: str) -> None:
    np.testing.assert_allclose(load_gray(MODES[mode]).astype(int), FOUR, atol=2)


def test_one_bit_pictures_are_black_and_white() -> None:
    np.testing.assert_array_equal(load_gray(Image.fromarray(FOUR > 128)), np.where(FOUR > 128, 255, 0))


FILES: dict[str, bytes] = {
    "PNG": encoded(FOUR),
    "PNG of 16 bits": encoded(MODES["16 bits"]),
    "PNG with a palette": encoded(MODES["palette"]),
    "JPEG": encoded(FOUR, "JPEG", quality=95),
    "JPEG in CMYK": encoded(MODES["CMYK"], "JPEG", quality=95),
    "TIFF": encoded(FOUR, "TIFF"),
    "TIFF of 16 bits": encoded(MODES["16 bits"], "TIFF"),
    "GIF": encoded(FOUR, "GIF"),
    "BMP": encoded(FOUR, "BMP"),
    "WebP": encoded(FOUR, "WEBP", lossless=True),
    "PGM": encoded(FOUR, "PPM"),
}


@pytest.mark.parametrize("form", FILES)
@pytest.mark.parametrize("name", ["four.heic", "four", "four.txt"])
def test_a_file_is_known_by_its_bytes_whatever_its_name(form: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(FILES[form])
    near = np.abs(load_gray(path).astype(int) - FOUR)
    assert near.mean() < 2


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF"])
def test_a_phones_orientation_tag_is_obeyed(orientation: int, form: str) -> None:
    # What the camera stores so that a viewer who turns as the tag says sees FOUR.
    stored = {
        1: FOUR,
        2: FOUR[:, ::-1],
        3: FOUR[::-1, ::-1],
        4: FOUR[::-1],
        5: FOUR.T,
        6: np.rot90(FOUR, 1),
        7: FOUR.T[::-1, ::-1],
        8: np.rot90(FOUR, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    gray = load_gray(encoded(np.ascontiguousarray(stored), form, exif=exif))
    assert gray.shape == FOUR.shape
    assert np.abs(gray.astype(int) - FOUR).mean() < 2


def canvas(stroke: tuple[int, int, int]) -> Image.Image:
    """What a web page's canvas saves: strokes of a colour on nothing, and the nothing is black."""
    drawn = np.zeros((*FOUR.shape, 4), np.uint8)
    drawn[..., :3] = np.where(FOUR[..., None] < 255, np.array(stroke), 0)
    drawn[..., 3] = 255 - FOUR
    return Image.fromarray(drawn)


def test_black_strokes_on_a_transparent_canvas_are_black_on_white() -> None:
    np.testing.assert_allclose(load_gray(encoded(canvas((0, 0, 0)))).astype(int), FOUR, atol=1)


@pytest.mark.parametrize("level", [255, 252, 248])
def test_white_strokes_on_a_transparent_canvas_are_white_on_black(level: int) -> None:
    gray = load_gray(encoded(canvas((level, level, level))))
    np.testing.assert_allclose(gray.astype(int), (255 - FOUR.astype(int)) * level / 255, atol=1)


@pytest.mark.parametrize("stroke", [(200, 0, 0), (0, 0, 200), (255, 220, 0)])
def test_coloured_strokes_on_a_transparent_canvas_stand_out(stroke: tuple[int, int, int]) -> None:
    gray = load_gray(encoded(canvas(stroke))).astype(int)
    assert gray[FOUR == 255].min() - gray[FOUR == FOUR.min()].mean() > 100


def test_a_transparent_colour_of_a_palette_is_paper() -> None:
    palette = Image.fromarray(np.where(FOUR > 128, 1, 0).astype(np.uint8), "P")
    palette.putpalette([0, 0, 0, 0, 0, 0])
    gray = load_gray(encoded(palette, transparency=1))
    np.testing.assert_array_equal(gray, np.where(FOUR > 128, 255, 0))


def test_a_canvas_nothing_was_drawn_on_is_white_paper() -> None:
    assert (load_gray(Image.new("RGBA", (20, 20), (0, 0, 0, 0))) == 255).all()


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "WebP"])
def test_a_file_of_many_pictures_is_refused_and_none_is_lost_unsaid(kind: str) -> None:
    frames = [Image.fromarray(FOUR), Image.fromarray(255 - FOUR)]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    with pytest.raises(PictureError, match="holds 2 pictures" if kind == "TIFF" else "holds 2 frames; save the one"):
        load_gray(data)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WebP"])
def test_damaged_exif_does_not_cost_the_picture(form: str) -> None:
    exif = b"Exif\0\0" + b"no TIFF header at all"
    plain = load_gray(encoded(Image.fromarray(FOUR), form))
    assert np.abs(load_gray(encoded(Image.fromarray(FOUR), form, exif=exif)).astype(int) - plain).max() <= 2


def test_transparency_of_a_grey_png_is_paper() -> None:
    picture = Image.fromarray(np.where(FOUR < 128, 3, 0).astype(np.uint8))
    gray = load_gray(encoded(picture, "PNG", transparency=0))
    assert (gray.min(), gray.max()) == (3, 255)


def test_a_resampling_that_overshoots_its_scale_is_no_other_scale() -> None:
    ink = 1 - FOUR.astype(np.float32) / 255
    np.testing.assert_allclose(
        load_gray(np.clip(ink * 1.2 - 0.1, -0.1, 1.1)), load_gray(np.clip(ink * 1.2 - 0.1, 0, 1)), atol=1
    )


def test_no_other_program_is_started_for_a_strangers_bytes() -> None:
    with pytest.raises(PictureError, match="not a picture"):
        load_gray(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n")


def test_fifty_megapixels_are_opened() -> None:
    assert load_gray(encoded(Image.new("L", (8000, 6250), 255), compress_level=1)).shape == (6250, 8000)


# --- what is no picture ----------------------------------------------------------------------------


@given(st.binary(max_size=400))
@example(b"")
@example(b"\x89PNG\r\n\x1a\n")
@example(b"\xff\xd8\xff")
@example(b"GIF89a")
@example(b"II*\x00")
@example(b"BM")
def test_random_bytes_are_a_picture_or_an_error_of_ours(data: bytes) -> None:
    _picture_or_error(data)


@given(st.sampled_from(sorted(FILES)), st.integers(0, 2**32), st.integers(1, 12), st.floats(0, 1))
def test_a_damaged_file_is_a_picture_or_an_error_of_ours(form: str, seed: int, changes: int, part: float) -> None:
    rng = np.random.default_rng(seed)
    data = bytearray(FILES[form])
    del data[max(1, round(part * len(data))) :]
    for _ in range(changes):
        data[rng.integers(min(len(data), 80 if seed % 2 else len(data)))] = rng.integers(256)
    _picture_or_error(bytes(data))


def _picture_or_error(data: bytes) -> None:
    try:
        gray = load_gray(data)
    except PictureError as error:
        assert "\n" not in str(error)
    else:
        assert gray.dtype == np.uint8
        assert gray.ndim == 2


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "GIF", "BMP", "WebP"])
def test_a_file_cut_short_says_so_and_what_to_do(form: str) -> None:
    with pytest.raises(PictureError, match=r"damaged or cut short \(.*\); save or copy it again"):
        load_gray(FILES[form][: len(FILES[form]) // 2])


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "GIF", "BMP"])
def test_a_pil_picture_of_a_file_cut_short_says_so_too(form: str) -> None:
    with Image.open(io.BytesIO(FILES[form][: len(FILES[form]) * 2 // 3])) as opened:
        with pytest.raises(PictureError, match="the picture: a picture that is damaged or cut short"):
            load_gray(opened)


@pytest.mark.parametrize("side", [9_000, 12_000, 50_000, 2**31 - 1])
def test_a_bomb_is_refused_by_its_header(side: int) -> None:
    with pytest.raises(PictureError, match="more than 80 megapixels; scale it down"):
        load_gray(bomb(side, side))


def test_too_many_bytes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image, "MAX_BYTES", 1_000)
    with pytest.raises(PictureError, match="more than 0 MB; save it smaller"):
        load_gray(bytes(1_001))


def test_a_picture_of_no_pixels_is_refused() -> None:
    with pytest.raises(PictureError, match="0 pixels wide or high"):
        load_gray(Image.new("L", (0, 5)))
    with pytest.raises(PictureError):
        load_gray(bomb(0, 5))


def test_each_message_names_the_file(tmp_path: Path) -> None:
    for name, data in {
        "empty": b"",
        "text": b"seven",
        "short": FILES["PNG"][:60],
        "huge": bomb(50_000, 50_000),
    }.items():
        path = tmp_path / f"{name}.png"
        path.write_bytes(data)
        with pytest.raises(PictureError) as caught:
            load_gray(path)
        assert str(caught.value).startswith(f"{path}: ")


def test_a_missing_file_a_folder_and_an_impossible_name_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="no such file; check the name"):
        load_gray(tmp_path / "none.png")
    with pytest.raises(PictureError, match="a folder, not a picture; name a picture in it"):
        load_gray(tmp_path)
    with pytest.raises(PictureError, match="cannot be opened"):
        load_gray("a\0b.png")
    with pytest.raises(PictureError, match="cannot be opened"):
        load_gray("a" * 5000)


def test_a_file_that_cannot_be_read_is_an_error_of_ours(tmp_path: Path) -> None:
    with (tmp_path / "new.png").open("wb") as writing, pytest.raises(PictureError, match=r"new.png: cannot be opened"):
        load_gray(writing)
    closed = io.BytesIO(FILES["PNG"])
    closed.close()
    with pytest.raises(PictureError, match="the picture: cannot be opened"):
        load_gray(closed)


def test_what_is_no_picture_at_all_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("a")
    with (tmp_path / "a.png").open() as text, pytest.raises(UsageError, match="opened as text; open it in binary mode"):
        load_gray(text)  # type: ignore[arg-type]
    for nothing in (None, 7, {"a": 1}):
        with pytest.raises(UsageError, match="is no picture; expected a path"):
            load_gray(nothing)  # type: ignore[arg-type]


def test_an_error_of_ours_is_never_wrapped_twice() -> None:
    with pytest.raises(GuarismoError) as caught:
        load_gray(Image.new("L", (0, 5)))
    assert "damaged" not in str(caught.value)


def test_the_painted_tiles_of_the_fakes_survive_png() -> None:
    np.testing.assert_array_equal(load_gray(encoded(painted(7))), painted(7))


def test_what_is_no_open_binary_file_is_told_apart(tmp_path: Path) -> None:
    Image.fromarray(painted(7)).save(tmp_path / "seven.png")
    with (
        (tmp_path / "seven.png").open() as text,
        pytest.raises(UsageError, match="opened as text; open it in binary mode"),
    ):
        load_gray(text)  # type: ignore[arg-type]
    with pytest.raises(PictureError, match="https://example.com/x.png: an address, not a file"):
        load_gray("https://example.com/x.png")
    with pytest.raises(UsageError, match=r"picture 1 \(from 0\): NoneType is no picture"):
        list(load_grays([np.zeros((9, 9), np.uint8), None]))  # type: ignore[list-item]
