"""Rows → one file. The same rows make the same bytes, whoever writes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from guarismo.batch.shard import Row, arrow_schema, record_batches
from guarismo.errors import UsageError


def _write_jsonl(path: Path, rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _write_parquet(path: Path, rows: Iterable[Row]) -> None:
    import pyarrow.parquet

    with pyarrow.parquet.ParquetWriter(path, arrow_schema(), compression="zstd") as file:
        for batch in record_batches(rows, GROUP):
            file.write_batch(batch, GROUP)


GROUP = 10_000
"""Rows to a row group: 5 MB of them are held."""

FORMS: dict[str, Callable[[Path, Iterable[Row]], None]] = {"jsonl": _write_jsonl, "parquet": _write_parquet}


def check(form: str) -> None:
    """Raises UsageError where files of this form cannot be written here."""
    if form not in FORMS:
        raise UsageError("{came!r} is no format of results; expected one of {expected}", came=form, expected=[*FORMS])
    if form == "parquet":
        try:
            import pyarrow.parquet  # noqa: F401
        except ImportError as error:
            raise UsageError(
                "--format parquet needs pyarrow; pip install 'guarismo[batch]', or take --format jsonl"
            ) from error


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a file that ``FORMS`` wrote, by its suffix."""
    if path.suffix == ".jsonl":
        with path.open(encoding="utf-8") as file:
            yield from map(json.loads, file)
        return
    import pyarrow.parquet

    for batch in pyarrow.parquet.ParquetFile(path).iter_batches():
        yield from batch.to_pylist()
