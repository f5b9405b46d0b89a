"""Training dense networks fast: one epoch is one compiled XLA loop over data that lies in memory.

Keras' ``fit`` runs each step as a graph of some forty small kernels, started one by one from Python;
at batches of 32 the starting costs more than the arithmetic. Here the same updates, in the same order,
run inside one ``tf.while_loop`` compiled by XLA: forward, loss, gradients and Adam (Kingma and Ba 2015,
in Keras' form), with nothing between them.

One core is enough: the matrices are too small for two to share (docs/LOG.md has the figures).
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from guarismo.decode import shares
from guarismo.errors import DataError
from guarismo.train.nets import DenseShape, dense_net

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7
"""Keras' defaults for Adam."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train: the tutorial's values are the defaults."""

    epochs: int = 50
    batch_size: int = 32
    learning_rate: float = 1e-3
    seed: int = 1


class State(NamedTuple):
    """All that an epoch changes, as NumPy arrays: kernel and bias of each layer, Adam's moments, the step."""

    weights: tuple[NDArray[np.float32], ...]
    first: tuple[NDArray[np.float32], ...]
    second: tuple[NDArray[np.float32], ...]
    step: int


@dataclass(frozen=True, slots=True)
class Epoch:
    """What one epoch came to: mean loss and share right over the steps, as Keras prints them."""

    number: int
    loss: float
    accuracy: float
    state: State


def use_cores(count: int) -> None:
    """Before the first TensorFlow operation of the process. Twice raises nothing and changes nothing."""
    try:
        tf.config.threading.set_intra_op_parallelism_threads(count)
        tf.config.threading.set_inter_op_parallelism_threads(count)
    except RuntimeError:  # TensorFlow has started already: it keeps what it has
        return


def initial(shape: DenseShape, seed: int) -> State:
    """Weights as Keras draws them for this seed (Glorot and Bengio 2010), Adam at rest."""
    keras.utils.set_random_seed(seed)
    weights = tuple(np.asarray(w, np.float32) for w in dense_net(shape).get_weights())
    zeros = tuple(np.zeros_like(w) for w in weights)
    return State(weights, zeros, zeros, 0)


def order_of(count: int, seed: int, epoch: int) -> NDArray[np.int32]:
    """In which order epoch ``epoch`` (from 0) sees its ``count`` pictures: known without the epochs before it."""
    return np.random.default_rng([seed, epoch]).permutation(count).astype(np.int32)


def epochs(
    inks: NDArray[np.float32],
    labels: NDArray[np.integer[Any]],
    shape: DenseShape,
    recipe: Recipe,
    start: tuple[int, State] | None = None,
) -> Iterator[Epoch]:
    """Train, one ``Epoch`` at a time. Takes ink float32 (N, 28, 28) in 0..1 and labels (N,) in 0..9.

    ``start`` is (epochs done, state) of an earlier run: what follows is what would have followed there,
    bit for bit on one machine. Raises DataError where the loss is no longer a number.
    """
    done, state = start or (0, initial(shape, recipe.seed))
    flat = inks.reshape(len(inks), -1)
    alive = np.asarray(flat.any(0), bool)  # 67 of MNIST's pixels are never inked: their weights never move
    data = _Data(flat[:, alive], labels, recipe)
    with ThreadPoolExecutor(1) as ahead:  # the next epoch is put in order while this one trains
        coming = ahead.submit(data.in_order, done)
        for number in range(done, recipe.epochs):
            parts = coming.result()
            if number + 1 < recipe.epochs:
                coming = ahead.submit(data.in_order, number + 1)
            epoch = _one_epoch(number, state, alive, parts, (shape, recipe))
            _check(epoch, recipe)
            state = epoch.state
            yield epoch


def _check(epoch: Epoch, recipe: Recipe) -> None:
    if not (np.isfinite(epoch.loss) and all(np.isfinite(w).all() for w in epoch.state.weights)):
        raise DataError(
            "the loss or a weight is no longer a number (loss {loss:.4g}) in epoch {epoch} (step {step}) "
            "at a learning rate of {rate:g}: try a smaller --learning-rate; the epochs before are kept",
            loss=epoch.loss,
            epoch=epoch.number,
            step=epoch.state.step,
            rate=recipe.learning_rate,
        )


Parts = list[tuple[Any, Any]]
"""Batches float32 (steps, size, pixels) and targets int32 (steps, size): the full ones, then the rest as one."""


class _Data:
    """Pictures and answers in memory, and any epoch's batches of them."""

    def __init__(self, flat: NDArray[np.float32], labels: NDArray[np.integer[Any]], recipe: Recipe) -> None:
        self._pictures, self._answers = tf.constant(flat), tf.constant(np.asarray(labels, np.int32))
        self._recipe = recipe

    def in_order(self, epoch: int) -> Parts:
        """The batches of epoch ``epoch`` (from 0)."""
        order = order_of(len(self._answers), self._recipe.seed, epoch)
        size = min(self._recipe.batch_size, len(order))
        whole = len(order) - len(order) % size
        cuts = [(order[:whole], size), (order[whole:], len(order) - whole)]
        return [self._batches(places, count) for places, count in cuts if count]

    def _batches(self, places: NDArray[np.int32], size: int) -> tuple[Any, Any]:
        steps = len(places) // size
        batches = tf.reshape(tf.gather(self._pictures, places), [steps, size, self._pictures.shape[1]])
        return batches, tf.reshape(tf.gather(self._answers, places), [steps, size])


