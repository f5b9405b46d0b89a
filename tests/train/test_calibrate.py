"""Temperature and threshold do what their names say."""

from __future__ import annotations

import numpy as np
import pytest

from guarismo.train.calibrate import read_threshold, temperature


@pytest.mark.parametrize("heat", [0.5, 1.0, 2.5])
def test_the_temperature_that_made_the_labels_is_found(heat: float) -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 3, (20_000, 10)).astype(np.float32)
    noise = rng.gumbel(size=logits.shape)  # the most of logits/T plus this is drawn from softmax(logits/T)
    labels = (logits / heat + noise).argmax(1)
    assert temperature(logits[None], labels) == pytest.approx(heat, rel=0.05)


def test_the_threshold_lets_so_many_errors_through_and_no_more() -> None:
    confidences = np.linspace(0, 1, 1001)
    right = np.ones(1001, bool)
    right[[400, 700]] = False
    threshold = read_threshold(confidences, right, 1 / 550)
    accepted = confidences >= threshold
    assert (~right[accepted]).mean() <= 1 / 550
    assert accepted.sum() == 600, "one error among the 600 most confident, the next one would be two"


def test_what_is_equally_sure_is_accepted_or_refused_together() -> None:
    confidences = np.repeat([0.9, 0.8, 0.7], 100)
    right = np.ones(300, bool)
    right[190:200] = False  # after ninety right ones of the same confidence
    assert (confidences >= read_threshold(confidences, right, 0.01)).sum() == 100


def test_no_threshold_is_good_enough_for_a_model_that_is_always_wrong() -> None:
    assert read_threshold(np.array([0.9, 0.8]), np.array([False, False]), 0.01) == 1.0
