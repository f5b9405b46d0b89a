"""``guarismo read``: pictures in, readings out."""

from __future__ import annotations

import glob
import io
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Any

import click
import numpy as np
from PIL import Image

from guarismo.cli import _, complain, options
from guarismo.errors import DataError, GuarismoError, OutputError, PictureError, UsageError
from guarismo.files import write_whole
from guarismo.image import SUFFIXES, batches, load_gray
from guarismo.ink import frame
from guarismo.reader import Reader
from guarismo.render import FORMATS, Result, annotate, ink_picture
from guarismo.strip import HEIGHT, strip
from guarismo.types import Digit, Gray, Number


@click.command(
    "read",
    help="Read the digit or the number on each picture. PATH: files, folders, patterns, or - for standard input.",
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@options.model
@options.line_model
@click.option(
    "--as",
    "kind",
    type=click.Choice(["digit", "number", "page", "auto"]),
    default="digit",
    show_default=True,
    help="What is on each picture: one digit, a number in one line, a whole page, or (auto) a digit or a number.",
)
@options.limits
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="text", help="Form of the results.")
@click.option("--top-k", type=click.IntRange(1, 10), default=1, help="Readings for each picture, the likeliest first.")
@click.option("--output", metavar="FILE", type=click.Path(path_type=Path), help="Write the results to a file.")
@click.option(
    "--annotate",
    "marked",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Write each picture with its reading drawn over it.",
)
@click.option(
    "--show-ink",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Write what the network saw, enlarged: the 28x28 of a digit, the strip of a number.",
)
def command(
    paths: tuple[str, ...],
    model: str | None,
    line_model: str | None,
    kind: str,
    form: str,
    top_k: int,
    output: Path | None,
    marked: Path | None,
    show_ink: Path | None,
    **limits: Any,
) -> int:
    warnings.filterwarnings("ignore", module="PIL")  # of odd tags and sizes; what matters comes as an error
    if "" in (*paths, model, line_model):
        raise UsageError("an empty name; expected a file or folder")
    if kind == "digit" and any(value is not None for value in (line_model, *limits.values())):
        raise UsageError("an option for numbers, where digits are read; add --as number or --as auto")
    if kind == "page" and any(value is not None for value in (show_ink, *limits.values())):
        raise UsageError("an option for single digits or numbers, where pages are read; leave it out")
    read = _reads(Reader(model, line_model), kind, limits)
    written = _Written(paths, marked, show_ink, output)
    streamed = form in STREAMED and output is None
    results, errors, first = [], 0, True
    for one in _readings(read, paths):
        result = one.result
        written.pictures(one)
        if streamed:
            text = _encodable(FORMATS[form]([result], top_k))
            click.echo(text if first or form != "csv" else text.partition("\n")[2], nl=False)  # one header
            first = False
        else:
            results.append(result)
        if result.error:
            complain(result.error)
            errors += 1
    text = _encodable(FORMATS[form](results, top_k))
    if output is not None:
        written.check(output)
        write_whole(output, text.encode())
    elif not streamed:
        click.echo(text, nl=False)
    return 1 if errors else 0


STREAMED = ("jsonl", "csv")
"""Formats whose results are printed as they come, and not at the end."""


def _encodable(text: str) -> str:
    """Names of files need not be UTF-8."""
    return text.encode(errors="surrogateescape").decode(errors="replace")


@dataclass(frozen=True, slots=True)
class _One:
    """A picture and what came of it; ``gray`` and ``reading`` are None where it could not be opened."""

    result: Result
    gray: Gray | None = None
    reading: Digit | Number | None = None


Reads = Callable[[list[tuple[str, Gray]]], list[_One]]


def _reads(reader: Reader, kind: str, limits: dict[str, Any]) -> Reads:
    """How many pictures are read as such a kind. Models and constraints are looked at before any picture is."""
    constraints = options.constraints(**limits)
    kinds: dict[str, Callable[[list[Gray]], Sequence[Digit | Number]]] = {
        "digit": reader.digits,
        "number": lambda grays: reader.numbers(grays, constraints),
        "page": reader.numbers,
        "auto": lambda grays: reader.readings(grays, constraints),
    }
    kinds[kind]([])

    def read(chunk: list[tuple[str, Gray]]) -> list[_One]:
        if kind == "page":
            return [_One(Result(name, reader.page(gray)), gray) for name, gray in chunk]
        found = kinds[kind]([gray for _name, gray in chunk])
        return [
            _One(Result(name, reader.page_of(reading, gray)), gray, reading)
            for (name, gray), reading in zip(chunk, found, strict=True)
        ]

    return read


