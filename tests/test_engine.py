from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper

from fakes import LABELS, FakeEngine, fake_weights, painted
from guarismo.engine import LARGEST_BATCH, OnnxEngine
from guarismo.errors import ModelError
from guarismo.ink import frame
from guarismo.types import Inks

INKS: Inks = np.stack([frame(painted(code, sure)).ink for code in range(len(LABELS)) for sure in (True, False)])


@pytest.fixture(scope="module")
def onnx() -> OnnxEngine:
    return OnnxEngine(fake_weights(), "fake", threads=1)


def test_the_onnx_file_of_the_fakes_says_what_the_fake_says(onnx: OnnxEngine) -> None:
    np.testing.assert_allclose(onnx.run(INKS), FakeEngine().run(INKS), atol=1e-3)


def test_no_pictures_give_no_logits_of_the_right_width(onnx: OnnxEngine) -> None:
    logits = onnx.run(np.zeros((0, 28, 28), np.float32))
    assert logits.shape == (0, len(LABELS))
    assert logits.dtype == np.float32


@pytest.mark.parametrize("count", [1, LARGEST_BATCH - 1, LARGEST_BATCH, LARGEST_BATCH + 1, 2 * LARGEST_BATCH + 3])
def test_many_pictures_give_what_each_gives_alone(onnx: OnnxEngine, count: int) -> None:
    which = np.arange(count) % len(INKS)
    logits = onnx.run(INKS[which])
    assert logits.shape == (count, len(LABELS))
    assert logits.dtype == np.float32
    np.testing.assert_allclose(
        logits, np.concatenate([onnx.run(INKS[i : i + 1]) for i in range(len(INKS))])[which], atol=1e-4
    )


def test_ink_need_not_lie_in_one_piece_in_memory(onnx: OnnxEngine) -> None:
    np.testing.assert_array_equal(onnx.run(INKS[::2]), onnx.run(INKS[::2].copy()))


@pytest.mark.parametrize("weights", [b"", b"not onnx", fake_weights()[:300]])
def test_bytes_that_are_no_network_are_one_line_naming_the_model(weights: bytes) -> None:
    with pytest.raises(ModelError, match=r"^runs/mine: not an ONNX model that can be run; export it again$"):
        OnnxEngine(weights, "runs/mine")


def network_of(shape: list[str | int]) -> bytes:
    """The identity, for an input of another shape than ours."""
    info = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "other", info[:1], info[1:])
    return bytes(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()
    )


@pytest.mark.parametrize("shape", [["n", 784], ["n", 1, 28, 28], ["n", 32, 32]])
def test_a_network_for_another_shape_of_input_is_an_error_of_ours(shape: list[str | int]) -> None:
    with pytest.raises(ModelError):
        OnnxEngine(network_of(shape), "runs/mine").run(INKS)
