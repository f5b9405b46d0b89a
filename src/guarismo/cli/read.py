"""``guarismo read``: pictures in, readings out."""

from __future__ import annotations

import glob
import sys
import warnings
from collections.abc import Iterable, Iterator
from itertools import chain, count
from pathlib import Path

import click

from guarismo.cli import complain, options
from guarismo.errors import DataError, GuarismoError, OutputError, PictureError
from guarismo.image import load_gray
from guarismo.ink import frame
from guarismo.model import write_whole
from guarismo.reader import Reader
from guarismo.render import FORMATS, Result, annotate, ink_picture
from guarismo.types import Gray

SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".tif", ".tiff", ".bmp", ".gif", ".webp", ".pgm", ".ppm", ".pbm", ".pnm")
"""What is taken from a folder. A file named on the command line is opened whatever its name."""

TOGETHER = 256
"""Pictures read at once; more are no faster."""

PIXELS_TOGETHER = 100_000_000
"""Pixels from which a batch is read before it is full: 256 phone photos at once would take 3 GB."""


@click.command("read", help="Read the digit on each picture. PATH: files, folders, patterns, or - for standard input.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@options.model
@click.option("--as", "kind", type=click.Choice(["digit"]), default="digit", help="What is on each picture.")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="text", help="Form of the results.")
@click.option("--top-k", type=click.IntRange(1, 10), default=1, help="Readings for each digit, the likeliest first.")
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
    help="Write the 28x28 that the network saw, enlarged ten times.",
)
def command(
    paths: tuple[str, ...],
    model: str | None,
    kind: str,
    form: str,
    top_k: int,
    output: Path | None,
    marked: Path | None,
    show_ink: Path | None,
) -> int:
    warnings.filterwarnings("ignore", module="PIL")  # of odd tags and sizes; what matters comes as an error
    reader = Reader(model)
    for folder in (marked, show_ink):
        if folder is not None:
            _make(folder)
    results = []
    names = _Names()
    for name, gray, result in _readings(reader, paths):
        results.append(result)
        if gray is not None and result.page is not None:
            stem = names.unique(name)
            if marked is not None:
                _save(annotate(gray, result.page), marked / f"{stem}.png")
            if show_ink is not None:
                _save(ink_picture(frame(gray).ink), show_ink / f"{stem}.ink.png")
    text = FORMATS[form](results, top_k)
    text = text.encode(errors="surrogateescape").decode(errors="replace")  # names of files need not be UTF-8
    if output is None:
        click.echo(text, nl=False)
    else:
        write_whole(output, text.encode())
    for result in results:
        if result.error:
            complain(result.error)
    return 1 if any(result.error for result in results) else 0


def _readings(reader: Reader, paths: tuple[str, ...]) -> Iterator[tuple[str, Gray | None, Result]]:
    """Read in batches; a picture that cannot be opened is an error in its place."""
    for chunk in _chunks(_opened(paths)):
        digits = iter(reader.digits([gray for _name, gray in chunk if not isinstance(gray, GuarismoError)]))
        for name, gray in chunk:
            if isinstance(gray, GuarismoError):
                yield name, None, Result(name, error=gray.in_words())
            else:
                yield name, gray, Result(name, reader.page_of(next(digits), gray))


def _chunks(opened: Iterable[tuple[str, Gray | GuarismoError]]) -> Iterator[list[tuple[str, Gray | GuarismoError]]]:
    chunk, pixels = [], 0
    for name, gray in opened:
        chunk.append((name, gray))
        pixels += 0 if isinstance(gray, GuarismoError) else gray.size
        if len(chunk) == TOGETHER or pixels >= PIXELS_TOGETHER:
            yield chunk
            chunk, pixels = [], 0
    if chunk:
        yield chunk


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
        if not found:
            raise PictureError("{path}: a folder without pictures; expected PNG, JPEG, TIFF, ... in it", path=path)
        yield from map(str, found)
    elif matches := sorted(match for match in glob.glob(path, recursive=True) if Path(match).is_file()):
        yield from matches
    else:
        yield path  # opening it says what is wrong


class _Names:
    """Names for what is written: the picture's own, numbered when two pictures share it."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def unique(self, name: str) -> str:
        stem = "stdin" if name == "-" else Path(name).stem
        numbered = (f"{stem}-{number}" for number in count(2))
        name = next(name for name in chain([stem], numbered) if name not in self._seen)
        self._seen.add(name)
        return name


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            "{path}: the folder cannot be made ({reason}); choose another place", path=folder, reason=error.strerror
        ) from error


def _save(picture: object, path: Path) -> None:
    import io

    from PIL import Image

    assert isinstance(picture, Image.Image)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    write_whole(path, buffer.getvalue())
