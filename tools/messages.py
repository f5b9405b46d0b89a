"""The Spanish catalogue: collects the messages of the sources, merges them into the .po, compiles the .mo.

python tools/messages.py            update both files; then translate what is empty or fuzzy, and run it again
python tools/messages.py --check    change nothing; say what is missing, and exit 1 if anything is
"""

from __future__ import annotations

import argparse
import ast
import re
import string
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "guarismo"
PO = PACKAGE / "locale" / "es" / "LC_MESSAGES" / "guarismo.po"

TAKEN = {"_", "gettext", "UsageError", "DataError", "PictureError", "DatasetError", "ModelError", "OutputError"}
"""What is called with a message as its first argument."""

HELP = {"help", "metavar"}
"""Arguments by name that ``cli.in_language`` translates."""

Id = str | tuple[str, str]  # one message, or singular and plural
CLICK: tuple[Id, ...] = (
    *("Usage:", "Options", "Commands", "Show this message and exit.", "default: {default}", "required"),
    *("Missing command.", "Missing argument", "Missing option", "Missing parameter", "Choose from:\n\t{choices}"),
    *("No such option {name!r}.", "No such command {name!r}.", "Option {name!r} does not take a value."),
    *("Invalid value: {message}", "Invalid value for {param_hint}: {message}", "%(prog)s, version %(version)s"),
    *("{value!r} is not a valid {number_type}.", "{value} is not in the range {range}."),
    ("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)"),
    ("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})"),
    ("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments."),
    ("{value!r} is not {choice}.", "{value!r} is not one of {choices}."),
)
"""What click says in our commands: it looks in the same catalogue."""

SYSTEM = (
    *("Connection refused", "File exists", "File name too long", "Input/output error", "Is a directory"),
    *("No space left on device", "No such file or directory", "Not a directory", "Operation not permitted"),
    *("Permission denied", "Read-only file system", "Disk quota exceeded", "Network is unreachable"),
    *("Name or service not known", "Temporary failure in name resolution"),
)
"""What systems say of files and networks, given in our messages as the reason."""


def collected() -> dict[Id, list[str]]:
    """Every message and the files it is in, in the order of the sources."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}
    constants = {name: text for tree in trees.values() for name, text in _constants(tree)}
    found: dict[Id, list[str]] = {}
    for path, tree in trees.items():
        for message in _messages(tree, constants):
            found.setdefault(message, []).append(path.relative_to(ROOT).as_posix())
    for message in (*CLICK, *SYSTEM):
        found.setdefault(message, []).append("click" if message in CLICK else "system")
    return found


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and (text := _text(node.value, {})):
            yield node.targets[0].id, text


def _text(node: ast.expr, constants: dict[str, str]) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return constants.get(node.id, "") if isinstance(node, ast.Name) else ""


def _messages(tree: ast.Module, constants: dict[str, str]) -> Iterator[Id]:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
        name = getattr(call.func, "id", None) or getattr(call.func, "attr", "")
        texts = [_text(argument, constants) for argument in call.args]
        if name in TAKEN and texts and texts[0]:
            yield texts[0]
        if name == "ngettext":
            yield texts[0], texts[1]
        for keyword in call.keywords:
            if keyword.arg in HELP and (text := _text(keyword.value, constants)):
                yield text


def update() -> None:
    """Merge the messages of the sources into the .po and compile it; a changed message becomes fuzzy."""
    catalog, template = _read(), Catalog()
    for message, places in collected().items():
        template.add(message, locations=[(place, 0) for place in dict.fromkeys(places)])
    catalog.update(template, update_creation_date=False)
    with PO.open("wb") as file:
        write_po(file, catalog, width=100, ignore_obsolete=True, include_lineno=False)
    with PO.with_suffix(".mo").open("wb") as file:
        write_mo(file, _read())


def problems() -> list[str]:
    """What is wrong with the catalogue, one line each."""
    wanted, catalog = collected(), _read()
    kept = {_id(message): message for message in catalog if message.id}
    with PO.with_suffix(".mo").open("rb") as file:
        compiled = {_id(message): _strings(message) for message in read_mo(file) if message.id}
    said = [f"missing: {message!r}" for message in wanted if message not in kept]
    said += [f"obsolete: {message!r}" for message in kept if message not in wanted]
    for message, entry in kept.items():
        ids = (message,) if isinstance(message, str) else message
        if entry.fuzzy or not all(_strings(entry)):
            said.append(f"{'fuzzy' if entry.fuzzy else 'empty'}: {message!r}")
        elif list(map(placeholders, ids)) != list(map(placeholders, _strings(entry))):
            said.append(f"other placeholders: {message!r} -> {entry.string!r}")
    if compiled != {message: _strings(entry) for message, entry in kept.items() if not entry.fuzzy and entry.string}:
        said.append(f"{PO.with_suffix('.mo').name} is stale")
    return said


def placeholders(text: str) -> set[str]:
    """``{fields}`` with conversion and format, and ``%(fields)s``."""
    fields = {f"{name}!{how}:{form}" for _before, name, form, how in string.Formatter().parse(text) if name is not None}
    return fields | set(re.findall(r"%\(\w+\)s", text))


def _read() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file, locale="es", domain="guarismo")


def _id(message: Message) -> Id:
    return message.id if isinstance(message.id, str) else (message.id[0], message.id[1])


def _strings(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ("",))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Update or check the Spanish catalogue.")
    parser.add_argument("--check", action="store_true", help="change nothing, exit 1 where something is missing")
    if not parser.parse_args().check:
        update()
    found = problems()
    print("\n".join(found) or "the Spanish catalogue is complete")
    sys.exit(1 if found else 0)
