"""A model leaves training only if its ONNX says what Keras says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from guarismo import ModelError, Reader

pytestmark = pytest.mark.train

exports = pytest.importorskip("guarismo.train.export")


def test_a_network_that_differs_is_refused() -> None:
    logits = np.zeros((3, 10), np.float32)
    exports.check_parity(logits, logits + np.float32(5e-5))
    for other in (logits + np.float32(2e-4), logits[:2], logits * np.nan):
        with pytest.raises(ModelError, match="no model was written"):
            exports.check_parity(logits, other)


def test_an_exported_digit_network_is_a_model_with_eleven_labels(tmp_path: Path) -> None:
    from guarismo.train.nets import conv_net

    calibration = {"temperature": 1.0, "read": 0.9, "not_a_digit": 0.5}
    exports.export(conv_net(8), tmp_path / "model", exports.Stated("digit", "test", calibration), "# A card\n")
    assert {path.name for path in (tmp_path / "model").iterdir()} == {"model.onnx", "model.json", "README.md"}
    reader = Reader(tmp_path / "model")
    assert len(reader.digit(np.eye(28, dtype=np.uint8) * 200).probabilities) == 10


def test_the_softmax_is_taken_off_and_nothing_else() -> None:
    from guarismo.train.nets import DenseShape, dense_net

    network = dense_net(DenseShape(8, 1))
    inks = exports.parity_inks()
    logits = np.asarray(exports.without_softmax(network)(inks))
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(shares, np.asarray(network(inks)), atol=1e-6)
