"""A line network in eight bits says what it said, in a quarter of the bytes, or is not written."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from guarismo.engine import OnnxEngine
from guarismo.errors import ModelError

pytestmark = pytest.mark.train

keras: Any = pytest.importorskip("keras")
nets: Any = pytest.importorskip("guarismo.train.nets")
export: Any = pytest.importorskip("guarismo.train.export")
eight_bits: Any = pytest.importorskip("guarismo.train.eight_bits")


def test_it_says_the_same_in_a_third_of_the_bytes_at_any_width() -> None:
    keras.utils.set_random_seed(3)
    strips = export.parity_strips()
    network = nets.line_net(12)
    for _ in range(3):
        network(strips, training=True)
    whole = export.to_onnx(network, strips)
    small = eight_bits.in_eight_bits(whole, [strips[:6], strips[6:, :, :96]])
    assert len(small) < 0.4 * len(whole)
    before, after = (OnnxEngine(one, "line", shape=(48, None)).run(strips[:, :, :80]) for one in (whole, small))
    assert before.shape == after.shape
    assert np.abs(after - before).mean() < 0.05 * np.abs(before).mean()


def test_what_says_another_thing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    strips = export.parity_strips()
    whole = export.to_onnx(nets.line_net(4), strips)
    monkeypatch.setattr(eight_bits, "LARGEST_DIFFERENCE", 1e-6)
    with pytest.raises(ModelError, match="no model was written"):
        eight_bits.in_eight_bits(whole, [strips])
