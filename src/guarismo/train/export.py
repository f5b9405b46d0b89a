"""A trained network → a model directory at the doors. ONNX only, and only if it says what Keras says."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from guarismo.engine import OnnxEngine
from guarismo.errors import ModelError
from guarismo.ink import INK_VERSION, frame
from guarismo.model import LINE_LABELS, NOT_A_DIGIT, save_model
from guarismo.stack import stacked
from guarismo.strip import STRIP_VERSION, strip
from guarismo.train.pens import Pen, draw
from guarismo.train.strokes import Hand
from guarismo.types import Gray, Look

LARGEST_DIFFERENCE = 1e-4
"""Between a logit of Keras and of ONNX, absolute up to 1 and relative above: a badly trained network has logits in
the thousands. Rounding comes to 1e-5; more is another network."""


def to_onnx(network: Any, inks: NDArray[np.float32]) -> bytes:
    """ONNX of a Keras network, N free (and the width of strips). Raises ModelError where the two differ on ``inks``."""
    height, width = network.input_shape[1:]
    expected = np.asarray(network(inks, training=False))
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tf2onnx and NumPy 2 are still getting used to each other
        logging.getLogger("tf2onnx").setLevel(logging.ERROR)
        path = Path(folder, "model.onnx")
        network.export(str(path), format="onnx", verbose=False)
        weights = path.read_bytes()
    check_parity(expected, OnnxEngine(weights, "the export", shape=(height, width)).run(inks))
    return weights


def check_parity(expected: NDArray[np.float32], came: NDArray[np.float32]) -> None:
    """Raises ModelError where two networks' logits differ by more than ``LARGEST_DIFFERENCE``."""
    difference = float("inf")
    if expected.shape == came.shape:
        difference = float((np.abs(expected - came) / np.maximum(np.abs(expected), 1)).max())
    if not difference <= LARGEST_DIFFERENCE:
        raise ModelError(
            "the ONNX export differs from Keras by {difference:.1e} (at most {most:.0e}): no model was written",
            difference=difference,
            most=LARGEST_DIFFERENCE,
        )


def parity_inks() -> NDArray[np.float32]:
    """Sixty generated digits, framed, and the two extremes: float32 (62, 28, 28)."""
    rng = np.random.default_rng(7)
    drawn = [draw(Hand.random(rng).write(i % 10, rng), 48, Pen.random(rng), rng) for i in range(60)]
    extremes = [np.zeros((28, 28), np.float32), np.ones((28, 28), np.float32)]
    return np.stack([frame(picture).ink for picture in drawn] + extremes)


def parity_strips() -> NDArray[np.float32]:
    """Twelve generated numbers as strips, and the two extremes: float32 (14, 48, W)."""
    rng = np.random.default_rng(7)
    found = [strip(_number(1 + i % 6, rng)) for i in range(12)]
    whole = stacked([one.ink for one in found if one is not None])
    return np.concatenate([whole, np.zeros_like(whole[:1]), np.ones_like(whole[:1])])


def _number(count: int, rng: np.random.Generator) -> Gray:
    """Digits side by side by one hand."""
    hand, strokes = Hand.random(rng), []
    for place in range(count):
        strokes += [stroke + np.array([place, 0], np.float32) for stroke in hand.write(int(rng.integers(10)), rng)]
    return np.pad(draw(strokes, 48, Pen(), rng), 20, constant_values=255)


def without_softmax(network: Any) -> Any:
    """The tutorial's network with its last activation taken off: it gives logits, as all models at the doors do."""
    last = network.layers[-1]
    outputs = network.inputs[0]
    for layer in network.layers[:-1]:
        outputs = layer(outputs)
    logits = keras.layers.Dense(last.units, name="logits")
    bare = keras.Model(network.inputs[0], logits(outputs))
    logits.set_weights(last.get_weights())
    return bare


@dataclass(frozen=True, slots=True)
class Stated:
    """What ``model.json`` says of a network.

    ``calibration`` has ``temperature``, ``read`` and ``not_a_digit``; ``operating_point`` tells what the thresholds
    stand for, in words and shares. ``looks`` are those that it was calibrated with.
    """

    name: str
    version: str
    calibration: Mapping[str, float]
    operating_point: Mapping[str, Any] = field(default_factory=dict)
    looks: Sequence[Look] = ()


def export(network: Any, directory: Path, stated: Stated, card: str) -> None:
    """Write a model directory from a network that gives logits. Raises ModelError and OutputError."""
    inks = parity_strips() if stated.name == "line" else parity_inks()
    save(to_onnx(network, inks), directory, stated, card, network.output_shape[-1])


def save(weights: bytes, directory: Path, stated: Stated, card: str, labels: int = 11) -> None:
    """Write a model directory from ONNX; a digit network's has ten ``labels``, or eleven. Raises OutputError."""
    line = stated.name == "line"
    digits = [*LINE_LABELS[:10]] + [NOT_A_DIGIT] * (labels - 10)
    described = {
        "name": stated.name,
        "version": stated.version,
        "ink_version": STRIP_VERSION if line else INK_VERSION,
        "labels": [*LINE_LABELS] if line else digits,
        "temperature": stated.calibration["temperature"],
        "thresholds": {"read": stated.calibration["read"], NOT_A_DIGIT: stated.calibration[NOT_A_DIGIT]},
        "operating_point": dict(stated.operating_point),
        "looks": [astuple(look) for look in stated.looks],
    }
    save_model(directory, described, weights, card)
