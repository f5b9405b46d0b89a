"""Where pictures are and results go: folders of this machine, and anything that fsspec knows (S3, GCS, HTTP, ...).

An address is a path, or has a scheme: ``s3://bucket/folder``. Folders need nothing but Python.
"""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from stat import S_ISREG
from typing import IO, Any, Protocol

from guarismo.errors import DataError, GuarismoError, OutputError, UsageError
from guarismo.image import MAX_BYTES

WHOLE_PUTS = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "oss", "memory"}
"""Stores where an object is there when all of it has arrived, not before: no renaming is needed, nor is there any."""


@dataclass(frozen=True, slots=True)
class File:
    """``path`` is relative to the folder that was asked for, with slashes; ``tag`` changes with the contents."""

    path: str
    size: int
    tag: str


class Store(Protocol):
    """What batch reading asks of a place. Its errors are those of ``OSError``, others are ``DataError``."""

    def is_folder(self, address: str) -> bool: ...

    def is_file(self, address: str) -> bool: ...

    def files(self, folder: str) -> Iterator[File]:
        """All files below, in an order that is always the same; what begins with a dot is left out."""

    def sizes(self, folder: str) -> dict[str, int]:
        """Names and sizes of the files in the folder itself; none where there is no folder."""

    def folders(self, folder: str) -> list[str]:
        """Names of the folders in the folder itself; none where there is no folder."""

    def open(self, address: str) -> IO[bytes]:
        """For reading; ``seek`` works."""

    def writing(self, address: str) -> Any:
        """A context with the local ``Path`` to write to. On leaving it the file is there, whole, or not at all."""

    def remove(self, address: str) -> None: ...


def scheme(address: str) -> str:
    """``s3`` of ``s3://bucket``; "" for a path."""
    name, found, _rest = address.partition("://")
    return name.lower() if found and name.isalnum() else ""


def absolute(address: str) -> str:
    """The same address from whatever folder the program is called."""
    return address if scheme(address) else str(Path(address).resolve())


def bounded(file: IO[bytes]) -> bytes:
    """The rest of a file, or enough of it to see that it is too large for a picture."""
    found, size = [], 0
    while size <= MAX_BYTES and (some := file.read(STEP)):  # read(MAX_BYTES) would take 100 MB before it reads
        found.append(some)
        size += len(some)
    return b"".join(found)


STEP = 1 << 20
"""Bytes at a time: most pictures come at once."""


def store(address: str) -> Store:
    """The store that an address is in. Raises UsageError where a package or the scheme is missing."""
    return _remote(scheme(address)) if scheme(address) else Local()


def unknown(address: str) -> UsageError | None:
    """Why nothing can be read from or written to an address of that kind; None where it can."""
    try:
        store(address)
    except UsageError as error:
        return error
    return None


@cache
def _remote(name: str) -> Store:
    return Remote(name)


def join(folder: str, path: str) -> str:
    """An address below a folder, unless the path is one of its own."""
    if scheme(path) or not folder or (not scheme(folder) and Path(path).is_absolute()):
        return path
    return f"{folder.rstrip('/')}/{path}" if scheme(folder) else str(Path(folder, path))


class Local:
    """Folders of this machine."""

    def is_folder(self, address: str) -> bool:
        return Path(address).is_dir()

    def is_file(self, address: str) -> bool:
        return Path(address).is_file()

    def files(self, folder: str) -> Iterator[File]:
        for here, folders, names in os.walk(folder, onerror=_raise):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            relative = Path(os.path.relpath(here, folder)).as_posix()
            for name in sorted(name for name in names if not name.startswith(".")):
                path = name if relative == "." else f"{relative}/{name}"
                try:
                    status = Path(here, name).stat()
                except OSError:  # a link to nothing or to itself, or gone since: an error of its own, if it is read
                    yield File(path, 0, "")
                else:
                    if S_ISREG(status.st_mode):  # nobody may ever write into a pipe
                        yield File(path, status.st_size, str(status.st_mtime_ns))

    def sizes(self, folder: str) -> dict[str, int]:
        if not Path(folder).is_dir():
            return {}
        found = {}
        for entry in os.scandir(folder):
            with suppress(FileNotFoundError):  # gone since: the worker of a run that was killed may still be renaming
                if entry.is_file():
                    found[entry.name] = entry.stat().st_size
        return found

    def folders(self, folder: str) -> list[str]:
        return [entry.name for entry in os.scandir(folder) if entry.is_dir()] if Path(folder).is_dir() else []

    def open(self, address: str) -> IO[bytes]:
        return Path(address).open("rb")

    @contextmanager
    def writing(self, address: str) -> Iterator[Path]:
        path = Path(address)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.part")
        try:
            yield temporary
            _to_disk(temporary)  # or a machine that loses its power could keep the name and not what is in it
            temporary.replace(path)
            _to_disk(path.parent)
        finally:
            temporary.unlink(missing_ok=True)

    def remove(self, address: str) -> None:
        Path(address).unlink(missing_ok=True)


