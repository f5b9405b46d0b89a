"""A whole ``guarismo read`` from the shell: against importing its libraries, and against doing it with Keras.

python benchmarks/coldstart.py       21 processes of each, by turns, after one of each to warm the disk
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import record

SEVEN = Path(__file__).parents[1] / "examples" / "seven.png"
TURNS = 21

IMPORTS = "import numpy, cv2, onnxruntime, PIL.Image"
KERAS = f"""
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
from guarismo.image import load_gray
from guarismo.ink import frame
from guarismo.train.nets import conv_net
network = conv_net()  # as large as the bundled model; loading its weights would add to this
print(network.predict(frame(load_gray({str(SEVEN)!r})).ink[None], verbose=0).argmax())
"""
COMMANDS = {
    "imports": [sys.executable, "-c", IMPORTS],
    "guarismo": [str(Path(sys.executable).with_name("guarismo")), "read", str(SEVEN)],
    "keras": [sys.executable, "-c", KERAS],
}


COMPILED = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""The environment of people, whose installer has compiled all modules: the first process does it here."""


def once(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=COMPILED)
    return time.perf_counter() - began


def main() -> None:
    took: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for turn in range(TURNS + 1):
        for name, command in COMMANDS.items():
            if name == "keras" and turn > 5:
                continue
            seconds = once(command)
            if turn:
                took[name].append(seconds)
    spreads = {name: record.spread(values) for name, values in took.items()}
    record.write(
        "coldstart",
        {
            "command": "python benchmarks/coldstart.py",
            "seconds": spreads,
            "against_imports": spreads["guarismo"]["median"] / spreads["imports"]["median"],
            "share_of_keras": spreads["guarismo"]["median"] / spreads["keras"]["median"],
        },
    )


if __name__ == "__main__":
    main()
