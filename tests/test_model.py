from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from fakes import LABELS, description, fake_weights, write_fake_model
from guarismo import model
from guarismo.errors import ModelError, OutputError
from guarismo.files import probe, write_whole
from guarismo.ink import INK_VERSION
from guarismo.model import bundled, load_model, save_model
from guarismo.types import Look


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return write_fake_model(tmp_path / "mine")


def refusal(directory: Path, ink_version: int = INK_VERSION) -> str:
    with pytest.raises(ModelError) as caught:
        load_model(directory, ink_version)
    message = str(caught.value)
    assert message.startswith(str(directory))
    assert "\n" not in message
    return message


def rewrite(directory: Path, change: Callable[[dict[str, Any]], object]) -> None:
    described = json.loads((directory / "model.json").read_text())
    change(described)
    (directory / "model.json").write_text(json.dumps(described))


def test_what_was_saved_is_loaded(directory: Path) -> None:
    loaded = load_model(directory, INK_VERSION)
    assert loaded.weights == fake_weights()
    assert loaded.labels == LABELS
    assert loaded.temperature == 1.0
    assert (loaded.thresholds.read, loaded.thresholds.not_a_digit) == (0.9, 0.5)
    assert loaded.info.to_dict() == {
        "name": "fake",
        "version": "1",
        "sha256": hashlib.sha256(fake_weights()).hexdigest(),
        "ink_version": INK_VERSION,
    }


def test_a_model_directory_holds_weights_description_and_card_and_nothing_else(directory: Path) -> None:
    assert sorted(path.name for path in directory.iterdir()) == ["README.md", "model.json", "model.onnx"]


def test_the_card_may_be_mended(directory: Path) -> None:
    (directory / "README.md").write_text("# Better\n")
    load_model(directory, INK_VERSION)


@pytest.mark.parametrize("place", [0, 100, -1])
def test_one_changed_byte_of_the_weights_is_refused(directory: Path, place: int) -> None:
    weights = bytearray((directory / "model.onnx").read_bytes())
    weights[place] ^= 1
    (directory / "model.onnx").write_bytes(weights)
    assert "model.onnx: not the file that was exported (its SHA-256 differs from model.json); copy it" in refusal(
        directory
    )


def test_weights_that_are_missing_or_a_folder_are_refused(directory: Path) -> None:
    (directory / "model.onnx").unlink()
    assert "model.onnx: missing or not readable; the model directory is not whole" in refusal(directory)
    (directory / "model.onnx").mkdir()
    assert "missing or not readable" in refusal(directory)


def test_weights_beyond_any_of_ours_are_refused(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "LARGEST", 10)
    assert "models of ours are smaller" in refusal(directory)


@pytest.mark.parametrize("came", [0, INK_VERSION + 1, "7"])
def test_another_ink_version_is_refused_with_both_and_what_to_do(directory: Path, came: object) -> None:
    rewrite(directory, lambda described: described.update(ink_version=came))
    message = refusal(directory)
    assert f"trained on ink version {came}, this guarismo makes version {INK_VERSION}" in message
    assert "train or export it again, or install the guarismo that it was made for" in message


def test_another_format_is_refused(directory: Path) -> None:
    rewrite(directory, lambda described: described.update(format=99))
    assert "a model of format 99; this version reads format 1: export it again" in refusal(directory)


def test_a_place_without_a_model_says_what_was_expected(tmp_path: Path) -> None:
    (tmp_path / "file.keras").write_bytes(b"PK")
    for place in (tmp_path, tmp_path / "none", tmp_path / "file.keras"):
        assert "no model there; expected a directory with model.json, as `guarismo train`" in refusal(place)


GARBAGE = [b"", b"{", b"[]", b"null", b"3", b"\xff\xfe\x00", b'"x"', b"{}", b'{"format": 1}', b"[" * 100_000]


@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_for_a_description_is_refused(directory: Path, garbage: bytes) -> None:
    (directory / "model.json").write_bytes(garbage)
    assert "model.json is damaged" in refusal(directory)


