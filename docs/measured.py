"""Write the measured numbers of README.md and docs/ from benchmarks/results/, or check that they are up to date.

python docs/measured.py            rewrite the pages
python docs/measured.py --check    change nothing; exit 1 and say which numbers are stale or come from nowhere

In a page, a number stands between two comments, which a reader of the rendered page does not see:

    <!--n:tutorial_seeds.json:keras_fit.accuracy_mean:.2%-->97.99%<!--/n-->

that is, a file of benchmarks/results/, the way to the number in it (names and places in lists, with dots between
them) and a Python format spec. Pages in docs/es get a decimal comma. The marker must not begin a line, where
Markdown would take all of the line for HTML, and not stand in a block of code, where the comments are visible.

(Not called numbers.py: Python would find it in place of its own module of that name, on which NumPy depends.)
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
MARKER = re.compile(r"(<!--n:([\w.-]+):([\w.-]+):([^:<>\n]*)-->)([^<]*)(<!--/n-->)")
START = "<!--n:"


class UnresolvableError(Exception):
    """A marker that leads to no number."""


@dataclass(slots=True)
class Page:
    """What became of a page: its text with fresh numbers, and one line for each stale or unresolvable one."""

    text: str
    stale: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


def pages(root: Path) -> Iterator[Path]:
    """The README and all of docs/, in a fixed order."""
    readme = root / "README.md"
    yield from [readme] if readme.is_file() else []
    yield from sorted((root / "docs").rglob("*.md"))


def refreshed(text: str, results: Path, spanish: bool) -> Page:
    """The page with each number as the results have it now; one that leads nowhere stays as it is."""
    page = Page(text)
    page.broken += [f"line {line}: a marker that cannot be read" for line in _malformed(text)]

    def fresh(marker: re.Match[str]) -> str:
        opening, file, path, spec, old, closing = marker.groups()
        where = f"line {text.count(chr(10), 0, marker.start()) + 1}: {file}:{path}"
        try:
            _check_place(text, marker.start())
            new = written(_look_up(results / file, path), spec, spanish)
        except UnresolvableError as error:
            page.broken.append(f"{where}: {error}")
            return marker.group()
        if new != old:
            page.stale.append(f"{where}: {old!r} should be {new!r}")
        return opening + new + closing

    page.text = MARKER.sub(fresh, text)
    return page


def written(value: Any, spec: str, spanish: bool) -> str:
    """``value`` formatted; a number in Spanish as 1234,5 % or 12 345, its spaces never broken at the end of a line."""
    try:
        text = format(value, spec)
    except (TypeError, ValueError) as error:
        raise UnresolvableError(f"{value!r} cannot be written as {spec!r}") from error
    if isinstance(value, str) or not spanish:
        return text
    digits = text.strip("+-%").partition(".")[0].replace(",", "")
    return text.replace(",", "\u00a0" if len(digits) > 4 else "").replace(".", ",").replace("%", "\u00a0%")


def _look_up(file: Path, path: str) -> Any:
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnresolvableError(f"{file.name} cannot be read") from error
    for step in path.split("."):
        value = _inside(value, step)
    if isinstance(value, bool | dict | list | None) or (isinstance(value, float) and not math.isfinite(value)):
        raise UnresolvableError(f"{json.dumps(value)[:40]} is not a number nor a text")
    return value


def _inside(value: Any, step: str) -> Any:
    try:
        return value[int(step)] if isinstance(value, list) else value[step]
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise UnresolvableError(f"there is no {step!r}") from error


def _check_place(text: str, start: int) -> None:
    before = text[:start]
    if not before.rpartition("\n")[2].strip():
        raise UnresolvableError("begins a line, which Markdown then takes for HTML: move it")
    if len(re.findall(r"^ *```", before, re.MULTILINE)) % 2:
        raise UnresolvableError("stands in a block of code, where its comments are visible: move it")


def _malformed(text: str) -> list[int]:
    """Lines of markers that MARKER does not match."""
    good = {marker.start() for marker in MARKER.finditer(text)}
    starts = (found.start() for found in re.finditer(START, text))
    return [text.count("\n", 0, start) + 1 for start in starts if start not in good]


def update(root: Path, check: bool) -> list[str]:
    """Refresh the pages under ``root``, or only look. Gives the complaints: after refreshing, what leads nowhere."""
    complaints = []
    for path in pages(root):
        text = path.read_bytes().decode()  # bytes, so that line ends stay as they are
        name = path.relative_to(root)
        page = refreshed(text, root / "benchmarks" / "results", name.parts[:2] == ("docs", "es"))
        complaints += [f"{name}: {line}" for line in page.broken + (page.stale if check else [])]
        if not check and page.text != text:
            path.write_bytes(page.text.encode())
    return complaints


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the measured numbers of the pages from benchmarks/results/.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 where a number is not up to date")
    check = parser.parse_args().check
    complaints = update(ROOT, check)
    for line in complaints:
        print(line, file=sys.stderr)
    if check and complaints:
        print("run: python docs/measured.py", file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
