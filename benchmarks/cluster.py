"""What a Ray cluster does when something dies: writes results/cluster.json, and exits with 1 where a row is lost.

    python benchmarks/cluster.py                  9,000 digits
    python benchmarks/cluster.py --count 600 --dry        a try, nothing is written

Four nodes on this machine: a head that reads nothing, and three with a core each. Three runs of the same command:

undisturbed   by one process, without Ray
node          one of the three nodes is killed when a third of the shards are done
driver        the driver is killed with SIGKILL when a third are done, and the same command is given again

The rows are compared as sets, and counted: lost ones, doubled ones, others.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import corpus
import record

SEED = 2026
SHARDS = 60


def command(source: Path, output: Path, *options: str) -> list[str]:
    words = [sys.executable, "-m", "guarismo", "batch", str(source), "--output", str(output)]
    return [*words, "--shards", str(SHARDS), *options]


def rows(output: Path) -> Counter[str]:
    return Counter(line for path in output.glob("part-*") for line in path.read_text().splitlines())


def done(output: Path) -> int:
    return len(list((output / "_done").glob("0*.json")))


def wait(output: Path, shards: int, process: subprocess.Popen[bytes]) -> None:
    while done(output) < shards:
        if process.poll() is not None:
            raise SystemExit("the run was over before it could be disturbed: give a larger --count")
        time.sleep(0.02)


def disturbed(words: list[str], output: Path, disturb: Callable[[subprocess.Popen[bytes]], None]) -> dict[str, Any]:
    """Begin, disturb, and give the same command again where the first did not come to its end."""
    began = time.perf_counter()
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    wait(output, SHARDS // 3, process)
    before = done(output)
    disturb(process)
    code = process.wait()
    if code:
        subprocess.run(words, stdout=subprocess.DEVNULL, check=True)
    return {"shards_done_before": before, "first_exit": code, "seconds": time.perf_counter() - began}


def compared(expected: Counter[str], found: Counter[str]) -> dict[str, int]:
    return {
        "rows": found.total(),
        "lost": (expected - found).total(),
        "doubled_or_other": (found - expected).total(),
    }


def cluster() -> tuple[Any, list[Any]]:
    from ray.cluster_utils import Cluster

    small = {"object_store_memory": 100_000_000}
    found = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False, **small})
    return found, [found.add_node(num_cpus=1, **small) for _node in range(3)]


def actors(node: Any) -> int:
    """How many of the run's workers are on a node: else its death would show nothing."""
    raylet = node.all_processes["raylet"][0].process.pid
    children = Path(f"/proc/{raylet}/task/{raylet}/children").read_text().split()
    return sum("MapWorker" in Path(f"/proc/{child}/cmdline").read_text() for child in children)


def run(folder: Path, count: int) -> dict[str, Any]:
    corpus.write_tars(folder / "in", corpus.digit_pictures(SEED, count), 1000)
    subprocess.run(command(folder / "in", folder / "alone", "--concurrency", "1"), check=True)
    machines, nodes = cluster()
    killed: list[int] = []

    def kill_a_node(_driver: object) -> None:
        node = max(nodes, key=actors)
        killed.append(actors(node))
        machines.remove_node(node, allow_graceful=False)

    try:
        address = ("--address", machines.address, "--concurrency", "3")
        node = disturbed(
            command(folder / "in", folder / "node", *address),
            folder / "node",
            kill_a_node,
        )
        machines.add_node(num_cpus=1, object_store_memory=100_000_000)
        driver = disturbed(
            command(folder / "in", folder / "driver", *address), folder / "driver", lambda process: process.kill()
        )
    finally:
        machines.shutdown()
    expected = rows(folder / "alone")
    return {
        "undisturbed": {"rows": expected.total()},
        "node_killed": {"workers_on_it": killed[0], **node, **compared(expected, rows(folder / "node"))},
        "driver_killed": {**driver, **compared(expected, rows(folder / "driver"))},
    }


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=9000)
    parser.add_argument("--dry", action="store_true", help="show the figures and keep the old ones")
    asked = parser.parse_args()
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "OPENBLAS_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory(prefix="guarismo-") as folder:
        found = run(Path(folder), asked.count)
    words = " ".join(["python", "benchmarks/cluster.py", *sys.argv[1:]])
    figures = {"command": words, "ray": version("ray"), "nodes": 3, "pictures": asked.count, "shards": SHARDS, **found}
    if asked.dry:
        print(figures)
    else:
        record.write("cluster", figures)
    return int(any(found[name]["lost"] or found[name]["doubled_or_other"] for name in ("node_killed", "driver_killed")))


if __name__ == "__main__":
    sys.exit(main())
