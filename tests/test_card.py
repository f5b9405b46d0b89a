"""The bundled model's card says what the benchmarks measured."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def test_the_card_is_what_the_results_say() -> None:
    done = subprocess.run(
        [sys.executable, BENCHMARKS / "card.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, "the card is stale: run `python benchmarks/card.py`\n" + done.stderr
