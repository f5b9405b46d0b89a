"""The commands besides ``read``: what they print, what they refuse, and with which exit code."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from guarismo.cli import COMMANDS, main


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    return int(stopped.value.code or 0)


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for command in COMMANDS:
        assert run(command, "--help") == 0
        assert f"Usage: guarismo {command}" in capsys.readouterr().out


def test_without_a_command_the_help_comes_and_the_call_was_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 2
    assert "Commands:" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("reed",), "No such command 'reed'"),
        (("train", "tutorial", "--epochs", "0"), "0 is not in the range"),
        (("train", "tutorial", "--resume"), "--resume needs --out"),
        (("train", "tutorial", "--learning-rate", "-1"), "-1"),
        (("sweep", "--units", "8,x"), "is not a list of whole numbers"),
        (("sweep", "--units", "0"), "is not a list of whole numbers"),
        (("sweep", "--workers", "2", "--data", "digits8x8"), "--workers above 1 works with --data mnist only"),
        (("data", "fetch", "cifar"), "'cifar' is not"),
        (("read", "--format", "xml", "a.png"), "'xml' is not one of"),
    ],
)
def test_wrong_calls_are_told_in_a_line(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error


def test_fetch_from_a_folder_without_mnist_names_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("data", "fetch", "mnist", "--from", str(tmp_path), "--to", str(tmp_path / "to")) == 1
    assert "train-images" in capsys.readouterr().err


def test_verify_tells_each_file_and_fails_on_missing_ones(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("data", "verify", "mnist", str(tmp_path)) == 1
    captured = capsys.readouterr()
    assert captured.out.count("missing") == 4
    assert "fetch them again" in captured.err


@pytest.mark.data
def test_real_mnist_is_whole(real_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("data", "verify", "mnist", str(real_data / "mnist")) == 0
    assert capsys.readouterr().out.count("ok") == 4


def test_export_copies_a_model_and_writes_over_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from guarismo.model import bundled

    out = tmp_path / "mine"
    assert run("export", str(bundled()), "--out", str(out)) == 0
    assert {path.name for path in out.iterdir()} == {"model.onnx", "model.json", "README.md"}
    assert run("export", str(bundled()), "--out", str(out)) == 2
    assert "is there already" in capsys.readouterr().err


def test_evaluate_measures_own_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from PIL import Image

    from guarismo.train.pens import Pen, draw
    from guarismo.train.strokes import Hand

    rng = np.random.default_rng(5)
    rows = [("file", "label")]
    for digit in (1, 3, 7):
        picture = draw(Hand.random(rng).write(digit, rng), 80, Pen(width=0.08), rng)
        Image.fromarray(picture).save(tmp_path / f"{digit}.png")
        rows.append((f"{digit}.png", str(digit)))
    with (tmp_path / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    assert run("evaluate", str(tmp_path / "labels.csv"), "--format", "json") == 0
    (result,) = json.loads(capsys.readouterr().out)
    assert result["count"] == 3
    assert result["accuracy"] == 1.0


def test_evaluate_without_the_data_says_where_to_point(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GUARISMO_DATA", raising=False)
    assert run("evaluate", "orand") == 1
    assert "GUARISMO_DATA" in capsys.readouterr().err


def test_info_names_the_model_and_the_machine(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("info") == 0
    told = capsys.readouterr().out
    for word in ("guarismo", "python", "onnxruntime", "digit model", "line model", "2026", "GUARISMO_DATA"):
        assert word in told


def test_a_line_model_is_exported_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from guarismo.model import bundled, load_model
    from guarismo.strip import STRIP_VERSION

    assert run("export", str(bundled("line")), "--out", str(tmp_path / "line")) == 0
    assert (
        load_model(tmp_path / "line", STRIP_VERSION, "line").labels
        == load_model(bundled("line"), STRIP_VERSION, "line").labels
    )
