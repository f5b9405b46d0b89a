"""Where each benchmark's figures go: benchmarks/results/NAME.json, with what they were measured on."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


def machine() -> dict[str, Any]:
    """What the figures depend on: processor, cores, versions."""
    packages = ("keras", "numpy", "onnxruntime", "opencv-python-headless", "tensorflow")
    return {
        "machine": f"{os.cpu_count()} cores, {_processor()}, no GPU",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in packages},
    }


def held(what: str, pid: int | str = "self") -> int:
    """Bytes that a process holds ("VmRSS") or has held at most ("VmHWM"); 0 where the system does not say."""
    try:
        rows = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return 1024 * next((int(row.split()[1]) for row in rows if row.startswith(f"{what}:")), 0)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def spread(values: Sequence[float]) -> dict[str, Any]:
    """n, median, mean, sample standard deviation, least and most."""
    return {
        "n": len(values),
        "median": statistics.median(values),
        "mean": statistics.mean(values),
        "std": statistics.stdev(values) if len(values) > 1 else 0.0,
        "min": min(values),
        "max": max(values),
    }


def write(name: str, figures: dict[str, Any]) -> None:
    """Keep the figures, and show them."""
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps({**machine(), **figures}, indent=2) + "\n"
    (RESULTS / f"{name}.json").write_text(text)
    print(text)
