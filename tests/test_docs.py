"""Documents cannot lie: their code runs, their links lead somewhere, their commands exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
TUTORIALS = [ROOT / "docs" / language / "tutorial.md" for language in ("en", "es")]
BUNDLED = ROOT / "src" / "guarismo" / "models" / "digit" / "model.json"


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)", page.read_text())
    missing = [t for t in targets if not t.startswith("http") and not (page.parent / t).exists()]
    assert not missing


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "docs/es/README.md"], ids=["en", "es"])
def test_the_readme_example_runs_and_reads_a_seven(page: Path) -> None:
    (code,) = blocks(page, "python")
    check = "\nassert (digit.value, digit.status) == (7, 'read'), digit"
    done = subprocess.run([sys.executable, "-c", code + check], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", TUTORIALS, ids=["en", "es"])
def test_the_tutorial_quotes_the_recipe_to_the_letter(page: Path) -> None:
    recipe = (ROOT / "recipes" / "tutorial.py").read_text()
    quoted = [block for block in blocks(page, "python") if "keras" in block or "x_train" in block or "model" in block]
    assert len(quoted) >= 6
    for block in quoted:
        assert block.strip() in recipe


def test_both_tutorials_have_the_same_parts() -> None:
    english, spanish = (page.read_text() for page in TUTORIALS)
    for mark in (r"^## ", r"^### ", r"^```", r"!\["):
        assert len(re.findall(mark, english, re.MULTILINE)) == len(re.findall(mark, spanish, re.MULTILINE)), mark


def test_the_pages_of_commands_say_what_the_commands_say() -> None:
    done = subprocess.run([sys.executable, ROOT / "docs" / "commands.py", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_each_make_target_in_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {name for page in PAGES for name in re.findall(r"`?\bmake ([a-z-]+)`", page.read_text())}
    assert named <= targets


def test_contributing_is_short() -> None:
    assert len((ROOT / "CONTRIBUTING.md").read_text().splitlines()) <= 50


def test_the_examples_are_read_as_their_labels_say() -> None:
    import csv

    from guarismo import Reader

    with (ROOT / "examples" / "labels.csv").open(newline="") as file:
        labels = {row["file"]: row["digit"] for row in csv.DictReader(file)}
    reader = Reader()
    for name, label in labels.items():
        digit = reader.digit(ROOT / "examples" / name)
        if label:
            assert (str(digit.value), digit.status) == (label, "read"), name
        else:
            assert digit.status in ("blank", "not_a_digit"), name
