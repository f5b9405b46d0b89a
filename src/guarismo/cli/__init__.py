"""The command line: ``guarismo COMMAND``, in English and Spanish.

Results go to stdout, talk to stderr. Exit code 0: done; 1: some data was bad; 2: the call was wrong.
A command's module is imported when it is called, so that ``read`` pays for no other.
"""

from __future__ import annotations

import copy
import gettext
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from guarismo import __version__
from guarismo.errors import GuarismoError, UsageError

_ = gettext.gettext

COMMANDS = ("read", "batch", "serve", "train", "evaluate", "sweep", "search", "export", "data", "info")
LANGUAGES = ("en", "es")


class Commands(click.Group):
    """Finds each command in the module of its name, and gives it back in the language of the session."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        return in_language(importlib.import_module(f"guarismo.cli.{cmd_name}").command)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:  # click would make an error of it
            raise _ReaderLeftError from error


class _ReaderLeftError(Exception):
    """The reader of our output has left, as `head` does."""


def in_language(command: click.Command) -> click.Command:
    """A copy of the command with its help translated, and the option for the language added."""
    command = copy.copy(command)
    command.help = _(command.help) if command.help else None
    command.options_metavar = _("[OPTIONS]")
    command.params = [_translated(param) for param in command.params] + [language_option()]
    if isinstance(command, click.Group):
        command.subcommand_metavar = _("COMMAND [ARGS]...")
        command.commands = {name: in_language(sub) for name, sub in command.commands.items()}
    return command


def _translated(param: click.Parameter) -> click.Parameter:
    param = copy.copy(param)
    if isinstance(param, click.Option) and param.help:
        param.help = _(param.help)
    if isinstance(param.type, (click.IntRange, click.FloatRange)):
        param.type = copy.copy(param.type)
        param.type.name = _("whole number") if isinstance(param.type, click.IntRange) else _("number")
        param.metavar = param.metavar or "N"  # its limits stand beside it
    param.metavar = _(param.metavar) if param.metavar else None
    return param


def language_option() -> click.Option:
    text = _("Language of help and messages; else that of the system.")
    return click.Option(["--lang"], type=click.Choice(LANGUAGES), expose_value=False, help=text)


def use_language(arguments: Sequence[str]) -> None:
    """Set the language from ``--lang``, before any text is made; without it, the system's locale decides."""
    for i, argument in enumerate(arguments):
        name, _equals, value = argument.partition("=")
        value = value or "".join(arguments[i + 1 : i + 2])
        if name == "--lang" and value in LANGUAGES:
            os.environ["LANGUAGE"] = value
    gettext.bindtextdomain("guarismo", str(Path(__file__).parents[1] / "locale"))
    gettext.textdomain("guarismo")


def complain(message: str) -> None:
    """One line to stderr, after whatever stdout has."""
    _flush()
    word = _("error:")
    plain = os.environ.get("NO_COLOR")
    click.echo((word if plain else click.style(word, fg="red", bold=True)) + " ", err=True, nl=False)
    click.echo(" ".join(message.split()), err=True)


def _flush() -> None:
    if sys.stdout is not None:  # as after `>&-`
        sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    use_language(given)
    sys.exit(_run(given))


def _run(arguments: list[str]) -> int:
    try:
        return _called(arguments)
    except (_ReaderLeftError, click.Abort, KeyboardInterrupt, OSError, MemoryError) as error:
        return _broken_off(error)


def _called(arguments: list[str]) -> int:
    """The exit code of a command that went as it should, or said what was wrong."""
    try:
        code = root()(arguments, prog_name="guarismo", standalone_mode=False)
        _flush()
        return code if isinstance(code, int) else 0
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 2
    except (GuarismoError, click.ClickException) as error:
        complain(error.in_words() if isinstance(error, GuarismoError) else error.format_message())
        if isinstance(error, (UsageError, click.ClickException)):
            click.echo(_("See guarismo COMMAND --help."), err=True)
        return error.exit_code


def _broken_off(error: BaseException) -> int:
    """The world came between: what to say, and the exit code."""
    if isinstance(error, (_ReaderLeftError, BrokenPipeError)):
        _drop_output()
        return 0
    if isinstance(error, OSError):
        try:
            _flush()
        except OSError:
            _drop_output()
        complain(
            _("{name}: {reason}").format(
                name=error.filename or "guarismo", reason=_(error.strerror or str(error) or "I/O error")
            )
        )
        return 1
    if isinstance(error, MemoryError):
        complain(_("not enough memory; give fewer or smaller pictures, or close other programs"))
        return 1
    complain(_("stopped"))
    return 130


def _drop_output() -> None:
    """What stdout still holds goes nowhere: the message about it, and the interpreter at its end, would fail on it
    again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def root() -> click.Group:
    """The command `guarismo` itself, in the language of the session."""
    root = Commands(
        "guarismo",
        help=_("Reads handwritten numbers, and says when it is not sure."),
        params=[language_option()],
        options_metavar=_("[OPTIONS]"),
        subcommand_metavar=_("COMMAND [ARGS]..."),
        no_args_is_help=True,
    )
    return click.version_option(__version__, prog_name="guarismo", help=_("Show the version and exit."))(root)
