"""``guarismo read --as number`` and ``--as auto``: formats, constraints, pictures, wrong calls."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fakes import painted, spelled, write_fake_line_model, write_fake_model
from guarismo.cli import main
from guarismo.types import Page
from test_cli_read import pages, run, save, texts

NUMBERS = ("--as", "number", "--line-model", "lines")
AUTO = ("--as", "auto", "--line-model", "lines")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with models in ``fake`` and ``lines``, and two lines in ``in``: 0042, and 1234 with a doubt."""
    write_fake_model(tmp_path / "fake")
    write_fake_line_model(tmp_path / "lines")
    monkeypatch.chdir(tmp_path)
    save("in/a.png", spelled("0042"))
    save("in/b.png", spelled("1234", unsure="3"))
    return tmp_path


def test_numbers_are_read_in_every_format(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save("in/c.png", np.full((60, 200), 255, np.uint8))
    save("in/d.png", spelled("#"))
    Path("in/e.png").write_bytes(b"")
    for form in ("text", "json", "jsonl", "csv"):
        assert run("in", *NUMBERS, "--format", form, "--top-k", "3") == 1
        out, err = capsys.readouterr()
        assert err == "error: in/e.png: an empty file, not a picture; save the picture again\n"
        if form == "text":
            lines = [line.split() for line in out.splitlines()[1:]]
            assert lines[0] == ["in/a.png", "0042", "read", "1.000"]
            assert lines[1][:3] == ["in/b.png", "1234", "not"] and lines[1][-2] == "124"
            assert [line[1] for line in lines[2:]] == ["-", "-"]
        elif form == "csv":
            rows = list(csv.DictReader(io.StringIO(out)))
            assert [row["text"] for row in rows] == ["0042", "1234", "", "", ""]
            assert [row["status"] for row in rows] == ["read", "unsure", "blank", "not_a_digit", ""]
            assert rows[1]["alternatives"].startswith("124:")
        else:
            found = json.loads(out) if form == "json" else [json.loads(line) for line in out.splitlines()]
            page = Page.from_dict(found[0]["page"])
            assert (page.numbers[0].text, len(page.numbers[0].digits), page.model.name) == ("0042", 4, "fake-line")
            assert [other["text"] for other in found[1]["page"]["numbers"][0]["alternatives"]] == ["124"]


def test_constraints_from_the_command_line(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("values.txt").write_bytes("\ufeff124\r\n99\r\n\r\n".encode())
    for arguments in (
        ["--digits", "3"],
        ["--pattern", r"\d{3}"],
        ["--max", "200"],
        ["--min", "-5", "--max", "200.5"],
        ["--allowed", "values.txt"],
    ):
        for kind in (NUMBERS, AUTO):
            assert run("in/b.png", *kind, *arguments, "--format", "jsonl") == 0
            assert texts(capsys.readouterr().out) == {"in/b.png": "124"}


def test_auto_reads_digits_by_the_digit_model_and_numbers_by_the_line_model(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save("in/c.png", painted(7))
    assert run("in", *AUTO, "--format", "jsonl", "--show-ink", "ink") == 0
    found = pages(capsys.readouterr().out)
    assert [page.numbers[0].text for page in found.values()] == ["0042", "1234", "7"]
    assert [page.model.name for page in found.values()] == ["fake-line", "fake-line", "fake"]
    sizes = {}
    for name in sorted(os.listdir("ink")):
        with Image.open(f"ink/{name}") as shown:
            sizes[name] = shown.size
    assert sizes["c.ink.png"] == (280, 280)
    assert sizes["a.ink.png"][1] == 4 * 48 and sizes["a.ink.png"][0] > 500


def test_annotated_numbers_and_strips_are_written(here: Path) -> None:
    save("in/c.png", np.full((60, 200), 255, np.uint8))
    assert run("in", *NUMBERS, "--annotate", "out", "--show-ink", "out") == 0
    names = ["a.ink.png", "a.png", "b.ink.png", "b.png", "c.ink.png", "c.png"]
    assert sorted(os.listdir("out")) == names
    with Image.open("out/a.png") as marked:
        assert marked.mode == "RGB" and marked.width >= spelled("0042").shape[1]


USAGE: dict[str, tuple[list[str], str]] = {
    "digits for a digit": (["--digits", "3"], "add --as number or --as auto"),
    "a pattern for a digit": (["--pattern", "x"], "add --as number or --as auto"),
    "least for a digit": (["--min", "3"], "add --as number or --as auto"),
    "most for a digit": (["--max", "3", "--as", "digit"], "add --as number or --as auto"),
    "values for a digit": (["--allowed", "in/a.png"], "add --as number or --as auto"),
    "lines for a digit": (["--line-model", "lines"], "add --as number or --as auto"),
    "no digits": ([*NUMBERS, "--digits", "0"], "0 is not in the range"),
    "no number": ([*NUMBERS, "--min", "few"], "expected a number such as 0, -5 or 1990.50"),
    "no pattern": ([*NUMBERS, "--pattern", "("], "is not supported"),
    "none can be": ([*AUTO, "--digits", "2", "--pattern", r"\d"], "no text of the characters"),
    "no file": ([*NUMBERS, "--allowed", "none.txt"], "none.txt: cannot be read (No such file or directory)"),
    "no text": ([*NUMBERS, "--allowed", "in/a.png"], "in/a.png: cannot be read"),
    "an empty file": ([*NUMBERS, "--allowed", "empty.txt"], "expected a list of the values"),
    "an empty name": ([*AUTO, "--line-model", ""], "an empty name"),
}


@pytest.mark.parametrize("what", USAGE)
def test_a_wrong_call_is_told_before_any_picture_is_opened(
    here: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    arguments, message = USAGE[what]
    Path("empty.txt").write_text("\n")
    assert run("none.png", *arguments, "--annotate", "out") == 2
    out, err = capsys.readouterr()
    assert out == "" and message in err and "none.png" not in err
    assert err.startswith("error: ") and err.count("\n") == 2
    assert not Path("out").exists()


def test_without_a_line_model_one_line_says_what_to_do(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from guarismo import model, reader

    for module in (model, reader):
        monkeypatch.setattr(module, "bundled", lambda name="digit": Path("none") / name)
    assert run("in", "--as", "number") == 1
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert "train one with `guarismo train line`" in err and "--line-model" in err


def test_a_digit_model_is_no_line_model(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("in", "--as", "number", "--line-model", "fake") == 1
    assert "fake: a digit model, expected a line model" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="1"):
        main(["read", "in", "--model", "lines"])
    assert "lines: a line model, expected a digit model" in capsys.readouterr().err
