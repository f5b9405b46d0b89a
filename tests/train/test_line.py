"""The line model's training: it learns, goes on where it was stopped, and what it exports reads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from guarismo import Reader, ctc
from guarismo.errors import DataError, ModelError
from guarismo.hearing import BLANK
from guarismo.model import LINE_LABELS
from guarismo.strip import strip

pytestmark = pytest.mark.train

line: Any = pytest.importorskip("guarismo.train.line")

COUNT = 48


@pytest.fixture(scope="module")
def strips() -> Any:
    """Lines of one to three digits by hands, and one on which nothing is written; no recorded data."""
    from guarismo.train import augment, pens
    from guarismo.train.lines import Strips
    from guarismo.train.strokes import Hand

    rng = np.random.default_rng(5)
    inks, texts = [], []
    for i in range(COUNT):
        hand, text = Hand.random(rng), "".join(map(str, rng.integers(0, 10, 1 + i % 3)))
        strokes = [s + np.array([p, 0], np.float32) for p, c in enumerate(text) for s in hand.write(int(c), rng)]
        found = strip(np.pad(pens.draw(strokes, 40, pens.Pen(), rng), 20, constant_values=255))
        assert found is not None
        inks.append(augment.as_bytes(found.ink))
        texts.append(text if i else "")
    return Strips.of(inks, np.array(texts), Strips.of(inks, np.array(texts)))


@pytest.fixture(scope="module")
def recipe() -> Any:
    return replace(
        line.RELEASE, epochs=3, epoch_size=COUNT, batch_size=8, width=4, parts=1, learning_rate=1e-2, averaging=0.8
    )


@pytest.fixture(scope="module")
def whole(recipe: Any, strips: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A finished run: its folder, its log, its network."""
    log: list[Any] = []
    out = tmp_path_factory.mktemp("run")
    return out, log, line.train(recipe, strips, strips, out, log.append)


class Stopped(Exception):
    pass


def test_the_loss_falls_and_the_log_says_so(whole: Any) -> None:
    _out, log, _network = whole
    assert [one.epoch for one in log] == [1, 2, 3]
    assert log[2].loss < 0.8 * log[0].loss
    assert all(0 <= one.held_out <= 1 and one.seconds > 0 for one in log)


def test_a_run_that_was_stopped_goes_on_to_the_same_weights(
    whole: Any, recipe: Any, strips: Any, tmp_path: Path
) -> None:
    def stop(progress: Any) -> None:
        if progress.epoch == 2:
            raise Stopped

    with pytest.raises(Stopped):
        line.train(recipe, strips, strips, tmp_path, stop)
    log: list[Any] = []
    resumed = line.train(recipe, strips, strips, tmp_path, log.append)
    assert [one.epoch for one in log] == [3]
    for one, other in zip(whole[2].weights, resumed.weights, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), atol=1e-6)
    with pytest.raises(DataError, match="a checkpoint of another recipe"):
        line.train(replace(recipe, seed=2), strips, strips, tmp_path, log.append)


def test_a_finished_run_is_exported_and_reads(
    whole: Any, recipe: Any, strips: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = whole[0]
    monkeypatch.setattr(line, "make_parts", lambda *_given: [])
    monkeypatch.setattr(line, "load_parts", lambda _paths: strips)
    line.run(recipe, line.Folders(tmp_path, tmp_path, out), lambda _progress: None)
    reader = Reader(line_model=out)
    assert reader.line_model.name == "line"
    picture = np.pad(255 - strips.strip(5), 30, constant_values=255)
    found = reader.number(picture)
    assert found.status in ("read", "unsure", "not_a_digit") and set(found.text) <= set("".join(LINE_LABELS[:BLANK]))
    with pytest.raises(ModelError, match="a line model, expected a digit model"):
        Reader(out)


def test_the_network_has_a_column_for_each_label_and_is_within_its_budget() -> None:
    from guarismo.train.nets import line_net

    network = line_net()
    assert network.output_shape[-1] == len(LINE_LABELS)
    assert network.count_params() <= 2_500_000  # one byte each
    assert np.asarray(line_net(4)(np.zeros((2, 48, 65), np.float32))).shape == (2, 17, len(LINE_LABELS))


@pytest.mark.parametrize("apart", [1, 2, 4, 8])
@pytest.mark.parametrize("wide", [1, 8, 37])
def test_what_is_learnt_is_what_is_asked_wherever_the_columns_lie(apart: int, wide: int) -> None:
    """Learnt it is another computation of the same convolution."""
    import tensorflow as tf

    from guarismo.train.nets import Convolution

    convolution = Convolution(3, (1, 5), padding="same", dilation_rate=(1, apart), use_bias=False)
    line_ = np.random.default_rng(wide).normal(size=(2, 1, wide, 4)).astype(np.float32)
    asked = np.asarray(convolution(line_, training=False))
    with tf.GradientTape() as tape:
        learnt = convolution(line_, training=True)
    np.testing.assert_allclose(np.asarray(learnt), asked, atol=1e-5)
    assert np.abs(np.asarray(tape.gradient(learnt, convolution.kernel))).sum() > 0
    beside = np.zeros_like(line_)
    beside[0, 0, 0] = 1
    reached = np.flatnonzero(np.abs(np.asarray(convolution(beside, training=False)))[0, 0].sum(-1))
    assert reached.tolist() == [place for place in (0, apart, 2 * apart) if place < wide]


def test_a_step_sees_digits_on_either_side() -> None:
    from guarismo.train.nets import line_net

    network, paper = line_net(4), np.zeros((1, 48, 400), np.float32)
    inked = paper.copy()
    inked[0, 6:42, 200:208] = 1
    moved = np.abs(np.asarray(network(inked)) - np.asarray(network(paper)))[0].max(1) > 0
    assert 200 // 4 - np.flatnonzero(moved)[0] > 4 * 9  # nine steps of four columns are a digit's height


def test_batches_are_the_epochs_and_whole(recipe: Any, strips: Any) -> None:
    first, again, other = (list(line._batches(recipe, strips, epoch)) for epoch in (0, 0, 1))
    assert len(first) == COUNT // 8
    for inks, codes in first:
        assert inks.dtype == np.float32 and inks.shape[:2] == (8, 48) and inks.shape[2] % 32 == 0
        assert codes.dtype == np.int32 and codes.shape[0] == 8
        assert 0 <= inks.min() and inks.max() <= 1
    for (one, _a), (two, _b) in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, two)
    assert any(one.shape != two.shape or (one != two).any() for (one, _), (two, _) in zip(first, other, strict=True))


