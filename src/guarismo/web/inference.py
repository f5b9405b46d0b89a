"""The Open Inference Protocol, version 2: the two networks as they are, tensors in, logits out.

Whoever sends tensors prepares them: float32 (N, 28, 28) as ``ink.py`` frames them, or (N, 48, W) strips.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from guarismo import Reader
from guarismo.engine import LARGEST_BATCH
from guarismo.framing import SIDE
from guarismo.strip import HEIGHT, MAX_WIDTH
from guarismo.types import ModelInfo
from guarismo.web.problems import Problem

Name = Literal["digit", "line"]

INPUTS: dict[Name, tuple[str, tuple[int, int]]] = {"digit": ("ink", (SIDE, SIDE)), "line": ("strip", (HEIGHT, -1))}
"""Model → the name of its input and the shape of one example; -1 is any width."""

MOST_VALUES = 8_000_000
"""Numbers in a request: 32 MB as float32."""


class Tensor(BaseModel):
    """A tensor, its values in rows one after the other, or nested."""

    name: str
    shape: list[int] = Field(min_length=1, max_length=4)
    datatype: Literal["FP32"]
    data: list[Any]


class InferRequest(BaseModel):
    """A request of the protocol with one input."""

    id: str | None = None
    inputs: list[Tensor] = Field(min_length=1, max_length=1)


def metadata(reader: Reader, name: Name) -> dict[str, Any]:
    """What a model takes and gives."""
    info, (tensor, shape) = _info(reader, name), INPUTS[name]
    return {
        "name": name,
        "versions": [info.version],
        "platform": "onnxruntime_onnx",
        "inputs": [{"name": tensor, "datatype": "FP32", "shape": [-1, *shape]}],
        "outputs": [{"name": "logits", "datatype": "FP32", "shape": [-1, 11] if name == "digit" else [-1, -1, 17]}],
    }


def infer(reader: Reader, name: Name, request: InferRequest) -> dict[str, Any]:
    """Raises Problem 422 where the tensor is another than the model takes."""
    info, values = _info(reader, name), _values(name, request.inputs[0])
    logits = reader.logits(name, values)
    output = {"name": "logits", "datatype": "FP32", "shape": list(logits.shape), "data": logits.ravel().tolist()}
    answer = {"model_name": name, "model_version": info.version, "outputs": [output]}
    return answer if request.id is None else {"id": request.id, **answer}


def model_name(name: str) -> Name:
    """Raises Problem 404 where there is no such model."""
    for known in INPUTS:
        if name == known:
            return known
    raise Problem(404, f"no model {name!r}; there are digit and line")


def _info(reader: Reader, name: Name) -> ModelInfo:
    return reader.model if name == "digit" else reader.line_model


def _values(name: Name, tensor: Tensor) -> NDArray[np.float32]:
    expected, (rows, columns) = INPUTS[name]
    came = tuple(tensor.shape)
    fits = len(came) == 3 and came[1] == rows and (came[2] == columns or (columns == -1 and 8 <= came[2] <= MAX_WIDTH))
    if tensor.name != expected or not fits or not 0 < came[0] <= LARGEST_BATCH:
        told = f"expected {expected} of shape [1..{LARGEST_BATCH}, {rows}, {columns if columns > 0 else 'width'}]"
        raise Problem(422, f"a tensor {tensor.name!r} of shape {list(came)}; {told}")
    if int(np.prod(came)) > MOST_VALUES:
        raise Problem(413, f"more than {MOST_VALUES:,} values; send fewer at once")
    try:
        values = np.array(tensor.data, np.float32).reshape(came)
    except (ValueError, TypeError, OverflowError) as error:
        raise Problem(422, f"the data are no numbers of shape {list(came)}; send them in rows") from error
    if not ((values >= 0) & (values <= 1)).all():
        raise Problem(422, "values out of 0.0 paper ... 1.0 ink; divide by 255")
    return values
