"""The training loop of the digit and the line model: steps, running means, checkpoints.

AdamW with a warm-up and a cosine (Loshchilov and Hutter 2017, 2019), and a running mean of the weights (Polyak
and Juditsky 1992), which is what is kept. Convolutions are computed in bfloat16 where that is faster.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from guarismo.errors import DataError
from guarismo.files import NOTE, claim, write_arrays
from guarismo.workers import cores


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network is trained: ``epoch_size`` examples make an epoch.

    ``parts`` are the files of generated examples that it trains on; others are kept for watching.
    """

    epochs: int
    epoch_size: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    averaging: float
    width: int
    parts: int
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Task:
    """What is learnt: ``build(precision)`` gives the network, ``batches(epoch)`` tuples of arrays with one row
    an example, ``loss(network, *half a batch)`` the mean loss."""

    build: Callable[[str], Any]
    batches: Callable[[int], Iterator[tuple[Any, ...]]]
    loss: Callable[..., Any]


def learn(
    recipe: Recipe,
    task: Task,
    out: Path,
    after: Callable[[int, float, Any], None],
    start: Sequence[NDArray[np.float32]] | None = None,
) -> Any:
    """Train and keep a checkpoint an epoch in ``out``; the finished Keras model, in float32.

    A run that was stopped goes on from its last checkpoint. ``start`` are weights to begin with, in the network's
    order. ``after(epoch, mean loss, the model so far)`` is called after each epoch.
    Raises DataError where the loss is no number.
    """
    keras.utils.set_random_seed(recipe.seed)
    model, finished = task.build(precision()), task.build("float32")
    optimizer = _optimizer(recipe, model)
    average = [v.numpy() for v in model.weights]
    checkpoint, done = Checkpoint(out), 0
    if start is not None:
        average = list(start)
        assign(model, average)
    if checkpoint.exists():
        done, average = checkpoint.load(recipe, model, optimizer)
    step = _step_function(model, optimizer, task.loss)
    means = [tf.Variable(a) for a in average]
    for epoch in range(done, recipe.epochs):
        loss = _one_epoch(recipe, epoch, task.batches(epoch), step, (model, means), checkpoint)
        checkpoint.save(recipe, epoch + 1, model, optimizer, [m.numpy() for m in means])
        assign(finished, means)
        after(epoch + 1, loss, finished)
    assign(finished, means)
    return finished


def _optimizer(recipe: Recipe, model: Any) -> Any:
    """Adam with decoupled decay, a warm-up of one epoch, and a cosine down to nothing."""
    steps = recipe.epoch_size // recipe.batch_size
    schedule = keras.optimizers.schedules.CosineDecay(
        recipe.learning_rate * 0.1, steps * recipe.epochs, 1e-3, warmup_target=recipe.learning_rate, warmup_steps=steps
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=recipe.weight_decay, global_clipnorm=5.0)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    optimizer.build(model.trainable_variables)
    return optimizer


def _one_epoch(
    recipe: Recipe,
    epoch: int,
    batches: Iterator[tuple[Any, ...]],
    step: Callable[..., Any],
    kept: tuple[Any, list[Any]],
    checkpoint: Checkpoint,
) -> float:
    """The mean loss. The next batch is made by a second thread while this one is learnt."""
    model, means = kept
    total, count, steps = 0.0, 0, recipe.epoch_size // recipe.batch_size
    with ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = ahead.submit(next, batches, None)
            loss, count = float(step(*batch)), count + 1
            seen = epoch * steps + count
            if not np.isfinite(loss):
                raise DataError(
                    "the loss is {loss} in step {step} (epoch {epoch}) at a learning rate of {rate:.2g}: try a smaller "
                    "--learning-rate; the last good checkpoint is {path}",
                    loss=loss,
                    step=seen,
                    epoch=epoch + 1,
                    rate=recipe.learning_rate,
                    path=checkpoint.path,
                )
            total += loss
            # the mean of the first steps is short, or it would hold the random start
            _average(means, model.weights, tf.constant(min(recipe.averaging, (1 + seen) / (10 + seen)), tf.float32))
    return total / count


def precision() -> str:
    """ "mixed_bfloat16" where the GPU or the processor computes in it, which trains two to three times as fast;
    else "float32"."""
    if tf.config.list_physical_devices("GPU"):
        return "mixed_bfloat16"
    flags = Path("/proc/cpuinfo")
    able = flags.exists() and {"amx_bf16", "avx512_bf16"} & set(flags.read_text().split())
    return "mixed_bfloat16" if able else "float32"


def device() -> str:
    """What is trained on, in words: the GPU's name, or the number of cores; and the precision."""
    gpus = tf.config.list_physical_devices("GPU")
    names = [tf.config.experimental.get_device_details(gpu)["device_name"] for gpu in gpus]
    return f"{names[0] if names else f'{cores()} x CPU'}, {precision().removeprefix('mixed_')}"


