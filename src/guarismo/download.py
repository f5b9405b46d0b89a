"""MNIST from the network or from a folder, whole or not at all.

Every file is written under a temporary name, compared with its SHA-256 and only then moved to its own
name, so that a file that exists is a file that is whole. A part that was cut off stays behind and is
gone on with the next time. Certificates are always checked; proxies come from the environment.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from gettext import gettext as _
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from guarismo.errors import DatasetError, OutputError
from guarismo.mnist import (
    MNIST_CONTENTS,
    MNIST_FILES,
    WAYS_ON,
    content_sha256,
    find_file,
    is_file,
    places,
    read_mnist_arrays,
)

Progress = Callable[[str, int, int | None], None]
"""Called with the file's name, the bytes there so far, and the bytes in all where they are known."""

State = Literal["ok", "missing", "changed"]

MIRRORS: tuple[str, ...] = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://raw.githubusercontent.com/fgnt/mnist/master/",
)
"""Folders with the four files byte for byte. The page of the authors is not one: it answers 403 to programs."""

TIMEOUT_S = 30.0
"""Seconds without a byte before a mirror is given up: slow lines pause for a few, a dead one for ever."""

TRIES = 3
"""Times that one mirror may cut the connection; each new try goes on from where the last one ended."""

LARGEST_FILE = 32 << 20
"""The largest file has 10 MB: a server that sends more sends something else, and would fill the disk."""

_CHUNK = 1 << 16


class _MirrorError(Exception):
    """Why one mirror did not give one file, in a few words. Never leaves this module."""


def fetch_mnist(
    target: Path,
    *,
    source: Path | None = None,
    progress: Progress | None = None,
    mirrors: Sequence[str] = MIRRORS,
) -> Path:
    """Put the four files of MNIST into the folder ``target`` (made where needed) and return it.

    Files that are whole already stay as they are. With ``source``, a folder that holds the files
    (compressed or plain, also torchvision's), they are copied from there and the network is not touched.

    Raises OutputError where ``target`` cannot be written, DatasetError where no mirror gave a file or
    ``source`` lacks one or holds another one.
    """
    say = progress or _silent
    with _writing(target):
        target.mkdir(parents=True, exist_ok=True)
    if source is not None:
        _copy_all(source, target, say)
        return target
    order = list(mirrors)
    for name in MNIST_FILES:
        if not _is_whole(target, name):
            _download(name, target, order, say)
        _say_whole(target, name, say)
    return target


def place_of(folder: Path) -> Path:
    """Where in a folder that is named most files of MNIST lie, or its ``mnist.npz``; itself where there are none."""
    counts = {one: sum(find_file(one, name) is not None for name in MNIST_FILES) for one in places(folder)}
    packed = folder / "mnist.npz"
    return packed if not any(counts.values()) and is_file(packed) else max(counts, key=lambda one: counts[one])


def verify_mnist(folder: Path) -> list[tuple[str, State]]:
    """The state of each of the four files in ``folder``, or inside an ``mnist.npz``, by SHA-256.

    Raises DatasetError where there is no such folder, and for an npz that cannot be read at all.
    """
    if folder.suffix == ".npz":
        arrays = read_mnist_arrays(folder)
        return [
            (name, _state(str(array.dtype) == "uint8" and content_sha256(array) == MNIST_CONTENTS[name]))
            for name, array in arrays.items()
        ]
    if not folder.is_dir():
        raise DatasetError("{folder}: no such folder; name the one with the files of MNIST", folder=folder)
    return [
        (name, "missing" if find_file(folder, name) is None else _state(_is_whole(folder, name)))
        for name in MNIST_FILES
    ]


def _state(whole: bool) -> State:
    return "ok" if whole else "changed"


def _silent(_name: str, _done: int, _total: int | None) -> None:
    return None


def _say_whole(folder: Path, name: str, say: Progress) -> None:
    file = find_file(folder, name)
    size = file.stat().st_size if file else 0
    say(name, size, size)


def _is_whole(folder: Path, name: str) -> bool:
    file = find_file(folder, name)
    return file is not None and _has_sum(file, name)


def _has_sum(file: Path, name: str) -> bool:
    """Compressed files are compared as published, plain ones by their contents."""
    expected = MNIST_FILES[name] if file.suffix in (".gz", ".part") else MNIST_CONTENTS[name]
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == expected
    except OSError:
        return False


def _copy_all(source: Path, target: Path, say: Progress) -> None:
    found = {name: _in_source(source, name) for name in MNIST_FILES if not _is_whole(target, name)}
    missing = [name for name, file in found.items() if file is None]
    if missing:
        raise DatasetError(
            "{source}: lacks {missing}, expected the four files of MNIST, compressed or not: name the folder that "
            "holds them",
            source=source,
            missing=", ".join(missing),
        )
    for name, file in found.items():
        if file is not None:
            _copy(file, target, name)
    for name in MNIST_FILES:
        _say_whole(target, name, say)


def _in_source(source: Path, name: str) -> Path | None:
    return next((file for place in places(source) if (file := find_file(place, name))), None)


def _copy(file: Path, target: Path, name: str) -> None:
    if not _has_sum(file, name):
        raise DatasetError(
            "{file}: not the published file (other SHA-256): cut short or changed; copy it anew from another place",
            file=file,
        )
    try:
        data = file.read_bytes()
    except OSError as error:
        raise DatasetError(
            "{file}: cannot be read ({reason}): check the stick or folder", file=file, reason=error.strerror or error
        ) from error
    own_name = name if file.suffix == ".gz" else name.removesuffix(".gz")
    part = target / f"{own_name}.part"
    with _writing(part):
        part.write_bytes(data)
    stale = target / name
    if own_name != name and stale.exists():  # a changed .gz would be found before the plain file
        with _writing(stale):
            stale.unlink()
    _settle(part, target / own_name)


