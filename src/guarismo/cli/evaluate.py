"""``guarismo evaluate``: how well does a model read a labelled set?"""

from __future__ import annotations

import json

import click

from guarismo.cli import _, options


@click.command(
    "evaluate",
    help="Measure a model on labelled digits, as it is shipped. SET: mnist, orand, optdigits, digits8x8, or a path.",
)
@click.argument("sets", nargs=-1, required=True, metavar="SET...")
@options.model
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="Form of the results.")
def command(sets: tuple[str, ...], model: str | None, form: str) -> int:
    from guarismo.evaluate import describe, evaluate, load_named
    from guarismo.reader import Reader

    reader = Reader(model)
    rows = [describe(name, evaluate(reader, load_named(name))) for name in sets]
    if form == "json":
        click.echo(json.dumps(rows, indent=2))
        return 0
    heads = (_("set"), _("pictures"), _("right"), _("read"), _("wrong among read"), _("calibration error"))
    click.echo("  ".join(f"{head:>17}" for head in heads))
    for row in rows:
        shares = [f"{row[key]:>17.2%}" for key in ("accuracy", "read", "wrong_read")]
        click.echo("  ".join([f"{row['set']:>17.17}", f"{row['count']:>17}", *shares, f"{row['calibration']:>17.4f}"]))
    return 0
