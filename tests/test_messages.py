"""The command line in Spanish: the catalogue is whole, and reaches the screen."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import click
import pytest
from PIL import Image

from fakes import painted


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    path = Path(__file__).parents[1] / "tools" / "messages.py"
    spec = importlib.util.spec_from_file_location("messages_tool", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def say(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as a Spanish system would, 80 columns wide."""
    spanish = {"LC_ALL": "", "LANG": "es_ES.UTF-8", "LANGUAGE": "es", "COLUMNS": "80", "PYTHONUTF8": "1"}
    return subprocess.run(
        [sys.executable, "-m", "guarismo", *arguments],
        env={**os.environ, **spanish, **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_the_catalogue_is_complete_and_compiled(tool: ModuleType) -> None:
    assert tool.problems() == []


def test_a_gap_in_the_catalogue_is_told(tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, text = tool.problems(), tool.PO.read_text(encoding="utf-8")
    changed = text.replace('"Opciones"', '""').replace('msgid "Usage:"', 'msgid "Use:"').replace("{path}: ya", "ya", 1)
    assert changed.count("\n") == text.count("\n")
    (tmp_path / "guarismo.po").write_text(changed, encoding="utf-8")
    (tmp_path / "guarismo.mo").write_bytes(tool.PO.with_suffix(".mo").read_bytes())
    monkeypatch.setattr(tool, "PO", tmp_path / "guarismo.po")
    kinds = sorted(line.split(":")[0] for line in tool.problems() if line not in before)
    assert kinds == ["empty", "guarismo.mo is stale", "missing", "obsolete", "other placeholders"]


def test_what_click_says_is_said_by_this_click(tool: ModuleType) -> None:
    sources = [path.read_text(encoding="utf-8") for path in Path(click.__file__).parent.glob("*.py")]
    theirs = {node.value for text in sources for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)}
    ours = {text for message in tool.CLICK for text in ([message] if isinstance(message, str) else message)}
    assert ours - theirs == set()


COMMANDS = (
    "",
    "read",
    "batch",
    "train",
    "train tutorial",
    "train digit",
    "train line",
    "evaluate",
    "sweep",
    "search",
    "export",
    "data",
    "data fetch",
    "info",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_leaves_no_english_and_cuts_no_sentence(
    tool: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    from guarismo import cli

    monkeypatch.setenv("COLUMNS", "80")
    cli.use_language(["--lang", "es"])
    with pytest.raises(SystemExit, match="0"):
        cli.main([*command.split(), "--lang", "es", "--help"])
    shown = capsys.readouterr().out
    assert shown.startswith(f"Uso: guarismo {command}".rstrip() + " [OPCIONES]")
    assert "Muestra este mensaje y termina." in shown
    assert [line for line in shown.splitlines() if len(line) > 80 or re.search(r"^  .*\w\.\.\.$", line)] == []
    english = r"\b(the|of|and|FOLDER|FILE|RANGE|OPTIONS|COMMAND|default|required)\b"
    assert re.findall(english, shown) == []


def test_spanish_by_the_system_and_english_on_request() -> None:
    asked = ("data", "--help")
    assert "Busca, descarga y verifica" in say(*asked).stdout
    assert "Find, fetch and verify" in say(*asked, "--lang", "en").stdout
    assert "Busca, descarga y verifica" in say(*asked, "--lang=es", LANG="C", LANGUAGE="").stdout


def test_errors_are_spanish(fake_model: Path, tmp_path: Path) -> None:
    missing = say("read", "--model", str(fake_model), str(tmp_path / "none.png"))
    assert missing.returncode == 1
    assert missing.stderr == f"error: {tmp_path}/none.png: no se encuentra el archivo; revisa el nombre\n"
    unknown = say("--lang", "es", "read", "--anotate", LANG="C", LANGUAGE="")
    assert unknown.returncode == 2
    assert "No existe la opción '--anotate'. ¿Querías decir '--annotate'?" in unknown.stderr


def test_all_that_is_wrong_with_own_digits_is_said_in_spanish(fake_model: Path, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("none.png,4\nnone.png,x\n")
    said = say("evaluate", "--model", str(fake_model), str(tmp_path / "list.csv")).stderr
    assert "1 etiqueta errónea (none.png como 'x'), se esperaba de 0 a 9" in said
    assert "2 imágenes ilegibles (none.png (no se encuentra el archivo), none.png (no" in said


def test_json_is_the_same_in_every_language(fake_model: Path, tmp_path: Path) -> None:
    Image.fromarray(painted(7)).save(tmp_path / "seven.png")
    asked = ("read", "--model", str(fake_model), "--format", "json", str(tmp_path))
    spanish, english = say(*asked), say(*asked, "--lang", "en")
    assert spanish.stdout == english.stdout
    assert json.loads(spanish.stdout)[0]["page"]["numbers"][0]["status"] == "read"
    assert spanish.stderr == english.stderr == ""
