"""Whatever a person has → ``Gray``. Knows nothing of digits.

Opens paths, bytes, files, PIL pictures and arrays of any common shape and dtype, and gives back
uint8 (H, W), 0 black ... 255 white, as the eye sees the picture: turned as its orientation tag
says, transparency over white, 16 bit and CMYK brought down. The format is recognised by its
bytes; the file's extension is not looked at.
"""

from __future__ import annotations

import contextlib
import io
import os
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from guarismo.errors import DataError, PictureError, UsageError
from guarismo.levels import eight_bits, luminance, luminance_of, over_paper
from guarismo.types import Gray

Source = str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes] | Image.Image | NDArray[Any]

MAX_BYTES = 100_000_000
"""A 50-megapixel photograph has 10 to 40 MB; more than this is not a picture of a number."""

MAX_PIXELS = 80_000_000
"""Decoded, this is 80 MB of grey; the limit is checked in the header, before any decoding,
so that a small file that claims to be huge ("zip bomb") costs nothing."""

ORIENTATION = 0x0112
"""The EXIF tag that says which way up a camera was held."""

UNREAD = (".heic", ".heif", ".pdf", ".avif", ".svg", ".psd", ".dng", ".tga", ".ico")
"""Kinds that people take for pictures; in a folder they are not read, and that is said."""

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "PPM", "TIFF", "WEBP", "JPEG2000")
"""What is decoded. Pillow knows forty more, one of which (EPS) would start another program on a stranger's bytes."""

_ENDINGS = "png jpg jpeg jpe tif tiff bmp gif webp jp2 pgm ppm pbm pnm"
SUFFIXES = tuple(f".{ending}" for ending in _ENDINGS.split())
"""What is taken for a picture in a folder or an archive. One that is named is opened whatever its name."""

TOGETHER = 256
"""Pictures read at once; more are no faster."""

PIXELS_TOGETHER = 100_000_000
"""Pixels from which a batch is read before it is full: 256 phone photos at once would take 3 GB."""


def load_gray(source: Source) -> Gray:
    """Open a picture.

    Takes a path, encoded bytes, a binary file, a PIL picture, or an array: (H, W), (H, W, 1|2|3|4),
    (1|3|4, H, W), (1, H, W, C), or flat with a square number of values; bool, any integer, or float
    in 0..1, -1..1 or 0..255. Gives a read-only ``Gray`` (H, W).
    Raises PictureError where it is no picture, and UsageError where it is something else altogether.
    """
    if isinstance(source, np.ndarray):
        return _frozen(_from_array(source))
    if isinstance(source, Image.Image):
        with _decoding("the picture"):  # Pillow decodes late: a file cut short shows only now
            return _frozen(_from_pil(source, "the picture"))
    return decoded(*encoded(source))


def decoded(data: bytes, name: str) -> Gray:
    """``load_gray`` of bytes, with a name for them in messages."""
    return _frozen(_decode(data, name))


