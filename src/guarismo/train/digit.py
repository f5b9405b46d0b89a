"""Training the digit model: MNIST as it is and a pool of photographed digits, half and half."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from guarismo.datasets import load_mnist, load_own
from guarismo.decode import are_clear, shares
from guarismo.engine import OnnxEngine
from guarismo.errors import DatasetError
from guarismo.framing import leaning
from guarismo.ink import frames
from guarismo.train.augment import as_bytes
from guarismo.train.calibrate import Looks, read_threshold, temperature
from guarismo.train.eight_bits import in_eight_bits
from guarismo.train.export import Stated, parity_inks, save, to_onnx
from guarismo.train.learn import Checkpoint, Recipe, Task, assign, learn, named
from guarismo.train.nets import conv_net
from guarismo.train.pool import Made, Pool, held_out, load_parts, make_parts
from guarismo.train.unfold import starting_weights
from guarismo.train.wiggle import Rng, wiggle
from guarismo.workers import cores

MODEL_VERSION = "2026.11.11"

MOST_WRONG = 0.0005
"""Operating point of ``read``: at most one in two thousand accepted digits of held-out writers is wrong."""

POOL_SEED = 1
"""All runs draw from one pool; their own seed is for the weights and the order."""

UNREADABLE = 5.0
"""Loss from which a picture teaches nothing: its digit has less than 0.7 %. A third of the pool's errors are pictures
that paper, bands or salt have swallowed; to learn them by heart costs confidence. Trimmed as Rousseeuw (1984) trims
squares; chance has a loss of 2.4, so that an untrained network trims nothing."""

STRANGE = 0.5
"""From here on a picture is more likely no digit than any digit."""


RELEASE = Recipe(
    epochs=120,
    epoch_size=60_000,
    batch_size=256,
    learning_rate=4e-3,
    weight_decay=5e-3,
    averaging=0.9990,
    width=32,
    parts=30,
)
"""Half of an epoch's pictures are MNIST's, half are the pool's; a part has 10,000 of these."""

SHORT = replace(RELEASE, epochs=22)
"""For comparisons over seeds and sources."""


@dataclass(frozen=True, slots=True)
class Progress:
    """One line of the log: the epoch, the mean loss, and the share right of held-out MNIST and pool."""

    epoch: int
    loss: float
    held_out: float
    pool: float
    seconds: float


MISLABELLED = {26560: 1, 50340: 7, 6347: 8}
"""Of MNIST's training digits by the writers held out, those whose label is evidently another digit's, and that digit.
The threshold allows for two errors among 5,000; it must not stand on these."""


def mnist_half(folder: Path) -> tuple[Pool, Pool]:
    """MNIST's training digits as a pool to train on, and those of the writers held out."""
    mnist, kept = load_mnist(folder), held_out(folder)
    labels = mnist.train_labels.astype(np.int64)
    right = np.ones(len(labels), bool)
    right[[*MISLABELLED]] = False
    return Pool(mnist.train_images[~kept], labels[~kept]), Pool(mnist.train_images[kept & right], labels[kept & right])


def train(
    recipe: Recipe,
    parts: tuple[Pool, Pool],
    checks: tuple[Pool, Pool],
    out: Path,
    say: Callable[[Progress], None],
    start: Sequence[NDArray[np.float32]] | None = None,
) -> Any:
    """Train on ``parts`` (MNIST, pool) and watch ``checks``; the Keras model. The rest is as in ``learn``."""
    began = time.perf_counter()

    def after(epoch: int, loss: float, model: Any) -> None:
        nonlocal began
        right, pooled = (_share_right(model, check) for check in checks)
        say(Progress(epoch, loss, right, pooled, time.perf_counter() - began))
        began = time.perf_counter()

    def loss(model: Any, inks: Any, labels: Any) -> Any:
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, model(inks, training=True))
        return tf.reduce_mean(tf.where(losses < UNREADABLE, losses, tf.stop_gradient(losses)))

    task = Task(partial(conv_net, recipe.width), partial(_batches, recipe, parts), loss)
    return learn(recipe, task, out, after, start)


