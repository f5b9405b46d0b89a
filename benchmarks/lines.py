"""A line model through ``Reader.number`` as shipped: cheques, touching digits, things without a number, and speed.

    python benchmarks/lines.py [--line-model DIR] [--count 2000]

Writes results/lines.json. ORAND-CAR-A's 480 pictures of whole amounts are for measuring only; its labels have no marks,
so that digits alone are compared. Touching lines are by the writers that training holds out.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import record

from guarismo import Number, Reader
from guarismo.datasets import data_folder
from guarismo.errors import DatasetError
from guarismo.image import load_gray
from guarismo.networks import LINES_TOGETHER
from guarismo.train import fonts, grounds, lines, nonlines, texts
from guarismo.train.writers import Writers
from guarismo.types import Gray
from guarismo.workers import workers

COUNT, SEED = 2_000, 2026
MOST_WRONG = 0.01
TOUCHING = 0.68
"""From this first throw on ``lines.Habits.random`` sets digits that touch or overlap."""


LOOKED_AT = Path(__file__).with_name("orand_lines.json")
"""``wrong_labels``: file → what is plainly written there; ``needs``: file → what a wrong reading of it would need."""


@dataclass(frozen=True, slots=True, eq=False)
class Cheque:
    """A picture of an amount, the digits on it by the set's label, and by what is plainly written there."""

    name: str
    gray: Gray
    label: str
    corrected: str


def looked_at() -> dict[str, dict[str, str]]:
    """What was seen on ORAND's pictures by eye."""
    return dict(json.loads(LOOKED_AT.read_text()))


def orand(folder: Path) -> list[Cheque]:
    below, corrections = folder / "orand-car-a", looked_at()["wrong_labels"]
    labels = json.loads((below / "labels.json").read_text())
    named = [(Path(each["file"]), each["number"]) for each in labels]
    return [
        Cheque(file.stem, load_gray(below / file), label, corrections.get(file.stem, label)) for file, label in named
    ]


def needed_folder() -> Path:
    """The data folder. Raises DatasetError where there is none."""
    folder = data_folder()
    if folder is None:
        raise DatasetError("ORAND-CAR-A and the data of training are needed: set GUARISMO_DATA")
    return folder