def encoded(source: Source) -> tuple[bytes, str]:
    """The bytes of a path, a file or bytes, and a name for them in messages. Raises what ``load_gray`` raises."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        return bytes(source), "the picture"
    if isinstance(source, (str, os.PathLike)):
        if str(source).startswith(("http://", "https://")):
            raise PictureError("{name}: an address, not a file; download the picture first", name=source)
        return _read(Path(source)), str(source)
    if hasattr(source, "read"):
        name = str(getattr(source, "name", "the picture"))
        if isinstance(source, io.TextIOBase):
            raise _as_text(name)
        with _opening(name):
            return source.read(MAX_BYTES + 1), name
    raise UsageError(
        "{came} is no picture; expected a path, bytes, a file, a PIL picture or an array", came=type(source).__name__
    )


Sources = Iterable[Source] | NDArray[Any]
"""Many pictures: any iterable of them, or an array (N, H, W[, C])."""


def many(sources: Sources) -> Iterable[Source]:
    """The same, once it is sure that they are many. Raises UsageError where they are one picture."""
    if isinstance(sources, np.ndarray) and sources.ndim < 3:
        raise UsageError(
            "an array of shape {shape} is one picture, where many were expected: give (N, H, W), or read it as one",
            shape=sources.shape,
        )
    colour = isinstance(sources, np.ndarray) and sources.ndim == 3 and sources.shape[2] in (3, 4)
    one = isinstance(sources, (str, bytes, bytearray, memoryview, os.PathLike)) or hasattr(sources, "read")
    if colour or one or not hasattr(sources, "__iter__"):
        raise UsageError(
            "one picture ({came}) where many were expected; put it in a list, or read it as one",
            came=type(sources).__name__,
        )
    return sources


def load_grays(sources: Iterable[Source]) -> Iterator[Gray]:
    """``load_gray`` one by one; an error names the place, from 0."""
    for number, source in enumerate(sources):
        try:
            yield load_gray(source)
        except (DataError, UsageError) as error:
            template = "picture {number} (from 0): " + error.template
            raise type(error)(template, number=number, **error.fields) from error


def noting(grays: Iterable[Gray], note: Callable[[Gray], object]) -> Iterator[Gray]:
    """The pictures one by one, what is of use later noted of each; none is kept."""
    for gray in grays:
        note(gray)
        yield gray


Opened = TypeVar("Opened", bound=tuple[Any, ...])


def batches(opened: Iterable[Opened]) -> Iterator[list[Opened]]:
    """As many as are read at once. The last item of each is its ``Gray``, or the error that took its place."""
    batch: list[Opened] = []
    pixels = 0
    for one in opened:
        batch.append(one)
        pixels += one[-1].size if isinstance(one[-1], np.ndarray) else 0
        if len(batch) >= TOGETHER or pixels >= PIXELS_TOGETHER:
            yield batch
            batch, pixels = [], 0
    if batch:
        yield batch


def _frozen(gray: Gray) -> Gray:
    gray = gray.view()
    gray.flags.writeable = False
    return gray


def _read(path: Path) -> bytes:
    with _opening(path):
        if path.is_dir():
            raise PictureError("{name}: a folder, not a picture; name a picture in it", name=path)
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)


@contextmanager
def _opening(name: object) -> Iterator[None]:
    """What the system says of a file, as an error of ours."""
    try:
        yield
    except FileNotFoundError as error:
        raise PictureError("{name}: no such file; check the name", name=name) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise PictureError(
            "{name}: cannot be opened ({reason}); check that you may read it", name=name, reason=reason
        ) from error


def _decode(data: bytes, name: str) -> Gray:
    check(data, name)
    if is_pdf(data):
        raise PictureError("{name}: a PDF, not a picture; `guarismo read --as page` reads its pages", name=name)
    with _decoding(name), _recognised(data, name) as picture:
        return _from_pil(picture, name)


def is_pdf(data: bytes) -> bool:
    """By its mark, which may come after some other bytes."""
    return b"%PDF-" in data[:1024]


def _as_text(name: str) -> UsageError:
    return UsageError("{name}: a file opened as text; open it in binary mode, 'rb'", name=name)


def check(data: bytes, name: str) -> None:
    """Raises UsageError or PictureError where these bytes cannot be a picture: none, too many, or text."""
    if not isinstance(data, bytes):
        raise _as_text(name)
    if not data:
        raise PictureError("{name}: an empty file, not a picture; save the picture again", name=name)
    if len(data) > MAX_BYTES:
        raise PictureError("{name}: more than {limit} MB; save it smaller", name=name, limit=MAX_BYTES // 1_000_000)


def frames(data: bytes, name: str) -> int:
    """How many pages a TIFF has; 1 for any other picture. Raises PictureError."""
    check(data, name)
    with _decoding(name), _recognised(data, name) as picture:
        return int(getattr(picture, "n_frames", 1)) if picture.format == "TIFF" else 1


def load_frame(data: bytes, name: str, number: int) -> Gray:
    """Page ``number``, from 0, of a TIFF. Raises PictureError where that page cannot be read."""
    with _decoding(name), _recognised(data, name) as picture:
        picture.seek(number)
        return _frozen(_from_pil(picture, name, alone=False))


HEIF = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
"""What stands after ``ftyp`` in the pictures of phones that are not JPEG."""


def _from_phone(data: bytes, name: str) -> Image.Image:
    try:
        import pillow_heif
    except ImportError as error:
        raise PictureError(
            "{name}: a HEIC picture, which needs one more package: pip install 'guarismo[heic]'; or save it as JPEG",
            name=name,
        ) from error
    picture = pillow_heif.open_heif(io.BytesIO(data))
    if picture.size[0] * picture.size[1] > MAX_PIXELS:  # before it is decoded
        raise _too_large(name)
    return picture.to_pillow()  # type: ignore[no-any-return]


def _recognised(data: bytes, name: str) -> Image.Image:
    """The picture's header, read. PNG and JPEG go straight to their decoder: ``Image.open`` loads five, for 35 ms."""
    if data[4:8] == b"ftyp" and data[8:12] in HEIF:
        return _from_phone(data, name)
    with contextlib.suppress(SyntaxError, ValueError, KeyError, IndexError, TypeError, EOFError, OSError):
        if data.startswith(b"\x89PNG"):
            from PIL.PngImagePlugin import PngImageFile

            return PngImageFile(io.BytesIO(data))
        if data.startswith(b"\xff\xd8"):
            from PIL.JpegImagePlugin import JpegImageFile

            return JpegImageFile(io.BytesIO(data))
    return Image.open(io.BytesIO(data), formats=FORMATS)