def _readings(read: Reads, paths: tuple[str, ...]) -> Iterator[_One]:
    """Read in batches; a picture that cannot be opened is an error in its place."""
    for chunk in batches(_opened(paths)):
        found = iter(read([(name, gray) for name, gray in chunk if not isinstance(gray, GuarismoError)]))
        for name, gray in chunk:
            yield _One(Result(name, error=gray.in_words())) if isinstance(gray, GuarismoError) else next(found)


def _opened(paths: tuple[str, ...]) -> Iterator[tuple[str, Gray | GuarismoError]]:
    for path in paths:
        try:
            for name in _expand(path):
                yield name, _open(name)
        except DataError as error:
            yield path, error
        except OSError as error:  # a folder that may not be listed, a name that is too long
            template = "{name}: cannot be opened ({reason}); check that you may read it"
            yield path, PictureError(template, name=path, reason=error.strerror)


def _open(name: str) -> Gray | GuarismoError:
    try:
        return load_gray(sys.stdin.buffer if name == "-" else name)
    except DataError as error:
        return error


def _expand(path: str) -> Iterator[str]:
    """The pictures that a name stands for: itself, those in a folder, those that match a pattern."""
    if path == "-" or Path(path).is_file():
        yield path
    elif Path(path).is_dir():
        found = sorted(p for p in Path(path).iterdir() if p.suffix.lower() in SUFFIXES and p.is_file())
        _tell_skipped(Path(path))
        if not found:
            raise PictureError("{path}: a folder without pictures; expected PNG, JPEG, TIFF, ... in it", path=path)
        yield from map(str, found)
    elif matches := sorted(match for match in glob.glob(path, recursive=True) if Path(match).is_file()):
        yield from matches
    else:
        yield path  # opening it says what is wrong


UNREAD = (".heic", ".heif", ".pdf", ".avif", ".jp2", ".svg", ".psd", ".dng", ".tga", ".ico")
"""Kinds that people take for pictures; in a folder they are not read, and that is said."""


def _tell_skipped(folder: Path) -> None:
    kinds = sorted(p.suffix.lower() for p in folder.iterdir() if p.suffix.lower() in UNREAD)
    if kinds:
        told = ", ".join(sorted({kind[1:].upper() for kind in kinds}))
        click.echo(
            _("{folder}: {count} files left out ({kinds})").format(folder=folder, count=len(kinds), kinds=told),
            err=True,
        )


class _Written:
    """What is written beside the results: annotated pictures and ink, and never over one of the pictures."""

    def __init__(self, paths: tuple[str, ...], marked: Path | None, show_ink: Path | None, output: Path | None) -> None:
        self._inputs = {Path(path).resolve() for path in paths if path != "-"}
        self._marked, self._show_ink = marked, show_ink
        self._names: set[str] = set()
        for folder in (marked, show_ink):
            if folder is not None:
                _make(folder)
        if output is not None:
            self.check(output)

    def check(self, path: Path) -> None:
        if path.resolve() in self._inputs:
            raise OutputError("{path}: is one of the pictures; name another place", path=path)

    def pictures(self, one: _One) -> None:
        name, gray, page = one.result.name, one.gray, one.result.page
        if (self._marked is None and self._show_ink is None) or gray is None or page is None:
            return
        if name != "-":
            self._inputs.add(Path(name).resolve())
        stem = self._unique(name)
        if self._marked is not None:
            self._save(annotate(gray, page), self._marked / f"{stem}.png")
        if self._show_ink is not None:
            seen = _strip_picture(gray) if isinstance(one.reading, Number) else ink_picture(frame(gray).ink)
            self._save(seen, self._show_ink / f"{stem}.ink.png")

    def _unique(self, name: str) -> str:
        """The picture's own name, numbered when two pictures share it."""
        stem = "stdin" if name == "-" else Path(name).stem
        numbered = (f"{stem}-{number}" for number in count(2))
        chosen = next(one for one in chain([stem], numbered) if one not in self._names)
        self._names.add(chosen)
        return chosen

    def _save(self, picture: Image.Image, path: Path) -> None:
        self.check(path)
        buffer = io.BytesIO()
        picture.save(buffer, "PNG")
        write_whole(path, buffer.getvalue())


def _strip_picture(gray: Gray) -> Image.Image:
    """The strip of a number, or as much blank paper, enlarged less than a digit: it is long."""
    found = strip(gray)
    return ink_picture(np.zeros((HEIGHT, HEIGHT), np.float32) if found is None else found.ink, scale=4)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            "{path}: the folder cannot be made ({reason}); choose another place", path=folder, reason=error.strerror
        ) from error
