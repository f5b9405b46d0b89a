"""Corrections that people make on the page, kept in SQLite: none that was answered is lost."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from guarismo.errors import DataError, OutputError
from guarismo.files import write_whole
from guarismo.own import NUMBERS

FILE = "corrections.sqlite"

TABLE = """create table if not exists corrections (
    id integer primary key, made text not null, picture blob not null, strokes text,
    reading text not null, correction text not null, status text not null, confidence real not null,
    model text not null, version text not null)"""


@dataclass(frozen=True, slots=True)
class Correction:
    """A picture (PNG), the strokes it was drawn with (JSON) or None, what was read, and what is right."""

    picture: bytes
    strokes: str | None
    reading: str
    correction: str
    status: str
    confidence: float
    model: str
    version: str


class Corrections:
    """A folder with one SQLite file, written ahead (WAL) and to the disk before an answer is given.

    Raises OutputError where the folder cannot be made or written, or the file is none of ours.
    """

    def __init__(self, folder: Path) -> None:
        self.path, self._turn = folder / FILE, threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None)
            self._file.execute("pragma journal_mode = wal")
            self._file.execute("pragma synchronous = full")
            self._file.execute(TABLE)
        except (OSError, sqlite3.Error) as error:
            raise OutputError(
                "{path}: corrections cannot be kept there ({reason}); name a folder that you may write",
                path=folder,
                reason=getattr(error, "strerror", None) or error,
            ) from error

    def keep(self, one: Correction) -> int:
        """Its number. Raises OutputError where the disk is full."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        row = (now, one.picture, one.strokes, one.reading, one.correction, one.status, one.confidence, one.model)
        with self._turn:
            try:
                made = self._file.execute(
                    "insert into corrections (made, picture, strokes, reading, correction, status, confidence, model,"
                    " version) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (*row, one.version),
                )
            except sqlite3.Error as error:
                raise OutputError(
                    "{path}: the correction was not kept ({reason}); make room on the disk",
                    path=self.path,
                    reason=error,
                ) from error
        return int(made.lastrowid or 0)

    def __len__(self) -> int:
        with self._turn:
            return int(self._file.execute("select count(*) from corrections").fetchone()[0])

    def close(self) -> None:
        with self._turn:
            self._file.close()


def kept(path: Path) -> Iterator[tuple[int, Correction]]:
    """All corrections with their numbers. Raises DataError where the file cannot be read."""
    names, alone = ", ".join(Correction.__slots__), not path.with_name(f"{FILE}-wal").exists()
    address = f"{path.resolve().as_uri()}?mode=ro{'&immutable=1' if alone else ''}"  # or a copy must be writable
    try:
        with closing(sqlite3.connect(address, uri=True)) as file:
            for number, *values in file.execute(f"select id, {names} from corrections order by id"):
                yield int(number), Correction(*values)
    except sqlite3.Error as error:
        raise DataError(
            "{path}: the corrections in it cannot be read ({reason}); take a copy of it that is whole",
            path=path,
            reason=error,
        ) from error


def export(folder: Path, out: Path) -> dict[str, int]:
    """Corrections as a data set: pictures of one digit in folders 0 to 9, of numbers in ``numbers`` with a
    ``labels.csv``; how many of each. Raises OutputError where there are none, or ``out`` is there already."""
    if not (folder / FILE).is_file():
        raise OutputError("{path}: no corrections there; name the folder given to --keep", path=folder)
    if out.exists() and any(out.iterdir()):
        raise OutputError("{path}: is not empty; name a new folder", path=out)
    counts, named = {"digits": 0, "numbers": 0}, []
    for number, one in kept(folder / FILE):
        digit = len(one.correction) == 1 and one.correction.isdigit()
        counts["digits" if digit else "numbers"] += 1
        file = out / (one.correction if digit else NUMBERS) / f"{number:06d}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, one.picture)
        if not digit:
            named.append((file.name, one.correction))
    if named:
        buffer = io.StringIO()
        csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([("file", "text"), *named])
        write_whole(out / NUMBERS / "labels.csv", buffer.getvalue().encode())
    return counts


def strokes_text(drawing: Any) -> str | None:
    return None if drawing is None else json.dumps(drawing.model_dump(), separators=(",", ":"))