def _one_epoch(
    number: int, state: State, alive: NDArray[np.bool_], parts: Parts, how: tuple[DenseShape, Recipe]
) -> Epoch:
    shape, recipe = how
    carried, losses, right, count = _narrow(state, alive), 0.0, 0, 0
    for batches, targets in parts:
        constants = (shape.dropout, recipe.learning_rate, recipe.seed)
        carried, loss, hits = _run(carried, batches, targets, constants)
        losses, right = losses + float(loss) * targets.shape[1], right + int(hits)
        count += targets.shape[0] * targets.shape[1]
    return Epoch(number + 1, losses / count, right / count, _widen(carried, state, alive))


def _narrow(state: State, alive: NDArray[np.bool_]) -> Any:
    weights, first, second = (
        [tf.constant(w[alive] if i == 0 else w) for i, w in enumerate(arrays)] for arrays in state[:3]
    )
    return weights, first, second, tf.constant(float(state.step))


def _widen(carried: Any, before: State, alive: NDArray[np.bool_]) -> State:
    arrays = [tuple(_fill(old[0], alive, new)) for old, new in zip(before[:3], carried[:3], strict=True)]
    return State(arrays[0], arrays[1], arrays[2], int(carried[3]))


def _fill(old: NDArray[np.float32], alive: NDArray[np.bool_], new: list[Any]) -> Iterator[NDArray[np.float32]]:
    first = old.copy()
    first[alive] = new[0].numpy()
    yield first
    yield from (w.numpy() for w in new[1:])


@partial(tf.function, jit_compile=True)
def _run(carried: Any, batches: Any, targets: Any, constants: tuple[float, float, int]) -> Any:
    """All steps, one batch each: (state, sum of the batches' mean losses, right answers).

    ``constants`` are (dropout, learning rate, seed): Python numbers, compiled in.
    """
    dropout, rate, seed = constants
    weights, first, second, step = carried
    losses, hits = 0.0, 0
    for i in tf.range(targets.shape[0]):
        step += 1
        key = tf.stack([seed, tf.cast(step, tf.int32)])
        loss, right, gradients = _gradients(weights, batches[i], targets[i], dropout, key)
        weights, first, second = _adam(weights, first, second, gradients, rate, step)
        losses, hits = losses + loss, hits + right
    return (weights, first, second, step), losses, hits


def _gradients(weights: Any, batch: Any, targets: Any, dropout: float, key: Any) -> Any:
    """Loss, right answers and gradients, by hand: XLA gets by with fewer passes than from a gradient tape."""
    hidden, masks = [batch], []
    for i in range(0, len(weights) - 2, 2):
        active = hidden[-1] @ weights[i] + weights[i + 1]
        mask = tf.cast(active > 0, tf.float32)
        if dropout:
            noise = tf.random.stateless_uniform(tf.shape(active), key + i)
            mask *= tf.cast(noise >= dropout, tf.float32) / (1 - dropout)
        masks.append(mask)
        hidden.append(active * mask)
    logits = hidden[-1] @ weights[-2] + weights[-1]
    log_probabilities, wanted = tf.nn.log_softmax(logits), tf.one_hot(targets, 10)
    loss = -tf.reduce_mean(tf.reduce_sum(log_probabilities * wanted, 1))
    right = tf.reduce_sum(tf.cast(tf.equal(tf.argmax(logits, 1, tf.int32), targets), tf.int32))
    slope, gradients = (tf.exp(log_probabilities) - wanted) / batch.shape[0], []
    for i in range(len(weights) - 2, -1, -2):
        gradients += [tf.reduce_sum(slope, 0), tf.matmul(hidden[i // 2], slope, transpose_a=True)]
        if i:
            slope = tf.matmul(slope, weights[i], transpose_b=True) * masks[i // 2 - 1]
    return loss, right, gradients[::-1]


def _adam(weights: Any, first: Any, second: Any, gradients: Any, rate: float, step: Any) -> Any:
    pace = rate * tf.sqrt(1 - tf.pow(BETA_2, step)) / (1 - tf.pow(BETA_1, step))
    first = [m + (g - m) * (1 - BETA_1) for m, g in zip(first, gradients, strict=True)]
    second = [v + (g * g - v) * (1 - BETA_2) for v, g in zip(second, gradients, strict=True)]
    moved = [w - pace * m / (tf.sqrt(v) + EPSILON) for w, m, v in zip(weights, first, second, strict=True)]
    return moved, first, second


def logits_of(weights: tuple[NDArray[np.float32], ...], inks: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the dense network says before softmax: (N, 28, 28) → float32 (N, 10), in NumPy."""
    hidden = inks.reshape(len(inks), -1)
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        hidden = np.maximum(hidden @ kernel + bias, 0)
    return np.asarray(hidden @ weights[-2] + weights[-1], np.float32)


def probabilities(weights: tuple[NDArray[np.float32], ...], inks: NDArray[np.float32]) -> NDArray[np.float32]:
    """``logits_of`` after softmax: rows sum to 1."""
    return shares(logits_of(weights, inks), 1.0).astype(np.float32)
