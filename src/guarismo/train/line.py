"""Training the line model: strips of generated lines, read without cutting them into digits.

Connectionist temporal classification (Graves, Fernández, Gomez and Schmidhuber 2006): the network says a character or
"nothing" at each step, and the loss sums over all ways in which the steps can spell the text.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from guarismo import ctc
from guarismo.engine import OnnxEngine
from guarismo.hearing import BLANK, Hearing, Reading, is_clear
from guarismo.ink import INK_VERSION
from guarismo.model import LINE_LABELS, NOT_A_DIGIT, bundled, load_model
from guarismo.networks import DigitNetwork
from guarismo.stack import stacked
from guarismo.strip import HEIGHT, STEP, steps_of, viewed
from guarismo.train.augment import as_bytes
from guarismo.train.calibrate import read_threshold
from guarismo.train.digit import MODEL_VERSION, as_ink
from guarismo.train.eight_bits import in_eight_bits
from guarismo.train.export import Stated, parity_strips, save, to_onnx
from guarismo.train.learn import Checkpoint, Recipe, Task, learn, named
from guarismo.train.lines import SHARP, Strips, described, load_parts, make_parts
from guarismo.train.nets import line_net
from guarismo.train.unfold import starting_weights
from guarismo.types import Look, digits_of

Rng = np.random.Generator

RELEASE = Recipe(
    epochs=34,
    epoch_size=30_000,
    batch_size=64,
    learning_rate=3e-3,
    weight_decay=5e-3,
    averaging=0.999,
    width=32,
    parts=44,
)
"""An epoch has 30,000 lines; a part has 5,000. Two hours of two cores that compute in bfloat16, the lines included."""

WINDOW = 20
"""Batches whose strips are sorted by width before they are cut into batches."""


@dataclass(frozen=True, slots=True)
class Progress:
    """One line of the log: the epoch, the mean loss, and the share of held-out lines read right, digits and marks."""

    epoch: int
    loss: float
    held_out: float
    seconds: float


def train(
    recipe: Recipe,
    strips: Strips,
    held_out: Strips,
    out: Path,
    say: Callable[[Progress], None],
    start: Sequence[NDArray[np.float32]] | None = None,
) -> Any:
    """Train on ``strips`` and watch ``held_out``; the Keras model. The rest is as in ``learn``."""
    began = time.perf_counter()

    def after(epoch: int, loss: float, model: Any) -> None:
        nonlocal began
        say(Progress(epoch, loss, share_right(model, held_out), time.perf_counter() - began))
        began = time.perf_counter()

    task = Task(partial(line_net, recipe.width), partial(_batches, recipe, strips), _loss)
    return learn(recipe, task, out, after, start)


def _loss(model: Any, inks: Any, texts: Any) -> Any:
    """CTC over all steps, those of the filling too: there the network says "nothing". Texts are int32 (N, L), the
    column of each character plus one, 0 after the end; one without any has a single spelling, "nothing" throughout,
    and TensorFlow's kernel does not take it."""
    logits = tf.transpose(model(inks, training=True), [1, 0, 2])
    empty = tf.equal(texts[:, 0], 0)
    some = tf.concat([tf.maximum(texts[:, :1], 1), texts[:, 1:]], 1)
    labels = tf.sparse.from_dense(some)
    labels = tf.SparseTensor(labels.indices, labels.values - 1, labels.dense_shape)
    steps = tf.fill([tf.shape(logits)[1]], tf.shape(logits)[0])
    spelled = tf.nn.ctc_loss(labels, logits, None, steps, blank_index=BLANK)
    silent = -tf.reduce_sum(tf.nn.log_softmax(logits)[:, :, BLANK], 0)
    losses = tf.where(empty, silent, spelled)
    worst = tf.sort(losses, direction="DESCENDING")[tf.shape(losses)[0] // READABLE]
    return tf.reduce_mean(tf.where(losses > worst, tf.stop_gradient(losses), losses))


READABLE = 30
"""Of so many lines the one with the largest loss teaches nothing: one in sixty is a line that a shadow or a band has
swallowed, and the network would learn it by heart. Trimmed as Rousseeuw (1984) trims squares."""


def _batches(recipe: Recipe, strips: Strips, epoch: int) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int32]]]:
    rng = np.random.default_rng([recipe.seed, epoch])
    order = rng.permutation(len(strips))
    order = order[np.arange(recipe.epoch_size) % len(order)]
    widths = np.diff(strips.offsets)
    chunk = recipe.batch_size * WINDOW
    for first in range(0, len(order) - recipe.batch_size + 1, chunk):
        some = order[first : first + chunk]
        some = some[np.argsort(widths[some], kind="stable")]
        cuts = [some[i : i + recipe.batch_size] for i in range(0, len(some), recipe.batch_size)]
        for place in rng.permutation(len(cuts)):
            if len(cuts[place]) == recipe.batch_size:
                yield (
                    stacked([_seen(strips, i, rng) for i in cuts[place]]),
                    codes(strips.texts[cuts[place]]),
                )


