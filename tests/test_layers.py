"""Arrows run downwards only: the contracts in pyproject.toml, and that they can be broken."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

import guarismo

ROOT = Path(__file__).parents[1]
SOURCES = Path(guarismo.__file__).parent
CONTRACTS: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
    "contracts"
]


def lint(config: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--config", str(config)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def test_the_contracts_are_kept() -> None:
    done = lint(ROOT / "pyproject.toml")
    assert done.returncode == 0, done.stdout
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken" in done.stdout


def test_the_contracts_can_be_broken(tmp_path: Path) -> None:
    text = (ROOT / "pyproject.toml").read_text()
    upside_down = re.sub(r'"types",\n    "errors",', '"errors",\n    "types",', text)
    upside_down = upside_down.replace('ignore_imports = ["guarismo.cli.info -> onnxruntime"]', "")
    assert upside_down != text
    (tmp_path / "pyproject.toml").write_text(upside_down)
    done = lint(tmp_path / "pyproject.toml")
    assert done.returncode == 1
    assert "guarismo.types -> guarismo.errors" in done.stdout


@pytest.mark.parametrize(("contract", "allowed"), [("frameworks", {"train"}), ("runtime", {"engine"})])
def test_a_contract_speaks_of_every_module_but_the_one_that_is_allowed(contract: str, allowed: set[str]) -> None:
    named = next(each["source_modules"] for each in CONTRACTS if each["id"] == contract)
    modules = {path.stem for path in SOURCES.glob("[a-z]*.py")} | {
        path.parent.name for path in SOURCES.glob("*/__init__.py")
    }
    assert {name.removeprefix("guarismo.") for name in named} == modules - allowed


def _imports(body: list[ast.stmt]) -> set[str]:
    """Modules imported when the file is: not in functions, nor for the type checker."""
    names: set[str] = set()
    for node in body:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {str(node.module)} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, (ast.Try, ast.With, ast.ClassDef)):
            names |= _imports(node.body)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.unparse(node.test):
            names |= _imports(node.body) | _imports(node.orelse)
    return names


HEAVY = ("guarismo.train", "tensorflow", "keras", "optuna", "matplotlib", "sklearn")


@pytest.mark.parametrize("path", sorted(SOURCES.glob("cli/*.py")), ids=lambda path: path.stem)
def test_a_command_imports_training_inside_its_functions_only(path: Path) -> None:
    found = _imports(ast.parse(path.read_text()).body)
    assert [name for name in found if name.startswith(HEAVY)] == []


def test_only_the_readers_of_8x8_digits_know_scikit_learn() -> None:
    users = [
        path.stem for path in SOURCES.glob("*.py") if re.search(r"^\s*(from|import) sklearn", path.read_text(), re.M)
    ]
    assert users == ["datasets"]


def test_the_reader_fits_on_a_few_screens() -> None:
    assert len((SOURCES / "reader.py").read_text().splitlines()) <= 150
    too_long = [path.name for path in SOURCES.rglob("*.py") if len(path.read_text().splitlines()) > 400]
    assert too_long == []
