"""``guarismo data``: find, fetch and verify the data sets."""

from __future__ import annotations

from pathlib import Path

import click

from guarismo.cli import _, complain
from guarismo.errors import DataError

WHAT = click.Choice(["mnist"])


@click.group("data", help="Find, fetch and verify the data sets.")
def command() -> None: ...


@command.command("list", help="The data sets, and where each lies on this machine.")
def list_sets() -> int:
    click.echo("  ".join(["mnist     ", _where() or _("not here: guarismo data fetch mnist")]))
    click.echo("  ".join(["digits8x8 ", _("comes with scikit-learn: 1,797 real digits of 8x8 pixels")]))
    return 0


@command.command("path", help="Print where a data set lies.")
@click.argument("name", type=WHAT)
def path(name: str) -> int:
    from guarismo.datasets import find_mnist

    click.echo(str(find_mnist()))
    return 0


@command.command("fetch", help="Download a data set, or copy it from a folder. Only what is whole and verified stays.")
@click.argument("name", type=WHAT)
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Copy it from a folder instead; needs no network.",
)
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Where to put it; else the cache folder of this user.",
)
def fetch(name: str, source: Path | None, target: Path | None) -> int:
    from guarismo.download import fetch_mnist
    from guarismo.mnist import cache_folder

    place = fetch_mnist(target or cache_folder(), source=source, progress=_Progress())
    click.echo(str(place))
    return 0


@command.command("verify", help="Check each file of a data set against its SHA-256.")
@click.argument("name", type=WHAT)
@click.argument("folder", required=False, metavar="[FOLDER]", type=click.Path(path_type=Path))
def verify(name: str, folder: Path | None) -> int:
    from guarismo.datasets import find_mnist
    from guarismo.download import place_of, verify_mnist

    place = find_mnist() if folder is None else place_of(folder)
    states = verify_mnist(place)
    words = {"ok": _("ok"), "missing": _("missing"), "changed": _("changed")}
    for file, state in states:
        click.echo(f"{words[state]:9} {place / file}")
    if all(state == "ok" for _file, state in states):
        return 0
    complain(_("not all files are as published; fetch them again: guarismo data fetch mnist"))
    return 1


@command.command(
    "export-corrections", help="Export corrections as a data set. Those that `guarismo serve --keep` kept, to train on."
)
@click.argument("folder", metavar="FOLDER", type=click.Path(path_type=Path))
@click.option(
    "--out", required=True, metavar="FOLDER", type=click.Path(path_type=Path), help="A new folder for the data set."
)
def export_corrections(folder: Path, out: Path) -> int:
    from guarismo.web.corrections import export

    counts = export(folder, out)
    click.echo(_("{out}: {digits} digits and {numbers} numbers").format(out=out, **counts))
    return 0


def _where() -> str:
    from guarismo.datasets import find_mnist

    try:
        return str(find_mnist())
    except DataError:
        return ""


class _Progress:
    """Says each file once, and how far it is at every tenth."""

    def __init__(self) -> None:
        self._said: tuple[str, int] = ("", -1)

    def __call__(self, name: str, done: int, total: int | None) -> None:
        tenth = 10 * done // total if total else 0
        if (name, tenth) != self._said:
            self._said = (name, tenth)
            share = f"{10 * tenth:3} %" if total else f"{done:,} B"
            click.echo(f"{share}  {name}", err=True)