def _settle(part: Path, target: Path) -> None:
    """Give a whole file its name; flushed first, so that a power cut cannot leave an empty one under it."""
    with _writing(part):
        with part.open("rb+") as out:
            os.fsync(out.fileno())
        part.replace(target)


def _download(name: str, target: Path, order: list[str], say: Progress) -> None:
    """From the first mirror that gives the file; that one moves to the front for the next file."""
    part = target / f"{name}.part"
    reasons = []
    if _has_sum(part, name):  # stopped between the last byte and the new name
        _settle(part, target / name)
        return
    for mirror in list(order):
        try:
            _from_mirror(_address(mirror, name), part, name, say)
        except _MirrorError as failure:
            reasons.append(f"{urlsplit(mirror).netloc or mirror}: {failure}")
        else:
            _settle(part, target / name)
            order.remove(mirror)
            order.insert(0, mirror)
            return
    raise DatasetError(
        "{name} came from no mirror ({reasons}): try again later, or {ways}",
        name=name,
        reasons="; ".join(reasons) or _("none was given"),
        ways=_(WAYS_ON),
    )


def _address(mirror: str, name: str) -> str:
    return f"{mirror.rstrip('/')}/{name}"


def _from_mirror(address: str, part: Path, name: str, say: Progress) -> None:
    """Fill ``part`` until its SHA-256 is right, going on from what is there, or raise _MirrorError."""
    failure = _MirrorError(_("no answer"))
    for _try in range(TRIES):
        begun = _size(part)
        try:
            kind = _request(address, part, name, say)
        except _MirrorError as error:
            if _size(part) <= begun:
                raise
            failure = error  # cut off, but it gave something: go on from there
            continue
        if _has_sum(part, name):
            return
        words = _("another file than the published one ({size} bytes of {kind}, other SHA-256)")
        failure = _MirrorError(words.format(size=_size(part), kind=kind))
        with _writing(part):
            part.unlink(missing_ok=True)
        if not begun:
            break  # all of it came from here: asking again would give the same
    raise failure


def _size(part: Path) -> int:
    with _writing(part):
        return part.stat().st_size if part.exists() else 0


def _request(address: str, part: Path, name: str, say: Progress) -> str:
    """Append what ``part`` lacks, or write it anew where the server does not resume. Returns the content type."""
    begun = _size(part)
    with _opened(address, begun) as response:
        if response is None:  # nothing beyond what we have: it is whole, or the checksum will say no
            return _("an earlier try")
        begun = begun if response.status == http.client.PARTIAL_CONTENT else 0
        length = response.headers.get("Content-Length", "")
        total = begun + int(length) if length.isdecimal() else None
        with _writing(part), part.open("ab" if begun else "wb") as out:
            for piece in _pieces(response):
                out.write(piece)
                say(name, out.tell(), total)
                if out.tell() > LARGEST_FILE:
                    total = None  # not ours, so there is no use in asking for the rest of it
                    break
        if total is not None and _size(part) < total:
            raise _MirrorError(_("cut off after {size} of {total} bytes").format(size=_size(part), total=total))
        return response.headers.get_content_type()


@contextlib.contextmanager
def _opened(address: str, begun: int) -> Iterator[http.client.HTTPResponse | None]:
    """The answer of the server, or None where it says that there is nothing from ``begun`` on."""
    headers = {"User-Agent": "guarismo", "Accept-Encoding": "identity"}
    if begun:
        headers["Range"] = f"bytes={begun}-"
    # A context made here, not the process-wide default: some programs switch checking off in that one.
    context = ssl.create_default_context()
    with _asking():
        request = urllib.request.Request(address, headers=headers)
        try:
            response = urllib.request.urlopen(request, timeout=TIMEOUT_S, context=context)
        except urllib.error.HTTPError as error:
            error.close()
            if begun and error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
                response = None
            else:
                raise _MirrorError(f"HTTP {error.code} {error.reason}") from error
    with response or contextlib.nullcontext():
        yield response


def _pieces(response: http.client.HTTPResponse) -> Iterator[bytes]:
    while True:
        with _asking():
            piece = response.read1(_CHUNK)  # what has come; read() would lose it where the line is cut
        if not piece:
            return
        yield piece


@contextlib.contextmanager
def _asking() -> Iterator[None]:
    """What goes wrong on the network is the mirror's failure."""
    try:
        yield
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        if isinstance(reason, ssl.SSLCertVerificationError):
            raise _MirrorError(
                _("its certificate is not accepted; behind a company's proxy let SSL_CERT_FILE name the proxy's own")
            ) from error
        if isinstance(reason, TimeoutError):
            raise _MirrorError(_("nothing came for {seconds:g} s").format(seconds=TIMEOUT_S)) from error
        words = getattr(reason, "strerror", None) or " ".join(str(reason).split()) or type(reason).__name__
        raise _MirrorError(_(words)) from error


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    """What goes wrong on the disk ends everything, and leaves no part behind: another mirror cannot help."""
    try:
        yield
    except OSError as error:
        if path.suffix == ".part":
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        raise OutputError(
            "{path}: cannot be written ({reason}): free some space or choose a folder that you may write to",
            path=path,
            reason=error.strerror or error,
        ) from error