def _batches(
    recipe: Recipe, parts: tuple[Pool, Pool], epoch: int
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int64]]]:
    """Half MNIST's, half the pool's, mixed, so that each half of a batch has both."""
    rng = np.random.default_rng([recipe.seed, epoch])
    half = recipe.batch_size // 2
    orders = [rng.permutation(len(p.inks)) for p in parts]
    for start in range(0, recipe.epoch_size // 2 - half + 1, half):
        rows = [order[np.arange(start, start + half) % len(order)] for order in orders]
        inks = np.concatenate([p.inks[r] for p, r in zip(parts, rows, strict=True)])
        labels = np.concatenate([p.labels[r] for p, r in zip(parts, rows, strict=True)])
        mixed = rng.permutation(len(inks))
        yield _bent(inks[mixed], rng), labels[mixed]


def _bent(inks: NDArray[np.uint8], rng: Rng) -> NDArray[np.float32]:
    """Three in four bent a little; the rest as they are, since that is how they will be read."""
    chosen = np.flatnonzero(rng.random(len(inks)) < 0.75)
    inks[chosen] = wiggle(inks[chosen], rng)
    return as_ink(inks)


def as_ink(inks: NDArray[np.uint8]) -> NDArray[np.float32]:
    """uint8 0 paper ... 255 → float32 0.0 ... 1.0."""
    return np.asarray(inks / np.float32(255), np.float32)


def logits_of(model: Any, inks: NDArray[np.uint8]) -> NDArray[np.float32]:
    """uint8 (N, 28, 28) → float32 (N, 11), in batches side by side: TensorFlow has one thread for each
    (``learn.use_cores``)."""
    parts = (as_ink(inks[i : i + 500]) for i in range(0, len(inks), 500))
    with ThreadPoolExecutor(cores()) as threads:
        return np.concatenate(list(threads.map(lambda part: np.asarray(model(part, training=False)), parts)))


def _share_right(model: Any, pool: Pool) -> float:
    return float((logits_of(model, pool.inks).argmax(1) == pool.labels).mean())


@dataclass(frozen=True, slots=True)
class Folders:
    """Where a run finds and leaves things: its own folder, the pool shared by all runs, the run or model begun with."""

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
    if not there.any():
        raise DatasetError("{path}: nothing is written on any of its pictures; expected digits", path=path)
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

    def described(self) -> dict[str, Any]:
        """What a run must be given again to go on."""
        own = None if self.also is None else sha256(self.also.inks.tobytes() + self.also.labels.tobytes()).hexdigest()
        return {**self.made.described(), "without": sorted(self.without), "also": own}


def run(recipe: Recipe, data: Data, folders: Folders, say: Callable[[Progress], None]) -> Any:
    """From data to a model directory in ``out/model``: pool, training, calibration on held-out writers, export."""
    Checkpoint(folders.out).claim({"network": "digit", **data.described(), "start": named(folders.start)})
    paths = make_parts(data.made, folders.pool, recipe.parts + 1, POOL_SEED)
    own, kept = mnist_half(data.made.folder)
    pool, watched = load_parts(paths[:-1], data.without), load_parts(paths[-1:], data.without)
    if data.also is not None:
        pool = _and(pool, data.also)
    begun = None
    if folders.start is not None:
        some = as_ink(np.concatenate([part.inks[:1000] for part in (own, pool)]))
        begun = starting_weights(folders.start, "digit", conv_net(recipe.width), some)
    network = train(recipe, (own, pool), (kept, watched), folders.out, say, begun)
    if data.also is not None and begun is not None:
        half_way_back(network, begun)
    weights = in_eight_bits(to_onnx(network, parity_inks()), usual(own, pool))
    save_digit(weights, recipe, kept, folders.out / "model")
    return network


def usual(*pools: Pool, count: int = 2000) -> list[NDArray[np.float32]]:
    """Some inks of each pool in eight batches float32 (N, 28, 28): what a network usually sees."""
    some = [pool.inks[:count] for pool in pools]
    return [as_ink(np.concatenate([inks[i::8] for inks in some])) for i in range(8)]


def half_way_back(network: Any, begun: Sequence[NDArray[np.float32]]) -> None:
    """Where a finished model has learnt digits of one's own: the mean of its weights before and after keeps most of
    what is new and loses least of the old (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models")."""
    assign(network, [(weight.numpy() + first) / 2 for weight, first in zip(network.weights, begun, strict=True)])


def all_looks(looks: Looks, heat: float) -> NDArray[np.float64]:
    """What a reader makes of looks (K, N, L): of the first alone where that is clear, else the mean; shares (N, L)."""
    mean = np.mean([shares(one, heat) for one in looks], axis=0)
    return np.where(are_clear(looks[0], heat)[:, None], shares(looks[0], heat), mean)


def save_digit(weights: bytes, recipe: Recipe, kept: Pool, directory: Path) -> dict[str, float]:
    """Temperature and thresholds of an ONNX on the writers held out, then the model directory. The calibration."""
    says = OnnxEngine(weights, "digit").run
    inks = as_ink(kept.inks)
    looks = np.stack([says(inks), *(says(np.stack(lean)) for lean in zip(*map(leaning, inks), strict=True))])
    heat = temperature(looks, kept.labels, all_looks)
    said = all_looks(looks, heat)[:, :10]
    confidence, right = said.max(1), said.argmax(1) == kept.labels
    calibration = {
        "temperature": heat,
        "read": max(read_threshold(confidence, right, MOST_WRONG), 0.5),
        "not_a_digit": STRANGE,
    }
    accepted = confidence >= calibration["read"]
    stands_for = {
        "measured_on": "MNIST's training digits of every twelfth writer, held out",
        "digits": len(right),
        "accepted": round(float(accepted.mean()), 6),
        "wrong_among_accepted": round(float((~right[accepted]).mean()), 6) if accepted.any() else 0.0,
        "asked_for": MOST_WRONG,
    }
    version = f"{MODEL_VERSION}-seed{recipe.seed}"
    save(weights, directory, Stated("digit", version, calibration, stands_for), _card(recipe, calibration))
    return calibration


def _card(recipe: Recipe, calibration: dict[str, float]) -> str:
    return f"""# The digit model

Reads one handwritten digit, and says "not a digit". {recipe.epochs} epochs of
{recipe.epoch_size:,} pictures, seed {recipe.seed}.

Temperature {calibration["temperature"]:.3f}; `read` from {calibration["read"]:.4f}.

Its figures are not measured yet: `make evaluate` writes them.
"""
