"""The run folder: complete, resumable after any death, usable at the doors."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from guarismo import Reader, UsageError

pytestmark = pytest.mark.train

COMMAND = [sys.executable, "-m", "guarismo", "train", "tutorial", "--data", "digits8x8", "--units", "32", "--epochs"]


def train(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=180)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "whole"
    done = train("12", "--out", str(out), "--tensorboard")
    assert done.returncode == 0, done.stderr
    assert "test accuracy 9" in done.stdout
    return out


def test_the_run_folder_is_complete(run: Path) -> None:
    names = {path.name for path in run.iterdir()}
    assert names == {
        "checkpoint.npz",
        "config.json",
        "confusion.png",
        "curves.png",
        "history.csv",
        "history.json",
        "mistakes.png",
        "model",
        "tensorboard",
    }
    config = json.loads((run / "config.json").read_text())
    assert config["network"] == {"units": 32, "layers": 3, "dropout": 0.0}
    assert {"python", "keras", "tensorflow", "numpy"} <= set(config["versions"])
    history = json.loads((run / "history.json").read_text())
    assert [row["epoch"] for row in history] == list(range(1, 13))
    assert history[-1]["loss"] < history[0]["loss"]
    assert list((run / "tensorboard").iterdir())
    for picture in ("curves", "confusion", "mistakes"):
        with Image.open(run / f"{picture}.png") as opened:
            assert opened.width > 300


def test_its_model_reads(run: Path) -> None:
    reader = Reader(run)
    assert reader.model.name == "tutorial"
    from guarismo.datasets import load_digits8x8

    digits = load_digits8x8()
    right = [d.value == t for d, t in zip(reader.digits(digits.images[:300]), digits.labels[:300], strict=True)]
    assert np.mean(right) > 0.9


def test_killed_and_resumed_it_ends_with_the_same_bits(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "killed"
    process = subprocess.Popen(
        [*COMMAND, "12", "--out", str(out)], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 120
    while not (out / "checkpoint.npz").exists() and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    again = train("12", "--out", str(out), "--resume")
    assert again.returncode == 0, again.stderr
    with np.load(run / "checkpoint.npz") as whole, np.load(out / "checkpoint.npz") as resumed:
        for name in whole.files:
            if name != "history":
                assert (whole[name] == resumed[name]).all(), name
    one, other = (json.loads((path / "history.json").read_text()) for path in (run, out))
    assert [row["loss"] for row in one] == [row["loss"] for row in other]


def test_a_folder_that_holds_a_run_is_not_written_over(run: Path) -> None:
    done = train("12", "--out", str(run))
    assert done.returncode == 2
    assert "holds a training run already; add --resume" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_that_broke_in_its_first_epoch_can_be_begun_anew_with_other_options(tmp_path: Path) -> None:
    from guarismo.train.fit import Recipe
    from guarismo.train.nets import DenseShape
    from guarismo.train.tutorial import Run, start

    for rate in (10.0, 1e-3):
        begun = start(Run(DenseShape(), Recipe(learning_rate=rate), "digits8x8", tmp_path), resume=False)
        assert begun == ([], None)
    assert json.loads((tmp_path / "config.json").read_text())["recipe"]["learning_rate"] == 1e-3


def test_a_folder_with_a_run_of_another_kind_is_refused(tmp_path: Path) -> None:
    from guarismo.train.fit import Recipe
    from guarismo.train.nets import DenseShape
    from guarismo.train.tutorial import Run, start

    (tmp_path / "checkpoint.npz").write_bytes(b"an hour's work")
    with pytest.raises(UsageError, match="a run of another kind"):
        start(Run(DenseShape(), Recipe(), "digits8x8", tmp_path), resume=False)
    assert (tmp_path / "checkpoint.npz").read_bytes() == b"an hour's work"


def test_resuming_with_other_options_is_refused(run: Path) -> None:
    from guarismo.train.fit import Recipe
    from guarismo.train.nets import DenseShape
    from guarismo.train.tutorial import Run, start

    with pytest.raises(UsageError, match="was begun with seed"):
        start(Run(DenseShape(32), Recipe(epochs=12, seed=9), "digits8x8", run), resume=True)


def test_without_mnist_the_message_names_three_ways_on(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "GUARISMO_DATA"} | {"HOME": str(tmp_path)}
    environment["XDG_CACHE_HOME"] = environment["KERAS_HOME"] = str(tmp_path)
    command = [sys.executable, "-m", "guarismo", "train", "tutorial", "--out", str(tmp_path / "run")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 1
    for way in ("guarismo data fetch mnist", "--from FOLDER", "--data digits8x8"):
        assert way in done.stderr
    assert not (tmp_path / "run").exists()


def test_a_folder_of_other_things_is_left_as_it_is_and_nothing_is_resumed_there(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("mine")
    done = train("1", "--out", str(tmp_path))
    assert done.returncode == 2 and "holds other files (config.json)" in done.stderr
    assert (tmp_path / "config.json").read_text() == "mine"
    done = train("1", "--out", str(tmp_path / "none"), "--resume")
    assert done.returncode == 2 and "no run to go on with" in done.stderr
    assert not (tmp_path / "none").exists()
