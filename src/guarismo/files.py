"""Writing files so that nothing is half-written, and knowing what a folder's contents were made from."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any
from zipfile import BadZipFile

import numpy as np

from guarismo.errors import DataError, OutputError, UsageError

NOTE = "made-from.json"


def claim(folder: Path, made_from: Mapping[str, Any], option: str = "--out") -> None:
    """Note in ``folder`` what its contents are made from; if a note is there, it must say the same.

    So a run that goes on never mixes results of different data or options. ``option`` is the one that names the folder.
    Raises UsageError and OutputError.
    """
    note, text = folder / NOTE, json.dumps(dict(made_from), indent=1, sort_keys=True) + "\n"
    if note.exists() and note.read_text() != text:
        raise UsageError(
            "{path}: holds results of other data or options; name another {option}", path=folder, option=option
        )
    write_whole(note, text.encode())


def fingerprint(*modules: ModuleType) -> str:
    """SHA-256 of the modules' sources, for a note: what other code would make is another thing."""
    return hashlib.sha256(b"".join(Path(str(module.__file__)).read_bytes() for module in modules)).hexdigest()


def write_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write named arrays as an npz file, whole or not at all. Raises OutputError."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    write_whole(path, buffer.getvalue())


def read_arrays(path: Path, names: Sequence[str]) -> dict[str, Any]:
    """What ``write_arrays`` wrote, ``names`` among it. Raises DataError where that cannot be read."""
    try:
        with path.open("rb") as file, np.load(file) as kept:
            arrays = dict(kept)
        if missing := sorted(set(names) - set(arrays)):
            raise ValueError(f"without {', '.join(missing)}")
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise DataError("{path}: damaged ({reason}); delete it: it is made again", path=path, reason=error) from error
    return arrays


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all. Raises OutputError."""
    if path.is_dir():
        raise OutputError("{path}: a folder; name a file in it", path=path)
    with _writing(path):
        if _is_stream(path):
            with path.open("ab") as file:
                file.write(data)
        else:
            _replace(_place(path), data)


def probe(path: Path) -> None:
    """Find out now, and not after an hour, whether a file can be written here. Raises OutputError."""
    if path.is_dir():
        write_whole(path, b"")
    elif not _is_stream(path):
        with _writing(path), _temporary(_place(path)) as trial:
            _replace(trial, b"")


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            "{path}: cannot be written ({reason}); choose another place or make room", path=path, reason=error.strerror
        ) from error


def _place(path: Path) -> Path:
    """What a link leads to is replaced, not the link; its folder is made."""
    place = Path(os.path.realpath(path))
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


@contextlib.contextmanager
def _temporary(path: Path) -> Iterator[Path]:
    """A file beside it, whose name fits whatever the length of its own; gone afterwards."""
    temporary = path.with_name(f".{uuid.uuid4().hex[:12]}.part")
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _is_stream(path: Path) -> bool:
    """A device, a pipe, or one of our own streams by its name, as /dev/stdout: a file must not take its place, also
    where it leads to one, which somebody else has opened."""
    return (path.exists() and not path.is_file()) or (path.is_symlink() and str(path).startswith(("/dev/", "/proc/")))


def _replace(path: Path, data: bytes) -> None:
    with _temporary(path) as temporary:
        temporary.write_bytes(data)
        temporary.replace(path)
