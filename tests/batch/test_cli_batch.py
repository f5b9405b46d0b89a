"""``guarismo batch`` from the shell."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from corpora import png, rows, write_folder

from fakes import spelled
from guarismo import cli
from guarismo.batch.output import Record, Total
from guarismo.cli import progress
from guarismo.cli.batch import summary
from test_image import encoded


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as left:
        cli.main([str(argument) for argument in arguments])
    assert isinstance(left.value.code, int)
    return left.value.code


def test_pictures_in_table_out_and_a_summary(
    tmp_path: Path, fake_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_folder(tmp_path / "in", 10, [3])
    asked = ("batch", tmp_path / "in", "--output", tmp_path / "out", "--model", fake_model, "--concurrency", 1)
    assert run(*asked) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.splitlines() == [
        "10 pictures, 10 results",
        "  read                   9   90.00%",
        "  not sure               0    0.00%",
        "  not a digit            0    0.00%",
        "  blank                  0    0.00%",
        "  unreadable             1   10.00%",
        "to be looked at by a person: 10.00%",
    ]
    assert run(*asked) == 0
    again, err = capsys.readouterr()
    assert (again, err) == (out, f"{tmp_path / 'out'}: goes on; shards done: 1, left: 0\n")
    assert len(rows(tmp_path / "out")) == 10


def test_files_that_are_left_out_are_told(tmp_path: Path, fake_model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_folder(tmp_path / "in" / "below", 2)
    for name in ("b.heic", "c.PDF", "below/d.pdf", "notes.md"):
        (tmp_path / "in" / name).write_bytes(b"x")
    asked = ("batch", tmp_path / "in", "--output", tmp_path / "out", "--model", fake_model, "--concurrency", 1)
    assert run(*asked) == 0
    assert capsys.readouterr().err == f"{tmp_path / 'in'}: 3 files left out (HEIC, PDF)\n"


def test_numbers_with_what_is_known_of_them(tmp_path: Path, fake_model: Path, fake_line_model: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_bytes(encoded(spelled("0042")))
    models = ("--model", fake_model, "--line-model", fake_line_model)
    asked = ("batch", tmp_path / "in", "--output", tmp_path / "out", *models, "--concurrency", 1)
    assert run(*asked, "--as", "number", "--digits", 4) == 0
    assert [row["text"] for row in rows(tmp_path / "out")] == ["0042"]
    assert run(*asked, "--as", "number", "--digits", 3) == 2
    assert run(*asked, "--as", "auto", "--overwrite", "--format", "parquet") == 0
    assert [row["text"] for row in rows(tmp_path / "out")] == ["0042"]


WRONG: dict[str, tuple[tuple[str, ...], str]] = {
    "no output": (("in",), "Missing option '--output'"),
    "both": (("in", "--output", "out", "--resume", "--overwrite"), "give one of them"),
    "digits": (("in", "--output", "out", "--pattern", "x"), "--pattern: for numbers, and digits are read"),
    "page": (("in", "--output", "out", "--as", "page", "--digits", "3"), "--digits: for single digits or numbers"),
    "limit": (("in", "--output", "out", "--limit", "0"), "--limit"),
    "memory": (("in", "--output", "out", "--memory", "1"), "--memory"),
    "resume": (("in", "--output", "out", "--resume"), "no run to go on with"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_call_that_is_wrong_is_told_and_does_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write_folder(tmp_path / "in", 1)
    arguments, message = WRONG[name]
    assert run("batch", *arguments) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out" / "_manifest.json").exists()


def test_without_extras_folders_and_json_lines_work_and_the_rest_says_what_it_needs(
    tmp_path: Path, fake_model: Path
) -> None:
    write_folder(tmp_path / "in", 4)
    (tmp_path / "table.parquet").write_bytes(b"PAR1")
    code = "import sys\nfor name in ('ray', 'pyarrow', 'fsspec', 's3fs', 'pandas'): sys.modules[name] = None\n"
    code += "from guarismo.cli import main; main()"

    def bare(*arguments: object) -> subprocess.CompletedProcess[str]:
        words = ["batch", "--model", fake_model, "--concurrency", 1, *arguments]
        return subprocess.run([sys.executable, "-c", code, *map(str, words)], capture_output=True, text=True)

    fine = bare(tmp_path / "in", "--output", tmp_path / "out")
    assert (fine.returncode, fine.stderr) == (0, "")
    for asked, needed in (
        ((tmp_path / "in", "--output", tmp_path / "b", "--format", "parquet"), "--format parquet needs pyarrow"),
        ((tmp_path / "table.parquet", "--output", tmp_path / "b"), "Parquet needs pyarrow"),
        (("s3://bucket/x", "--output", tmp_path / "b"), "s3:// needs a package that is not here"),
        ((tmp_path / "in", "--output", tmp_path / "b", "--address", "auto"), "--address needs Ray"),
    ):
        said = bare(*asked)
        assert said.returncode == 2
        assert needed in said.stderr
        assert "pip install 'guarismo[batch]'" in said.stderr


def test_reading_a_picture_loads_nothing_of_this(tmp_path: Path, fake_model: Path) -> None:
    (tmp_path / "x.png").write_bytes(png(1))
    code = f"""
