"""Small sources for batch reading, made of tiles that say their own answer, and what came of them."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from fakes import painted
from guarismo.batch import sink
from guarismo.batch.run import Job, Run, inline, prepare


@cache
def png(digit: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(painted(digit)).save(buffer, "PNG")
    return buffer.getvalue()


BROKEN = png(3)[:70]
"""Cut short."""


def pictures(count: int, broken: Iterable[int] = ()) -> list[tuple[str, bytes]]:
    """Names and bytes; picture i shows the digit i modulo 10."""
    bad = set(broken)
    return [(f"{i:04}.png", BROKEN if i in bad else png(i % 10)) for i in range(count)]


def write_folder(folder: Path, count: int, broken: Iterable[int] = ()) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in pictures(count, broken):
        (folder / name).write_bytes(data)
    return folder


def write_tar(path: Path, count: int, mode: Any = "w") -> Path:
    """As WebDataset has them: each picture with its label."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, mode) as tar:
        for name, data in pictures(count):
            for member, content in ((name, data), (name.replace(".png", ".cls"), b"1")):
                info = tarfile.TarInfo(member)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return path


def write_parquet(path: Path, count: int, group: int = 16, nested: bool = False) -> Path:
    """Names and bytes, in two columns or, as Hugging Face has them, bytes in a structure."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names, data = zip(*pictures(count), strict=True)
    image: Any = [{"bytes": one, "path": None} for one in data] if nested else list(data)
    pq.write_table(pa.table({"label": [1] * count, "image": image, "id": list(names)}), path, row_group_size=group)
    return path


def parts(output: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(output.glob("part-*"))}


def rows(output: Path) -> list[dict[str, Any]]:
    """All rows of a result, by id."""
    found = [row for path in output.glob("part-*") for row in sink.read_rows(path)]
    return sorted(found, key=lambda row: (row["id"], row["number"] or 0))


def answers(output: Path) -> list[tuple[str, str]]:
    return [(row["id"], row["text"]) for row in rows(output)]


def done(run: Run) -> Run:
    """Read to the end, in this process."""
    for record in inline(run):
        run.total.add(record)
    run.end()
    return run


def read(source: object, output: Path, fake_model: Path, **options: Any) -> Run:
    return done(prepare(Job(str(source), str(output), model=str(fake_model), **options)))
