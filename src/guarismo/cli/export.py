"""``guarismo export``: the model of a training run, to be used at the doors."""

from __future__ import annotations

import json
from pathlib import Path

import click

from guarismo.errors import OutputError, UsageError
from guarismo.files import write_whole
from guarismo.ink import INK_VERSION
from guarismo.model import CARD, DESCRIPTION, LINE_LABELS, WEIGHTS, load_model, model_directory
from guarismo.strip import STRIP_VERSION


@click.command("export", help="Copy the model of a run to a directory of its own. The weights are verified.")
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, metavar="FOLDER", help="The new model directory."
)
def command(run: Path, out: Path) -> int:
    directory = model_directory(run)
    if _is_line_model(directory):
        load_model(directory, STRIP_VERSION, "line")
    else:
        load_model(directory, INK_VERSION)
    if out.exists():
        raise UsageError("{path}: is there already; name a new directory", path=out)
    try:
        for name in (WEIGHTS, CARD, DESCRIPTION):
            write_whole(out / name, (directory / name).read_bytes())
    except (OSError, OutputError):
        import shutil  # and bz2, which no other command needs

        shutil.rmtree(out, ignore_errors=True)
        raise
    click.echo(str(out))
    return 0


def _is_line_model(directory: Path) -> bool:
    """By its labels. What is no model at all is told by who loads it."""
    try:
        labels = json.loads((directory / DESCRIPTION).read_text())["labels"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return bool(labels == list(LINE_LABELS))
