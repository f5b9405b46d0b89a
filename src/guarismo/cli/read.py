"""``guarismo read``: pictures in, readings out."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from guarismo.cli import _, complain, options
from guarismo.cli.inputs import opened
from guarismo.cli.written import Folders, One, Written
from guarismo.errors import GuarismoError, UsageError, unread
from guarismo.files import write_whole
from guarismo.image import batches
from guarismo.kinds import read_as
from guarismo.papers import MAX_PAGES
from guarismo.reader import Reader
from guarismo.render import FORMATS
from guarismo.results import Result
from guarismo.types import As, Gray


def _folder(name: str, into: str, **told: str) -> Callable[[Any], Any]:
    return click.option(name, into, metavar="FOLDER", type=click.Path(path_type=Path), help=told["help"])


@click.command(
    "read",
    help="Read the digit, the number or the page on each picture. PATH: files, folders, patterns, or - for standard "
    "input.",
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@options.model
@options.line_model
@options.kind(help="What is on each picture: one digit, a number in one line, a whole page, or (auto) any of these.")
@options.limits
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="text", help="Form of the results.")
@click.option("--top-k", type=click.IntRange(1, 10), default=1, help="Readings for each picture, the likeliest first.")
@click.option(
    "--max-pages",
    type=click.IntRange(1, 100_000),
    help="Pages of a PDF or TIFF that are read at most.",
)
@click.option("--output", metavar="FILE", type=click.Path(path_type=Path), help="Write the results to a file.")
@_folder("--annotate", "marked", help="Write each picture with its reading drawn over it.")
@_folder(
    "--show-ink", "show_ink", help="Write what the network saw, enlarged: the 28x28 of a digit, the strip of a number."
)
@_folder("--review", "review", help="Write cut-outs of all that was not read surely, with a CSV to fill in.")
def command(
    paths: tuple[str, ...],
    model: str | None,
    line_model: str | None,
    kind: As,
    form: str,
    top_k: int,
    max_pages: int | None,
    output: Path | None,
    marked: Path | None,
    show_ink: Path | None,
    review: Path | None,
    **limits: Any,
) -> int:
    warnings.filterwarnings("ignore", module="PIL")  # of odd tags and sizes; what matters comes as an error
    if "" in (*paths, model, line_model):
        raise UsageError("an empty name; expected a file or folder")
    options.check_kind(kind, line_model, limits)
    if kind == "page" and show_ink is not None:
        raise options.for_no_pages("--show-ink")
    if max_pages is not None and kind not in ("page", "auto"):
        raise UsageError("{option}: for papers with pages; add --as page or --as auto", option="--max-pages")
    read = _reads(Reader(model, line_model), kind, limits)
    written = Written(paths, Folders(marked, show_ink, review), output)
    most = (max_pages or MAX_PAGES) if kind in ("page", "auto") else None
    streamed = form in STREAMED and output is None
    results, errors, first = [], 0, True
    try:
        for one in _readings(read, paths, most):
            result = one.result
            written.pictures(one)
            if streamed:
                text = _encodable(FORMATS[form]([result], top_k))
                text = text if first or form != "csv" else text.partition("\n")[2]  # one header
                click.echo(_printable(text), nl=False)
                first = False
            else:
                results.append(result)
            if result.error:
                complain(result.error)
                errors += 1
    finally:  # cut-outs without their table are of no use
        written.finish()
    text = _encodable(FORMATS[form](results, top_k))
    if output is not None:
        written.check(output)
        write_whole(output, text.encode())
    elif not streamed:
        click.echo(_printable(text), nl=False)
    if written.failed is not None:
        raise written.failed
    return 1 if errors else 0


STREAMED = ("jsonl", "csv")
"""Formats whose results are printed as they come, and not at the end."""


def _encodable(text: str) -> str:
    """Names of files need not be UTF-8."""
    return text.encode(errors="surrogateescape").decode(errors="replace")


def _printable(text: str) -> str:
    """What standard output's own encoding can hold: in some consoles and pipes not all names."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return text.encode(encoding, errors="replace").decode(encoding)


Named = tuple[str, int | None, Gray]
Reads = Callable[[list[Named]], list[One]]


def _reads(reader: Reader, kind: As, limits: dict[str, Any]) -> Reads:
    """How many pictures are read as such a kind. Models and constraints are looked at before any picture is."""
    constraints = options.constraints(**limits)
    read_as(kind, reader, [], constraints)

    def read(chunk: list[Named]) -> list[One]:
        found = read_as(kind, reader, [gray for *_, gray in chunk], constraints, [number for _, number, _ in chunk])
        return [
            One(Result(name, page), gray, reading)
            for (name, _number, gray), (page, reading) in zip(chunk, found, strict=True)
        ]

    return {"number": _hinting, "digit": _hinting_once}.get(kind, lambda same: same)(read)


def _hinting_once(read: Reads) -> Reads:
    """Says, of the first picture that was to have one digit and has something else, what else can be read."""
    told = False

    def hinting(chunk: list[Named]) -> list[One]:
        nonlocal told
        ones = read(chunk)
        for one in ones:
            if not told and one.reading is not None and one.reading.status == "not_a_digit":
                told = True
                hint = _("{name}: no single digit; --as auto also reads numbers and pages")
                click.echo(hint.format(name=one.result.name), err=True)
        return ones

    return hinting


def _hinting(read: Reads) -> Reads:
    """Says so where a picture that was to have one number has several lines."""

    from guarismo.layout import has_several_lines

    def hinting(chunk: list[Named]) -> list[One]:
        ones = read(chunk)
        for one in ones:
            doubtful = one.reading is not None and one.reading.status in ("unsure", "not_a_digit")
            if doubtful and one.gray is not None and has_several_lines(one.gray):
                told = _("{name}: there is more than one line of writing; --as page reads them all")
                click.echo(told.format(name=one.result.name), err=True)
        return ones

    return hinting


def _each(read: Reads, good: list[Named]) -> list[One]:
    """All at once, or, where that fails, one by one: a picture on which something breaks must not take others along."""
    try:
        return read(good)
    except (GuarismoError, MemoryError):
        raise
    except Exception as error:
        if len(good) > 1:
            return [one for named in good for one in _each(read, [named])]
        return [One(Result(name, error=unread(error, name).in_words())) for name, *_ in good]


def _readings(read: Reads, paths: tuple[str, ...], most: int | None) -> Iterator[One]:
    """Read in batches; a picture that cannot be opened is an error in its place."""
    for chunk in batches(opened(paths, most)):
        good = [(name, number, gray) for name, number, gray in chunk if not isinstance(gray, GuarismoError)]
        found = iter(_each(read, good))
        for name, _number, gray in chunk:
            yield One(Result(name, error=gray.in_words())) if isinstance(gray, GuarismoError) else next(found)
