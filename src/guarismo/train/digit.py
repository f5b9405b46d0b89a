"""Training the digit model: MNIST as it is and a pool of photographed digits, half and half.

AdamW with a warm-up and a cosine (Loshchilov and Hutter 2017, 2019), and a running mean of the
weights (Polyak and Juditsky 1992), which is what is kept.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from guarismo.datasets import load_mnist
from guarismo.decode import shares
from guarismo.errors import DataError
from guarismo.files import write_arrays
from guarismo.train.augment import Rng, wiggle
from guarismo.train.calibrate import read_threshold, temperature
from guarismo.train.export import export
from guarismo.train.nets import conv_net
from guarismo.train.pool import Made, Pool, held_out, load_parts, make_parts

MODEL_VERSION = "2026.11"

MOST_WRONG = 0.0005
"""Operating point of ``read``: at most one in two thousand accepted digits of held-out writers is wrong."""

STRANGE = 0.5
"""From here on a picture is more likely no digit than any digit."""


@dataclass(frozen=True, slots=True)
class DigitRecipe:
    """How the digit model is trained; ``epoch_size`` pictures, half of them MNIST's, make an epoch.

    ``parts`` are the files of 10,000 photographed digits that it trains on; one more is kept for watching.
    """

    epochs: int = 36
    epoch_size: int = 60_000
    batch_size: int = 128
    learning_rate: float = 3e-3
    weight_decay: float = 1e-4
    label_smoothing: float = 0.02
    averaging: float = 0.998
    width: int = 24
    parts: int = 20
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Progress:
    """One line of the log: the epoch, the mean loss, and the share right of held-out MNIST and pool."""

    epoch: int
    loss: float
    held_out: float
    pool: float
    seconds: float


def mnist_half(folder: Path) -> tuple[Pool, Pool]:
    """MNIST's training digits as a pool to train on, and those of the writers held out."""
    mnist, kept = load_mnist(folder), held_out(folder)
    labels = mnist.train_labels.astype(np.int64)
    return Pool(mnist.train_images[~kept], labels[~kept]), Pool(mnist.train_images[kept], labels[kept])


def train(
    recipe: DigitRecipe,
    parts: tuple[Pool, Pool],
    checks: tuple[Pool, Pool],
    out: Path,
    say: Callable[[Progress], None],
    start: Path | None = None,
) -> Any:
    """Train on ``parts`` (MNIST, pool), watch ``checks``, keep a checkpoint an epoch in ``out``; the Keras model.

    A run that was stopped goes on from its last checkpoint. ``start`` is the folder of another run, whose
    weights are begun with. Raises DataError where the loss is no number.
    """
    keras.utils.set_random_seed(recipe.seed)
    model = conv_net(recipe.width)
    steps = recipe.epoch_size // recipe.batch_size
    schedule = keras.optimizers.schedules.CosineDecay(
        recipe.learning_rate * 0.1, steps * recipe.epochs, 1e-3, warmup_target=recipe.learning_rate, warmup_steps=steps
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=recipe.weight_decay, global_clipnorm=5.0)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    optimizer.build(model.trainable_variables)
    average = [v.numpy() for v in model.weights]
    checkpoint, done = _Checkpoint(out), 0
    if start is not None:
        average = _Checkpoint(start).means(len(model.weights))
        _assign(model, average)
    if checkpoint.exists():
        done, average = checkpoint.load(recipe, model, optimizer)
    step = _step_function(model, optimizer, recipe.label_smoothing)
    means = [tf.Variable(a) for a in average]
    for epoch in range(done, recipe.epochs):
        began, losses = time.perf_counter(), []
        for inks, labels in _batches(recipe, epoch, parts):
            losses.append(step(inks, labels))
            # the mean of the first steps is short, or it would hold the random start
            seen = epoch * steps + len(losses)
            _average(means, model.weights, tf.constant(min(recipe.averaging, (1 + seen) / (10 + seen)), tf.float32))
        loss = float(np.mean([float(one) for one in losses]))
        if not np.isfinite(loss):
            raise DataError(
                "the loss is {loss} in epoch {epoch} at a learning rate of {rate:g}: try a smaller one; "
                "the last good checkpoint is {path}",
                loss=loss,
                epoch=epoch + 1,
                rate=recipe.learning_rate,
                path=checkpoint.path,
            )
        checkpoint.save(recipe, epoch + 1, model, optimizer, [m.numpy() for m in means])
        with _Averaged(model, means):
            right, pooled = (_share_right(model, check) for check in checks)
            say(Progress(epoch + 1, loss, right, pooled, time.perf_counter() - began))
    _assign(model, means)
    return model


