"""Training the digit model: MNIST as it is and a pool of photographed digits, half and half.

AdamW with a warm-up and a cosine (Loshchilov and Hutter 2017, 2019), and a running mean of the
weights (Polyak and Juditsky 1992), which is what is kept.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from guarismo.datasets import load_mnist, load_own
from guarismo.decode import shares
from guarismo.errors import DataError
from guarismo.files import write_arrays
from guarismo.ink import frames
from guarismo.train.augment import as_bytes
from guarismo.train.calibrate import read_threshold, temperature
from guarismo.train.export import export
from guarismo.train.nets import conv_net
from guarismo.train.pool import Made, Pool, held_out, load_parts, make_parts
from guarismo.train.wiggle import Rng, wiggle

MODEL_VERSION = "2026.11.2"

MOST_WRONG = 0.0005
"""Operating point of ``read``: at most one in two thousand accepted digits of held-out writers is wrong."""

POOL_SEED = 1
"""All runs draw from one pool; their own seed is for the weights and the order."""

STRANGE = 0.5
"""From here on a picture is more likely no digit than any digit."""


@dataclass(frozen=True, slots=True)
class DigitRecipe:
    """How the digit model is trained; ``epoch_size`` pictures, half of them MNIST's, make an epoch.

    The defaults are those of the release, ``SHORT`` is for comparisons. ``parts`` are the files of 10,000
    photographed digits that it trains on; one more is kept for watching.
    """

    epochs: int = 120
    epoch_size: int = 60_000
    batch_size: int = 256
    learning_rate: float = 4e-3
    weight_decay: float = 5e-3
    label_smoothing: float = 0.02
    averaging: float = 0.9990
    width: int = 32
    parts: int = 30
    seed: int = 1


SHORT = DigitRecipe(epochs=24)


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
    model, finished = conv_net(recipe.width, precision()), conv_net(recipe.width)
    optimizer = _optimizer(recipe, model)
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
        began = time.perf_counter()
        loss = _one_epoch(recipe, epoch, parts, step, (model, means), checkpoint)
        checkpoint.save(recipe, epoch + 1, model, optimizer, [m.numpy() for m in means])
        _assign(finished, means)
        right, pooled = (_share_right(finished, check) for check in checks)
        say(Progress(epoch + 1, loss, right, pooled, time.perf_counter() - began))
    _assign(finished, means)
    return finished


def _optimizer(recipe: DigitRecipe, model: Any) -> Any:
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
    recipe: DigitRecipe,
    epoch: int,
    parts: tuple[Pool, Pool],
    step: Callable[..., Any],
    kept: tuple[Any, list[Any]],
    checkpoint: _Checkpoint,
) -> float:
    """The mean loss. The next batch is bent by a second thread while this one is learnt."""
    model, means = kept
    total, count, steps = 0.0, 0, recipe.epoch_size // recipe.batch_size
    batches = _batches(recipe, epoch, parts)
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
    names = [
        tf.config.experimental.get_device_details(gpu)["device_name"] for gpu in tf.config.list_physical_devices("GPU")
    ]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{names[0] if names else f'{cores} x CPU'}, {precision().removeprefix('mixed_')}"


def use_cores() -> None:
    """Before TensorFlow's first operation: one thread to each half of a batch. Convolutions this small gain
    more from two halves side by side than from two threads each."""
    if not tf.config.list_physical_devices("GPU"):
        tf.config.threading.set_intra_op_parallelism_threads(1)


def _batches(
    recipe: DigitRecipe, epoch: int, parts: tuple[Pool, Pool]
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int64]]]:
    """Half MNIST's, half the pool's, mixed, so that each half of a batch has both."""
    rng = np.random.default_rng([recipe.seed, epoch])
    half = recipe.batch_size // 2
    orders = [rng.permutation(len(p.labels)) for p in parts]
    for start in range(0, recipe.epoch_size // 2 - half + 1, half):
        rows = [order[np.arange(start, start + half) % len(order)] for order in orders]
        inks = np.concatenate([p.inks[r] for p, r in zip(parts, rows, strict=True)])
        labels = np.concatenate([p.labels[r] for p, r in zip(parts, rows, strict=True)])
        mixed = rng.permutation(len(labels))
        yield _bent(inks[mixed], rng), labels[mixed]


def _bent(inks: NDArray[np.uint8], rng: Rng) -> NDArray[np.float32]:
    """Three in four bent a little; the rest as they are, since that is how they will be read."""
    chosen = np.flatnonzero(rng.random(len(inks)) < 0.75)
    inks[chosen] = wiggle(inks[chosen], rng)
    return inks.astype(np.float32) / np.float32(255)


def _step_function(model: Any, optimizer: Any, smoothing: float) -> Callable[..., Any]:
    """One update from two halves of a batch, each normalised by itself (Hoffer et al. 2017, "ghost batches")."""

    def loss_of(inks: Any, labels: Any) -> Any:
        wanted = tf.one_hot(labels, 11) * (1 - smoothing) + smoothing / 11
        return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(wanted, model(inks, training=True)))

    @tf.function(reduce_retracing=True)
    def step(inks: Any, labels: Any) -> Any:
        with tf.GradientTape() as tape:
            losses = [loss_of(*half) for half in zip(tf.split(inks, 2), tf.split(labels, 2), strict=True)]
            loss = tf.add_n(losses) / 2
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
        return loss

    return lambda inks, labels: step(tf.constant(inks), tf.constant(labels))


@tf.function(reduce_retracing=True)
def _average(means: Any, weights: Any, keep: float) -> None:
    for mean, weight in zip(means, weights, strict=True):
        mean.assign(mean * keep + weight * (1 - keep))


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
        kept = self._read()
        if [name for name in kept if name.startswith("mean")] != [f"mean{i}" for i in range(count)]:
            raise DataError("{path}: a checkpoint of another network; train it anew", path=self.path)
        return [kept[f"mean{i}"] for i in range(count)]

    def load(self, recipe: DigitRecipe, model: Any, optimizer: Any) -> tuple[int, list[Any]]:
        kept = self._read()
        if json.loads(str(kept["recipe"])) != asdict(recipe):
            raise DataError(
                "{path}: a checkpoint of another recipe; name another folder or the same recipe", path=self.path
            )
        for i, variable in enumerate(model.variables):
            variable.assign(kept[f"model{i}"])
        for i, variable in enumerate(optimizer.variables):
            variable.assign(kept[f"optimizer{i}"])
        return int(kept["done"]), self.means(len(model.weights))

    def _read(self) -> dict[str, Any]:
        try:
            with self.path.open("rb") as file, np.load(file) as kept:
                return dict(kept)
        except (OSError, ValueError, BadZipFile) as error:
            raise DataError(
                "{path}: no checkpoint that can be read ({reason}); name another folder", path=self.path, reason=error
            ) from error


def logits_of(model: Any, inks: NDArray[np.uint8]) -> NDArray[np.float32]:
    """uint8 (N, 28, 28) → float32 (N, 11), in batches."""
    scaled = (inks[i : i + 500].astype(np.float32) / np.float32(255) for i in range(0, len(inks), 500))
    return np.concatenate([np.asarray(model(part, training=False)) for part in scaled])


def _share_right(model: Any, pool: Pool) -> float:
    return float((logits_of(model, pool.inks).argmax(1) == pool.labels).mean())


@dataclass(frozen=True, slots=True)
class Folders:
    """Where a run finds and leaves things: its own folder, the pool shared by all runs, the run begun with."""

    out: Path
    pool: Path
    start: Path | None = None


ALSO = 0.05
"""Share of the pool that people's own digits make up, however few: each comes at most two hundred times."""


