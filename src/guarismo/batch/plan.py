"""A source → its pieces in an order that is always the same → shards, each a fixed slice of them.

A piece is one picture file, or some pictures that follow each other in a Parquet or tar file. The pieces are written
down once, when a run begins; whoever reads a shard, and however often, reads the same pictures.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import IO

from guarismo.batch import containers
from guarismo.batch.store import File, absolute, join, scheme, source_errors, store, unknown
from guarismo.errors import DataError, UsageError
from guarismo.image import SUFFIXES, UNREAD

LISTS = (".txt", ".lst")
"""A source of such a name is a list of paths and addresses, one a line."""

GRAIN = 50
"""Pictures of a Parquet or tar file to a piece: shards end between pieces."""

SHARD = 2000
"""Pictures to a shard, unless ``--shards`` says how many shards: a second or so of work for one core. A kill loses
this much for each worker at most; what a shard costs beside its pictures, two small files, is a few hundredths."""


@dataclass(frozen=True, slots=True)
class Piece:
    """``count`` pictures from ``start`` on: 0 for a picture file, a row of a Parquet file, a byte of a tar file.
    ``count`` is None where it cannot be known without reading everything, and then it is the whole file."""

    path: str
    start: int = 0
    count: int | None = 1
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Shard:
    """The ``number``th slice of a run's pieces; its result has that number in its name."""

    number: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """Where the pieces' paths begin. ``name`` is a single file there; "" is all that is below it."""

    root: str
    name: str = ""

    @classmethod
    def at(cls, address: str) -> Source:
        """Raises DataError where there is nothing at that address, and UsageError where it cannot be one."""
        if not address:
            raise UsageError("an empty name; expected a file or folder")
        with source_errors(address):
            if store(address).is_folder(address):
                return cls(absolute(address))
            if not store(address).is_file(address):
                raise FileNotFoundError
        folder, _slash, name = address.rpartition("/")
        return cls(folder, name) if scheme(address) else cls(str(Path(address).parent.resolve()), Path(address).name)


def pieces(
    source: Source, limit: int | None = None, without: str = "", left_out: Counter[str] | None = None
) -> Iterator[Piece]:
    """The pieces of a source, ``limit`` pictures at most; nothing below the address ``without``, the run's output.

    What people take for pictures and is not read is counted in ``left_out``, by its suffix."""
    counting = limit is not None
    left = limit or 0
    for piece in _all_pieces(source, counting, without, Counter() if left_out is None else left_out):
        if not counting:
            yield piece
            continue
        count = min(piece.count or 0, left)
        if count:
            yield replace(piece, count=count)
        left -= count
        if left <= 0:
            return


def _all_pieces(source: Source, counting: bool, without: str, left_out: Counter[str]) -> Iterator[Piece]:
    place = store(source.root)
    if source.name.lower().endswith(LISTS):
        for path in _listed(source):
            if unknown(join(source.root, path)):  # an error of its own when it is read
                yield Piece(path)
            else:
                yield from _of_file(source.root, File(path, 0, ""), counting)
        return
    with source_errors(source.root):
        files = iter([File(source.name, 0, "")]) if source.name else place.files(source.root)
        for file in files:
            if without and not source.name and join(source.root, file.path).startswith(without.rstrip("/") + "/"):
                continue
            if source.name or file.path.lower().endswith((*SUFFIXES, *containers.SUFFIXES)):
                yield from _of_file(source.root, file, counting)
            elif (kind := PurePosixPath(file.path).suffix.lower()) in UNREAD:
                left_out[kind] += 1


def _listed(source: Source) -> Iterator[str]:
    """The lines of a list, each once."""
    with source_errors(source.name), store(source.root).open(join(source.root, source.name)) as file:
        try:
            lines = file.read().decode("utf-8-sig").splitlines()
        except UnicodeDecodeError as error:
            raise DataError(
                "{path}: is not text; expected a list with one path or address a line", path=source.name
            ) from error
    yield from dict.fromkeys(path for line in lines if (path := line.strip()))


def _of_file(root: str, file: File, counting: bool) -> Iterator[Piece]:
    tag = f"{file.size} {file.tag}"
    if not file.path.lower().endswith(containers.SUFFIXES):
        yield Piece(file.path, tag=tag)
        return
    try:
        for start, count in containers.parts(join(root, file.path), GRAIN, counting):
            yield Piece(file.path, start, count, tag)
    except FileNotFoundError:  # named in a list: an error of its own, as a picture would be
        yield Piece(file.path, 0, 1, tag)


@dataclass(frozen=True, slots=True)
class Listing:
    """What a run reads: a digest of its pieces, how many they are, their pictures as far as they are counted, and by
    their suffixes how many files are ``left_out``."""

    sha256: str
    pieces: int
    pictures: int
    exact: bool
    left_out: dict[str, int] = field(default_factory=dict)


def write_listing(pieces: Iterable[Piece], path: Path) -> Listing:
    """Write the pieces down, one JSON array a line, compressed. Memory does not grow with them."""
    digest, number, pictures, exact = hashlib.sha256(), 0, 0, True
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 5, raw, 0) as file:
        for number, piece in enumerate(pieces, 1):  # noqa: B007
            line = json.dumps([piece.path, piece.start, piece.count, piece.tag]).encode() + b"\n"
            digest.update(line)
            file.write(line)
            pictures += piece.count or 0
            exact = exact and piece.count is not None
    return Listing(digest.hexdigest(), number, pictures, exact)


def read_listing(file: IO[bytes]) -> Iterator[Piece]:
    """What ``write_listing`` wrote. Raises DataError where that is damaged."""
    try:
        with gzip.open(file) as lines:
            for line in lines:
                yield Piece(*json.loads(line))
    except (EOFError, ValueError, TypeError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            "the run's list of pictures is damaged or cut short ({reason}); add --overwrite to begin again",
            reason=" ".join(str(error).split()),
        ) from error


def shards(pieces: Iterable[Piece], size: int) -> Iterator[Shard]:
    """Slices of about ``size`` pictures. A file whose pictures are not counted is a slice by itself."""
    number, begun, before = 0, 0, 0
    some: list[Piece] = []
    for piece in pieces:
        if some and (piece.count is None or before // size > begun // size):
            yield Shard(number, tuple(some))
            number, begun, some = number + 1, before, []
        if some and _follows(some[-1], piece):
            some[-1] = replace(some[-1], count=(some[-1].count or 0) + (piece.count or 0))
        else:
            some.append(piece)
        before += size if piece.count is None else piece.count
    if some:
        yield Shard(number, tuple(some))


def _follows(one: Piece, other: Piece) -> bool:
    """Both are of one Parquet or tar file, so that they are read as one."""
    return one.path == other.path and other.start > 0 and one.count is not None
