"""The folder of a run: what it reads, which shards are done, their results.

    _manifest.json          what the run is made from; written last of what is written before any picture is read
    _listing.jsonl.gz       its pieces, in order
    part-00012.jsonl        the rows of shard 12
    _done/00012.json        its ``Record``; a shard is done when this is there and the part has the size that it says
    _summary.json           written at the end

Each file is there whole or not at all, and each has one name. So whoever writes a shard, and however often, its rows
are there once. Names with "_" are passed over by readers of tables (pyarrow, Spark, DuckDB, Athena).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from guarismo.batch import sink
from guarismo.batch.plan import Piece, read_listing
from guarismo.batch.shard import COUNTED, SCHEMA, Row
from guarismo.batch.store import absolute, join, output_errors, store
from guarismo.errors import DataError, OutputError, UsageError

MANIFEST, LISTING, DONE, SUMMARY, PROBE = "_manifest.json", "_listing.jsonl.gz", "_done", "_summary.json", "_probe"
PART, NOTE, REST = (re.compile(one) for one in (r"part-\d{5,}\.(jsonl|parquet)", r"\d{5,}\.json", r"\..*\.part"))
"""Names of results, of records, and of what a killed worker has left half-written."""


@dataclass(frozen=True, slots=True)
class Record:
    """What came of a shard. ``seconds`` are those of its worker, ``size`` is the bytes of its part."""

    shard: int
    pictures: int
    rows: int
    counts: dict[str, int]
    seconds: float
    size: int


@dataclass(slots=True)
class Total:
    """The sum of some records. ``counts`` has the rows of each status, ``seconds`` those of all workers together."""

    pictures: int = 0
    rows: int = 0
    seconds: float = 0.0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTED, 0))

    def add(self, record: Record) -> None:
        self.pictures += record.pictures
        self.rows += record.rows
        self.seconds += record.seconds
        for status, count in record.counts.items():
            self.counts[status] += count

    @property
    def to_review(self) -> float:
        """Share of the rows that a person should look at: all but those that are "read"."""
        return 1 - self.counts["read"] / self.rows if self.rows else 0.0


class Output:
    """The folder of a run at an address; ``form`` is that of its parts. Raises OutputError where it fails."""

    def __init__(self, address: str, form: str) -> None:
        if not address:
            raise UsageError("an empty name; expected a file or folder")
        self.address = absolute(address)
        self._store, self._form = store(self.address), form

    def _at(self, name: str) -> str:
        return join(self.address, name)

    def part(self, shard: int) -> str:
        return f"part-{shard:05}.{self._form}"

    def probe(self) -> None:
        """Find out now, and not after an hour, whether anything can be written here."""
        self._write(PROBE, b"")
        with output_errors(self.address):
            self._store.remove(self._at(PROBE))

    def manifest(self) -> dict[str, Any] | None:
        """What the run in this folder is made from; None where there is none.

        Raises UsageError where there are other things, and OutputError where the manifest is none of ours. Without a
        manifest results and records are other things, too: ``begin`` leaves none.
        """
        with output_errors(self.address):
            names = self._store.sizes(self.address)
        if MANIFEST not in names:
            if other := self._others(names):
                raise UsageError(
                    "{path}: holds other files ({name}), and no run; name a new or empty folder",
                    path=self.address,
                    name=min(other),
                )
            return None
        try:
            found = json.loads(self._read(MANIFEST))
        except ValueError:
            found = None
        if not isinstance(found, dict) or not {"schema", "listing"} <= set(found):
            raise OutputError("{path}: no manifest of a run; name another --output", path=self._at(MANIFEST))
        return found

    def _others(self, names: Iterable[str]) -> list[str]:
        """What was in this folder before any run, with these ``names`` of files."""
        with output_errors(self.address):
            folders = [name for name in self._store.folders(self.address) if name != DONE]
            records = [f"{DONE}/{name}" for name in self._store.sizes(self._at(DONE)) if not REST.fullmatch(name)]
        return [
            *(name for name in names if name not in (LISTING, PROBE) and not REST.fullmatch(name)),
            *folders,
            *records,
        ]

    def check_schema(self, manifest: Mapping[str, Any]) -> None:
        """Raises DataError where another version of the program makes rows of another kind."""
        if manifest["schema"] != SCHEMA:
            raise DataError(
                "{path}: rows of schema {came}, this version writes schema {expected}; name another --output, or add "
                "--overwrite",
                path=self.address,
                came=manifest["schema"],
                expected=SCHEMA,
            )

    def begin(self, manifest: Mapping[str, Any], listing: Path) -> None:
        """Remove what another run has left, its manifest last, and write down what this one reads."""
        with output_errors(self.address):
            done = [name for name in self._store.sizes(self._at(DONE)) if NOTE.fullmatch(name) or REST.fullmatch(name)]
            names = [name for name in self._store.sizes(self.address) if PART.fullmatch(name) or REST.fullmatch(name)]
            for name in (*(f"{DONE}/{name}" for name in done), *names, SUMMARY, MANIFEST):
                self._store.remove(self._at(name))
            with self._store.writing(self._at(LISTING)) as path:
                path.write_bytes(listing.read_bytes())
        self._write(MANIFEST, (json.dumps(manifest, indent=1, sort_keys=True) + "\n").encode())

    def pieces(self) -> Iterator[Piece]:
        """What the run reads, as it was written down."""
        with output_errors(self.address), self._store.open(self._at(LISTING)) as file:
            yield from read_listing(file)

    def records(self) -> Iterator[Record]:
        """The shards that are done."""
        with output_errors(self.address):
            parts = self._store.sizes(self.address)
            names = sorted(self._store.sizes(self._at(DONE)))
        for name in names:
            record = self._record(f"{DONE}/{name}")
            if record is not None and parts.get(self.part(record.shard)) == record.size:
                yield record

    def is_done(self, shard: int) -> Record | None:
        """Its record, where its rows are there, too."""
        name = f"{DONE}/{shard:05}.json"
        with output_errors(self.address):
            record = self._record(name) if self._store.is_file(self._at(name)) else None
            size = self._store.sizes(self.address).get(self.part(shard)) if record is not None else None
        return record if record is not None and size == record.size else None

    def _record(self, name: str) -> Record | None:
        try:
            return Record(**json.loads(self._read(name)))
        except (ValueError, TypeError):  # not ours, or of another version: the shard is read again
            return None

    def write(self, shard: int, rows: Iterable[Row]) -> int:
        """Commit the rows of a shard; gives the size of their file in bytes."""
        with output_errors(self.address), self._store.writing(self._at(self.part(shard))) as path:
            sink.FORMS[self._form](path, rows)
            return int(path.stat().st_size)

    def finish(self, record: Record) -> None:
        """Note that a shard is done: after its rows."""
        self._write(f"{DONE}/{record.shard:05}.json", json.dumps(asdict(record)).encode())

    def end(self, total: Total) -> None:
        """All shards are done: write the summary, and remove what killed workers have left."""
        summary = {**asdict(total), "to_review": total.to_review}
        self._write(SUMMARY, (json.dumps(summary, indent=1) + "\n").encode())
        with output_errors(self.address):
            for folder in (self.address, self._at(DONE)):
                for name in self._store.sizes(folder):
                    if REST.fullmatch(name):
                        self._store.remove(join(folder, name))

    def _read(self, name: str) -> bytes:
        with output_errors(self.address), self._store.open(self._at(name)) as file:
            return file.read()

    def _write(self, name: str, data: bytes) -> None:
        with output_errors(self.address), self._store.writing(self._at(name)) as path:
            path.write_bytes(data)
