"""``guarismo read`` on good pictures: what it prints, what it writes, what it takes."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fakes import NOT_A_DIGIT, painted, write_fake_model
from guarismo import image
from guarismo.cli import main
from guarismo.cli.written import One, Written
from guarismo.errors import OutputError
from guarismo.reader import Reader
from guarismo.types import Gray, Page

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder with a model in ``fake``."""
    write_fake_model(tmp_path / "fake")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def save(name: str, gray: Gray) -> None:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(gray).save(path, "PNG")


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(["read", "--model", "fake", *arguments])
    assert isinstance(stopped.value.code, int)
    return stopped.value.code


def pages(text: str) -> dict[str, Page]:
    return {line["file"]: Page.from_dict(line["page"]) for line in map(json.loads, text.splitlines())}


def texts(text: str) -> dict[str, str]:
    return {name: page.numbers[0].text for name, page in pages(text).items()}


def five_kinds() -> list[str]:
    """Five pictures, one for each thing that can come of a picture."""
    save("a seven.png", painted(7))
    save(
        "b,unsure.png", painted(3, sure=False, cell=4, margin=4)
    )  # framed already: no further looks, which hang on OpenCV
    save("c.png", painted(NOT_A_DIGIT))
    save("d.png", np.full((40, 60), 255, np.uint8))
    Path("e.png").write_bytes(b"no picture")
    return ["a seven.png", "b,unsure.png", "c.png", "d.png", "e.png"]


@pytest.mark.parametrize("top", [1, 3])
@pytest.mark.parametrize("form", ["text", "json", "jsonl", "csv"])
def test_each_format_is_as_its_golden_file(
    here: Path, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest, form: str, top: int
) -> None:
    code = run(*five_kinds(), "--format", form, "--top-k", str(top))
    out, err = capsys.readouterr()
    assert code == 1
    hint = "c.png: no single digit; --as auto also reads numbers and pages\n"
    assert err == f"{hint}error: e.png: not a picture that can be read; expected PNG, JPEG, TIFF, BMP, GIF or WebP\n"
    golden = GOLDEN / f"read-top{top}.{form}"
    if request.config.getoption("--update-golden"):
        golden.write_text(rounded(out))
    assert rounded(out) == golden.read_text()


def rounded(text: str) -> str:
    """Shares to six digits, and neither checksum nor ink version: these change with a library or with the ink."""
    text = re.sub(r'("sha256": )"[0-9a-f]{64}"', r'\1"..."', text)
    text = re.sub(r'("ink_version": )\d+', r"\g<1>0", text)
    return re.sub(r"(?<![\w.])\d+\.\d{4,}(e-\d+)?|\d(\.\d+)?e-\d+", lambda found: f"{float(found[0]):.6f}", text)


