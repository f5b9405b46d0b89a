"""Set a model's temperature and thresholds anew, with its looks, on what training holds out; its weights stay.

    python tools/recalibrate.py runs/line/model --version 2026.11.4 [--lines runs/lines]

For a change of how a finished model is read, such as further looks. Writes ``model.json`` in the same directory.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import astuple
from pathlib import Path
from typing import Any

from guarismo.datasets import data_folder
from guarismo.errors import DatasetError
from guarismo.model import CARD, DESCRIPTION, WEIGHTS, save_model
from guarismo.train import line
from guarismo.train.lines import Strips, load_parts, make_parts


def recalibrated(directory: Path, kept: Strips, version: str) -> dict[str, Any]:
    """What ``model.json`` says now, written. Raises OutputError."""
    described = json.loads((directory / DESCRIPTION).read_text())
    weights = (directory / WEIGHTS).read_bytes()
    views = line.looked_at(line.said_by(weights), kept)
    calibration, stands_for = line.calibrated(views, line.apart(kept), kept.texts)
    described |= {
        "version": version,
        "temperature": calibration["temperature"],
        "thresholds": {name: calibration[name] for name in ("read", "not_a_digit")},
        "operating_point": stands_for,
        "looks": [astuple(look) for look in line.LOOKS],
    }
    written = {name: value for name, value in described.items() if name not in ("format", "files")}
    save_model(directory, written, weights, (directory / CARD).read_text())
    return written


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=Path)
    parser.add_argument("--version", required=True)
    parser.add_argument("--lines", type=Path, default=Path("runs/lines"))
    asked = parser.parse_args()
    folder = data_folder()
    if folder is None:
        raise DatasetError("the data of training is needed: set GUARISMO_DATA")
    kept = load_parts(make_parts(folder, asked.lines, "held_out", line.HELD_OUT, line.LINES_SEED))
    print(json.dumps(recalibrated(asked.directory, kept, asked.version), indent=2))


if __name__ == "__main__":
    main()
