"""Runs of the short recipe on MNIST's test digits, each looked at once, at its end: writes results/seeds.json.

guarismo train digit --recipe short --seed 1 --out runs/short-1     and so on to 5
python benchmarks/seeds.py runs/short-1 runs/short-2 runs/short-3 runs/short-4 runs/short-5
"""

from __future__ import annotations

import argparse
from pathlib import Path

import record

from guarismo import Reader
from guarismo.evaluate import evaluate, load_named


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("runs", nargs="+", type=Path)
    runs = parser.parse_args().runs
    digits = load_named("mnist")
    figures = [evaluate(Reader(run), digits) for run in runs]
    record.write(
        "seeds",
        {
            "command": "python benchmarks/seeds.py " + " ".join(map(str, runs)),
            "n": len(digits),
            "accuracy": record.spread([one.accuracy for one in figures]),
            "read": record.spread([one.read for one in figures]),
            "wrong_read": record.spread([one.wrong_read for one in figures]),
            "calibration": record.spread([one.calibration for one in figures]),
            "runs": [one.to_dict() for one in figures],
        },
    )


if __name__ == "__main__":
    main()