def _seen(strips: Strips, i: int, rng: Rng) -> NDArray[np.float32]:
    """Strip ``i`` as it is seen this time, with steps enough for its text, or the loss would be infinite."""
    return as_ink(_bent(strips.strip(i), STEP * ctc.fewest_steps(str(strips.texts[i])), rng))


def _bent(ink: NDArray[np.uint8], least: int, rng: Rng) -> NDArray[np.uint8]:
    """A strip as it is seen this time: wider or narrower, sheared, a little higher or lower, bent, its strokes thicker
    or thinner, paler or darker; of ``least`` columns or more."""
    wide, tall = np.exp(np.clip(rng.normal(0, (0.13, 0.1)), -0.27, 0.27))
    shear, up = rng.normal(0, 0.12), rng.normal(0, 1.4)
    rows, columns = ink.shape[0], max(8, least, round(ink.shape[1] * wide + 24 * abs(shear)))
    turn = np.array([[wide, shear, 12 * abs(shear) - 24 * shear], [0, tall, 24 * (1 - tall) + up]])
    back = cv2.invertAffineTransform(turn).astype(np.float32)
    x, y = np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32)[:, None]
    across, down = back[0, 0] * x + back[0, 1] * y + back[0, 2], back[1, 0] * x + back[1, 1] * y + back[1, 2]
    if rng.random() < 0.6:
        grid = rng.standard_normal((2, 4, max(4, columns // 14)), np.float32) * np.float32(rng.uniform(0.3, 1.6))
        across += cv2.resize(grid[0], (columns, rows), interpolation=cv2.INTER_CUBIC)
        down += cv2.resize(grid[1], (columns, rows), interpolation=cv2.INTER_CUBIC)
    moved = cv2.remap(ink, across, down, cv2.INTER_LINEAR)
    chance = rng.random()
    if chance < 0.3:
        pressed = (cv2.dilate if chance < 0.15 else cv2.erode)(moved, _PRESS)
        share = rng.uniform(0.2, 1.0 if chance < 0.15 else 0.6)  # a hairline must not be worn away
        moved = cv2.addWeighted(pressed, share, moved, 1 - share, 0)
    if rng.random() < 0.3:
        table = np.clip(np.linspace(0, 1, 256) ** np.exp(rng.normal(0, 0.35)) * 255, 0, 255)
        moved = cv2.LUT(moved, np.rint(table).astype(np.uint8))
    return np.asarray(moved, np.uint8)


_PRESS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


def codes(texts: NDArray[np.str_]) -> NDArray[np.int32]:
    """Texts as int32 (N, L): columns plus one, 0 after the end."""
    coded = np.zeros((len(texts), max(1, *(len(text) for text in texts))), np.int32)
    for row, text in zip(coded, texts, strict=True):
        row[: len(text)] = [LINE_LABELS.index(character) + 1 for character in text]
    return coded


def share_right(model: Any, strips: Strips) -> float:
    """Share of strips whose greedy reading is the text, marks and spaces too."""
    logits = logits_of(lambda some: np.asarray(model(some, training=False)), strips)
    read = [ctc.greedy(ctc.log_softmax(one), LINE_LABELS, BLANK)[0] for one in logits]
    return float(np.mean([text == str(label) for text, label in zip(read, strips.texts, strict=True)]))


MOST_WRONG = 0.005
"""Operating point of ``read``: at most one in two hundred accepted lines of held-out writers has a wrong digit."""

TEMPERATURES, HEATED = np.exp(np.linspace(np.log(0.4), np.log(2.0), 17)), 2_000
"""What is tried, and on how many lines: a tenth more or less changes the likelihood in its third figure."""


Said = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""A line network: strips (N, 48, W) → logits (N, T, 17)."""


def said_by(weights: bytes) -> Said:
    """A line network from its ONNX."""
    return OnnxEngine(weights, "line", shape=(HEIGHT, None)).run


def logits_of(said: Said, strips: Strips) -> list[NDArray[np.float32]]:
    """The steps of each strip, float32 (T, 17), without those of the filling."""
    widths = np.diff(strips.offsets)
    found: dict[int, NDArray[np.float32]] = {}
    order = np.argsort(widths, kind="stable")
    for i in range(0, len(order), 64):
        some = order[i : i + 64]
        whole = said(stacked([as_ink(strips.strip(j)) for j in some]))
        found |= {int(j): one[: steps_of(int(widths[j]))] for j, one in zip(some, whole, strict=True)}
    return [found[i] for i in range(len(strips))]


LOOKS = (
    Look(0.85, 0.85, 0.0, 0.0),
    Look(1.1, 1.08, 0.12, 0.0),
    Look(0.95, 0.9, 0.0, 0.5),
    Look(1.0, 1.0, 0.0, 0.0, SHARP),
)
"""Further looks at lines that are not clear, chosen by the likelihood of held-out lines (docs/LOG.md)."""


def looked_at(said: Said, strips: Strips, looks: Sequence[Look] = LOOKS) -> list[list[NDArray[np.float32]]]:
    """For each strip its steps at first sight and in each further look."""
    views = [logits_of(said, strips), *(logits_of(said, _again(strips, look)) for look in looks)]
    return [list(each) for each in zip(*views, strict=True)]


def _again(strips: Strips, look: Look) -> Strips:
    if look.sharp:
        assert look.sharp == SHARP, "the lines kept for calibration are sharpened by this share alone"
        assert strips.sharp is not None, "these lines were made to train on"
        strips = strips.sharp
    return Strips.of([as_bytes(viewed(as_ink(strips.strip(i)), look)) for i in range(len(strips))], strips.texts)


def apart(strips: Strips) -> list[NDArray[np.float64]]:
    """For each strip what the bundled digit model says of its pieces: (P, 11)."""
    model = load_model(bundled(), INK_VERSION)
    network = DigitNetwork(model, OnnxEngine(model.weights, model.info.name))
    return network.apart([as_ink(strips.strip(i)) for i in range(len(strips))])


def calibrated(
    logits: list[list[NDArray[np.float32]]], said: list[NDArray[np.float64]], texts: NDArray[np.str_]
) -> tuple[dict[str, float], dict[str, Any]]:
    """Temperature and threshold of ``read`` from looks at lines not trained on, and what is ``said`` of their pieces;
    and what the threshold stands for.

    The temperature has the least mean negative log probability of the right texts (Guo et al. 2017), each summed over
    its alignments. The threshold counts digits alone: of the points that somebody wrote, some are on no picture.
    """
    heat = float(TEMPERATURES[int(np.argmin([_mean_loss(logits[:HEATED], texts, t) for t in TEMPERATURES]))])
    best = [_best(looks, pieces, heat) for looks, pieces in zip(logits, said, strict=True)]
    confidence = np.array([one.confidence for one in best])
    read = [digits_of(one.spelled) for one in best]
    right = np.array([text == digits_of(str(label)) for text, label in zip(read, texts, strict=True)])
    numbers = np.array([bool(text) for text in read])
    threshold = max(read_threshold(confidence[numbers], right[numbers], MOST_WRONG), 0.5)
    accepted = numbers & (confidence >= threshold)
    stands_for = {
        "measured_on": "generated lines of writers held out, one in twelve without a number",
        "lines": len(texts),
        "accepted": round(float(accepted.mean()), 6),
        "wrong_digits_among_accepted": round(float((~right[accepted]).mean()), 6) if accepted.any() else 0.0,
        "asked_for": MOST_WRONG,
    }
    return {"temperature": heat, "read": threshold, NOT_A_DIGIT: 0.5}, stands_for


def _best(looks: list[NDArray[np.float32]], said: NDArray[np.float64], heat: float) -> Reading:
    """A line as it is read: at first sight where that is clear, else in all looks."""
    steps = [ctc.log_softmax(one, heat) for one in looks]
    hearing = Hearing(steps[0], said)
    first = hearing.readings()
    return (first if is_clear(first) else hearing.readings(steps[1:]))[0]


def _mean_loss(logits: list[list[NDArray[np.float32]]], texts: NDArray[np.str_], heat: float) -> float:
    shares = []
    for looks, text in zip(logits, texts, strict=False):
        steps = [ctc.log_softmax(one, heat) for one in looks]
        shares.append(max(float(ctc.agreed(steps, [str(text)], LINE_LABELS, BLANK)[0][0]), -50.0))
    return -float(np.mean(shares))


@dataclass(frozen=True, slots=True)
class Folders:
    """Where a run finds and leaves things: data, the lines shared by all runs, its own folder, the run or model
    begun with."""

    data: Path
    lines: Path
    out: Path
    start: Path | None = None


def run(recipe: Recipe, folders: Folders, say: Callable[[Progress], None]) -> Any:
    """From data to a model directory in ``out/model``: lines, training, calibration on held-out writers, export."""
    Checkpoint(folders.out).claim({"network": "line", **described(), "start": named(folders.start)})
    paths = make_parts(folders.data, folders.lines, "train", recipe.parts, LINES_SEED)
    strips = load_parts(paths)
    kept_paths = make_parts(folders.data, folders.lines, "held_out", HELD_OUT, LINES_SEED)
    watched, kept = load_parts(kept_paths[:1]), load_parts(kept_paths)
    begun = None
    if folders.start is not None:
        some = stacked([as_ink(strips.strip(i)) for i in range(min(256, len(strips)))])
        begun = starting_weights(folders.start, "line", line_net(recipe.width), some)
    network = train(recipe, strips, watched, folders.out, say, begun)
    weights = in_eight_bits(to_onnx(network, parity_strips()), usual(strips))
    calibration, stands_for = calibrated(looked_at(said_by(weights), kept), apart(kept), kept.texts)
    stated = Stated("line", f"{MODEL_VERSION}-seed{recipe.seed}", calibration, stands_for, LOOKS)
    save(weights, folders.out / "model", stated, CARD)
    return network


def usual(strips: Strips, count: int = 384) -> list[NDArray[np.float32]]:
    """Some strips in batches float32 (16, 48, W), of much the same width: what a network usually sees."""
    order = np.argsort(np.diff(strips.offsets)[:count], kind="stable")
    return [stacked([as_ink(strips.strip(i)) for i in order[at : at + 16]]) for at in range(0, len(order), 16)]


HELD_OUT = 4
"""Files of lines of writers held out: one is watched, all set temperature and threshold. Of one file's accepted lines
ten wrong ones would decide, and the threshold would be chance."""

LINES_SEED = 1
"""All runs draw from the same lines; their own seed is for the weights and the order."""

CARD = """# A line model

Reads a written number. Its figures are not measured yet.
"""
