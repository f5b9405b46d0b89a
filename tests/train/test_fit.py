"""The compiled loop makes the updates that Keras' fit makes, and can be taken up again anywhere."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from guarismo.errors import DataError

pytestmark = pytest.mark.train

fit = pytest.importorskip("guarismo.train.fit")
nets = pytest.importorskip("guarismo.train.nets")

SMALL = nets.DenseShape(units=16, layers=2)


@pytest.fixture(scope="module")
def data() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    rng = np.random.default_rng(0)
    inks = rng.random((330, 28, 28), dtype=np.float32)
    inks[:, :, :5] = 0  # pixels that are never inked, as in MNIST
    return inks, rng.integers(0, 10, 330)


def last(data: tuple[NDArray[np.float32], NDArray[np.int64]], **recipe: float) -> object:
    return list(fit.epochs(*data, SMALL, fit.Recipe(**recipe)))[-1]


def test_the_tutorials_network_has_134794_parameters() -> None:
    assert nets.dense_net().count_params() == 134_794


def test_the_digit_network_is_within_its_budget() -> None:
    assert nets.conv_net().count_params() <= 400_000


def test_the_updates_are_those_of_keras_fit(data: tuple[NDArray[np.float32], NDArray[np.int64]]) -> None:
    inks, labels = data
    ours = last(data, epochs=2, batch_size=32, seed=3)
    import keras

    keras.utils.set_random_seed(3)
    model = nets.dense_net(SMALL)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    for epoch in range(2):
        order = fit.order_of(len(labels), 3, epoch)
        history = model.fit(inks[order], labels[order], batch_size=32, shuffle=False, verbose=0).history
    for mine, theirs in zip(ours.state.weights, model.get_weights(), strict=True):  # type: ignore[attr-defined]
        np.testing.assert_allclose(mine, theirs, atol=2e-5)
    assert ours.loss == pytest.approx(history["loss"][0], abs=1e-4)  # type: ignore[attr-defined]
    assert ours.accuracy == pytest.approx(history["accuracy"][0], abs=1e-6)  # type: ignore[attr-defined]


def test_a_seed_is_a_run_and_another_seed_another(data: tuple[NDArray[np.float32], NDArray[np.int64]]) -> None:
    first, again, other = (last(data, epochs=1, seed=seed).state.weights[0] for seed in (1, 1, 2))  # type: ignore[attr-defined]
    assert (first == again).all()
    assert (first != other).any()


def test_going_on_from_a_state_ends_with_the_same_bits(data: tuple[NDArray[np.float32], NDArray[np.int64]]) -> None:
    recipe = fit.Recipe(epochs=4)
    whole = list(fit.epochs(*data, SMALL, recipe))
    resumed = list(fit.epochs(*data, SMALL, recipe, (2, whole[1].state)))
    for one, other in zip(whole[-1].state.weights, resumed[-1].state.weights, strict=True):
        assert (one == other).all()
    assert [epoch.number for epoch in resumed] == [3, 4]


def test_weights_of_pixels_never_inked_stay_as_they_were_drawn(
    data: tuple[NDArray[np.float32], NDArray[np.int64]],
) -> None:
    start, end = fit.initial(SMALL, 1).weights[0], last(data, epochs=1).state.weights[0]  # type: ignore[attr-defined]
    dead = ~data[0].reshape(len(data[0]), -1).any(0)
    assert dead.sum() == 140
    assert (start[dead] == end[dead]).all()
    assert (start[~dead] != end[~dead]).any(1).all()


def test_dropout_trains_other_weights_and_learns(data: tuple[NDArray[np.float32], NDArray[np.int64]]) -> None:
    shape = nets.DenseShape(16, 2, dropout=0.3)
    rows = list(fit.epochs(*data, shape, fit.Recipe(epochs=12)))
    assert rows[-1].loss < rows[0].loss
    assert (rows[0].state.weights[2] != last(data, epochs=1).state.weights[2]).any()  # type: ignore[attr-defined]


def test_a_loss_that_is_no_number_stops_with_the_step_and_the_rate(
    data: tuple[NDArray[np.float32], NDArray[np.int64]],
) -> None:
    inks, labels = data
    broken = inks.copy()
    broken[7] = np.nan
    with pytest.raises(DataError, match=r"epoch 1 \(step 11\) at a learning rate of 0.001"):
        list(fit.epochs(broken, labels, SMALL, fit.Recipe(epochs=1)))