def test_the_csv_can_be_read_back_whatever_the_file_is_called(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = 'a "quoted", name.png'
    save(name, painted(0))
    assert run(name, "--format", "csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["file"], row["text"], row["status"], row["error"]) for row in rows] == [(name, "0", "read", "")]


def test_json_lines_are_the_wire_format_of_the_reader(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save("four.png", painted(4))
    assert run("four.png", "--format", "jsonl", "--top-k", "10") == 0
    page = pages(capsys.readouterr().out)["four.png"]
    reader = Reader("fake")
    expected = reader.page_of(reader.digit("four.png"), painted(4))
    assert page.numbers[0].digits[0].probabilities == pytest.approx(expected.numbers[0].digits[0].probabilities)
    assert page.model == expected.model
    assert page.numbers[0].box == expected.numbers[0].box


def test_folders_patterns_and_files_are_read_in_order(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for i, name in enumerate(["z.png", "in/b.png", "in/a.JPG", "in/sub/c.png", "more/x1.png", "more/x2.png"]):
        save(name, painted(i))
    Path("in/notes.txt").write_text("not looked at in a folder")
    assert run("z.png", "in", "more/x*.png", "--format", "jsonl") == 0
    expected = {"z.png": "0", "in/a.JPG": "2", "in/b.png": "1", "more/x1.png": "4", "more/x2.png": "5"}
    out = capsys.readouterr().out
    assert texts(out) == expected
    assert list(texts(out)) == list(expected)
    assert run("**/c.png", "--format", "jsonl") == 0
    assert texts(capsys.readouterr().out) == {"in/sub/c.png": "3"}


def test_a_file_is_opened_whatever_its_name(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("photo.heic", "no-suffix", "[1]*.png", "-dash.png"):
        save(name, painted(6))
    assert run("photo.heic", "no-suffix", "[1]*.png", "--format", "jsonl", "--", "-dash.png") == 0
    assert set(texts(capsys.readouterr().out).values()) == {"6"}


def test_standard_input_is_read(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    save("five.png", painted(5))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(Path("five.png").read_bytes())))
    assert run("-", "--format", "jsonl", "--annotate", "out") == 0
    assert texts(capsys.readouterr().out) == {"-": "5"}
    assert os.listdir("out") == ["stdin.png"]


def test_more_pictures_than_are_read_together_keep_their_order(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for i in range(11):
        save(f"{i:02}.png", painted(i % 10))
    Path("05.png").write_bytes(b"")
    for limit, value in (("TOGETHER", 3), ("PIXELS_TOGETHER", 2 * 80 * 80)):
        monkeypatch.setattr(image, limit, value)
        assert run(".", "--format", "csv") == 1
        rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
        assert [row["text"] for row in rows] == ["0", "1", "2", "3", "4", "", "6", "7", "8", "9", "0"]


def test_output_goes_to_a_file_and_stdout_stays_empty(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save("eight.png", painted(8))
    assert run("eight.png", "--format", "jsonl", "--output", "new/folder/out.jsonl") == 0
    assert capsys.readouterr() == ("", "")
    assert texts(Path("new/folder/out.jsonl").read_text()) == {"eight.png": "8"}
    assert os.listdir("new/folder") == ["out.jsonl"]


def test_annotated_pictures_and_ink_are_written_beside_each_other(here: Path) -> None:
    save("one.png", painted(1))
    save("two.png", painted(2))
    assert run("one.png", "two.png", "--annotate", "marked", "--show-ink", "ink") == 0
    assert sorted(os.listdir("marked")) == ["one.png", "two.png"]
    assert sorted(os.listdir("ink")) == ["one.ink.png", "two.ink.png"]
    with Image.open("ink/one.ink.png") as shown:
        assert shown.size == (280, 280)
        assert Reader("fake").digit(shown.convert("L")).value == 1


def test_pictures_of_the_same_name_do_not_overwrite_each_other(here: Path) -> None:
    for name in ("a/x.png", "b/x.png", "b/x-2.png", "c/x.jpg"):
        save(name, painted(1))
    assert run("a", "b/x.png", "b/x-2.png", "c", "--annotate", "out") == 0
    assert len(os.listdir("out")) == 4


def test_the_pictures_themselves_are_left_as_they_are(here: Path) -> None:
    names = five_kinds()
    before = {name: Path(name).read_bytes() for name in names}
    run(*names, "--annotate", "out", "--show-ink", "out")
    assert {name: Path(name).read_bytes() for name in names} == before


def test_a_run_folder_stands_for_its_model(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_fake_model(here / "run" / "model", name="mine")
    save("nine.png", painted(9))
    assert run("nine.png", "--model", "run", "--format", "jsonl") == 0
    assert pages(capsys.readouterr().out)["nine.png"].model.name == "mine"


def shell(*arguments: str | bytes, environment: dict[str, str] | None = None, **options: Any) -> Any:
    command = [sys.executable, "-m", "guarismo", "read", "--model", "fake", *arguments]
    return subprocess.run(
        command,
        check=False,
        timeout=60,
        env={**os.environ, **(environment or {})},
        **{"capture_output": True, **options},
    )


def test_a_pipe_into_a_pipe_out_and_no_colour_in_it(here: Path) -> None:
    save("three.png", painted(3))
    done = shell("-", "none.png", input=Path("three.png").read_bytes())
    assert done.returncode == 1
    assert done.stdout.decode().splitlines()[1].split() == ["-", "3", "read", "1.000"]
    assert done.stderr.decode() == "error: none.png: no such file; check the name\n"


def test_a_name_that_is_not_utf8_is_read_and_shown(here: Path) -> None:
    save("x.png", painted(2))
    name = b"n\xfamero.png"
    os.rename("x.png", name)
    for form in ("text", "json", "jsonl", "csv"):
        done = shell(name, "--format", form, environment={"PYTHONIOENCODING": "utf-8:strict"})
        assert (done.returncode, done.stderr) == (0, b"")
        shown = "n?mero.png" if form == "text" else "n\ufffdmero.png"
        assert shown in done.stdout.decode()
    assert shell(name, "--annotate", "out", "--output", "out.txt").returncode == 0
    assert "n?mero.png" in Path("out.txt").read_text()
    assert os.listdir(b"out") == [name]


def test_a_picture_is_never_written_over(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save("good.png", painted(7))
    before = Path("good.png").read_bytes()
    for arguments in (("--annotate", "."), ("--output", "good.png")):
        assert run("good.png", *arguments) == 1
        assert "is one of the pictures" in capsys.readouterr().err
    assert Path("good.png").read_bytes() == before


def test_a_picture_found_in_a_folder_or_by_a_pattern_is_not_written_over_either(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save("scans/a.png", painted(7))
    Image.fromarray(painted(3)).convert("L").save("scans/a.jpg")
    before = Path("scans/a.png").read_bytes()
    for arguments in (("scans", "--output", "scans/a.png"), ("scans", "--annotate", "scans"), ("scans/*.jpg", "scans")):
        paths = arguments if arguments[1].startswith("--") else (*arguments, "--annotate", "scans")
        assert run(*paths) == 1
        assert "is one of the pictures" in capsys.readouterr().err
    assert Path("scans/a.png").read_bytes() == before


def test_a_review_that_somebody_may_have_filled_in_stays(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save("scans/odd.png", painted(NOT_A_DIGIT))
    assert run("scans", "--review", "look") == 0
    filled = Path("look/review.csv").read_text() + "by hand"
    Path("look/review.csv").write_text(filled)
    assert run("scans", "--review", "look") == 1
    assert "holds a review already" in capsys.readouterr().err
    assert Path("look/review.csv").read_text() == filled


def test_what_is_read_is_not_lost_where_a_picture_cannot_be_written(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, digit in (("a.png", 7), ("b.png", 3), ("c.png", 5)):
        save(name, painted(digit))

    def full(path: Path, data: bytes) -> None:
        if path.name == "b.png":
            raise OutputError("{path}: cannot be written (No space left on device); make room", path=path)
        path.write_bytes(data)

    monkeypatch.setattr("guarismo.cli.written.write_whole", full)
    assert run("a.png", "b.png", "c.png", "--annotate", "out") == 1
    told = capsys.readouterr()
    assert [line.split()[:2] for line in told.out.splitlines()[1:]] == [["a.png", "7"], ["b.png", "3"], ["c.png", "5"]]
    assert told.err.startswith("error: ") and Path("out/a.png").exists()


def test_nobodys_pictures_are_written_over_and_our_own_are(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save("a.jpg", painted(7))
    Path("out").mkdir()
    Path("out/a.png").write_bytes(b"mine")
    for _again in range(2):
        assert run("a.jpg", "--annotate", "out", "--review", f"r{_again}") == 0
    assert Path("out/a.png").read_bytes() == b"mine"
    assert sorted(each.name for each in Path("out").iterdir()) == ["a-2.png", "a.png"]


def test_a_long_name_and_what_is_broken_off_keep_what_is_cut_out(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    long = "x" * 250 + ".png"
    save(long, painted(7))
    save("z.png", painted(3))
    assert run(long, "z.png", "--annotate", "out", "--show-ink", "ink") == 0
    assert len(list(Path("out").iterdir())) == 2 and len(list(Path("ink").iterdir())) == 2
    pictures = Written.pictures

    def stopped(self: Written, one: One) -> None:
        if one.result.name == "z.png":
            raise KeyboardInterrupt
        pictures(self, one)

    monkeypatch.setattr(Written, "pictures", stopped)
    save("u.png", painted(NOT_A_DIGIT))
    assert run("u.png", "z.png", "--review", "r") == 130
    rows = list(csv.DictReader(Path("r/review.csv").read_text().splitlines()))
    assert [row["file"] for row in rows] == ["u.png"]


def test_a_link_to_itself_and_a_closed_input_are_told(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    os.symlink("loop.png", "loop.png")
    monkeypatch.setattr(sys, "stdin", None)
    for name, kind in (("loop.png", "digit"), ("-", "digit"), ("-", "auto")):
        assert run(name, "--as", kind) == 1
        assert re.match(rf"error: {re.escape(name)}: [^\n]+\n\Z", capsys.readouterr().err)


def test_a_name_that_the_console_cannot_show_is_shown_in_part(here: Path) -> None:
    save("数.png", painted(2))
    for form in ("text", "csv"):
        done = shell("数.png", "--format", form, environment={"PYTHONIOENCODING": "cp1252"})
        assert (done.returncode, done.stderr) == (0, b"")
        assert b"?.png" in done.stdout


def test_an_empty_name_is_a_usage_error(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("") == 2
    assert "an empty name" in capsys.readouterr().err


def test_kinds_that_are_not_read_in_a_folder_are_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save("good.png", painted(7))
    Path("scan.pdf").write_bytes(b"%PDF")
    assert run(".") == 0
    assert "1 file left out (PDF)" in capsys.readouterr().err