def own_digits(path: Path) -> Pool:
    """People's own digits as ink, those without ink left out: a folder, a list or an npz, as ``load_own`` reads them.

    Raises DatasetError, which names everything that is wrong with them.
    """
    digits = load_own(path, classes_required=False)
    framed = frames(digits.images)
    there = np.array([one.box is not None for one in framed])
    return Pool(np.stack([as_bytes(one.ink) for one in framed]), digits.labels).where(there)


def _and(pool: Pool, also: Pool) -> Pool:
    times = min(200, math.ceil(ALSO * len(pool.labels) / max(len(also.labels), 1)))
    inks, labels = np.tile(also.inks, (times, 1, 1)), np.tile(also.labels, times)
    return Pool(np.concatenate([pool.inks, inks]), np.concatenate([pool.labels, labels]))


@dataclass(frozen=True, slots=True)
class Data:
    """What is trained on: the pool's making, sources left out of it, and people's own digits beside it."""

    made: Made
    without: tuple[str, ...] = ()
    also: Pool | None = None


def run(recipe: DigitRecipe, data: Data, folders: Folders, say: Callable[[Progress], None]) -> Any:
    """From data to a model directory in ``out/model``: pool, training, calibration on held-out writers, export."""
    paths = make_parts(data.made, folders.pool, recipe.parts + 1, POOL_SEED)
    own, kept = mnist_half(data.made.folder)
    pool, watched = load_parts(paths[:-1], data.without), load_parts(paths[-1:], data.without)
    if data.also is not None:
        pool = _and(pool, data.also)
    network = train(recipe, (own, pool), (kept, watched), folders.out, say, folders.start)
    save_digit(network, recipe, kept, folders.out / "model")
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
