"""A training begins where a finished model ended: its ONNX is taken apart into the network that it was made from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from guarismo.errors import DataError, ModelError
from guarismo.files import write_arrays
from guarismo.model import bundled

pytestmark = pytest.mark.train

keras: Any = pytest.importorskip("keras")
unfold: Any = pytest.importorskip("guarismo.train.unfold")
nets: Any = pytest.importorskip("guarismo.train.nets")
export: Any = pytest.importorskip("guarismo.train.export")
eight_bits: Any = pytest.importorskip("guarismo.train.eight_bits")


def trained(network: Any, inks: NDArray[np.float32]) -> Any:
    """The network with normalisations that are not those of a new one."""
    rng = np.random.default_rng(4)
    network.set_weights([rng.normal(w, 0.03).astype(np.float32) for w in network.get_weights()])
    for _ in range(3):
        network(inks, training=True)
    return network


def model_of(network: Any, name: str, folder: Path) -> Path:
    calibration = {"temperature": 1.0, "read": 0.9, "not_a_digit": 0.5}
    export.export(network, folder, export.Stated(name, "0", calibration), "# card\n")
    return folder


@pytest.mark.parametrize("kind", ["digit", "line"])
def test_a_models_onnx_becomes_the_network_that_it_was(kind: Any, tmp_path: Path) -> None:
    keras.utils.set_random_seed(1)
    build = nets.conv_net if kind == "digit" else nets.line_net
    inks = export.parity_inks() if kind == "digit" else export.parity_strips()
    network = trained(build(4), inks)
    model = model_of(network, kind, tmp_path / "model")
    again = build(4)
    again.set_weights(unfold.starting_weights(model, kind, again, inks))
    expected = np.asarray(network(inks, training=False))
    np.testing.assert_allclose(np.asarray(again(inks, training=False)), expected, rtol=1e-3, atol=1e-3)
    # and its normalisations know what is usual: trained on, it does not begin with a jump
    layer = next(one for one in again.layers if isinstance(one, nets.FusedNormalization))
    assert np.asarray(layer.moving_variance).std() > 0


def test_a_network_in_eight_bits_becomes_floats_again(tmp_path: Path) -> None:
    keras.utils.set_random_seed(2)
    strips = export.parity_strips()
    network = trained(nets.line_net(8), strips)
    weights = eight_bits.in_eight_bits(export.to_onnx(network, strips), [strips])
    calibration = {"temperature": 1.0, "read": 0.9, "not_a_digit": 0.5}
    export.save(weights, tmp_path / "model", export.Stated("line", "0", calibration), "# card\n")
    again = nets.line_net(8)
    again.set_weights(unfold.starting_weights(tmp_path / "model", "line", again, strips))
    expected, came = (np.asarray(one(strips, training=False)) for one in (network, again))
    assert np.abs(came - expected).mean() < 0.05 * np.abs(expected).mean()


def fewer_layers(width: int) -> Any:
    """``conv_net`` as it was, without the second shortcut of either size."""
    conv, layers = nets._Conv("float32"), keras.layers
    pixels = keras.Input((28, 28))
    x = conv(conv(layers.Reshape((28, 28, 1))(pixels), width), 2 * width, strides=2)
    x = conv(layers.add([x, conv(x, 2 * width)]), 4 * width, strides=2)
    x = layers.AveragePooling2D(2)(layers.add([x, conv(x, 4 * width)]))
    return keras.Model(pixels, layers.Dense(11)(layers.Flatten()(x)))


def test_a_larger_network_begins_as_nearly_the_model(tmp_path: Path) -> None:
    keras.utils.set_random_seed(3)
    inks = export.parity_inks()
    small, larger = trained(fewer_layers(8), inks), nets.conv_net(8)
    larger.set_weights(unfold.starting_weights(model_of(small, "digit", tmp_path), "digit", larger, inks))
    expected, came = (np.asarray(one(inks, training=False)) for one in (small, larger))
    assert 0 < np.abs(came - expected).mean() < 0.2 * np.abs(expected).mean()


def test_filters_have_the_norm_of_new_ones(tmp_path: Path) -> None:
    inks = export.parity_inks()
    model = model_of(trained(nets.conv_net(4), inks), "digit", tmp_path)
    filters = unfold.starting_weights(model, "digit", nets.conv_net(4), inks)[0]
    np.testing.assert_allclose(np.sqrt((filters**2).sum((0, 1, 2))), np.sqrt(2), rtol=1e-4)


def test_another_network_and_no_model_are_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="another network"):
        unfold.starting_weights(bundled(), "digit", nets.conv_net(4), export.parity_inks())
    with pytest.raises(ModelError, match="another network"):
        dense = model_of(export.without_softmax(nets.dense_net()), "tutorial", tmp_path / "tutorial")
        unfold.starting_weights(dense, "digit", nets.conv_net(4), export.parity_inks())
    with pytest.raises(ModelError):
        unfold.starting_weights(tmp_path, "digit", nets.conv_net(4), export.parity_inks())


def test_a_checkpoint_that_is_cut_off_or_of_another_network_is_named(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.npz"
    path.write_bytes(b"PK\x03\x04 cut")
    with pytest.raises(DataError, match=r"checkpoint\.npz: no checkpoint"):
        unfold.starting_weights(tmp_path, "digit", nets.conv_net(4), export.parity_inks())
    write_arrays(path, {"mean0": np.zeros(3)})
    with pytest.raises(DataError, match=r"checkpoint\.npz: a checkpoint of another network"):
        unfold.starting_weights(tmp_path, "digit", nets.conv_net(4), export.parity_inks())
    narrower = {f"mean{i}": weight.numpy() for i, weight in enumerate(nets.conv_net(2).weights)}
    write_arrays(path, narrower)
    with pytest.raises(DataError, match=r"checkpoint\.npz: a checkpoint of another network"):
        unfold.starting_weights(tmp_path, "digit", nets.conv_net(4), export.parity_inks())


def test_a_run_goes_on_only_with_what_it_began_with(tmp_path: Path) -> None:
    from guarismo.errors import UsageError
    from guarismo.train.learn import Checkpoint

    checkpoint = Checkpoint(tmp_path)
    checkpoint.claim({"start": "a"})
    checkpoint.claim({"start": "b"})  # nothing was learnt from the first
    write_arrays(checkpoint.path, {"recipe": "{}"})
    checkpoint.claim({"start": "b"})
    with pytest.raises(UsageError, match="other data or options"):
        checkpoint.claim({"start": "a"})
    write_arrays(checkpoint.path, {"history": "[]"})
    with pytest.raises(DataError, match="another kind of network"):
        checkpoint.claim({"start": "b"})


def test_own_digits_are_learnt_half_of_the_way() -> None:
    from guarismo.train.digit import half_way_back

    network = nets.conv_net(8)
    begun = [weight.numpy().copy() for weight in network.weights]
    trained(network, np.zeros((4, 28, 28), np.float32))
    after = [weight.numpy().copy() for weight in network.weights]
    half_way_back(network, begun)
    for now, first, last in zip(network.weights, begun, after, strict=True):
        np.testing.assert_allclose(now.numpy(), (first + last) / 2, atol=1e-6)
    assert any((first != last).any() for first, last in zip(begun, after, strict=True))