def _raise(error: OSError) -> None:
    raise error


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Remote:
    """What fsspec reaches. Credentials come from the usual environment alone; errors are those of ``OSError``."""

    def __init__(self, name: str) -> None:
        self._scheme = name
        try:
            import fsspec

            self._fs = fsspec.filesystem(name, use_listings_cache=False)
        except ImportError as error:
            raise UsageError(
                "{scheme}:// needs a package that is not here ({reason}); install it (for s3://: "
                "pip install 'guarismo[batch]')",
                scheme=name,
                reason=_in_one_line(error),
            ) from error
        except ValueError as error:
            raise UsageError(
                "{scheme}:// is no known kind of address; expected s3://, gs://, https:// or a path",
                scheme=name,
            ) from error

    def is_folder(self, address: str) -> bool:
        with in_os_errors():
            return self._scheme not in ("http", "https") and bool(self._fs.isdir(address))

    def is_file(self, address: str) -> bool:
        with in_os_errors():
            return bool(self._fs.isfile(address))

    def files(self, folder: str) -> Iterator[File]:
        root = self._fs._strip_protocol(folder).rstrip("/")
        with in_os_errors():
            found = self._fs.find(folder, detail=True)
        for path in sorted(found):
            about = found[path]
            relative = path[len(root) :].lstrip("/")
            if about.get("type") == "file" and not any(part.startswith(".") for part in relative.split("/")):
                tag = about.get("ETag") or about.get("etag") or about.get("md5Hash") or ""
                yield File(relative, int(about.get("size") or 0), str(tag).strip('"'))

    def sizes(self, folder: str) -> dict[str, int]:
        there = [each for each in self._there(folder) if each["type"] == "file" and not each["name"].endswith("/")]
        return {each["name"].rpartition("/")[2]: int(each["size"] or 0) for each in there}

    def folders(self, folder: str) -> list[str]:
        own = self._fs._strip_protocol(folder).rstrip("/")
        there = [each["name"].rstrip("/") for each in self._there(folder) if each["type"] == "directory"]
        return [name.rpartition("/")[2] for name in there if name != own]

    def _there(self, folder: str) -> list[dict[str, Any]]:
        """What is listed below a folder; its own placeholder, "folder/", may be among it."""
        with in_os_errors():
            try:
                return list(self._fs.ls(folder, detail=True))
            except FileNotFoundError:
                return []

    def open(self, address: str) -> IO[bytes]:
        with in_os_errors():
            return self._fs.open(address, "rb")  # type: ignore[no-any-return]

    @contextmanager
    def writing(self, address: str) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="guarismo-") as folder:
            path = Path(folder, "part")
            yield path
            with in_os_errors():
                if self._scheme in WHOLE_PUTS:
                    self._fs.put_file(str(path), address)
                else:
                    self._put_and_rename(path, address)

    def _put_and_rename(self, path: Path, address: str) -> None:
        folder, _slash, name = address.rpartition("/")
        self._fs.makedirs(folder, exist_ok=True)
        temporary = f"{folder}/.{name}.{uuid.uuid4().hex[:12]}.part"
        self._fs.put_file(str(path), temporary)
        self._fs.mv(temporary, address)

    def remove(self, address: str) -> None:
        with in_os_errors():
            try:
                self._fs.rm_file(address)
            except FileNotFoundError:
                return


@contextmanager
def in_os_errors() -> Iterator[None]:
    """Clients of stores raise classes of their own; here they become those of the system, with what they say."""
    try:
        yield
    except (OSError, GuarismoError, MemoryError):
        raise
    except Exception as error:
        raise ConnectionError(None, _in_one_line(error)) from error


def _in_one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def reason(error: OSError) -> str:
    """What the system or the store says."""
    return _in_one_line(error) if error.strerror is None else " ".join(str(error.strerror).split())


@contextmanager
def source_errors(address: str) -> Iterator[None]:
    """What is wrong with the source of a run, in one line."""
    try:
        yield
    except FileNotFoundError as error:
        raise DataError("{address}: no such file, folder or bucket; check the address", address=address) from error
    except PermissionError as error:
        raise DataError(
            "{address}: may not be read ({reason}); check the permission or the credentials",
            address=address,
            reason=reason(error),
        ) from error
    except OSError as error:
        raise DataError(
            "{address}: cannot be read ({reason}); check the address, the network and the credentials",
            address=address,
            reason=reason(error),
        ) from error


@contextmanager
def output_errors(address: str) -> Iterator[None]:
    """What is wrong with the output of a run, in one line."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            "{path}: cannot be written ({reason}); choose another place or make room",
            path=address,
            reason=reason(error),
        ) from error
