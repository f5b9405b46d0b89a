"""The pictures of a training: PNG, drawn from what they are given, in two languages."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from typing import Any, Literal

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from guarismo.train import plots

Drawing = Callable[[Literal["en", "es"]], bytes]


def history(epochs: int = 6) -> list[dict[str, float]]:
    names = ("epoch", "loss", "accuracy", "test_loss", "test_accuracy", "seconds")
    return [
        dict(zip(names, (i, 0.2 / i, 1 - 0.05 / i, 0.1 + 0.01 * i, 0.97 + 0.001 * i, 0.9), strict=True))
        for i in range(1, epochs + 1)
    ]


def matrix() -> NDArray[np.int64]:
    return np.diag(np.arange(900, 1000, 10)).astype(np.int64)


def trainings() -> list[dict[str, float | int | str]]:
    return [
        {
            "units": units,
            "layers": 3,
            "seed": seed,
            "parameters": 1000 * units,
            "test_accuracy": 0.96 + 0.001 * seed + units / 1e4,
            "train_accuracy": 0.995,
            "train_seconds": 10.0 + units,
            "read_microseconds": 20.0 + units / 10,
        }
        for units in (8, 16, 128)
        for seed in (1, 2, 3)
    ]


def sure() -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    confidences = np.linspace(0.3, 1, 400)
    return confidences, np.arange(400) % 10 > 0


INKS = np.random.default_rng(1).random((60, 28, 28)).astype(np.float32)
TRUTHS = np.arange(60) % 10
READINGS = (TRUTHS + 1) % 10
CONFIDENCES = np.random.default_rng(2).permutation(60) / 60

DRAWINGS: dict[str, Drawing] = {
    "curves": lambda language: plots.curves(history(), language),
    "confusion": lambda language: plots.confusion(matrix(), language),
    "mistakes": lambda language: plots.mistakes(INKS, TRUTHS, READINGS, CONFIDENCES, language),
    "sweep": lambda language: plots.sweep(trainings(), "units", language),
    "reliability": lambda language: plots.reliability(*sure(), language=language),
    "coverage": lambda language: plots.coverage(*sure(), language=language),
}


@cache
def drawn(name: str, language: Literal["en", "es"]) -> bytes:
    return DRAWINGS[name](language)


def pixels(png: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


@pytest.mark.parametrize("name", DRAWINGS)
def test_is_a_png_that_is_wide_enough_to_read_and_small_enough_to_keep(name: str) -> None:
    png = drawn(name, "en")
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    height, width, _ = pixels(png).shape
    assert 700 <= width <= 1300
    assert 400 <= height <= 1000
    assert len(png) < 250_000


@pytest.mark.parametrize("name", DRAWINGS)
def test_speaks_spanish(name: str) -> None:
    english, spanish = (pixels(drawn(name, language)) for language in ("en", "es"))
    assert english.shape == spanish.shape
    assert (english != spanish).any()


def test_every_text_has_a_translation_and_an_unknown_one_is_no_silent_english() -> None:
    assert plots.say("loss", "es") == "pérdida"
    assert plots.say("loss", "en") == "loss"
    with pytest.raises(KeyError):
        plots.say("bogus", "es")


@pytest.mark.parametrize(
    ("value", "spec", "english", "spanish"),
    [
        (0.97986, ".2%", "97.99%", "97,99\u00a0%"),
        (134794, ",d", "134,794", "134\u00a0794"),
        (1875, ",d", "1,875", "1875"),
        (-1234.5, ",.1f", "-1,234.5", "-1234,5"),
    ],
)
def test_numbers_are_written_as_the_language_does(value: float, spec: str, english: str, spanish: str) -> None:
    assert plots.number(value, spec, "en") == english
    assert plots.number(value, spec, "es") == spanish


def test_one_epoch_is_visible() -> None:
    assert (pixels(plots.curves(history(1))) != pixels(plots.curves([{**history(1)[0], "loss": 0.3}]))).any()


def test_unseen_pictures_have_a_curve_of_their_own() -> None:
    better = [{**row, "test_accuracy": row["test_accuracy"] - 0.01} for row in history()]
    assert (pixels(plots.curves(history())) != pixels(plots.curves(better))).any()


def darkest_cell(counts: NDArray[np.int64]) -> float:
    """Brightness of the darkest pixel with some colour in it: the shade of an error."""
    picture = pixels(plots.confusion(counts)).astype(int)
    coloured = picture.max(2) - picture.min(2) > 40
    return float(picture[coloured].mean(1).min()) if coloured.any() else 255.0


def test_errors_stand_out_and_right_readings_do_not() -> None:
    none, one = matrix(), matrix()
    one[4, 9] = 17
    assert darkest_cell(none) == 255  # a thousand right readings: no colour anywhere
    assert darkest_cell(one) < 100


def test_rows_are_what_it_is() -> None:
    above, below = matrix(), matrix()
    above[0, 9] = below[9, 0] = 20
    first, second = (pixels(plots.confusion(m)).astype(int) for m in (above, below))
    y, x = (np.flatnonzero((first.max(2) - first.min(2) > 60).any(axis)).mean() for axis in (1, 0))
    assert (y < first.shape[0] / 2, x > first.shape[1] / 2) == (True, True)
    assert (first != second).any()


def test_the_worst_are_fifty_and_the_surest_come_first() -> None:
    chosen = plots.worst(TRUTHS, READINGS, CONFIDENCES)
    assert chosen.tolist() == sorted(range(60), key=lambda i: -CONFIDENCES[i])[:50]


def test_right_readings_are_no_mistakes_and_equals_keep_their_order() -> None:
    truths, readings = np.array([1, 2, 3, 4]), np.array([1, 0, 0, 0])
    assert plots.worst(truths, readings, np.array([0.99, 0.5, 0.7, 0.5])).tolist() == [2, 1, 3]


def test_the_sheet_shows_the_worst_and_not_the_rest() -> None:
    least = np.argsort(CONFIDENCES)
    hidden, shown = INKS.copy(), INKS.copy()
    hidden[least[:10]] = 0
    shown[least[10]] = 0
    whole, without, other = (plots.mistakes(inks, TRUTHS, READINGS, CONFIDENCES) for inks in (INKS, hidden, shown))
    assert whole == without
    assert whole != other


def test_a_sheet_of_few_or_no_mistakes() -> None:
    few = pixels(plots.mistakes(INKS[:7], TRUTHS[:7], READINGS[:7], CONFIDENCES[:7]))
    assert few.shape[0] < 250
    none = pixels(plots.mistakes(INKS, TRUTHS, TRUTHS, CONFIDENCES))
    assert (none < 128).any()  # it says so


def change(rows: list[dict[str, Any]], column: str, factor: float) -> list[dict[str, Any]]:
    return [{**row, column: row[column] * (factor if row["units"] == 8 else 1)} for row in rows]


@pytest.mark.parametrize(
    "column", ["test_accuracy", "train_accuracy", "parameters", "train_seconds", "read_microseconds"]
)
def test_each_column_of_the_sweep_is_drawn(column: str) -> None:
    assert drawn("sweep", "en") != plots.sweep(change(trainings(), column, 0.97), "units")


def test_the_sweep_shows_the_spread_over_seeds() -> None:
    even = [{**row, "test_accuracy": 0.962 + int(row["units"]) / 1e4} for row in trainings()]  # the same means
    assert drawn("sweep", "en") != plots.sweep(even, "units")


def test_one_training_for_each_shape_has_no_bars_and_no_warning() -> None:
    assert plots.sweep([row for row in trainings() if row["seed"] == 1], "units")


def test_shapes_outside_the_line_are_left_out_and_a_second_line_is_not() -> None:
    alone: dict[str, float | int | str] = {**trainings()[0], "layers": 1}
    line = [{**row, "layers": 1, "test_accuracy": 0.95} for row in trainings()]
    assert plots.sweep([*trainings(), alone], "units") == drawn("sweep", "en")
    assert plots.sweep([*trainings(), *line], "units") != drawn("sweep", "en")


def test_layers_have_their_own_axis() -> None:
    rows = [{**row, "layers": row["units"], "units": 128} for row in trainings()]
    assert plots.sweep(rows, "layers") != drawn("sweep", "en")


def test_bins_hold_their_mean_confidence_and_share_right() -> None:
    confidences = np.array([0.05, 0.91, 0.99, 1.0])
    count, mean, share = plots._binned(confidences, np.array([False, True, True, False]), 10)
    assert count.tolist() == [1, 3]
    assert mean == pytest.approx([0.05, 2.9 / 3])
    assert share == pytest.approx([0, 2 / 3])


def test_the_interval_of_ten_in_ten_reaches_down_to_0_72_and_not_up() -> None:
    down, up = plots._wilson(np.array([10.0]), np.array([1.0]))
    assert down == pytest.approx([0.2775], abs=1e-3)
    assert up == pytest.approx([0], abs=1e-9)


def test_the_calibration_error_is_in_the_picture() -> None:
    confidences, right = sure()
    assert plots.reliability(confidences, right) != plots.reliability(confidences, ~right)
    assert plots.reliability(confidences, right, bins=15) != plots.reliability(confidences, right, bins=5)


def test_risk_counts_equally_sure_readings_together() -> None:
    confidences = np.array([0.5, 0.9, 0.9, 0.7])
    share, risk = plots._risk(confidences, np.array([False, True, False, True]))
    assert share.tolist() == [0.5, 0.75, 1]
    assert risk == pytest.approx([1 / 2, 1 / 3, 2 / 4])


@pytest.mark.parametrize("right", [True, False])
def test_all_right_and_all_wrong_can_be_drawn(right: bool) -> None:
    confidences = np.full(20, 1.0)
    assert plots.coverage(confidences, np.full(20, right))
    assert plots.reliability(confidences, np.full(20, right))
