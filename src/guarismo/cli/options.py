"""Options that several commands share."""

from __future__ import annotations

import click

model = click.option(
    "--model",
    metavar="DIR",
    help="A model directory or the folder of a training run; else the bundled one.",
)
seed = click.option(
    "--seed",
    type=click.IntRange(0, 2**31 - 1),
    default=1,
    show_default=True,
    help="Start and order; the same seed, the same run.",
)
data = click.option(
    "--data",
    default="mnist",
    show_default=True,
    metavar="NAME|PATH",
    help="mnist, digits8x8, or your own: a folder of folders 0 to 9, a CSV of paths and labels, an npz.",
)
