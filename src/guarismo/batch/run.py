"""A run from its options to its summary: what is checked before any work, what a worker does, what is still missing."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import cv2

from guarismo import __version__
from guarismo.batch import sink
from guarismo.batch.output import Output, Record, Total
from guarismo.batch.plan import LISTS, SHARD, Listing, Shard, Source, pieces, shards, write_listing
from guarismo.batch.shard import SCHEMA, Picture, Row, reads, rows
from guarismo.batch.source import pictures
from guarismo.batch.store import absolute, scheme
from guarismo.errors import DataError, UsageError
from guarismo.pattern import Constraints
from guarismo.reader import Reader
from guarismo.types import As
from guarismo.workers import keep_memory_flat


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked for. ``limit`` pictures at most; ``shards`` None cuts by ``plan.SHARD``."""

    source: str
    output: str
    kind: As = "digit"
    form: str = "jsonl"
    model: str | None = None
    line_model: str | None = None
    constraints: Constraints | None = None
    limit: int | None = None
    shards: int | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker needs to know; ``run`` tells this run's manifest from another's."""

    job: Job
    source: Source
    output: str
    run: str


class Worker:
    """Reads shards of one run, on one core. Holds the ``Reader``; one to a process."""

    def __init__(self, task: Task) -> None:
        cv2.setNumThreads(1)
        keep_memory_flat()
        job = task.job
        self._task = task
        self._output = Output(task.output, job.form)
        self._read = reads(Reader(job.model, job.line_model, threads=1), job.kind, job.constraints)
        self._check_place()

    def read(self, shard: Shard) -> Record:
        """Read a shard and commit its rows; gives their record, which is committed too."""
        began, tally = time.perf_counter(), _Tally()
        listed = self._task.source.name.lower().endswith(LISTS)
        found = rows(self._read, tally.pictures(pictures(self._task.source.root, shard.pieces, listed)))
        size = self._output.write(shard.number, tally.rows(found))
        seconds = round(time.perf_counter() - began, 3)
        record = Record(shard.number, tally.count, sum(tally.counts.values()), tally.counts, seconds, size)
        self._output.finish(record)
        return record

    def done(self, shard: Shard) -> Record | None:
        """The record of a shard that another worker has done, before it or its machine died."""
        return self._output.is_done(shard.number)

    def _check_place(self) -> None:
        """A worker on another machine that does not see these folders would make every picture an error."""
        root = self._task.source.root
        if not scheme(root) and not Path(root).is_dir():
            raise DataError(
                "{path}: not there on the machine of a worker; put the source where all machines see it", path=root
            )
        if digest(self._output.manifest() or {}) != self._task.run:
            raise DataError(
                "{path}: another run's, or not there, for a worker; put the output where all machines see it",
                path=self._output.address,
            )


class _Tally:
    """Counts what goes by."""

    def __init__(self) -> None:
        self.count = 0
        self.counts: dict[str, int] = {}

    def pictures(self, found: Iterable[Picture]) -> Iterator[Picture]:
        for picture in found:
            self.count += 1
            yield picture

    def rows(self, found: Iterable[Row]) -> Iterator[Row]:
        for row in found:
            self.counts[row["status"]] = self.counts.get(row["status"], 0) + 1
            yield row


@dataclass(frozen=True, slots=True)
class Run:
    """A run that is ready: all checked, all written down.

    ``done`` are the shards that an earlier one of the same has left, ``total`` their sum, to which the records of an
    engine are added; ``missing`` is how many shards are left to do.
    """

    task: Task
    listing: Listing
    done: frozenset[int]
    total: Total
    missing: int

    def shards(self) -> Iterator[Shard]:
        """The shards that are missing, in order."""
        yield from _missing(self.task, self.listing, self.done)

    def end(self) -> None:
        """Write the summary, once all shards are done."""
        Output(self.task.output, self.task.job.form).end(self.total)


def _missing(task: Task, listing: Listing, done: frozenset[int]) -> Iterator[Shard]:
    output = Output(task.output, task.job.form)
    for shard in shards(output.pieces(), _size(task.job, listing)):
        if shard.number not in done:
            yield shard


def inline(run: Run) -> Iterator[Record]:
    """The engine of one core: this process."""
    worker = Worker(run.task)
    yield from map(worker.read, run.shards())


def prepare(job: Job, resume: bool = False, overwrite: bool = False) -> Run:
    """Check everything and write down what is to be read. The same job again goes on with the run that is there.

    ``resume`` goes on with the pictures that the run began with, whatever the source holds by now. ``overwrite`` begins
    again. Raises UsageError, DataError, ModelError and OutputError before any picture is read.
    """
    sink.check(job.form)
    source, output = Source.at(job.source), Output(job.output, job.form)
    made_from = _made_from(job)
    held = output.manifest()
    if held is not None and not overwrite:
        output.check_schema(held)
        _compare(held, {**made_from, "source": absolute(job.source)}, output.address)
    if resume and held is None:
        raise UsageError("{path}: no run to go on with; leave --resume out", path=output.address)
    output.probe()
    if held is None or overwrite:
        manifest, listing = _begin(job, source, output, made_from)
    else:
        manifest, listing = held, Listing(**held["listing"])
        if not resume:
            _compare_listing(listing, _list(job, source, output, None), output.address)
    task = Task(job, source, output.address, digest(manifest))
    total, done = Total(), set[int]()
    for record in output.records():
        total.add(record)
        done.add(record.shard)
    finished = frozenset(done)
    return Run(task, listing, finished, total, sum(1 for _shard in _missing(task, listing, finished)))


def _begin(job: Job, source: Source, output: Output, made_from: dict[str, Any]) -> tuple[dict[str, Any], Listing]:
    with tempfile.TemporaryDirectory(prefix="guarismo-") as folder:
        path = Path(folder, "listing")
        listing = _list(job, source, output, path)
        if not listing.pieces:
            raise DataError(
                "{address}: no pictures; expected PNG, JPEG, TIFF, ..., Parquet or tar files", address=job.source
            )
        manifest = {**made_from, "source": absolute(job.source), "listing": asdict(listing)}
        output.begin(manifest, path)
    return manifest, listing


def _list(job: Job, source: Source, output: Output, path: Path | None) -> Listing:
    left_out = Counter[str]()
    listing = write_listing(pieces(source, job.limit, output.address, left_out), path or Path(os.devnull))
    return replace(listing, left_out=dict(left_out))


def _size(job: Job, listing: Listing) -> int:
    """Pictures to a shard."""
    return SHARD if job.shards is None else max(1, -(-listing.pictures // job.shards))


def _made_from(job: Job) -> dict[str, Any]:
    """All on which rows depend, but the pictures."""
    reader = Reader(job.model, job.line_model, threads=1)
    reads(reader, job.kind, job.constraints)
    models = {
        "model": None if job.kind == "number" else reader.model.to_dict(),
        "line_model": None if job.kind == "digit" else reader.line_model.to_dict(),
    }
    limits = None if job.constraints is None else json.loads(json.dumps(asdict(job.constraints), default=str))
    options = {"as": job.kind, "format": job.form, "limit": job.limit, "shards": job.shards, "constraints": limits}
    return {"schema": SCHEMA, "guarismo": __version__, **options, **models}


def _compare(held: Mapping[str, Any], made_from: Mapping[str, Any], address: str) -> None:
    for name, expected in made_from.items():
        if held.get(name) != expected:
            raise UsageError(
                "{path}: holds another run ({name}: {came} there, {expected} now); name another --output, or add "
                "--overwrite to begin again",
                path=address,
                name=name,
                came=_shown(held.get(name)),
                expected=_shown(expected),
            )


def _shown(value: Any) -> str:
    if isinstance(value, dict) and "sha256" in value:
        return f"{value.get('name')} {value.get('version')} {str(value['sha256'])[:8]}"
    return json.dumps(value)[:80]


def _compare_listing(held: Listing, now: Listing, address: str) -> None:
    if held.sha256 != now.sha256:
        raise UsageError(
            "{path}: its run began with other pictures ({came} then, {expected} now, or some have changed); add "
            "--resume to go on with those, or --overwrite to begin again",
            path=address,
            came=held.pictures,
            expected=now.pictures,
        )


def digest(manifest: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
