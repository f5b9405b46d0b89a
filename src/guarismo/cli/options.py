"""Options that several commands share."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import click

from guarismo.cli import _
from guarismo.errors import UsageError
from guarismo.pattern import Constraints

model = click.option(
    "--model",
    metavar="DIR",
    help="A model directory or the folder of a training run; else the bundled one.",
)
line_model = click.option(
    "--line-model",
    metavar="DIR",
    help="The same for numbers, as `guarismo train line` leaves it.",
)
seed = click.option(
    "--seed",
    type=click.IntRange(0, 2**31 - 1),
    default=1,
    show_default=True,
    help="Start and order; the same seed, the same run.",
)


def kind(help: str) -> Callable[[Any], Any]:  # noqa: A002 - its name tells the catalogue that it is a text
    """``--as``, what is on each picture."""
    choice = click.Choice(["digit", "number", "page", "auto"])
    return click.option("--as", "kind", type=choice, default="digit", show_default=True, help=help)


def check_kind(kind: str, line_model: str | None, limits: dict[str, Any]) -> None:
    """Raises UsageError where an option speaks of what is not read."""
    given = [_NAMES.get(name, name) for name, value in limits.items() if value is not None]
    if kind == "page" and given:
        raise for_no_pages(f"--{given[0]}")
    given += [] if line_model is None else ["line-model"]
    if kind == "digit" and given:
        raise UsageError(
            "{option}: for numbers, and digits are read; add --as number or --as auto", option=f"--{given[0]}"
        )


_NAMES = {"minimum": "min", "maximum": "max"}


def for_no_pages(option: str) -> UsageError:
    return UsageError("{option}: for single digits or numbers, and pages are read; leave it out", option=option)


data = click.option(
    "--data",
    default="mnist",
    show_default=True,
    metavar="NAME|PATH",
    help="mnist, digits8x8, or your own: a folder of folders 0 to 9, a CSV of paths and labels, an npz.",
)


class Finite(click.FloatRange):
    """A number within bounds; click lets NaN through."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(_("{value} is no number that this can be").format(value=value), param, ctx)
        return number


_LIMITS = (
    click.option("--digits", type=click.IntRange(1, 100), help="Numbers have exactly N digits, not counting marks."),
    click.option("--pattern", metavar="REGEX", help=r"Numbers look like this, as a whole: \d{5}, \d+,\d\d, [0-9.]+"),
    click.option("--min", "minimum", metavar="N", help="Numbers are not less than this."),
    click.option("--max", "maximum", metavar="N", help="Numbers are not more than this."),
    click.option(
        "--allowed",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="Numbers are among the values in this file, one a line.",
    ),
)


def limits(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options for what numbers must be like; ``constraints`` takes them."""
    return reduce(lambda made, option: option(made), reversed(_LIMITS), command)


def constraints(allowed: Path | None, **given: Any) -> Constraints | None:
    """What the options say of numbers; None where they say nothing. Raises UsageError where the file cannot be read."""
    values = None if allowed is None else _values(allowed)
    asked = Constraints(**given, allowed=values)
    return None if asked == Constraints() else asked


def _values(path: Path) -> tuple[str, ...]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(
            "{path}: cannot be read ({reason}); expected a text file with one value a line", path=path, reason=reason
        ) from error
    return tuple(value for line in lines if (value := line.strip()))


start = click.option(
    "--start",
    type=click.Path(path_type=Path, exists=True),
    metavar="FOLDER",
    help="Begin with the weights of another run, or of a model.",
)


def run_folder(default: str) -> Callable[[Any], Any]:
    """``--out`` of a training that goes on where it was stopped."""
    return click.option(
        "--out",
        type=click.Path(path_type=Path),
        default=Path(default),
        show_default=True,
        metavar="FOLDER",
        help="The run folder; a run that was stopped goes on there.",
    )
