"""Files with many pictures in them: Parquet tables and WebDataset's tar files. Where to cut them, and what is there."""

from __future__ import annotations

import gzip
import os
import tarfile
import zlib
from collections.abc import Iterator
from itertools import islice
from typing import IO, Any

from guarismo.batch.store import bounded, in_os_errors, scheme, store
from guarismo.errors import DataError, PictureError, UsageError
from guarismo.image import SUFFIXES as PICTURES

PARQUET = (".parquet", ".pq")
PACKED = (".tar.gz", ".tgz")
SUFFIXES = (*PARQUET, ".tar", *PACKED)

PICTURE_COLUMNS = ("image", "picture", "bytes", "image_bytes", "content", "data", "png", "jpg", "jpeg")
"""Names that a column of encoded pictures has, the likeliest first; else the only column of bytes is taken.
A column of {bytes, path}, as Hugging Face's data sets have, is one too."""

ID_COLUMNS = ("id", "key", "__key__", "image_id", "name", "filename", "file", "path")
"""Names of a column that tells the pictures apart; else the row's number does."""

ROWS = 32
"""Rows of a Parquet file held at once: with phone photographs in them, 150 MB."""

Found = tuple[str, bytes | DataError]


def parts(address: str, grain: int, counting: bool) -> Iterator[tuple[int, int | None]]:
    """Where a file can be cut: (start, count) of its pictures, ``grain`` at a time.

    A tar file that is far away or compressed would have to be read whole for this; unless ``counting`` it is one part,
    with a count of None. A file that is damaged has one picture more than can be read, in whose place its error comes.
    """
    if address.lower().endswith(PARQUET):
        yield from _parquet_parts(address, grain)
        return
    if scheme(address) and not counting:
        yield 0, None
        return
    packed = _is_packed(address)
    if packed and not counting:
        yield 0, None
        return
    count, start = 0, 0
    for offset in _tar_offsets(address):
        if count == grain and not packed:
            yield start, count
            count, start = 0, offset
        count += 1
    if count:
        yield start, count


def pictures(address: str, start: int, count: int | None) -> Iterator[Found]:
    """(name within the file, bytes) of ``count`` pictures from ``start`` on; a damaged file ends with its error.

    Raises OSError where the file cannot be opened or its store cannot be reached.
    """
    read = _parquet_pictures if address.lower().endswith(PARQUET) else _tar_pictures
    with in_os_errors():
        try:
            with store(address).open(address) as file:
                yield from islice(read(file, address, start, count), count)
        except _DAMAGES as error:
            yield "", _damaged(error)
        except OSError as error:
            if type(error) is not OSError or error.errno is not None:
                raise
            yield "", _damaged(error)  # so pyarrow says that a column cannot be decoded


_DAMAGES = (tarfile.TarError, EOFError, ValueError, zlib.error, gzip.BadGzipFile)
"""What reading a damaged archive or table raises."""


def _damaged(error: Exception) -> DataError:
    words = " ".join(str(error).split()) or type(error).__name__
    return PictureError("the file: damaged or cut short ({reason}); copy it again", reason=words)