def test_each_strip_has_the_steps_that_its_text_needs() -> None:
    """Or the loss is infinite, and the run ends in the middle of the night."""
    assert [ctc.fewest_steps(text) for text in ("", "7", "12", "00", "1000")] == [0, 1, 2, 3, 6]
    rng = np.random.default_rng(3)
    bent = [line._bent(np.zeros((48, 50), np.uint8), 60, rng) for _ in range(50)]
    assert min(one.shape[1] for one in bent) == 60


def test_texts_are_columns_plus_one() -> None:
    np.testing.assert_array_equal(line.codes(np.array(["42", "", "1.9"])), [[5, 3, 0], [0, 0, 0], [2, 11, 10]])
    np.testing.assert_array_equal(line.codes(np.array(["7"])), [[8]])
    np.testing.assert_array_equal(line.codes(np.array(["", ""])), [[0], [0]])


def test_the_loss_is_the_mean_negative_log_probability_of_the_texts() -> None:
    import tensorflow as tf

    rng = np.random.default_rng(1)
    logits = rng.normal(0, 2, (3, 12, len(LINE_LABELS))).astype(np.float32)
    texts = np.array(["42", "", "1.9"])
    lost = float(line._loss(lambda inks, training: tf.constant(logits), None, tf.constant(line.codes(texts))))
    steps = [ctc.log_softmax(one) for one in logits]
    expected = [ctc.log_probability(one, str(t), LINE_LABELS, BLANK) for one, t in zip(steps, texts, strict=True)]
    assert lost == pytest.approx(-float(np.mean(expected)), rel=1e-4)


def made_up(texts: list[str], shown: list[str], lead: float) -> list[list[NDArray[np.float32]]]:
    """One look at each line: logits that say what is shown, with a lead that a confidence of 1 / (1 + 16 exp(-lead)) a step belongs to."""
    found = []
    for text in shown:
        logits = np.zeros((8, len(LINE_LABELS)), np.float32)
        logits[np.arange(8), [BLANK] * 8] = lead
        for place, character in enumerate(text):
            logits[1 + 2 * place] = 0
            logits[1 + 2 * place, LINE_LABELS.index(character)] = lead
        found.append([logits])
    assert len(texts) == len(shown)
    return found


def unsaid(texts: NDArray[np.str_]) -> list[NDArray[np.float64]]:
    """Of no piece anything."""
    return [np.zeros((0, 11))] * len(texts)


def test_a_network_that_is_too_sure_is_cooled_and_one_that_is_not_sure_enough_heated() -> None:
    texts = np.array(["12"] * 50)
    wrong_one_in_five = made_up(texts.tolist(), ["12"] * 40 + ["13"] * 10, 16)
    always_right = made_up(texts.tolist(), ["12"] * 50, 5)
    assert line.calibrated(wrong_one_in_five, unsaid(texts), texts)[0]["temperature"] > 1.5
    found, stands_for = line.calibrated(always_right, unsaid(texts), texts)
    assert found["temperature"] == pytest.approx(0.4)
    assert 0.5 <= found["read"] <= 1 and found["not_a_digit"] == 0.5
    assert (stands_for["lines"], stands_for["accepted"], stands_for["wrong_digits_among_accepted"]) == (50, 1.0, 0.0)


def test_a_point_that_is_on_no_picture_is_no_wrong_digit() -> None:
    texts = np.array(["12"] * 60 + ["1.2"] * 2)
    _found, stands_for = line.calibrated(made_up(texts.tolist(), ["12"] * 62, 12), unsaid(texts), texts)
    assert (stands_for["accepted"], stands_for["wrong_digits_among_accepted"]) == (1.0, 0.0)


def test_nothing_is_read_where_what_is_surest_is_wrong() -> None:
    texts = np.array(["12"] * 20)
    assert line.calibrated(made_up(texts.tolist(), ["13"] * 20, 12), unsaid(texts), texts)[0]["read"] == 1.0


def test_lines_without_a_number_have_no_say_in_the_threshold() -> None:
    texts = np.array(["12"] * 30 + ["7"] * 30)
    shown = ["12"] * 30 + [""] * 30
    assert line.calibrated(made_up(texts.tolist(), shown, 9), unsaid(texts), texts)[0]["read"] < 1.0
