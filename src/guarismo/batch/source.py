"""The pieces of a shard → (id, bytes) of their pictures, one by one.

An id is the picture's path below the source; within a file of many, that file's path with what follows: the member of
a tar file after "/", the row of a Parquet file (or what its id column says) after "#".
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from guarismo.batch import containers
from guarismo.batch.plan import Piece
from guarismo.batch.shard import TOO_LITTLE, Picture
from guarismo.batch.store import bounded, in_os_errors, join, reason, scheme, source_errors, store, unknown
from guarismo.errors import DataError, PictureError

PAUSES = (1.0, 5.0, 20.0)
"""Seconds before a store far away is asked again: a restart of its front end takes that long, no longer one is told."""


def pictures(root: str, pieces: Iterable[Piece], listed: bool = False) -> Iterator[Picture]:
    """The pictures of the pieces. One that is gone, forbidden or damaged is an error in its place.

    A store that cannot be reached raises DataError, for all that follow would be errors, too; but where ``listed``,
    with addresses on machines of all sorts, it is the error of that picture alone.
    """
    for piece in pieces:
        address = join(root, piece.path)
        if listed and (why := unknown(address)):
            yield _id(piece.path), PictureError("the picture: {reason}", reason=why)
        elif address.lower().endswith(containers.SUFFIXES):
            yield from _inside(address, piece, listed)
        else:
            yield _id(piece.path), _patiently(address, listed)


def _id(path: str) -> str:
    """Names of files need not be UTF-8, ids are."""
    return path.encode(errors="backslashreplace").decode()


def _inside(address: str, piece: Piece, listed: bool) -> Iterator[Picture]:
    link = "" if address.lower().endswith(containers.PARQUET) else "/"
    try:
        for name, data in containers.pictures(address, piece.start, piece.count):
            yield _id(f"{piece.path}{link if name else ''}{name}"), data
    except OSError as error:
        yield _id(piece.path), _error(address, error, listed)


def _patiently(address: str, listed: bool) -> bytes | DataError:
    for pause in (*PAUSES, None) if scheme(address) else (None,):
        try:
            return _read(address)
        except MemoryError:
            return PictureError(TOO_LITTLE)
        except (FileNotFoundError, PermissionError, IsADirectoryError) as error:
            return _error(address, error, listed)
        except OSError as error:
            if pause is None:
                return _error(address, error, listed)
            time.sleep(pause)
    raise AssertionError  # the last pause is None


def _read(address: str) -> bytes:
    with in_os_errors(), store(address).open(address) as file:
        return bounded(file)


def _error(address: str, error: OSError, listed: bool) -> DataError:
    """The error of one picture. Raises DataError where it is one of the whole store."""
    if isinstance(error, FileNotFoundError):
        return PictureError("the picture: no such file; check the name")
    if scheme(address) and not listed and not isinstance(error, PermissionError):
        with source_errors(address):
            raise error
    return PictureError("the picture: cannot be opened ({reason}); check that you may read it", reason=reason(error))