def accepted_at(confidences: list[float], right: list[bool], most_wrong: float = MOST_WRONG) -> float:
    """The largest share, most confident first, of which at most ``most_wrong`` is wrong."""
    order = np.argsort(-np.array(confidences), kind="stable")
    wrong = np.cumsum(~np.array(right)[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(wrong <= most_wrong)
    return float(good[-1] + 1) / len(order) if good.size else 0.0


def figures(found: list[Number], wanted: list[str], marks: bool) -> dict[str, float]:
    """How much is right, digits alone or ``marks`` too; how much is read, by the threshold; and at 1 % error, by the
    confidence of that which is compared."""
    sure = [one.confidence if marks else one.digits_confidence for one in found]
    said = [one.text if marks else one.digits_text for one in found]
    right = [one == text for one, text in zip(said, wanted, strict=True)]
    read = [ok for ok, one in zip(right, found, strict=True) if one.status == "read"]
    return {
        "n": len(found),
        "right": float(np.mean(right)),
        "read": len(read) / len(found),
        "wrong_read": 1 - float(np.mean(read)) if read else 0.0,
        "accepted_at_1_percent": accepted_at(sure, right),
    }


def speed(reader: Reader, grays: list[Gray], rounds: int = 3) -> dict[str, Any]:
    """Lines a second, in batches of 64, from the picture to the number."""
    batches = [grays[i : i + LINES_TOGETHER] for i in range(0, len(grays), LINES_TOGETHER)]
    batches = [batch for batch in batches if len(batch) == LINES_TOGETHER] or batches
    reader.numbers(batches[0])
    rates = []
    for batch in batches * rounds:
        began = time.perf_counter()
        reader.numbers(batch)
        rates.append(len(batch) / (time.perf_counter() - began))
    return record.spread(rates)


def speed_of_processes(folder: Path, count: int = 2, rounds: int = 3) -> float:
    """Lines a second of ``count`` processes together, one thread each as in ``guarismo batch``, on these cheques in
    batches of 64, from the file's bytes to the number; from the first one's start to the last one's end."""
    start = get_context("spawn").Barrier(count)
    with workers(count, _begin, start) as pool:
        every = [job.result() for job in [pool.submit(_timed, folder, rounds) for _ in range(count)]]
    began, ended, lines = zip(*every, strict=True)
    return float(sum(lines) / (max(ended) - min(began)))


def _begin(start: Any) -> None:
    _START.append(start)


def _timed(folder: Path, rounds: int) -> tuple[float, float, int]:
    """When it began and ended, and how many lines it has read."""
    cv2.setNumThreads(1)
    pictures = [path.read_bytes() for path in sorted((folder / "orand-car-a" / "images").iterdir())]
    reader = Reader(threads=1)
    batches = [pictures[i : i + LINES_TOGETHER] for i in range(0, len(pictures), LINES_TOGETHER)] * rounds
    reader.numbers(batches[0])
    _START[0].wait()
    began = time.monotonic()
    count = sum(len(reader.numbers(batch)) for batch in batches)
    return began, time.monotonic(), count


_START: list[Any] = []
"""The barrier at which a process waits for the others."""


def touching(sources: Writers, count: int, seed: int = SEED, scanned: float = 0.0) -> Iterator[tuple[str, Gray]]:
    """Texts by writers held out, their digits touching or overlapping, photographed; the share ``scanned`` of them on
    bare paper, which tells how much the paper has swallowed."""
    seeds = (i for i in range(seed, 2**31) if np.random.default_rng(i).random() >= TOUCHING)
    for _, own in zip(range(count), seeds, strict=False):
        rng = np.random.default_rng([own, 1])
        written = texts.text(rng)
        clean = lines.write_line(written, sources.writer("held_out", rng), np.random.default_rng(own))
        yield written, grounds.photographed(clean, lines.SIZE, rng, scanned)


def beside(sources: Writers, count: int, seed: int = SEED) -> Iterator[tuple[str, Gray]]:
    """Texts by writers held out, a word or a unit beside each, in fonts held out; two in five on bare paper. Nothing
    where no fonts are installed."""
    faces = fonts.found(fonts.HELD_OUT)
    for i in range(count if faces else 0):
        rng = np.random.default_rng([seed, i, 2])
        written = texts.text(rng)
        clean = lines.write_line(written, sources.writer("held_out", rng), rng)
        labelled = nonlines.beside(clean, faces, lines.SIZE, rng)
        yield written, grounds.photographed(labelled, lines.SIZE, rng, lines.SCANNED)


def of_generated(reader: Reader, made: Iterator[tuple[str, Gray]]) -> dict[str, float]:
    """``figures`` of texts with their pictures."""
    pairs = list(made)
    return figures(reader.numbers([gray for _, gray in pairs]), [written for written, _ in pairs], marks=True)


def strangers(count: int, seed: int = SEED) -> Iterator[Gray]:
    """Words, signatures, drawings. Nothing where no fonts are installed: half of them are words."""
    faces = fonts.found(fonts.HELD_OUT)
    for i in range(count if faces else 0):
        rng = np.random.default_rng([seed, i])
        yield grounds.photographed(nonlines.nonline(faces, lines.SIZE, rng), lines.SIZE, rng)


def accepted(found: list[Number]) -> dict[str, float]:
    """Of things without a number: how many are read, and how many are said to be one, sure or not."""
    if not found:
        return {"n": 0}
    said = [one.status for one in found]
    return {
        "n": len(said),
        "read": said.count("read") / len(said),
        "read_or_unsure": (said.count("read") + said.count("unsure")) / len(said),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--line-model", type=Path)
    parser.add_argument("--count", type=int, default=COUNT)
    asked = parser.parse_args()
    folder, reader = needed_folder(), Reader(line_model=asked.line_model)
    cheques = orand(folder)
    grays = [cheque.gray for cheque in cheques]
    read = reader.numbers(grays)
    record.write(
        "lines",
        {
            "command": f"python benchmarks/lines.py --count {asked.count}",
            "model": reader.line_model.to_dict(),
            "orand": figures(read, [cheque.label for cheque in cheques], marks=False),
            "orand_corrected": figures(read, [cheque.corrected for cheque in cheques], marks=False),
            "wrong_labels": sum(cheque.label != cheque.corrected for cheque in cheques),
            "touching": of_generated(reader, touching(Writers(folder, SEED), asked.count)),
            "touching_on_bare_paper": of_generated(reader, touching(Writers(folder, SEED), asked.count, scanned=1.0)),
            "words_beside": of_generated(reader, beside(Writers(folder, SEED), asked.count)),
            "no_number": accepted(reader.numbers(strangers(asked.count))),
            "lines_a_second": speed(reader, grays),
            "lines_a_second_of_two_processes": speed_of_processes(folder),
        },
    )


if __name__ == "__main__":
    main()
