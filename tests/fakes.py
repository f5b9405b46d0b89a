"""Networks that read the answer painted into the pixels; everything around them is the real thing.

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
from guarismo.model import LINE_LABELS, save_model
from guarismo.strip import STRIP_VERSION
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


# ---- lines

TALL, WIDE, AROUND = 6, 8, 5
"""Rows and columns of the strip to a cell; cells in the window of a step, with the paper to either side.

    glyph   3 cells wide, 6 high: two bars of full height, which tell where the line runs, and between them the code

        # s #
        # b4#
        # b3#
        # b2#       b4 ... b0 in binary are the column of ``LINE_LABELS``; s is inked where the answer is sure
        # b1#
        # b0#

A cell is 6 rows of the strip, 36 in all as ``strip.py`` sets a line, and 8 columns, so that each glyph has a step in
whose window its cells' middles fall. ``FakeLineEngine`` and the ONNX file of ``fake_line_weights`` do the same sum.
"""


def _glyph(column: int, sure: bool) -> NDArray[np.bool_]:
    cells = np.ones((6, 3), bool)
    cells[:, 1] = [sure, *(column >> shift & 1 for shift in (4, 3, 2, 1, 0))]
    return cells


def spelled(text: str, cell: int = 12, margin: int = 40, unsure: str = "") -> Gray:
    """A line that says its own answer: uint8 (H, W), black on white; the characters of ``unsure`` are unsure.

    ``cell`` is its height in pixels, a multiple of 3. A "#" is a solid block, in which the network sees nothing.
    """
    gap, glyphs = np.zeros((6, 2), bool), []
    for character in text:
        solid = np.ones((6, 3), bool)
        known = solid if character == "#" else _glyph(LINE_LABELS.index(character), character not in unsure)
        glyphs += [known, gap]
    ink = np.kron(np.concatenate(glyphs[:-1], 1), np.ones((cell, cell * 4 // 3), bool))
    return np.pad(np.where(ink, 0, 255).astype(np.uint8), margin, constant_values=255)


def _window(row: int, column: int) -> NDArray[np.float32]:
    """(48, 40) the mean over the middle of a cell of the window: a shift by two columns changes nothing."""
    weights = np.zeros((48, AROUND * WIDE), np.float32)
    top, left = 6 + TALL * row + 2, WIDE * column + 3
    weights[top : top + 2, left : left + 2] = 1 / 4
    return weights


def _line_kernels() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Kernels (18, 48, 40) and offsets (18,): how far each character is there, and last whether it is sure."""
    kernels, offsets = [], []
    for column in range(len(LINE_LABELS) - 1):
        cells = np.pad(_glyph(column, False), ((0, 0), (1, 1)))
        signs = [(row, at, 1 if cells[row, at] else -1) for row in range(6) for at in range(AROUND)]
        kernels.append(sum(sign * _window(row, at) for row, at, sign in signs if (row, at) != (0, 2)))
        offsets.append(0.75 - cells.sum())
    return np.array([*kernels, _window(0, 2)], np.float32), np.array([*offsets, 0], np.float32)


LINE_KERNELS, LINE_OFFSETS = _line_kernels()
LEFT, RIGHT = 18, 22
"""Columns of paper beside a strip, so that the window of step t lies around columns 4t to 4t + 4."""


class FakeLineEngine:
    """Reads ``spelled`` lines. Keeps the shape of what came in each call, in ``shapes``."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def run(self, batch: Inks) -> Logits:
        self.shapes.append(batch.shape)
        padded = np.pad(batch, ((0, 0), (0, 0), (LEFT, RIGHT)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, AROUND * WIDE, axis=2)[:, :, ::4]
        seen = np.einsum("nhtw,khw->ntk", windows, LINE_KERNELS, optimize=True) + LINE_OFFSETS
        there, sure = np.clip(2 * seen[..., :-1], 0, 1), np.clip(seen[..., -1:], 0, 1)
        logits = there * (19.4 + 20 * sure) - 20
        return np.concatenate([logits, np.zeros_like(sure)], 2).astype(np.float32)


def fake_line_weights() -> bytes:
    """``FakeLineEngine`` as the bytes of an ONNX file."""
    constants: dict[str, Any] = {"kernels": LINE_KERNELS[:, None], "offsets": LINE_OFFSETS}
    constants |= {name: np.float32(value) for name, value in (("nought", 0), ("one", 1), ("two", 2), ("much", 20))}
    constants["lead"] = np.float32(19.4)
    stored = [
        helper.make_tensor(name, TensorProto.FLOAT, np.shape(value), np.ravel(value).tolist())
        for name, value in constants.items()
    ]
    whole = {"middle": [1], "height": [2], "parts": [len(LINE_LABELS) - 1, 1]}
    stored += [helper.make_tensor(name, TensorProto.INT64, (len(each),), each) for name, each in whole.items()]
    conv = helper.make_node(
        "Conv", ["picture", "kernels", "offsets"], ["seen"], strides=[1, 4], pads=[0, LEFT, 0, RIGHT]
    )
    steps: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
        ("Squeeze", ("seen", "height"), ("columns",)),
        ("Transpose", ("columns",), ("each",)),
        ("Split", ("each", "parts"), ("matched", "inked")),
        ("Mul", ("matched", "two"), ("twice",)),
        ("Clip", ("twice", "nought", "one"), ("there",)),
        ("Clip", ("inked", "nought", "one"), ("sure",)),
        ("Mul", ("sure", "much"), ("surely",)),
        ("Add", ("surely", "lead"), ("factor",)),
        ("Mul", ("there", "factor"), ("high",)),
        ("Sub", ("high", "much"), ("said",)),
        ("Mul", ("sure", "nought"), ("silence",)),
        ("Concat", ("said", "silence"), ("logits",)),
    )
    options: dict[str, dict[str, Any]] = {
        "Transpose": {"perm": [0, 2, 1]},
        "Split": {"axis": 2},
        "Concat": {"axis": 2},
    }
    graph = helper.make_graph(
        [
            helper.make_node("Unsqueeze", ["strip", "middle"], ["picture"]),
            conv,
            *(
                helper.make_node(kind, list(taken), list(given), **options.get(kind, {}))
                for kind, taken, given in steps
            ),
        ],
        "fake-line",
        [helper.make_tensor_value_info("strip", TensorProto.FLOAT, ["n", 48, "w"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", "t", len(LINE_LABELS)])],
        stored,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


def write_fake_line_model(directory: Path, **changes: object) -> Path:
    """A model directory that reads ``spelled`` lines; ``changes`` go into its ``model.json``."""
    of_lines = {"name": "fake-line", "labels": list(LINE_LABELS), "ink_version": STRIP_VERSION}
    save_model(directory, description(**{**of_lines, **changes}), fake_line_weights(), "# A fake\n")
    return directory
