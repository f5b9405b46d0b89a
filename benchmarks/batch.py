"""How fast and in how much memory ``guarismo batch`` reads: writes results/batch.json.

    python benchmarks/batch.py                    200,000 digits; 20,000 number lines with --line-model DIR
    python benchmarks/batch.py --count 2000 --rounds 1 --dry         a try, nothing is written

The whole command is timed, with the start of its processes, listing and summary, with 1 and with 2 workers by turns.
Beside it, in each round, the same pictures read by ``Reader.digits`` or ``numbers`` in one process on one core, from
bytes in memory. Memory is the sum over the driver and its two workers, at a tenth of the pictures and at all of them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import corpus
import cv2
import record

from guarismo import Reader

SEED = 2026
TOGETHER = 256
IN_PROCESS = 20_000
"""Pictures for the rate in one process: a few seconds, all held in memory."""


def command(source: Path, output: Path, workers: int, options: list[str]) -> list[str]:
    whole = [sys.executable, "-m", "guarismo", "batch", str(source), "--output", str(output), "--overwrite"]
    return [*whole, "--concurrency", str(workers), *options]


def seconds_and_megabytes(words: list[str]) -> tuple[float, float]:
    """Of a command: how long it took, and the most that it and its children held at once."""
    began = time.perf_counter()
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    most = [0.0]
    watch = threading.Thread(target=_watch, args=(process, most))
    watch.start()
    if process.wait():
        raise SystemExit(f"failed: {' '.join(words)}")
    took = time.perf_counter() - began
    watch.join()
    return took, most[0]


def _watch(process: subprocess.Popen[bytes], most: list[float]) -> None:
    while process.poll() is None:
        most[0] = max(most[0], sum(_megabytes(pid) for pid in (process.pid, *_children(process.pid))))
        time.sleep(0.1)


def _megabytes(pid: int) -> float:
    """Held by a process alone: what it shares with others, such as libraries, is shared out among them."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000


def _children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def in_process(read: Callable[[list[bytes]], Any], pictures: list[bytes]) -> float:
    """Pictures a second on one core."""
    read(pictures[:TOGETHER])
    began = time.perf_counter()
    for start in range(0, len(pictures), TOGETHER):
        read(pictures[start : start + TOGETHER])
    return len(pictures) / (time.perf_counter() - began)


def measure(source: Path, scratch: Path, count: int, read: Any, some: list[bytes], asked: Any) -> dict[str, Any]:
    """Rates of a source with ``count`` pictures: in one process, with one worker and with two, round by round."""
    options = asked.options
    rates: dict[str, list[float]] = {"in_process": [], "1": [], "2": []}
    for _round in range(asked.rounds):
        rates["in_process"].append(in_process(read, some))
        for workers in (1, 2):
            took, _memory = seconds_and_megabytes(command(source, scratch / "out", workers, options))
            rates[str(workers)].append(count / took)
    pairs = list(zip(rates["in_process"], rates["1"], rates["2"], strict=True))
    median = record.spread(rates["2"])["median"]
    return {
        "pictures": count,
        "pictures_a_second": {name: record.spread(values) for name, values in rates.items()},
        "two_against_one": record.spread([two / one for _alone, one, two in pairs]),
        "one_of_in_process": record.spread([one / alone for alone, one, _two in pairs]),
        "two_of_in_process_per_core": record.spread([two / 2 / alone for alone, _one, two in pairs]),
        "million_minutes": {"two_cores": 1e6 / median / 60, "core_hours": 2 * 1e6 / median / 3600},
    }


def digits(scratch: Path, asked: Any) -> dict[str, Any]:
    source = scratch / "digits"
    corpus.write_tars(source, corpus.digit_pictures(SEED, asked.count))
    some = [data for data, _i in zip(_from_tars(source), range(IN_PROCESS), strict=False)]
    asked.options = []
    figures = measure(source, scratch, asked.count, Reader(threads=1).digits, some, asked)
    return {"digits": figures, "memory": memory(source, scratch, asked.count)}


def lines(scratch: Path, asked: Any) -> dict[str, Any]:
    source, count = scratch / "lines", asked.count // 10
    corpus.write_parquets(source, corpus.line_pictures(SEED, count))
    some = list(chain(corpus.line_pictures(SEED, min(count, IN_PROCESS // 10))))
    model = [] if asked.line_model is None else ["--line-model", asked.line_model]
    asked.options = ["--as", "number", *model]
    reader = Reader(line_model=asked.line_model, threads=1)
    return {
        "lines": {**measure(source, scratch, count, reader.numbers, some, asked), "model": reader.line_model.to_dict()}
    }


def memory(source: Path, scratch: Path, count: int) -> dict[str, Any]:
    """Megabytes with two workers at a tenth of the pictures and at all of them."""
    most = {}
    for name, limit in (("tenth", count // 10), ("all", count)):
        words = command(source, scratch / "out", 2, ["--limit", str(limit)])
        most[name] = {"pictures": limit, "mb": seconds_and_megabytes(words)[1]}
    return {**most, "grown_mb": most["all"]["mb"] - most["tenth"]["mb"]}


def _from_tars(folder: Path) -> Iterator[bytes]:
    for path in sorted(folder.iterdir()):
        with tarfile.open(path) as tar:
            for member in tar:
                content = tar.extractfile(member)
                yield b"" if content is None else content.read()


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=200_000, help="digits; a tenth as many lines")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--line-model", help="without one, and none bundled, only digits are read")
    parser.add_argument("--dry", action="store_true", help="show the figures and keep the old ones")
    return parser.parse_args()


def main() -> None:
    asked = options()
    cv2.setNumThreads(1)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    figures: dict[str, Any] = {"command": " ".join(["python", "benchmarks/batch.py", *sys.argv[1:]]), "seed": SEED}
    with tempfile.TemporaryDirectory(prefix="guarismo-") as folder:
        figures |= digits(Path(folder), asked)
        if asked.line_model is not None or (Path(bundled_line()) / "model.json").exists():
            figures |= lines(Path(folder), asked)
    if asked.dry:
        print(figures)
    else:
        record.write("batch", figures)


def bundled_line() -> Path:
    from guarismo.model import bundled

    return bundled("line")


if __name__ == "__main__":
    main()