class _Member(tarfile.TarInfo):
    """``tarfile`` takes a header that it cannot read for the end of the archive; what follows would be lost unsaid."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Member:
        try:
            return super().frombuf(buf, encoding, errors)
        except (tarfile.EOFHeaderError, tarfile.EmptyHeaderError):  # type: ignore[attr-defined]
            raise
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(str(error)) from error


def _is_packed(address: str) -> bool:
    """Whether a tar file is compressed, whatever its name says: then no place in it can be sought."""
    if address.lower().endswith(PACKED):
        return True
    with store(address).open(address) as file:
        return file.read(6).startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00"))


def _tar_offsets(address: str) -> Iterator[int]:
    """Where the header of each picture is; once more where the archive is damaged after it."""
    end = 0
    with store(address).open(address) as file:
        try:
            with tarfile.open(fileobj=file, mode="r:*", tarinfo=_Member) as tar:
                for member in tar:
                    if _is_picture(member):
                        yield member.offset
                        end = member.offset_data + member.size
                    tar.members.clear()  # type: ignore[attr-defined]  # or it keeps all of them
        except _DAMAGES:
            if end <= file.seek(0, os.SEEK_END):  # else it is the last picture that is cut, and will say so
                yield end


def _is_picture(member: tarfile.TarInfo) -> bool:
    hidden = member.name.rpartition("/")[2].startswith(".")
    return member.isfile() and member.name.lower().endswith(PICTURES) and not hidden


def _tar_pictures(file: IO[bytes], address: str, start: int, _count: int | None) -> Iterator[Found]:
    if start:
        file.seek(start)
    with tarfile.open(fileobj=file, mode="r|" if start else "r|*", tarinfo=_Member) as tar:
        for member in tar:
            if _is_picture(member):
                content = tar.extractfile(member)
                yield member.name, b"" if content is None else bounded(content)
            tar.members.clear()  # type: ignore[attr-defined]


def _parquet_parts(address: str, grain: int) -> Iterator[tuple[int, int | None]]:
    parquet = _arrow(address)
    try:
        with store(address).open(address) as file:
            table = parquet.ParquetFile(file)
            _columns(table.schema_arrow, address)
            rows = table.metadata.num_rows
    except ValueError:  # pyarrow's errors are of this class, too
        yield 0, 1
        return
    for start in range(0, rows, grain):
        yield start, min(grain, rows - start)


def _parquet_pictures(file: IO[bytes], address: str, start: int, count: int | None) -> Iterator[Found]:
    table = _arrow(address).ParquetFile(file)
    picture, name = _columns(table.schema_arrow, address)
    first, groups = _row_groups(table.metadata, start, start + (count or table.metadata.num_rows))
    columns = [picture] if name is None else [picture, name]
    row = first
    for batch in table.iter_batches(ROWS, groups, columns=columns):
        below = max(0, start - row)
        for at in range(below, batch.num_rows):
            key = row + at if name is None else batch.column(name)[at].as_py()
            yield f"#{key}", _bytes(batch.column(picture)[at].as_py())
        row += batch.num_rows


def _bytes(value: Any) -> bytes | DataError:
    data = value.get("bytes") if isinstance(value, dict) else value
    if isinstance(data, bytes):
        return data
    return PictureError("the picture: none in this row; expected the bytes of a PNG, JPEG, ...")


def _row_groups(metadata: Any, start: int, stop: int) -> tuple[int, list[int]]:
    """The row groups with these rows, and the number of their first row."""
    first, found, before = 0, list[int](), 0
    for group in range(metadata.num_row_groups):
        rows = metadata.row_group(group).num_rows
        if before + rows > start and before < stop:
            first = before if not found else first
            found.append(group)
        before += rows
    return first, found


def _columns(schema: Any, address: str) -> tuple[str, str | None]:
    """The column with the pictures and, where there is one, that with their names."""
    import pyarrow.types as kinds

    def holds_bytes(kind: Any) -> bool:
        if kinds.is_struct(kind):
            return bool(kind.get_field_index("bytes") >= 0)
        return bool(kinds.is_binary(kind) or kinds.is_large_binary(kind))

    binary = [field.name for field in schema if holds_bytes(field.type)]
    known = [name for name in PICTURE_COLUMNS if name in binary]
    if not known and len(binary) != 1:
        raise UsageError(
            "{address}: no column with the bytes of pictures; expected one called {expected}",
            address=address,
            expected=PICTURE_COLUMNS[0],
        )
    return (known or binary)[0], next((name for name in ID_COLUMNS if name in schema.names), None)


def _arrow(address: str) -> Any:
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise UsageError("{address}: Parquet needs pyarrow; pip install 'guarismo[batch]'", address=address) from error
    return pyarrow.parquet
