"""``guarismo read`` on what is wrong: one clear line on stderr, the right exit code, nothing half-written."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fakes import painted, write_fake_model
from guarismo import cli, ink, model, networks
from guarismo.cli import main
from guarismo.types import Gray
from test_cli_read import run, save, shell
from test_image import bomb, encoded

NOISE = np.random.default_rng(1).integers(0, 256, (60, 60)).astype(np.uint8)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a model in ``fake`` and one good picture, ``good.png``, a seven."""
    write_fake_model(tmp_path / "fake")
    monkeypatch.chdir(tmp_path)
    save("good.png", painted(7))
    return tmp_path


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


BAD_FILES: dict[str, tuple[bytes, str]] = {
    "text": (b"seven\n", "not a picture that can be read; expected PNG, JPEG"),
    "empty": (b"", "an empty file, not a picture; save the picture again"),
    "short.png": (encoded(NOISE)[:1500], "damaged or cut short"),
    "short.jpg": (encoded(NOISE, "JPEG")[:900], "damaged or cut short"),
    "header.png": (encoded(NOISE)[:20], "damaged or cut short"),
    "bomb.png": (bomb(50_000, 50_000), "more than 80 megapixels; scale it down"),
    "large.png": (bomb(10_000, 10_000), "more than 80 megapixels; scale it down"),
    "none.png": (bomb(0, 40), "not a picture that can be read"),
    "page.html": (b"<html><body>404</body></html>", "not a picture"),
    "movie.mp4": (b"\x00\x00\x00\x18ftypmp42" + bytes(100), "not a picture"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_among_good_ones_is_one_line_and_all_others_are_read(
    here: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    data, message = BAD_FILES[name]
    Path(name).write_bytes(data)
    before = everything(here)
    assert run("good.png", name, "good.png", "--format", "jsonl") == 1
    out, err = capsys.readouterr()
    assert err.startswith(f"error: {name}: ")
    assert message in err
    assert err.count("\n") == 1
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["file"] for line in lines] == ["good.png", name, "good.png"]
    assert [line["page"]["numbers"][0]["text"] for line in lines[::2]] == ["7", "7"]
    assert lines[1] == {"file": name, "error": err.removeprefix("error: ").rstrip()}
    assert everything(here) == before


def test_a_picture_on_which_something_breaks_takes_no_other_along(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("odd.png").write_bytes(encoded(np.full((33, 44), 255, np.uint8)))
    whole = ink.frames

    def breaks(grays: Iterable[Gray]) -> list[ink.Framed]:
        every = list(grays)
        if any(gray.shape == (33, 44) for gray in every):
            raise ValueError("a mistake\nof ours")
        return whole(every)

    monkeypatch.setattr(networks, "frames", breaks)
    assert run("good.png", "odd.png", "good.png", "--format", "jsonl") == 1
    out, err = capsys.readouterr()
    assert err == "error: odd.png: could not be read (a mistake of ours); look at it, and tell us\n"
    assert ["page" in json.loads(line) for line in out.splitlines()] == [True, False, True]


def test_nothing_is_written_for_a_bad_picture(here: Path) -> None:
    Path("bad.png").write_bytes(b"")
    assert run("bad.png", "good.png", "--annotate", "out", "--show-ink", "ink") == 1
    assert (os.listdir("out"), os.listdir("ink")) == (["good.png"], ["good.ink.png"])


MISSING: dict[str, str] = {
    "none.png": "error: none.png: no such file; check the name\n",
    "hollow": "error: hollow: a folder without pictures; expected PNG, JPEG, TIFF, ... in it\n",
    "*.tiff": "error: *.tiff: no such file; check the name\n",
    "hol*": "error: hol*: no such file; check the name\n",
    "x" * 300: f"error: {'x' * 300}: cannot be opened (File name too long); check that you may read it\n",
}


@pytest.mark.parametrize("name", MISSING, ids=lambda name: name[:10])
def test_a_name_that_stands_for_no_picture_is_one_line(
    here: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    Path("hollow").mkdir()
    Path("hollow/readme.txt").write_text("x")
    assert run(name, "good.png") == 1
    out, err = capsys.readouterr()
    assert err == MISSING[name]
    assert out.splitlines()[-1].split() == ["good.png", "7", "read", "1.000"]


def test_a_folder_that_may_not_be_listed_is_one_line(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("secret").mkdir()

    def refuse(_path: Path) -> None:
        raise PermissionError(13, "Permission denied", "secret")

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert run("secret", "good.png") == 1
    out, err = capsys.readouterr()
    assert err == "error: secret: cannot be opened (Permission denied); check that you may read it\n"
    assert "good.png" in out


def test_nothing_on_standard_input_is_one_line(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))
    assert run("-") == 1
    assert "an empty file, not a picture" in capsys.readouterr().err


# --- models ----------------------------------------------------------------------------------------


def flip_a_byte(directory: Path) -> None:
    weights = bytearray((directory / "model.onnx").read_bytes())
    weights[len(weights) // 2] ^= 0x10
    (directory / "model.onnx").write_bytes(weights)


BAD_MODELS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a changed byte": (flip_a_byte, "not the file that was exported (its SHA-256 differs from model.json); copy it"),
    "another ink": (lambda place: write_fake_model(place, ink_version=99), "trained on ink version 99, this guarismo"),
    "no weights": (lambda place: (place / "model.onnx").unlink(), "the model directory is not whole: copy it again"),
    "no description": (lambda place: (place / "model.json").unlink(), "no model there; expected a directory with"),
    "garbage": (lambda place: (place / "model.json").write_bytes(b"{]"), "model.json is damaged"),
    "no network": (
        lambda place: model.save_model(place, {**json.loads((place / "model.json").read_text())}, b"no", "card"),
        "not an ONNX model that can be run; export it again",
    ),
}


@pytest.mark.parametrize("what", BAD_MODELS)
def test_a_bad_model_is_one_line_and_nothing_is_read(here: Path, capsys: pytest.CaptureFixture[str], what: str) -> None:
    damage, message = BAD_MODELS[what]
    damage(here / "fake")
    assert run("good.png", "--output", "out.txt", "--annotate", "out") == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert err.count("\n") == 1
    assert not Path("out.txt").exists()
    assert not Path("out").exists()


@pytest.mark.parametrize("name", ["mine.keras", "mine.h5", "none", "."])
def test_what_is_no_model_directory_says_what_was_expected(
    here: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    Path("mine.keras").write_bytes(b"PK\x03\x04")
    Path("mine.h5").write_bytes(b"\x89HDF")
    assert run("good.png", "--model", name) == 1
    assert f"{name}: no model there; expected a directory with model.json" in capsys.readouterr().err


# --- usage -----------------------------------------------------------------------------------------

USAGE: dict[str, tuple[list[str], str]] = {
    "a format": (["--format", "xml"], "'xml' is not one of 'text', 'json', 'jsonl', 'csv'"),
    "what to read": (["--as", "horse"], "'horse' is not"),
    "too many readings": (["--top-k", "11"], "11 is not in the range 1<=x<=10"),
    "no readings": (["--top-k", "0"], "0 is not in the range"),
    "a number in words": (["--top-k", "two"], "'two' is not a valid whole number"),
    "an option": (["--colour"], "No such option"),
    "an option without its value": (["--output"], "requires an argument"),
    "an option for numbers": (["--min", "3"], "--min: for numbers, and digits are read"),
    "an option for digits": (["--as", "page", "--show-ink", "ink"], "--show-ink: for single digits or numbers"),
    "a language": (["--lang", "fr"], "'fr' is not one of 'en', 'es'"),
}


@pytest.mark.parametrize("what", USAGE)
def test_a_wrong_call_is_told_with_what_is_expected_and_exits_with_two(
    here: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    arguments, message = USAGE[what]
    assert run("good.png", *arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert message in err
    assert "--help" in err


def test_no_picture_at_all_is_a_wrong_call(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 2
    assert "PATH" in capsys.readouterr().err


def test_an_unknown_command_is_a_wrong_call(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["raed"])
    assert stopped.value.code == 2
    assert "raed" in capsys.readouterr().err


# --- outputs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", [(28, "No space left on device"), (30, "Read-only file system")])
@pytest.mark.parametrize("option", ["--output", "--annotate", "--show-ink"])
def test_what_cannot_be_written_is_one_line_and_leaves_nothing_half_written(
    here: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    option: str,
    reason: tuple[int, str],
) -> None:
    before = everything(here)

    def fail(self: Path, data: bytes) -> None:
        with self.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError(*reason)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", fail)
        assert run("good.png", option, "out") == 1
    err = capsys.readouterr().err
    assert f"cannot be written ({reason[1]}); choose another place or make room" in err
    assert err.count("\n") == 1
    assert everything(here) == before


@pytest.mark.parametrize("option", ["--annotate", "--show-ink"])
def test_a_folder_that_cannot_be_made_is_told_before_any_reading(
    here: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    assert run("good.png", option, "good.png") == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "good.png: the folder cannot be made (File exists); choose another place" in err


@pytest.mark.parametrize("place", ["good.png/out.txt", "fake", ".", "/"])
def test_an_output_that_is_no_file_is_one_line(here: Path, capsys: pytest.CaptureFixture[str], place: str) -> None:
    before = everything(here)
    assert run("good.png", "no-such.png", "--output", place) == 1  # told before anything is read
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert everything(here) == before


def test_an_older_output_stays_whole_when_the_new_one_cannot_be_written(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("out.csv").write_text("older\n")

    def fail(_self: Path, _target: Path) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fail)
        assert run("good.png", "--output", "out.csv") == 1
    assert Path("out.csv").read_text() == "older\n"
    assert [name for name in os.listdir() if "part" in name] == []


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="there is no /dev/full here")
def test_a_full_device_as_output_is_one_line_and_stays_a_device(here: Path) -> None:
    done = shell("good.png", "--output", "/dev/full")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"error: /dev/full: cannot be written (No space left on device)")
    assert Path("/dev/full").is_char_device()


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [("read", "--model", "fake", "good.png"), ("info",), ("--help",), ()])
@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="there is no /dev/full here")
def test_a_full_stdout_is_one_line(here: Path, arguments: tuple[str, ...], unbuffered: str) -> None:
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with open("/dev/full", "wb") as full:
        command = [sys.executable, "-m", "guarismo", *arguments]
        done = subprocess.run(command, check=False, timeout=60, stdout=full, stderr=subprocess.PIPE, env=environment)
    assert done.returncode == 1
    assert b"No space left on device" in done.stderr
    assert b"Traceback" not in done.stderr
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_a_reader_of_the_output_that_leaves_is_no_error(here: Path, form: str, unbuffered: str) -> None:
    line = f"{sys.executable} -m guarismo read --model fake {'good.png ' * 300} --format {form} | head -c 10"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}"],
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_closed_stdout_is_no_traceback(here: Path) -> None:
    line = f"{sys.executable} -m guarismo read --model fake good.png --output out.json --format json >&-"
    done = subprocess.run(["bash", "-c", line], capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    assert Path("out.json").stat().st_size


def test_a_link_as_output_stays_and_what_it_leads_to_is_replaced(here: Path) -> None:
    Path("far").mkdir()
    Path("far/out.json").write_text("old")
    Path("out.json").symlink_to("far/out.json")
    assert shell("good.png", "--format", "json", "--output", "out.json").returncode == 0
    assert Path("out.json").is_symlink() and json.loads(Path("far/out.json").read_text())


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="there is no /dev/stdout here")
def test_stdout_by_its_name_goes_where_stdout_goes(here: Path) -> None:
    with open("all.jsonl", "wb") as file:
        done = shell("good.png", "--format", "jsonl", "--output", "/dev/stdout", capture_output=False, stdout=file)
    assert done.returncode == 0 and json.loads(Path("all.jsonl").read_text())
    assert Path("/dev/stdout").is_symlink()


def test_warnings_of_a_decoder_are_not_shown_to_people(here: Path) -> None:
    Path("large.png").write_bytes(bomb(9_500, 9_500))
    exif = Image.Exif()
    exif[0x0112] = 6
    Path("tagged.jpg").write_bytes(encoded(painted(7), "JPEG", exif=exif.tobytes()[:-8]))
    done = shell("large.png", "tagged.jpg")
    assert done.stderr.decode() == "error: large.png: more than 80 megapixels; scale it down\n"


def test_too_little_memory_is_one_line(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_source: object) -> None:
        raise MemoryError

    monkeypatch.setattr("guarismo.cli.inputs.load_gray", fail)
    assert run("good.png") == 1
    assert capsys.readouterr().err == (
        "error: not enough memory; give fewer or smaller pictures, or close other programs\n"
    )


def test_control_c_is_one_line(here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(_source: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("guarismo.cli.inputs.load_gray", stop)
    assert run("good.png", "--output", "out.txt") == 130
    assert capsys.readouterr().err.strip() == "error: stopped"
    assert not Path("out.txt").exists()


def test_the_error_of_a_picture_is_told_in_the_language_of_the_session(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not list((Path(cli.__file__).parents[1] / "locale").rglob("*.mo")):
        pytest.skip("there is no compiled Spanish yet")
    assert run("none.png", "--lang", "es") == 1
    assert "no such file" not in capsys.readouterr().err


@pytest.mark.parametrize(("no_color", "coloured"), [(None, True), ("1", False)], ids=["unset", "set"])
def test_errors_are_red_on_a_terminal_unless_no_color_is_set(here: Path, no_color: str | None, coloured: bool) -> None:
    ours, theirs = pty.openpty()
    environment = {"TERM": "xterm", **({"NO_COLOR": no_color} if no_color else {})}
    shell("none.png", environment=environment, capture_output=False, stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    said = os.read(ours, 10_000)
    os.close(ours)
    assert b"none.png: no such file" in said
    assert (b"\x1b[" in said) == coloured
