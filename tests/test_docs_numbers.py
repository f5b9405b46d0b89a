"""The measured numbers of the pages come from benchmarks/results/, and are up to date."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "docs" / "measured.py"


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_measured", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


measured: Any = _load()


def marker(path: str, spec: str, text: str = "?", file: str = "a.json") -> str:
    return f"<!--n:{file}:{path}:{spec}-->{text}<!--/n-->"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with one file of results and no page yet."""
    (tmp_path / "benchmarks" / "results").mkdir(parents=True)
    (tmp_path / "docs" / "es").mkdir(parents=True)
    (tmp_path / "docs" / "en").mkdir()
    values = {"deep": {"share": 0.97986, "runs": [1.5, 2.25]}, "count": 134794, "name": "2.1, x", "odd": float("nan")}
    (tmp_path / "benchmarks" / "results" / "a.json").write_text(json.dumps(values))
    return tmp_path


def page(root: Path, text: str, name: str = "README.md") -> Path:
    path = root / name
    path.write_bytes(text.encode())
    return path


def test_numbers_are_filled_in_and_all_else_is_left_alone(root: Path) -> None:
    before, after = "# A page\r\n\r\nIt was ", " of all,\r\nsaid `n`.\n"
    path = page(root, before + marker("deep.share", ".2%") + after)
    assert measured.update(root, check=False) == []
    assert path.read_bytes().decode() == before + marker("deep.share", ".2%", "97.99%") + after


@pytest.mark.parametrize(
    ("path", "spec", "english", "spanish"),
    [
        ("deep.share", ".2%", "97.99%", "97,99\u00a0%"),
        ("deep.runs.1", ".2f", "2.25", "2,25"),
        ("count", ",d", "134,794", "134\u00a0794"),
        ("name", "", "2.1, x", "2.1, x"),
    ],
)
def test_spanish_pages_have_the_decimal_comma(root: Path, path: str, spec: str, english: str, spanish: str) -> None:
    pages = [page(root, f"a {marker(path, spec)}\n", f"docs/{language}/p.md") for language in ("en", "es")]
    assert measured.update(root, check=False) == []
    assert [p.read_text(encoding="utf-8") for p in pages] == [
        f"a {marker(path, spec, text)}\n" for text in (english, spanish)
    ]


def test_four_digits_are_not_grouped_in_spanish() -> None:
    assert measured.written(1875, ",d", spanish=True) == "1875"
    assert measured.written(1875, ",d", spanish=False) == "1,875"


def test_filling_in_twice_changes_nothing(root: Path) -> None:
    path = page(root, f"a {marker('deep.share', '.1f')} b {marker('count', 'd')}\n")
    measured.update(root, check=False)
    once = path.read_bytes()
    assert measured.update(root, check=False) == []
    assert path.read_bytes() == once
    assert measured.update(root, check=True) == []


def test_check_names_what_is_stale_and_changes_nothing(root: Path) -> None:
    text = f"one\ntwo {marker('count', 'd', '134793')}\n"
    path = page(root, text, "docs/en/p.md")
    (complaint,) = measured.update(root, check=True)
    assert "p.md: line 2: a.json:count" in complaint
    assert "'134793' should be '134794'" in complaint
    assert path.read_text() == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"a {marker('nothing', 'd')}", "there is no 'nothing'"),
        (f"a {marker('deep.runs.7', 'd')}", "there is no '7'"),
        (f"a {marker('count.more', 'd')}", "there is no 'more'"),
        (f"a {marker('deep', '')}", "not a number nor a text"),
        (f"a {marker('odd', '.1f')}", "not a number nor a text"),
        (f"a {marker('deep.share', 'd')}", "cannot be written as 'd'"),
        (f"a {marker('name', '.1f')}", "cannot be written as '.1f'"),
        (f"a {marker('count', 'd', file='none.json')}", "none.json cannot be read"),
        (f"a\n{marker('count', 'd')} b", "begins a line"),
        (f"a\n  {marker('count', 'd')} b", "begins a line"),
        (f"```\nx = {marker('count', 'd')}\n```", "block of code"),
        ("a <!--n:a.json:count:d-->5 and no end", "cannot be read"),
        ("a <!--n:a.json:count-->5<!--/n-->", "cannot be read"),
    ],
)
@pytest.mark.parametrize("check", [True, False])
def test_what_leads_nowhere_is_said_and_left_as_it_is(root: Path, text: str, reason: str, check: bool) -> None:
    path = page(root, text)
    (complaint,) = measured.update(root, check)
    assert reason in complaint
    assert path.read_text() == text


def test_an_open_marker_does_not_swallow_the_next(root: Path) -> None:
    path = page(root, f"a <!--n:a.json:count:d-->5 b {marker('count', 'd')}\n")
    assert len(measured.update(root, check=False)) == 1
    assert path.read_text() == f"a <!--n:a.json:count:d-->5 b {marker('count', 'd', '134794')}\n"


def test_one_bad_marker_does_not_keep_the_others_from_being_filled(root: Path) -> None:
    path = page(root, f"a {marker('nothing', 'd')} b {marker('count', 'd')}\n")
    measured.update(root, check=False)
    assert "134794" in path.read_text()


def test_damaged_results_are_a_complaint(root: Path) -> None:
    (root / "benchmarks" / "results" / "a.json").write_text("{")
    page(root, f"a {marker('count', 'd')}\n")
    (complaint,) = measured.update(root, check=True)
    assert "a.json cannot be read" in complaint


def test_pages_and_plots_write_numbers_alike() -> None:
    from guarismo.train import plots

    for value, spec in ((0.97986, ".2%"), (134794, ",d"), (1875, ",d"), (-1234567.5, ",.1f"), (0.5, ".0%")):
        assert measured.written(value, spec, spanish=True) == plots.number(value, spec, "es")


@pytest.mark.parametrize("page_of", ["docs/en/tutorial.md", "docs/es/tutorial.md"])
def test_the_tutorial_has_measured_numbers(page_of: str) -> None:
    assert "<!--n:tutorial_seeds.json:" in (ROOT / page_of).read_text(encoding="utf-8")


def test_the_numbers_of_the_repository_are_up_to_date() -> None:
    done = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