def _drop(key: str, described: dict[str, Any]) -> None:
    del described[key]


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    **{f"without {key}": partial(_drop, key) for key in (*description(), "files", "format")},
    "files is a list": lambda described: described.update(files=["model.onnx"]),
    "files names no weights": lambda described: described.update(files={}),
    "labels is a number": lambda described: described.update(labels=10),
    "labels in another order": lambda described: described.update(labels=list("1234567890")),
    "labels of letters": lambda described: described.update(labels=list("abcdefghij")),
    "a label too many": lambda described: described.update(labels=[*LABELS, "x"]),
    "ink_version is text": lambda described: described.update(ink_version="one"),
    "ink_version is a fraction": lambda described: described.update(ink_version=1.9),
    "ink_version is null": lambda described: described.update(ink_version=None),
    "temperature is text": lambda described: described.update(temperature="hot"),
    "temperature is zero": lambda described: described.update(temperature=0),
    "temperature is negative": lambda described: described.update(temperature=-1),
    "temperature is not a number": lambda described: described.update(temperature=float("nan")),
    "a threshold is missing": lambda described: described.update(thresholds={"read": 0.9}),
    "a threshold is text": lambda described: described.update(thresholds={"read": "x", "not_a_digit": 0.5}),
    "a threshold is not a number": lambda described: described.update(
        thresholds={"read": float("nan"), "not_a_digit": 1}
    ),
    "a threshold is below 0": lambda described: described.update(thresholds={"read": -5, "not_a_digit": 0.5}),
    "looks is a number": lambda described: described.update(looks=3),
    "a look of three": lambda described: described.update(looks=[[1, 1, 0]]),
    "a look of nothing": lambda described: described.update(looks=[[0, 1, 0, 0]]),
    "a look that leans too far": lambda described: described.update(looks=[[1, 1, 0.9, 0]]),
    "a look that is not a number": lambda described: described.update(looks=[[1, 1, 0, float("nan")]]),
    "a look that is sharp beyond measure": lambda described: described.update(looks=[[1, 1, 0, 0, 99]]),
    "too many looks": lambda described: described.update(looks=[[1, 1, 0, 0]] * 9),
    "thresholds is a list": lambda described: described.update(thresholds=[0.9, 0.5]),
}


def test_looks_come_as_they_were_stated_and_an_older_model_has_none(directory: Path) -> None:
    assert load_model(directory, INK_VERSION).looks == ()
    rewrite(directory, lambda described: described.update(looks=[[0.85, 1.1, -0.1, 0.5], [1, 1, 0, 0, 2]]))
    assert load_model(directory, INK_VERSION).looks == (Look(0.85, 1.1, -0.1, 0.5), Look(1, 1, 0, 0, 2))


@pytest.mark.parametrize("what", CHANGES)
def test_each_part_of_the_description_is_checked(directory: Path, what: str) -> None:
    rewrite(directory, CHANGES[what])
    assert "model.json is damaged" in refusal(directory)


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a/b", ".."])
def test_a_description_cannot_name_files_elsewhere(directory: Path, name: str) -> None:
    (directory.parent / "outside").write_bytes(b"x")
    rewrite(directory, lambda described: described["files"].update({name: hashlib.sha256(b"x").hexdigest()}))
    assert re.search(r"names a file outside the model directory|missing or not readable", refusal(directory))


def test_the_bundled_model_lies_inside_the_package() -> None:
    assert bundled().parent == Path(model.__file__).parent / "models"
    assert bundled().name == "digit"


# --- writing ---------------------------------------------------------------------------------------


def test_what_cannot_be_written_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match=r"cannot be written \(.*\); choose another place or make room"):
        save_model(tmp_path / "file" / "mine", description(), b"weights", "card")


@pytest.mark.parametrize("step", ["write_bytes", "replace"])
def test_a_full_disk_leaves_neither_a_part_nor_a_changed_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "out.json"
    path.write_bytes(b"before")

    def full(self: Path, *_arguments: object) -> None:
        if step == "write_bytes":
            self.touch()
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(OutputError, match=r"cannot be written \(No space left"):
        patch.setattr(Path, step, full)
        write_whole(path, b"after")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("out.json", b"before")]


@pytest.mark.parametrize("name", ["", "/", ".", "sub"])
def test_a_folder_is_not_written_over(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    with pytest.raises(OutputError, match="a folder; name a file in it"):
        write_whole(Path(name), b"x")


def test_a_file_that_cannot_be_replaced_is_told_by_a_probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_path: Path, _data: bytes) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "out.json").write_bytes(b"before")
    probe(tmp_path / "out.json")
    monkeypatch.setattr("guarismo.files._replace", refused)
    with pytest.raises(OutputError, match="cannot be written .Permission denied"):
        probe(tmp_path / "out.json")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("out.json", b"before")]


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reading = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    write_whole(tmp_path / "pipe", b"readings")
    assert os.read(reading, 100) == b"readings"
    os.close(reading)
    assert (tmp_path / "pipe").is_fifo()
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


def test_a_model_cut_off_while_it_was_saved_is_no_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = write_whole

    def stop(path: Path, data: bytes) -> None:
        if path.name == "model.json":
            raise KeyboardInterrupt
        whole(path, data)

    monkeypatch.setattr(model, "write_whole", stop)
    with pytest.raises(KeyboardInterrupt):
        write_fake_model(tmp_path / "mine")
    assert "no model there" in refusal(tmp_path / "mine")


def test_saving_again_replaces_the_whole_model(directory: Path) -> None:
    write_fake_model(directory, version="2")
    assert load_model(directory, INK_VERSION).info.version == "2"


def test_a_copied_directory_is_the_same_model(directory: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(directory, tmp_path / "copy")
    assert load_model(copy, INK_VERSION) == load_model(directory, INK_VERSION)
