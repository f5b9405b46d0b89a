"""What a long run shows while it runs: how far, how fast, how long still, and how many of each status."""

from __future__ import annotations

import time
from gettext import ngettext
from typing import TYPE_CHECKING, Self

import click

from guarismo.cli import _
from guarismo.results import in_words

if TYPE_CHECKING:
    from guarismo.batch.output import Record, Total

PAUSE = 10.0
"""Seconds between lines, where there is no terminal: a log of a day has some thousand."""


class Clock:
    """Pictures a second of this run, and what that means for the rest. ``before`` were read by an earlier one."""

    def __init__(self, pictures: int, exact: bool, before: int) -> None:
        self._pictures, self._exact, self._before = pictures, exact, before
        self._began = time.monotonic()

    def words(self, total: Total) -> str:
        read = total.pictures - self._before
        rate = read / max(1e-9, time.monotonic() - self._began)
        counts = ", ".join(f"{count} {said(status)}" for status, count in total.counts.items() if count)
        of = f"{total.pictures}/{self._pictures}" if self._exact else str(total.pictures)
        words = ngettext(
            "{count} picture, {rate:.0f} a second, {left} left; {counts}",
            "{count} pictures, {rate:.0f} a second, {left} left; {counts}",
            self._pictures if self._exact else total.pictures,
        )
        return words.format(count=of, rate=rate, left=self._left(total.pictures, rate), counts=counts)

    def _left(self, read: int, rate: float) -> str:
        if not self._exact or not rate:
            return "?"
        minutes, seconds = divmod(round(max(0, self._pictures - read) / rate), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02}"


def said(status: str) -> str:
    """The status of a row, in the language of the session."""
    return _("unreadable") if status == "error" else in_words(status)  # type: ignore[arg-type]


class Lines:
    """For logs: a line on stderr now and then."""

    def __init__(self, pictures: int, exact: bool, before: int) -> None:
        self._clock, self._last = Clock(pictures, exact, before), time.monotonic()

    def show(self, _record: Record, total: Total) -> None:
        if time.monotonic() - self._last >= PAUSE:
            self._last = time.monotonic()
            click.echo(self._clock.words(total), err=True)


class Bar:
    """For a terminal."""

    def __init__(self, pictures: int, exact: bool, before: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        columns = (BarColumn(20), TextColumn("{task.description}"))
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self._clock = Clock(pictures, exact, before)
        self._task = self._progress.add_task("", total=pictures if exact else None, completed=before)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._progress.stop()

    def show(self, _record: Record, total: Total) -> None:
        words = self._clock.words(total)
        self._progress.update(self._task, completed=total.pictures, description=words)
