"""Where a training begins: with the weights of another run, or with those of a finished model.

A model directory has ONNX alone, in which each batch normalisation has become a part of the convolution before it
(Jacob et al. 2018, section 3.2). Taken apart again, it is the same network, and can be trained on.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from guarismo.errors import ModelError
from guarismo.ink import INK_VERSION
from guarismo.model import Kind, load_model, model_directory
from guarismo.strip import STRIP_VERSION
from guarismo.train.learn import Checkpoint
from guarismo.train.nets import FusedNormalization

USUAL = np.sqrt(2)
"""Norm of a filter's weights as it is drawn at first (He et al. 2015). Behind a normalisation any norm gives the same
network, but the smaller it is the farther a step of training turns it."""

FAINT = 0.1
"""Scale of the normalisation behind a convolution that the model has not. It stands behind a shortcut, so that the
network is at first nearly the model (Chen, Goodfellow and Shlens 2016, "Net2Net"); at 0 it would never learn."""


def starting_weights(start: Path, kind: Kind, network: Any, inks: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """The weights in ``start``, a run's folder or a model directory, in the order of ``network.weights``.

    ``inks`` are some inputs of the network, which tell a model's normalisations what is usual; about a thousand digits,
    or a few hundred strips. Raises DataError and ModelError where it is another network, or no model.
    """
    checkpoint = Checkpoint(start)
    if checkpoint.exists():
        return checkpoint.means(network)
    directory = model_directory(start)
    model = load_model(directory, STRIP_VERSION if kind == "line" else INK_VERSION, kind)
    _assign(network, model.weights, directory)
    _normalise(network, inks)
    return [np.asarray(variable) for variable in network.weights]


def _assign(network: Any, onnx_model: bytes, directory: Path) -> None:
    """ONNX's weights, with normalisations that do nothing but add what has become the convolution's offset."""
    graph = onnx.load_from_string(onnx_model).graph
    arrays = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    try:
        arrays |= _in_floats(graph, arrays)
        folded = [[arrays[name] for name in node.input[1:]] for node in graph.node if node.op_type == "Conv"]
        (matrix,) = (arrays[node.input[1]] for node in graph.node if node.op_type == "MatMul")
        added = [name for node in graph.node if node.op_type == "Add" for name in node.input if name in arrays]
        *_, dense = (layer for layer in network.layers if isinstance(layer, keras.layers.Dense))
        coming = deque((filters.transpose(2, 3, 1, 0), offset) for filters, offset in folded)
        for convolution, norm in zip(*_layers(network), strict=True):
            if coming and coming[0][0].shape == convolution.kernel.shape:
                filters, offset = coming.popleft()
                convolution.set_weights([filters])
                one = np.ones_like(offset)
                norm.set_weights([one, offset, 0 * one, one - norm.epsilon])
            else:
                norm.gamma.assign(np.full(norm.gamma.shape, FAINT, np.float32))
        if coming:
            raise ValueError("a convolution that the network lacks")
        dense.set_weights([matrix, arrays[added[-1]]])
    except (ValueError, KeyError, IndexError) as error:
        raise ModelError(
            "{path}: a model of another network than the one that is trained; begin with another, or without --start",
            path=directory,
        ) from error


def _in_floats(graph: Any, arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
    """What the weights of a network in eight bits stand for: a scale for each filter, or for all."""
    found = {}
    for node in graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in arrays:
            whole, scale, zero = (arrays[name] for name in node.input)
            axis = next((one.i for one in node.attribute if one.name == "axis"), 1)
            shape = [-1 if place == axis else 1 for place in range(whole.ndim)] if scale.ndim else []
            steps = whole.astype(np.float32) - zero.astype(np.float32).reshape(shape)
            found[node.output[0]] = steps * scale.reshape(shape)
    return found


def _layers(network: Any) -> tuple[list[Any], list[Any]]:
    kinds = (keras.layers.Conv2D, FusedNormalization)
    convolutions, normalisations = ([one for one in network.layers if isinstance(one, kind)] for kind in kinds)
    return convolutions, normalisations


def _normalise(network: Any, inks: NDArray[np.float32]) -> None:
    """Give each normalisation the mean and deviation that it has on ``inks``: what comes out stays the same."""
    convolutions, normalisations = _layers(network)
    probe = keras.Model(network.inputs[0], [layer.output for layer in convolutions])
    parts = [probe(inks[i : i + 64], training=False) for i in range(0, len(inks), 64)]
    for place, (convolution, norm) in enumerate(zip(convolutions, normalisations, strict=True)):
        outputs = np.concatenate([np.asarray(part[place]).reshape(-1, convolution.filters) for part in parts])
        mean, variance = outputs.mean(0, dtype=np.float64), outputs.var(0, dtype=np.float64)
        filters, (gain, offset, _, _) = convolution.get_weights()[0], norm.get_weights()
        norms = np.sqrt((filters**2).sum((0, 1, 2)))
        scale = np.where((variance > 1e-8) & (norms > 1e-6), USUAL / np.maximum(norms, 1e-6), 1.0)
        convolution.set_weights([filters * scale])
        deviation = np.sqrt(variance * scale**2 + norm.epsilon)
        norm.set_weights([gain * deviation / scale, offset + gain * mean, mean * scale, variance * scale**2])
