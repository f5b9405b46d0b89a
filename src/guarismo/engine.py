"""Running a network: ink in, logits out. The only one that runs it."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import onnxruntime

from guarismo.errors import ModelError
from guarismo.types import Inks, Logits

LARGEST_BATCH = 256
"""Pictures run at once. Beyond this no faster on two cores, and memory stays bounded for any input."""


class Engine(Protocol):
    """Anything that takes ``Inks`` (N, 28, 28) and gives ``Logits`` (N, L); or, for lines, strips (N, 48, W) and
    gives (N, T, L), T steps of four columns."""

    def run(self, batch: Inks) -> Logits: ...


class OnnxEngine:
    """An ONNX model on the processor. ``threads`` 0 takes all cores; ``shape`` is one picture's, None any width."""

    def __init__(self, weights: bytes, name: str, threads: int = 0, shape: tuple[int, int | None] = (28, 28)) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.enable_mem_pattern = False  # it keeps a plan for each size of batch it has seen: 40 MB in a long run
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the runtime raises classes of its own, one for each way to be wrong
            raise ModelError("{name}: not an ONNX model that can be run; export it again", name=name) from error
        self._input = self._session.get_inputs()[0].name
        came = self._session.get_inputs()[0].shape
        if len(came) != 3 or [side if isinstance(side, int) else None for side in came[1:]] != list(shape):
            raise ModelError(
                "{name}: its network takes pictures of shape {shape}, expected {expected}; export it again",
                name=name,
                shape=tuple(came),
                expected=("N", *(side or "W" for side in shape)),
            )

    def run(self, batch: Inks) -> Logits:
        if not len(batch):
            return np.zeros((0, self._session.get_outputs()[0].shape[-1]), np.float32)
        parts = [
            self._session.run(None, {self._input: np.ascontiguousarray(batch[i : i + LARGEST_BATCH])})[0]
            for i in range(0, len(batch), LARGEST_BATCH)
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)
