"""Writes docs/en/commands.md and docs/es/commands.md from what the commands say of themselves.

python docs/commands.py [--check]
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
HEADS = {
    "en": "# Commands\n\nWhat `guarismo COMMAND --help` says. Written by `make commands`.\n",
    "es": "# Comandos\n\nLo que dice `guarismo COMANDO --help`. Lo escribe `make commands`.\n",
}


def page(language: str) -> str:
    """The whole page: one process a language, since gettext keeps what it has found."""
    command = [sys.executable, __file__, "--print", language]
    environment = {**os.environ, "LANGUAGE": language, "COLUMNS": "90"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def print_page(language: str) -> None:
    import click

    from guarismo import cli

    cli.use_language(["--lang", language])

    def walk(command: click.Command, parent: click.Context | None, name: str) -> None:
        context = click.Context(command, info_name=name, parent=parent, terminal_width=90)
        print(f"\n## {context.command_path}\n\n```text\n{command.get_help(context).rstrip()}\n```")
        if isinstance(command, click.Group):
            for sub in command.list_commands(context):
                found = command.get_command(context, sub)
                assert found is not None
                walk(found, context, sub)

    print(HEADS[language], end="")
    walk(cli.root(), None, "guarismo")


def main() -> int:
    if sys.argv[1:2] == ["--print"]:
        print_page(sys.argv[2])
        return 0
    stale = []
    for language in HEADS:
        path, text = HERE / language / "commands.md", page(language)
        if "--check" not in sys.argv:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            stale.append(str(path))
    if stale:
        print(f"stale: {', '.join(stale)}; run make commands", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