@contextmanager
def _decoding(name: str) -> Iterator[None]:
    """What Pillow says of a picture, as an error of ours."""
    try:
        yield
    except (PictureError, MemoryError):
        raise
    except UnidentifiedImageError as error:
        raise PictureError(
            "{name}: not a picture that can be read; expected PNG, JPEG, TIFF, BMP, GIF or WebP", name=name
        ) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(name) from error
    except Exception as error:  # a decoder fed with garbage may raise anything: struct.error, SyntaxError, ...
        raise PictureError(
            "{name}: a picture that is damaged or cut short ({reason}); save or copy it again",
            name=name,
            reason=_one_line(error),
        ) from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _too_large(name: str) -> PictureError:
    return PictureError("{name}: more than {limit} megapixels; scale it down", name=name, limit=MAX_PIXELS // 1_000_000)


def _from_pil(picture: Image.Image, name: str, alone: bool = True) -> Gray:
    if picture.width < 1 or picture.height < 1:
        raise PictureError("{name}: a picture 0 pixels wide or high; save it again", name=name)
    if picture.width * picture.height > MAX_PIXELS:
        raise _too_large(name)
    count = getattr(picture, "n_frames", 1)
    if alone and count > 1 and picture.format in ("GIF", "WEBP", "PNG"):
        raise PictureError("{name}: holds {count} frames; save the one to be read by itself", name=name, count=count)
    if alone and count > 1 and picture.format != "MPO":  # a phone's JPEG with its depth or a second view
        raise PictureError(
            "{name}: holds {count} pictures (pages or frames); save the one to be read by itself, or read all: "
            "`guarismo read --as page`",
            name=name,
            count=count,
        )
    if _orientation(picture) != 1:
        from PIL import ImageOps

        picture = ImageOps.exif_transpose(picture)
    if picture.mode in ("I", "F") or picture.mode.startswith("I;"):
        return eight_bits(np.asarray(picture))
    if picture.has_transparency_data:
        return over_paper(np.asarray(picture.convert("RGBA")))
    if picture.mode == "L":
        return np.asarray(picture)
    return luminance_of(picture if picture.mode == "RGB" else picture.convert("RGB"))


def _orientation(picture: Image.Image) -> int:
    """How it is to be turned, 1 for not at all: so are those of damaged EXIF data, whose pixels may be sound."""
    try:
        return int(picture.getexif().get(ORIENTATION, 1))
    except (OSError, SyntaxError, TypeError, ValueError, struct.error):
        return 1


def _from_array(array: NDArray[Any]) -> Gray:
    plain = array.dtype == np.uint8 and array.ndim == 2 and len(array) > 1 and 0 < array.size <= MAX_PIXELS
    if plain and array.max() > 1:
        return array.copy()
    if array.size == 0 or array.dtype.kind not in "buif":
        raise PictureError(
            "an array of shape {shape} and dtype {dtype} is no picture; expected (H, W) or (H, W, 3) of numbers",
            shape=array.shape,
            dtype=array.dtype,
        )
    levels = eight_bits(_channels_last(array))
    if levels.ndim == 2:
        return levels.copy()
    if levels.shape[2] in (2, 4):
        return over_paper(levels if levels.shape[2] == 4 else levels[..., [0, 0, 0, 1]])
    return luminance(levels) if levels.shape[2] == 3 else levels[..., 0].copy()


def _channels_last(array: NDArray[Any]) -> NDArray[Any]:
    """(H, W) or (H, W, C), whatever the order of the axes was."""
    side = int(array.size**0.5)
    if (array.ndim == 1 or array.shape == (1, 784)) and side * side == array.size:
        array = array.reshape(side, side)
    if array.ndim == 4 and array.shape[0] == 1:
        array = array[0]
    if array.ndim == 3 and array.shape[2] not in (1, 2, 3, 4) and array.shape[0] in (1, 3, 4):
        array = np.moveaxis(array, 0, 2)
    if array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (1, 2, 3, 4)):
        if array.shape[0] * array.shape[1] > MAX_PIXELS:
            raise _too_large("the array")
        return array
    raise PictureError(
        "an array of shape {shape} is not one picture; expected (H, W) or (H, W, 3): give many pictures to digits()",
        shape=array.shape,
    )
