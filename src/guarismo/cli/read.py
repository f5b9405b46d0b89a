"""``guarismo read``: pictures in, readings out."""

from __future__ import annotations

import glob
import io
import sys
import warnings
from collections.abc import Iterable, Iterator
from itertools import chain, count
from pathlib import Path

import click
from PIL import Image

from guarismo.cli import _, complain, options
from guarismo.errors import DataError, GuarismoError, OutputError, PictureError, UsageError
from guarismo.files import write_whole
from guarismo.image import load_gray
from guarismo.ink import frame
from guarismo.reader import Reader
from guarismo.render import FORMATS, Result, annotate, ink_picture
from guarismo.types import Gray, Page

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
    if "" in (*paths, model):
        raise UsageError("an empty name; expected a file or folder")
    reader = Reader(model)
    written = _Written(paths, marked, show_ink, output)
    streamed = form in STREAMED and output is None
    results, errors, first = [], 0, True
    for name, gray, result in _readings(reader, paths):
        if gray is not None and result.page is not None:
            written.pictures(name, gray, result.page)
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

    def pictures(self, name: str, gray: Gray, page: Page) -> None:
        if self._marked is None and self._show_ink is None:
            return
        if name != "-":
            self._inputs.add(Path(name).resolve())
        stem = self._unique(name)
        if self._marked is not None:
            self._save(annotate(gray, page), self._marked / f"{stem}.png")
        if self._show_ink is not None:
            self._save(ink_picture(frame(gray).ink), self._show_ink / f"{stem}.ink.png")

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


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            "{path}: the folder cannot be made ({reason}); choose another place", path=folder, reason=error.strerror
        ) from error