def use_cores() -> None:
    """Before TensorFlow's first operation: one thread to each half of a batch. Convolutions this small gain
    more from two halves side by side than from two threads each."""
    if not tf.config.list_physical_devices("GPU"):
        tf.config.threading.set_intra_op_parallelism_threads(1)


def _step_function(model: Any, optimizer: Any, loss_of: Callable[..., Any]) -> Callable[..., Any]:
    """One update from two halves of a batch, each normalised by itself (Hoffer et al. 2017, "ghost batches")."""

    @tf.function(reduce_retracing=True)
    def step(*batch: Any) -> Any:
        with tf.GradientTape() as tape:
            halves = zip(*(tf.split(part, 2) for part in batch), strict=True)
            loss = tf.add_n([loss_of(model, *half) for half in halves]) / 2
        gradients = tape.gradient(loss, model.trainable_variables)
        # in bfloat16 the gradient of one batch in thousands overflows: that step is left out
        finite = tf.math.is_finite(tf.linalg.global_norm(gradients))
        gradients = [tf.where(finite, gradient, 0.0) for gradient in gradients]
        optimizer.apply(gradients, model.trainable_variables)
        return loss

    return lambda *batch: step(*(tf.constant(part) for part in batch))


@tf.function(reduce_retracing=True)
def _average(means: Any, weights: Any, keep: float) -> None:
    for mean, weight in zip(means, weights, strict=True):
        mean.assign(mean * keep + weight * (1 - keep))


def assign(model: Any, values: Sequence[Any]) -> None:
    """Give a network these weights, in its order."""
    for variable, value in zip(model.weights, values, strict=True):
        variable.assign(value)


def named(start: Path | None) -> str | None:
    """The folder that a run begins with, the same however it was typed."""
    return None if start is None else os.path.realpath(start)


class Checkpoint:
    """All that a run needs to go on, in one file that is replaced whole."""

    def __init__(self, out: Path) -> None:
        self.path = out / "checkpoint.npz"

    def exists(self) -> bool:
        return self.path.exists()

    def claim(self, made_from: Mapping[str, Any]) -> None:
        """Note what the run is made from; what it goes on with must say the same. A note without a checkpoint, of a
        run that never began, binds nobody. Raises UsageError, DataError where it is no such run's, and OutputError."""
        if self.exists():
            if "recipe" not in self._read():
                raise DataError("{path}: a checkpoint of another kind of network; name another --out", path=self.path)
        else:
            (self.path.parent / NOTE).unlink(missing_ok=True)
        claim(self.path.parent, made_from)

    def save(self, recipe: Recipe, done: int, model: Any, optimizer: Any, means: list[Any]) -> None:
        # variables are the weights and the state of the dropout's random numbers
        arrays = {f"model{i}": v.numpy() for i, v in enumerate(model.variables)}
        arrays |= {f"optimizer{i}": v.numpy() for i, v in enumerate(optimizer.variables)}
        arrays |= {f"mean{i}": m for i, m in enumerate(means)}
        write_arrays(self.path, {"done": done, "recipe": json.dumps(asdict(recipe)), **arrays})

    def means(self, model: Any) -> list[Any]:
        """The running means of the network's weights."""
        return self._like(self._read(), "mean", model.weights)

    def _like(self, kept: Mapping[str, Any], name: str, variables: Sequence[Any]) -> list[Any]:
        """The arrays of that name, one for each variable. Raises DataError where they are another network's."""
        arrays = [kept[f"{name}{i}"] for i in range(len(kept)) if f"{name}{i}" in kept]
        if [array.shape for array in arrays] != [tuple(variable.shape) for variable in variables]:
            raise DataError("{path}: a checkpoint of another network; train it anew", path=self.path)
        return arrays

    def load(self, recipe: Recipe, model: Any, optimizer: Any) -> tuple[int, list[Any]]:
        kept = self._read()
        if json.loads(str(kept.get("recipe", "{}"))) != asdict(recipe):
            raise DataError(
                "{path}: a checkpoint of another recipe; name another folder or the same recipe", path=self.path
            )
        for name, variables in (("model", model.variables), ("optimizer", optimizer.variables)):
            for variable, array in zip(variables, self._like(kept, name, variables), strict=True):
                variable.assign(array)
        return int(kept["done"]), self._like(kept, "mean", model.weights)

    def _read(self) -> dict[str, Any]:
        try:
            with self.path.open("rb") as file, np.load(file) as kept:
                return dict(kept)
        except (OSError, ValueError, EOFError, BadZipFile) as error:
            raise DataError(
                "{path}: no checkpoint that can be read ({reason}); name another folder", path=self.path, reason=error
            ) from error