import sys
from guarismo import cli
try:
    cli.main(["read", "--model", {str(fake_model)!r}, {str(tmp_path / "x.png")!r}])
except SystemExit:
    print([name for name in ("ray", "pyarrow", "fsspec", "rich", "guarismo.batch") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def a_total() -> Total:
    total = Total()
    total.add(Record(0, 300, 320, {"read": 300, "unsure": 20}, 1.0, 10))
    return total


def test_progress_says_rate_time_left_and_counts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    lines = progress.Lines(10_000, True, 100)
    record = Record(0, 300, 320, {}, 1.0, 10)
    lines.show(record, a_total())
    assert capsys.readouterr().err == ""
    now[0] += 20
    lines.show(record, a_total())
    assert capsys.readouterr().err == "300/10000 pictures, 10 a second, 0:16:10 left; 300 read, 20 not sure\n"
    assert progress.Clock(5, False, 0).words(a_total()).startswith("300 pictures, ")


def test_one_is_counted_as_one(tmp_path: Path, fake_model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_folder(tmp_path / "in", 1)
    (tmp_path / "in" / "b.heic").write_bytes(b"x")
    asked = ("batch", tmp_path / "in", "--output", tmp_path / "out", "--model", fake_model, "--concurrency", 1)
    assert run(*asked) == 0
    out, err = capsys.readouterr()
    assert (out.splitlines()[0], err) == ("1 picture, 1 result", f"{tmp_path / 'in'}: 1 file left out (HEIC)\n")
    assert run(*asked[:2], "--output", tmp_path / "es", *asked[4:], "--lang", "es") == 0
    assert capsys.readouterr().out.splitlines()[0] == "1 imagen, 1 resultado"


def test_a_terminal_has_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress.Bar(1000, True, 0) as bar:
        bar.show(Record(0, 300, 320, {}, 1.0, 10), a_total())
        bar._progress.refresh()
    assert "300/1000 pictures" in terminal.getvalue()


def test_the_share_to_be_looked_at_is_all_but_read() -> None:
    assert summary(a_total()).splitlines()[-1] == "to be looked at by a person: 6.25%"
    assert summary(Total()).splitlines()[-1] == "to be looked at by a person: 0.00%"
    assert json.dumps(Total().counts) == '{"read": 0, "unsure": 0, "not_a_digit": 0, "blank": 0, "error": 0}'


def test_what_ends_other_programs_stops_a_batch_in_one_line_and_loses_nothing(tmp_path: Path) -> None:
    write_folder(tmp_path / "in", 600)
    asked = [str(tmp_path / "in"), "--output", str(tmp_path / "out"), "--shards", "60", "--concurrency", "2"]
    command = [sys.executable, "-m", "guarismo", "batch", *asked, "--lang", "en"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None and not (tmp_path / "out" / "_done" / "00000.json").exists():
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        _out, err = process.communicate(timeout=60)
    assert (process.returncode, err.strip()) == (130, "error: stopped")
    left = {path.name for path in (tmp_path / "out" / "_done").glob("*.json")}
    assert 0 < len(left) < 60
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"goes on; shards done: {len(left)}," in done.stderr
    assert len(rows(tmp_path / "out")) == 600