def _batches(
    recipe: DigitRecipe, epoch: int, parts: tuple[Pool, Pool]
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int64]]]:
    rng = np.random.default_rng([recipe.seed, epoch])
    half = recipe.batch_size // 2
    orders = [rng.permutation(len(p.labels)) for p in parts]
    for start in range(0, recipe.epoch_size // 2 - half + 1, half):
        rows = [order[np.arange(start, start + half) % len(order)] for order in orders]
        inks = np.concatenate([p.inks[r] for p, r in zip(parts, rows, strict=True)])
        labels = np.concatenate([p.labels[r] for p, r in zip(parts, rows, strict=True)])
        yield _bent(inks, rng), labels


def _bent(inks: NDArray[np.uint8], rng: Rng) -> NDArray[np.float32]:
    """Three in four bent a little; the rest as they are, since that is how they will be read."""
    for i in np.flatnonzero(rng.random(len(inks)) < 0.75):
        inks[i] = wiggle(inks[i], rng)
    return inks.astype(np.float32) / np.float32(255)


def _step_function(model: Any, optimizer: Any, smoothing: float) -> Callable[..., Any]:
    @tf.function(reduce_retracing=True)
    def step(inks: Any, labels: Any) -> Any:
        with tf.GradientTape() as tape:
            logits = model(inks, training=True)
            wanted = tf.one_hot(labels, 11) * (1 - smoothing) + smoothing / 11
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(wanted, logits))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
        return loss

    return lambda inks, labels: step(tf.constant(inks), tf.constant(labels))


@tf.function(reduce_retracing=True)
def _average(means: Any, weights: Any, keep: float) -> None:
    for mean, weight in zip(means, weights, strict=True):
        mean.assign(mean * keep + weight * (1 - keep))


class _Averaged:
    """Within it, the model has the running mean of its weights."""

    def __init__(self, model: Any, means: list[Any]) -> None:
        self.model, self.means, self.own = model, means, [v.numpy() for v in model.weights]

    def __enter__(self) -> None:
        _assign(self.model, self.means)

    def __exit__(self, *_: object) -> None:
        _assign(self.model, self.own)


def _assign(model: Any, values: list[Any]) -> None:
    for variable, value in zip(model.weights, values, strict=True):
        variable.assign(value)


class _Checkpoint:
    """All that a run needs to go on, in one file that is replaced whole."""

    def __init__(self, out: Path) -> None:
        self.path = out / "checkpoint.npz"

    def exists(self) -> bool:
        return self.path.exists()

    def save(self, recipe: DigitRecipe, done: int, model: Any, optimizer: Any, means: list[Any]) -> None:
        # variables are the weights and the state of the dropout's random numbers
        arrays = {f"model{i}": v.numpy() for i, v in enumerate(model.variables)}
        arrays |= {f"optimizer{i}": v.numpy() for i, v in enumerate(optimizer.variables)}
        arrays |= {f"mean{i}": m for i, m in enumerate(means)}
        write_arrays(self.path, {"done": done, "recipe": json.dumps(asdict(recipe)), **arrays})

    def means(self, count: int) -> list[Any]:
        """The running means of the weights."""
        with np.load(self.path) as kept:
            return [kept[f"mean{i}"] for i in range(count)]

    def load(self, recipe: DigitRecipe, model: Any, optimizer: Any) -> tuple[int, list[Any]]:
        with np.load(self.path) as kept:
            if json.loads(str(kept["recipe"])) != asdict(recipe):
                raise DataError(
                    "{path}: a checkpoint of another recipe; name another folder or the same recipe", path=self.path
                )
            for i, variable in enumerate(model.variables):
                variable.assign(kept[f"model{i}"])
            for i, variable in enumerate(optimizer.variables):
                variable.assign(kept[f"optimizer{i}"])
            return int(kept["done"]), self.means(len(model.weights))


def logits_of(model: Any, inks: NDArray[np.uint8]) -> NDArray[np.float32]:
    """uint8 (N, 28, 28) → float32 (N, 11), in batches."""
    scaled = (inks[i : i + 500].astype(np.float32) / np.float32(255) for i in range(0, len(inks), 500))
    return np.concatenate([np.asarray(model(part, training=False)) for part in scaled])


def _share_right(model: Any, pool: Pool) -> float:
    return float((logits_of(model, pool.inks).argmax(1) == pool.labels).mean())


def run(recipe: DigitRecipe, made: Made, out: Path, start: Path | None, say: Callable[[Progress], None]) -> Any:
    """From data to a model directory in ``out/model``: pool, training, calibration on held-out writers, export."""
    folder = made.folder
    paths = make_parts(made, out / "pool", recipe.parts + 1, recipe.seed)
    own, kept = mnist_half(folder)
    pool, watched = load_parts(paths[:-1]), load_parts(paths[-1:])
    network = train(recipe, (own, pool), (kept, watched), out, say, start)
    save_digit(network, recipe, kept, out / "model")
    return network


def save_digit(network: Any, recipe: DigitRecipe, kept: Pool, directory: Path) -> dict[str, float]:
    """Temperature and thresholds on the writers held out, then the model directory. The calibration."""
    logits = logits_of(network, kept.inks)
    heat = temperature(logits, kept.labels)
    said = shares(logits, heat)[:, :10]
    threshold = read_threshold(said.max(1), said.argmax(1) == kept.labels, MOST_WRONG)
    calibration = {"temperature": heat, "read": max(threshold, 0.5), "not_a_digit": STRANGE}
    export(network, directory, "digit", f"{MODEL_VERSION}-seed{recipe.seed}", calibration, _card(recipe, calibration))
    return calibration


def _card(recipe: DigitRecipe, calibration: dict[str, float]) -> str:
    return f"""# The digit model

Reads one handwritten digit, and says "not a digit". Five 3x3 convolutions, {recipe.epochs} epochs of
{recipe.epoch_size:,} pictures, seed {recipe.seed}.

Temperature {calibration["temperature"]:.3f}; `read` from {calibration["read"]:.4f}.

Its figures are not measured yet: `make evaluate` writes them.
"""
