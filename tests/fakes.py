"""A network that reads the answer painted into the pixels; everything around it is the real thing.

    tile   5x5 cells, as large as a framed digit: a ring of ink, and inside

        b3  b2  b1
        b0  s   b0      b3 ... b0 in binary are the value, 10 = not a digit; s is inked where the answer is sure
        b1  b2  b3

The tile is alike when turned by half, so its centre of mass is its middle and ``ink.frame`` puts it always at the same
place. ``FakeEngine`` and the ONNX file of ``fake_weights`` do the same sum over the pixels.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper

from guarismo.ink import INK_VERSION
from guarismo.model import save_model
from guarismo.types import Gray, Inks, Logits

LABELS = (*"0123456789", "not_a_digit")
NOT_A_DIGIT = 10

CELL = 4
"""Pixels of a cell in the ink: five are the 20 of a framed digit."""

_BIT_CELLS = (((1, 1), (3, 3)), ((1, 2), (3, 2)), ((1, 3), (3, 1)), ((2, 1), (2, 3)))
"""Where b3 ... b0 are, as (row, column) among the 5x5 cells."""


def _bits(code: int) -> NDArray[np.float32]:
    return np.array([code >> shift & 1 for shift in (3, 2, 1, 0)], np.float32)


def tile(code: int, sure: bool = True) -> NDArray[np.bool_]:
    """Which of 5x5 cells are inked."""
    cells = np.ones((5, 5), bool)
    for bit, places in zip(_bits(code), _BIT_CELLS, strict=True):
        for place in places:
            cells[place] = bit > 0
    cells[2, 2] = sure
    return cells


def painted(code: int, sure: bool = True, cell: int = 8, margin: int = 20) -> Gray:
    """A picture that says its own answer: black tile on white, uint8 (H, W)."""
    ink = np.kron(tile(code, sure), np.ones((cell, cell), bool))
    return np.pad(np.where(ink, 0, 255).astype(np.uint8), margin, constant_values=255)


def _cell_weights(places: tuple[tuple[int, int], ...]) -> NDArray[np.float32]:
    """(784,) the mean over the inner 2x2 pixels of each cell: a shift by one pixel changes nothing."""
    weights = np.zeros((28, 28), np.float32)
    for row, column in places:
        top, left = 4 + CELL * row + 1, 4 + CELL * column + 1
        weights[top : top + 2, left : left + 2] = 1 / (4 * len(places))
    return weights.ravel()


_BITS = np.stack([_cell_weights(places) for places in _BIT_CELLS], 1)
_SIGNS = np.stack([2 * _bits(code) - 1 for code in range(len(LABELS))], 1)
MATCH = (2 * _BITS @ _SIGNS).astype(np.float32)
"""(784, 11): bits that agree less bits that do not, but for ``OFFSET``."""
OFFSET = -_SIGNS.sum(0).astype(np.float32)
SURE = _cell_weights(((2, 2),))[:, None]
GAIN, LEAST = np.float32(10), np.float32(0.4)
"""Logits of the right answer lead by 20 where it is sure, by 0.8 where it is not."""


class FakeEngine:
    """Reads ``painted`` tiles. Keeps how many pictures came in each call, in ``batches``."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def run(self, batch: Inks) -> Logits:
        self.batches.append(len(batch))
        pixels = batch.reshape(len(batch), 784)
        return np.asarray((pixels @ MATCH + OFFSET) * (pixels @ SURE * GAIN + LEAST), np.float32)


def fake_weights() -> bytes:
    """``FakeEngine`` as the bytes of an ONNX file."""
    constants: dict[str, Any] = {"match": MATCH, "offset": OFFSET, "sure": SURE, "gain": GAIN, "least": LEAST}
    stored = [
        helper.make_tensor(name, TensorProto.FLOAT, np.shape(value), np.ravel(value).tolist())
        for name, value in constants.items()
    ]
    flat = helper.make_tensor("flat", TensorProto.INT64, (2,), [-1, 784])
    steps = (
        ("Reshape", ("ink", "flat"), "pixels"),
        ("MatMul", ("pixels", "match"), "agreed"),
        ("Add", ("agreed", "offset"), "scores"),
        ("MatMul", ("pixels", "sure"), "surely"),
        ("Mul", ("surely", "gain"), "much"),
        ("Add", ("much", "least"), "factor"),
        ("Mul", ("scores", "factor"), "logits"),
    )
    graph = helper.make_graph(
        [helper.make_node(kind, list(taken), [given]) for kind, taken, given in steps],
        "fake",
        [helper.make_tensor_value_info("ink", TensorProto.FLOAT, ["n", 28, 28])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", len(LABELS)])],
        [*stored, flat],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


def description(**changes: object) -> dict[str, Any]:
    """What ``model.json`` of the fake says."""
    return {
        "name": "fake",
        "version": "1",
        "labels": list(LABELS),
        "ink_version": INK_VERSION,
        "temperature": 1.0,
        "thresholds": {"read": 0.9, "not_a_digit": 0.5},
        **changes,
    }


def write_fake_model(directory: Path, **changes: object) -> Path:
    """A model directory that reads ``painted`` tiles; ``changes`` go into its ``model.json``."""
    save_model(directory, description(**changes), fake_weights(), "# A fake\n")
    return directory
