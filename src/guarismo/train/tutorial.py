"""``guarismo train tutorial``: the tutorial's training as a product, with a run folder that can be resumed.

config.json      what was asked, and the versions that did it
checkpoint.npz   weights, Adam's moments and the history after the last finished epoch, replaced whole
history.csv/json loss and accuracy of each epoch, in training and on the test digits
curves.png  confusion.png  mistakes.png
model/           the model directory: guarismo read --model RUN picture.png
"""

from __future__ import annotations

import csv
import io
import json
import platform
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from guarismo.datasets import Digits, Mnist
from guarismo.decode import shares
from guarismo.errors import DataError, UsageError
from guarismo.files import write_arrays, write_whole
from guarismo.ink import INK_VERSION, frame
from guarismo.train import plots
from guarismo.train.calibrate import read_threshold, temperature
from guarismo.train.export import Stated, export, without_softmax
from guarismo.train.fit import Epoch, Recipe, State, epochs, logits_of, probabilities
from guarismo.train.nets import DenseShape, dense_net
from guarismo.train.wiggle import wiggle

History = list[dict[str, float]]
Arrays = tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float32], NDArray[np.int64]]

LOGS = "tensorboard"
"""The folder of a run's logs for TensorBoard, which is there before anything else."""

MOST_WRONG = 0.01
"""Share of wrong readings among the ``read`` ones that the tutorial model's threshold aims at."""


@dataclass(frozen=True, slots=True)
class Run:
    """One training run: what to train, how, and where to keep it."""

    shape: DenseShape
    recipe: Recipe
    data: str
    out: Path

    def config(self) -> dict[str, Any]:
        return {"network": asdict(self.shape), "recipe": asdict(self.recipe), "data": self.data}


def arrays_of(mnist: Mnist) -> Arrays:
    """Training inks (N, 28, 28) 0..1 and labels, test inks and labels: the tutorial's division by 255."""
    scaled = (images.astype(np.float32) / np.float32(255) for images in (mnist.train_images, mnist.test_images))
    train, test = scaled
    return train, mnist.train_labels.astype(np.int64), test, mnist.test_labels.astype(np.int64)


def start(run: Run, resume: bool) -> tuple[History, tuple[int, State] | None]:
    """Make the run folder, or find what an earlier call left there. Raises UsageError, DataError, OutputError."""
    config, checkpoint = run.out / "config.json", run.out / "checkpoint.npz"
    begun = config.exists() and checkpoint.exists()  # one that broke in its first epoch has left nothing to go on with
    if begun and not resume:
        raise UsageError(
            "{path}: holds a training run already; add --resume to go on with it, or name another --out", path=run.out
        )
    if checkpoint.exists() and not config.exists():
        raise UsageError("{path}: holds a run of another kind; name another --out", path=run.out)
    if resume and not begun:
        raise UsageError("{path}: no run to go on with; leave --resume out", path=run.out)
    if begun:
        _check_options(run, config)
    elif other := [
        each.name for each in run.out.glob("*") if each.name != LOGS and (each != config or not _is_ours(config))
    ]:
        raise UsageError(
            "{path}: holds other files ({name}), and no run; name a new or empty folder", path=run.out, name=min(other)
        )
    write_whole(config, (json.dumps({**run.config(), **versions()}, indent=2) + "\n").encode())
    return _kept(checkpoint) if resume and checkpoint.exists() else ([], None)


def _is_ours(config: Path) -> bool:
    try:
        return {"network", "recipe", "data"} <= set(json.loads(config.read_text()))
    except (OSError, ValueError, TypeError):
        return False


def _check_options(run: Run, config: Path) -> None:
    """All options but the number of epochs must be those that the run was begun with."""
    try:
        came = json.loads(config.read_text())
        before = _flat({key: came[key] for key in run.config()})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError("{path}: damaged; start again with another --out", path=config) from error
    now = _flat(run.config())
    other = sorted(name for name in now if before.get(name) != now[name] and name != "epochs")
    if other:
        raise UsageError(
            "{path}: was begun with {option} {came}, now {now}; resume with the same, or name another --out",
            path=run.out,
            option=other[0],
            came=before.get(other[0]),
            now=now[other[0]],
        )


def _flat(config: dict[str, Any]) -> dict[str, Any]:
    return {"data": config["data"], **config["network"], **config["recipe"]}


def versions() -> dict[str, Any]:
    """What a run's figures depend on besides its options."""
    packages = ("guarismo", "keras", "tensorflow", "numpy", "opencv-python-headless", "onnxruntime")
    return {
        "versions": {"python": platform.python_version(), **{name: version(name) for name in packages}},
        "ink_version": INK_VERSION,
        "processor": platform.machine(),
    }


def train(run: Run, arrays: Arrays, resume: bool = False) -> Iterator[dict[str, float]]:
    """Train and yield the history's row of each epoch, kept on disk before it is yielded."""
    history, begun = start(run, resume)
    inks, labels, test_inks, test_labels = arrays
    clock = time.perf_counter()
    for epoch in epochs(inks, labels, run.shape, run.recipe, begun):
        row = _row(epoch, test_inks, test_labels, time.perf_counter() - clock)
        history.append(row)
        _keep(run.out, history, epoch.state)
        yield row
        clock = time.perf_counter()


