"""A network's ONNX in whole numbers of eight bits, which processors multiply several times as fast as float32.

Weights have one scale for each filter, activations one for each layer, set by what some inputs come to (Jacob et al.
2018, "Quantization and training of neural networks for efficient integer-arithmetic-only inference"; the method is that
of the runtime's own tools).
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnxruntime import quantization

from guarismo.engine import OnnxEngine
from guarismo.errors import ModelError
from guarismo.strip import HEIGHT

LARGEST_DIFFERENCE = 0.2
"""Between logits before and after, in the mean, as a share of the logits' size: of the bundled networks 0.07."""


def in_eight_bits(weights: bytes, inputs: Sequence[NDArray[np.float32]]) -> bytes:
    """The ONNX ``weights`` in eight bits. ``inputs`` are batches like those that it will see.

    Raises ModelError where what the network says of the middle batch is another thing now.
    """
    with tempfile.TemporaryDirectory() as folder:
        whole, small = Path(folder, "whole.onnx"), Path(folder, "small.onnx")
        whole.write_bytes(weights)
        logging.getLogger().addFilter(_unasked)
        try:
            quantization.quantize_static(
                whole,
                small,
                _Inputs(weights, inputs),
                per_channel=True,
                reduce_range=True,  # seven bits of weights: with eight, processors without VNNI overflow
                activation_type=quantization.QuantType.QUInt8,
                weight_type=quantization.QuantType.QInt8,
            )
        finally:
            logging.getLogger().removeFilter(_unasked)
        quantized = small.read_bytes()
    some = inputs[len(inputs) // 2]
    shape = some.shape[1], None if some.shape[1] == HEIGHT else some.shape[2]
    before, after = (OnnxEngine(one, "the export", shape=shape).run(some) for one in (weights, quantized))
    difference = float(np.abs(after - before).mean() / max(float(np.abs(before).mean()), 1e-6))
    if not difference <= LARGEST_DIFFERENCE:
        raise ModelError(
            "in eight bits the network's logits differ by {difference:.0%} (at most {most:.0%}): no model was written",
            difference=difference,
            most=LARGEST_DIFFERENCE,
        )
    return quantized


def _unasked(record: logging.LogRecord) -> bool:
    """Whether a message of the log is none that advises to optimise the network first, which its export has done."""
    return "pre-processing" not in record.getMessage()


class _Inputs(quantization.CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, weights: bytes, inputs: Sequence[NDArray[np.float32]]) -> None:
        import onnx

        name = onnx.load_from_string(weights).graph.input[0].name
        self._left: Iterator[dict[str, Any]] = iter([{name: one} for one in inputs])

    def get_next(self) -> dict[str, Any] | None:
        return next(self._left, None)
