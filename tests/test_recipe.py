"""The recipe is the tutorial: short, frozen, and nothing of ours in it."""

from __future__ import annotations

import ast
import gzip
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

RECIPE = Path(__file__).parents[1] / "recipes" / "tutorial.py"


def test_it_can_be_read_aloud() -> None:
    assert len(RECIPE.read_text().splitlines()) <= 60


def test_it_needs_keras_and_numpy_only() -> None:
    tree = ast.parse(RECIPE.read_text())
    imported = {
        alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    imported |= {str(node.module).split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported - set(sys.stdlib_module_names) == {"keras", "numpy"}


@pytest.mark.train
def test_it_runs_and_fails_below_its_floor(tmp_path: Path) -> None:
    """On a hundred pictures of noise, in MNIST's format, for one epoch: far below the floor."""
    pytest.importorskip("keras")
    rng = np.random.default_rng(0)
    folder = tmp_path / "mnist"
    folder.mkdir()
    for part, count in (("train", 100), ("t10k", 50)):
        images = rng.integers(0, 256, 784 * count, dtype=np.uint8).tobytes()
        labels = rng.integers(0, 10, count, dtype=np.uint8).tobytes()
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(bytes(16) + images))
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(bytes(8) + labels))
    short = tmp_path / "short.py"
    short.write_text(RECIPE.read_text().replace("epochs=50", "epochs=1"))
    environment = {**os.environ, "GUARISMO_DATA": str(tmp_path), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run([sys.executable, short, "5"], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1, done.stderr
    assert "seed 5: test loss" in done.stdout


def test_its_header_says_what_was_measured() -> None:
    import json

    seeds = json.loads((RECIPE.parents[1] / "benchmarks" / "results" / "tutorial_seeds.json").read_text())["keras_fit"]
    header = ast.get_docstring(ast.parse(RECIPE.read_text())) or ""
    assert f"{seeds['accuracy_mean']:.2%}".replace("%", " %") in header
    assert f"{100 * seeds['accuracy_std']:.2f} points" in header