def _row(epoch: Epoch, inks: NDArray[np.float32], labels: NDArray[np.int64], seconds: float) -> dict[str, float]:
    said = probabilities(epoch.state.weights, inks)
    loss = float(-np.log(np.maximum(said[np.arange(len(labels)), labels], 1e-7)).mean())
    return {
        "epoch": epoch.number,
        "loss": round(epoch.loss, 6),
        "accuracy": round(epoch.accuracy, 6),
        "test_loss": round(loss, 6),
        "test_accuracy": round(float((said.argmax(1) == labels).mean()), 6),
        "seconds": round(seconds, 3),
    }


def _keep(out: Path, history: History, state: State) -> None:
    groups = {"weight": state.weights, "first": state.first, "second": state.second}
    arrays = {f"{name}{i}": array for name, group in groups.items() for i, array in enumerate(group)}
    kept = {"history": json.dumps(history), "step": state.step, "count": len(state.weights)}
    write_arrays(out / "checkpoint.npz", {**kept, **arrays})


def _kept(path: Path) -> tuple[History, tuple[int, State]]:
    try:
        with np.load(path) as kept:
            history: History = json.loads(str(kept["history"]))
            count = range(int(kept["count"]))
            weights, first, second = (
                tuple(kept[f"{name}{i}"] for i in count) for name in ("weight", "first", "second")
            )
            return history, (len(history), State(weights, first, second, int(kept["step"])))
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise DataError("{path}: the checkpoint is damaged; start again with another --out", path=path) from error


def last_state(out: Path) -> State:
    """The weights and moments after the last finished epoch of the run in ``out``."""
    return _kept(out / "checkpoint.npz")[1][1]


def finish(run: Run, arrays: Arrays) -> dict[str, float]:
    """From the last checkpoint to the rest of the run folder: history, plots, model. The figures of the run."""
    history, (_done, state) = _kept(run.out / "checkpoint.npz")
    _inks, _labels, test_inks, test_labels = arrays
    said = probabilities(state.weights, test_inks)
    _write_history(run.out, history)
    write_whole(run.out / "curves.png", plots.curves(history))
    matrix = np.zeros((10, 10), np.int64)
    np.add.at(matrix, (test_labels, said.argmax(1)), 1)
    write_whole(run.out / "confusion.png", plots.confusion(matrix))
    write_whole(run.out / "mistakes.png", plots.mistakes(test_inks, test_labels, said.argmax(1), said.max(1)))
    run = replace(run, recipe=replace(run.recipe, epochs=len(history)))  # it may have more than were asked for now
    figures = {"test_accuracy": history[-1]["test_accuracy"], "test_loss": history[-1]["test_loss"]}
    write_model(run, state, arrays, figures)
    return figures


def _write_history(out: Path, history: History) -> None:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(history[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    write_whole(out / "history.csv", buffer.getvalue().encode())
    write_whole(out / "history.json", (json.dumps(history, indent=1) + "\n").encode())


def write_model(run: Run, state: State, arrays: Arrays, figures: dict[str, float]) -> None:
    """The model directory. All training digits were learned by heart, so calibration uses them bent a little."""
    network = dense_net(run.shape)
    network.set_weights([np.asarray(w) for w in state.weights])
    logits, labels = _bent_logits(state, arrays)
    heat = temperature(logits[None], labels)
    said = shares(logits, heat)
    threshold = read_threshold(said.max(1), said.argmax(1) == labels, MOST_WRONG)
    calibration = {"temperature": heat, "read": threshold, "not_a_digit": 1.0}
    stated = Stated("tutorial", _version(run), calibration)
    export(without_softmax(network), run.out / "model", stated, _card(run, figures))


def _version(run: Run) -> str:
    return f"{run.shape.units}x{run.shape.layers}-seed{run.recipe.seed}"


def _bent_logits(state: State, arrays: Arrays) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    rng = np.random.default_rng(0)
    chosen = rng.permutation(len(arrays[1]))[:5000]
    grey = np.rint(arrays[0][chosen] * 255).astype(np.uint8)
    bent = np.concatenate([wiggle(grey[i : i + 500], rng) for i in range(0, len(grey), 500)])
    return logits_of(state.weights, bent.astype(np.float32) / np.float32(255)), arrays[1][chosen]


def _card(run: Run, figures: dict[str, float]) -> str:
    recipe = run.recipe
    return f"""# The tutorial's network

{run.shape.layers} Dense layers of {run.shape.units} units with ReLU, ten outputs.
{recipe.epochs} epochs of {run.data}, batches of {recipe.batch_size},
Adam at {recipe.learning_rate:g}, seed {recipe.seed}.

On digits framed as the training digits are: test accuracy {figures["test_accuracy"]:.2%},
test loss {figures["test_loss"]:.4f}.

It has no notion of "not a digit", and it was trained without any variation: on other people's digits it is
often wrong. Calibrated on training digits bent a little, since it has learned the plain ones by heart.
It is here to learn from; `guarismo read` without --model uses a better one.
"""


def split_own(digits: Digits) -> Arrays:
    """People's own pictures through ``ink.py``; every fifth of each digit, in a fixed order, is kept for the test."""
    inks = np.stack([frame(np.asarray(picture)).ink for picture in digits.images])
    rank = np.zeros(len(inks), np.int64)
    for digit in range(10):
        of_it = np.flatnonzero(digits.labels == digit)
        rank[np.random.default_rng(digit).permutation(of_it)] = np.arange(len(of_it))
    test = rank % 5 == 1
    return inks[~test], digits.labels[~test], inks[test], digits.labels[test]
