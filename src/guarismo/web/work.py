"""Reading off the event loop, and bounded: so many at once, so many waiting, the rest is refused.

Single digits that arrive together are read as one batch: a batch of 32 takes four times as long as one, not 32 times.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from guarismo import Digit, Reader
from guarismo.types import Gray
from guarismo.web.problems import Problem

T = TypeVar("T")
Load = Callable[[], Gray]
"""Opens or draws a picture, on the thread that reads it."""

TOGETHER = 64
"""Digits in one batch at most: more would make the first wait for the last."""


class Work:
    """Runs functions on ``threads`` threads; ``waiting`` more may wait. Raises Problem 429 beyond that, and 503 where
    an answer takes longer than ``seconds``: the thread goes on, but nobody waits for it."""

    def __init__(self, reader: Reader, threads: int = 2, waiting: int = 24, seconds: float = 30.0) -> None:
        self._reader, self._seconds, self._most = reader, seconds, threads + waiting
        self._threads, self._inside = threads, 0
        self._pool: ThreadPoolExecutor | None = None
        self._digits: list[tuple[Load, asyncio.Future[tuple[Gray, Digit]]]] = []
        self._batches: set[asyncio.Task[None]] = set()

    @property
    def inside(self) -> int:
        """How many are being read or wait."""
        return self._inside

    async def run(self, function: Callable[[], T]) -> T:
        with self._place():
            return await self._in_time(self._submitted(function))

    async def digit(self, load: Load) -> tuple[Gray, Digit]:
        """One digit and its picture, opened and read in a batch with those that came meanwhile. Raises what ``load``
        raises."""
        with self._place():
            waiting: asyncio.Future[tuple[Gray, Digit]] = asyncio.get_running_loop().create_future()
            self._digits.append((load, waiting))
            if len(self._batches) < self._threads:  # while one batch is read, the next is opened
                batches = asyncio.create_task(self._read_batches())
                self._batches.add(batches)
                batches.add_done_callback(self._batches.discard)
            return await self._in_time(waiting)

    def close(self) -> None:
        """What was begun is finished. Whoever asks afterwards has new threads."""
        if self._pool is not None:
            self._pool.shutdown(wait=True)
            self._pool = None

    def _submitted(self, function: Callable[[], T]) -> asyncio.Future[T]:
        self._pool = self._pool or ThreadPoolExecutor(self._threads, "read")
        return asyncio.wrap_future(self._pool.submit(function))

    @contextlib.contextmanager
    def _place(self) -> Iterator[None]:
        if self._inside >= self._most:
            raise Problem(429, f"{self._most} requests are being read or wait; try again", {"Retry-After": "1"})
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1

    async def _in_time(self, coming: asyncio.Future[T]) -> T:
        try:
            return await asyncio.wait_for(coming, self._seconds)
        except TimeoutError as error:
            told = f"not read within {self._seconds:g} seconds; send a smaller picture, or try again"
            raise Problem(503, told, {"Retry-After": "5"}) from error

    async def _read_batches(self) -> None:
        while self._digits:
            some, self._digits = self._digits[:TOGETHER], self._digits[TOGETHER:]
            some = [(load, waiting) for load, waiting in some if not waiting.done()]
            loads = [load for load, _waiting in some]
            try:
                found = await self._submitted(partial(self._read, loads))
            except Exception as error:  # whoever waits is told
                found = [error] * len(some)
            for (_load, waiting), one in zip(some, found, strict=True):
                if waiting.done():
                    continue
                if isinstance(one, Exception):
                    waiting.set_exception(one)
                else:
                    waiting.set_result(one)

    def _read(self, loads: list[Load]) -> list[tuple[Gray, Digit] | Exception]:
        opened = [_tried(load) for load in loads]
        digits = iter(self._reader.digits([one for one in opened if not isinstance(one, Exception)]))
        return [one if isinstance(one, Exception) else (one, next(digits)) for one in opened]


def _tried(load: Load) -> Gray | Exception:
    try:
        return load()
    except Exception as error:  # one picture that cannot be opened must not cost the others their answer
        return error
