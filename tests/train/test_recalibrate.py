from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import numpy as np

from fakes import spelled, write_fake_line_model
from guarismo.model import load_model
from guarismo.strip import STRIP_VERSION, strip
from guarismo.train.augment import as_bytes
from guarismo.train.line import LOOKS
from guarismo.train.lines import Strips


def tool() -> ModuleType:
    path = Path(__file__).parents[2] / "tools" / "recalibrate.py"
    spec = importlib.util.spec_from_file_location("recalibrate", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_thresholds_and_looks_are_set_anew_and_the_weights_stay(tmp_path: Path) -> None:
    directory = write_fake_line_model(tmp_path / "m", thresholds={"read": 0.123, "not_a_digit": 0.5})
    before = load_model(directory, STRIP_VERSION, "line")
    texts = ["12", "1990", "42"] * 4
    inks = [as_bytes(found.ink) for text in texts if (found := strip(spelled(text))) is not None]
    kept = Strips.of(inks, np.array(texts), Strips.of(inks, np.array(texts)))
    tool().recalibrated(directory, kept, "2")
    after = load_model(directory, STRIP_VERSION, "line")
    assert after.weights == before.weights
    assert (after.info.version, after.looks) == ("2", LOOKS)
    assert after.thresholds.read >= 0.5
    stated = json.loads((directory / "model.json").read_text())["operating_point"]
    assert (stated["lines"], stated["accepted"], stated["wrong_digits_among_accepted"]) == (12, 1.0, 0.0)
