"""``guarismo search``: let Optuna choose depth, width, rate and dropout."""

from __future__ import annotations

import json
from pathlib import Path

import click

from guarismo.cli import options
from guarismo.cli.train import load_arrays, needs_training


@click.command(
    "search", help="Search depth, width, learning rate and dropout with Optuna. Judged by training digits kept aside."
)
@click.option("--trials", type=click.IntRange(1, 100_000), default=30, show_default=True, help="Networks to try.")
@click.option(
    "--epochs", type=click.IntRange(1, 10_000), default=10, show_default=True, help="Passes over all pictures."
)
@options.seed
@options.data
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("runs/search"),
    show_default=True,
    metavar="FOLDER",
    help="Where the trials are kept; a search that was stopped goes on.",
)
def command(trials: int, epochs: int, seed: int, data: str, out: Path) -> int:
    needs_training()
    arrays = load_arrays(data)
    from guarismo.files import claim, write_whole
    from guarismo.train.fit import use_cores
    from guarismo.train.sweep import search

    use_cores(1)
    claim(out, {"data": data, "epochs": epochs, "seed": seed})
    best = search(arrays, trials, epochs, seed, out / "trials.sqlite", _say)
    text = json.dumps(best, indent=2)
    write_whole(out / "best.json", text.encode())
    click.echo(text)
    return 0


def _say(row: dict[str, float]) -> None:
    click.echo("  ".join(f"{name} {value:.4g}" for name, value in row.items()), err=True)
