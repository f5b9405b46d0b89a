"""``guarismo batch``: a million pictures, in shards, each done once however often the run is stopped."""

from __future__ import annotations

import signal
import sys
import warnings
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress
from gettext import ngettext
from typing import TYPE_CHECKING, Any, Protocol

import click

from guarismo.cli import _, options
from guarismo.cli.inputs import tell_left_out
from guarismo.cli.progress import Bar, Lines, said
from guarismo.errors import UsageError
from guarismo.types import As
from guarismo.workers import cores

if TYPE_CHECKING:
    from guarismo.batch.output import Record, Total
    from guarismo.batch.run import Run

LEAST_MEMORY = 256
"""Megabytes: a reader with both models takes 150, a 12-megapixel photograph 60."""


@click.command(
    "batch",
    help="Read a great many pictures into a folder of tables. A run that was stopped goes on with the same command. "
    "SOURCE: a folder, a Parquet or tar file, a list of paths or addresses (.txt), or s3://, gs://, ...",
)
@click.argument("source", metavar="SOURCE")
@click.option("--output", metavar="FOLDER", required=True, help="Where the results go: a folder, or s3://, gs://, ...")
@options.model
@options.line_model
@options.kind(help="What is on each picture: one digit, a number in one line, a page; auto: whichever it is.")
@options.limits
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "parquet"]),
    default="jsonl",
    show_default=True,
    help="Form of the results.",
)
@click.option("--limit", type=click.IntRange(min=1), help="Read at most N pictures.")
@click.option("--shards", type=click.IntRange(1, 99_999), help="Parts to cut the work into; else 2000 pictures each.")
@click.option("--concurrency", type=click.IntRange(1, 10_000), help="Workers at once; else one for each core.")
@click.option("--memory", type=click.IntRange(min=LEAST_MEMORY), help="Megabytes that each worker may take.")
@click.option("--address", metavar="ADDRESS", help="Read on a Ray cluster: its address, auto, or local for one here.")
@click.option("--resume", is_flag=True, help="Go on with the pictures that the run began with, whatever came since.")
@click.option("--overwrite", is_flag=True, help="Begin again where FOLDER holds a run.")
def command(
    source: str,
    output: str,
    model: str | None,
    line_model: str | None,
    kind: As,
    form: str,
    limit: int | None,
    shards: int | None,
    concurrency: int | None,
    memory: int | None,
    address: str | None,
    resume: bool,
    overwrite: bool,
    **limits: Any,
) -> int:
    warnings.filterwarnings("ignore", module="PIL")
    with suppress(ValueError):  # in a thread of another program, whose signals are its own
        signal.signal(signal.SIGTERM, _stop)
    if resume and overwrite:
        raise UsageError("--resume goes on and --overwrite begins again; give one of them")
    options.check_kind(kind, line_model, limits)
    from guarismo.batch.run import Job, prepare

    job = Job(source, output, kind, form, model, line_model, options.constraints(**limits), limit, shards)
    run = prepare(job, resume, overwrite)
    tell_left_out(source, run.listing.left_out)
    if run.done:
        template = _("{path}: goes on; shards done: {done}, left: {missing}")
        click.echo(template.format(path=run.task.output, done=len(run.done), missing=run.missing), err=True)
    with _progress(run) as progress, closing(_records(run, address, concurrency, memory)) as records:
        for record in records:
            run.total.add(record)
            progress.show(record, run.total)
    run.end()
    click.echo(summary(run.total), nl=False)
    return 0


def _records(
    run: Run, address: str | None, concurrency: int | None, memory: int | None
) -> Generator[Record, None, None]:
    """From the engine that was asked for."""
    size = None if memory is None else memory * 1_000_000
    count = min(concurrency or cores(), run.missing)
    if not run.missing:
        return
    if address is not None:
        from guarismo.batch.cluster import cluster

        yield from cluster(run, address, concurrency, size)
    elif count == 1 and size is None:
        from guarismo.batch.run import inline

        yield from inline(run)
    else:
        from guarismo.batch.pool import pool

        yield from pool(run, count, size)


class _Progress(Protocol):
    def show(self, record: Record, total: Total) -> None: ...


@contextmanager
def _progress(run: Run) -> Iterator[_Progress]:
    """A bar on a terminal, else a line now and then; nothing where nothing is to be done."""
    if run.missing and sys.stderr is not None and sys.stderr.isatty():
        with Bar(run.listing.pictures, run.listing.exact, run.total.pictures) as bar:
            yield bar
    else:
        yield Lines(run.listing.pictures, run.listing.exact, run.total.pictures)


def summary(total: Total) -> str:
    """How many pictures and numbers, how many of each status, and the share that a person should look at."""
    pictures = ngettext("{count} picture", "{count} pictures", total.pictures).format(count=total.pictures)
    rows = ngettext("{count} result", "{count} results", total.rows).format(count=total.rows)
    lines = [
        f"{pictures}, {rows}",
        *(
            f"  {said(status):<14}{count:>10}  {count / max(1, total.rows):>7.2%}"
            for status, count in total.counts.items()
        ),
        _("to be looked at by a person: {share:.2%}").format(share=total.to_review),
    ]
    return "\n".join(lines) + "\n"


def _stop(*_signal: object) -> None:
    """What ends other programs is to this one as Ctrl-C: workers are let go, and what is done is kept."""
    raise KeyboardInterrupt
