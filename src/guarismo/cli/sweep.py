"""``guarismo sweep``: why 128 units? Train every combination and see."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from guarismo.cli import _, options
from guarismo.cli.train import load_arrays, needs_training
from guarismo.errors import UsageError


class Numbers(click.ParamType[tuple[int, ...]]):
    """Positive whole numbers with commas between them."""

    name = "N,N,..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        try:
            numbers = tuple(int(part) for part in str(value).split(","))
        except ValueError:
            numbers = ()
        if not numbers or min(numbers) < 1:
            self.fail(
                _("{value!r} is not a list of whole numbers from 1 up, such as 64,128").format(value=value), param, ctx
            )
        return numbers


@click.command(
    "sweep", help="Train the tutorial's network at many widths and depths. Plots what they give; can be resumed."
)
@click.option(
    "--units",
    type=Numbers(),
    default="8,16,32,64,128,256,512,1024",
    show_default=True,
    help="Units of each hidden layer.",
)
@click.option("--layers", type=Numbers(), default="3", show_default=True, help="Hidden layers.")
@click.option("--seeds", type=click.IntRange(1, 1000), default=5, show_default=True, help="Runs of each combination.")
@click.option(
    "--epochs", type=click.IntRange(1, 10_000), default=20, show_default=True, help="Passes over all pictures."
)
@options.data
@click.option(
    "--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Runs at once, one core each."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("runs/sweep"),
    show_default=True,
    metavar="FOLDER",
    help="Where the table and the plots go.",
)
def command(
    units: tuple[int, ...], layers: tuple[int, ...], seeds: int, epochs: int, data: str, workers: int, out: Path
) -> int:
    needs_training()
    if workers > 1 and data != "mnist":
        raise UsageError("--workers above 1 works with --data mnist only; leave it out")
    arrays = None if workers > 1 else load_arrays(data)
    from guarismo.files import claim, write_whole
    from guarismo.train import plots
    from guarismo.train.sweep import Grid, sweep

    claim(out, {"data": data})
    grid = Grid(units, layers, seeds, epochs)
    rows = sweep(grid, out / "sweep.csv", arrays, workers, _say)
    for axis, count in (("units", len(units)), ("layers", len(layers))):
        if count > 1:
            write_whole(out / f"{axis}.png", plots.sweep(rows, axis))  # type: ignore[arg-type]
    click.echo(str(out / "sweep.csv"))
    return 0


def _say(row: dict[str, float]) -> None:
    words = _("{units:.0f} units, {layers:.0f} layers, seed {seed:.0f}: {test_accuracy:.2%} in {train_seconds:.0f} s")
    click.echo(words.format(**row), err=True)
