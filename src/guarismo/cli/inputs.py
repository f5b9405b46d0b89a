"""What ``guarismo read`` opens: files, folders, patterns, standard input; pictures, and papers with pages."""

from __future__ import annotations

import contextlib
import glob
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from gettext import ngettext
from pathlib import Path
from typing import BinaryIO

import click

from guarismo.cli import _
from guarismo.errors import DataError, GuarismoError, PictureError
from guarismo.image import SUFFIXES, UNREAD, load_gray
from guarismo.papers import paper
from guarismo.types import Gray

PAPERS = (".pdf", ".heic", ".heif")
"""What is taken from a folder besides pictures, where pages are read."""

Opened = tuple[str, int | None, Gray | GuarismoError]
"""Name, number of the page if it has pages, and the picture, or the error that took its place."""


def opened(paths: tuple[str, ...], most: int | None) -> Iterator[Opened]:
    """All pictures one by one. With ``most`` so many pages of each paper are opened; without it a paper is an error."""
    for path in paths:
        try:
            if Path(path).is_dir():
                _tell_skipped(Path(path), PAPERS if most else ())
            for name in _expand(path, PAPERS if most else ()):
                yield from _pages(name, most) if most else [(name, None, _open(name))]
        except DataError as error:
            yield path, None, error
        except OSError as error:  # a folder that may not be listed, a name that is too long
            template = "{name}: cannot be opened ({reason}); check that you may read it"
            yield path, None, PictureError(template, name=path, reason=error.strerror)


def places(paths: tuple[str, ...]) -> set[str]:
    """Where all these pictures lie, so that nothing is written over one."""
    found: set[str] = set()
    for path in paths:
        with contextlib.suppress(DataError, OSError):  # told when it is opened
            found |= {os.path.realpath(name) for name in _expand(path, PAPERS) if name != "-"}
    return found


def _stdin() -> BinaryIO:
    if sys.stdin is None:
        raise PictureError("{name}: standard input is closed; give a picture to it, or name a file", name="-")
    return sys.stdin.buffer


def _open(name: str) -> Gray | GuarismoError:
    try:
        return load_gray(_stdin() if name == "-" else name)
    except DataError as error:
        return error


def _pages(name: str, most: int) -> Iterator[Opened]:
    try:
        found = paper(_stdin() if name == "-" else name)
    except DataError as error:
        yield name, None, error
        return
    for number, page in enumerate(found.pages(most), 1):
        yield name, number if found.numbered else None, page
    if found.count > most:
        told = _("{name}: the first {most} of {count} pages were read; --max-pages reads more")
        click.echo(told.format(name=name, most=most, count=found.count), err=True)


def _expand(path: str, more: tuple[str, ...]) -> Iterator[str]:
    """The pictures that a name stands for: itself, those in a folder, those that match a pattern."""
    if path == "-" or Path(path).is_file():
        yield path
    elif Path(path).is_dir():
        kinds = (*SUFFIXES, *more)
        found = sorted(p for p in Path(path).iterdir() if p.suffix.lower() in kinds and (p.is_file() or p.is_symlink()))
        if not found:
            raise PictureError("{path}: a folder without pictures; expected PNG, JPEG, TIFF, ... in it", path=path)
        yield from map(str, found)
    elif matches := sorted(match for match in glob.glob(path, recursive=True) if Path(match).is_file()):
        yield from matches
    else:
        yield path  # opening it says what is wrong


def _tell_skipped(folder: Path, more: tuple[str, ...]) -> None:
    suffixes = Counter(p.suffix.lower() for p in folder.iterdir())
    tell_left_out(str(folder), {kind: count for kind, count in suffixes.items() if kind in UNREAD and kind not in more})


def tell_left_out(folder: str, kinds: Mapping[str, int]) -> None:
    """How many files of which kinds are not read, by their suffixes."""
    if kinds:
        told = ", ".join(sorted(kind[1:].upper() for kind in kinds))
        count = sum(kinds.values())
        words = ngettext(
            "{folder}: {count} file left out ({kinds})", "{folder}: {count} files left out ({kinds})", count
        )
        click.echo(words.format(folder=folder, count=count, kinds=told), err=True)
