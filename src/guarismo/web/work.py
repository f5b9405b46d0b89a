"""Reading off the event loop, and bounded: so many at once, so many waiting, the rest is refused.

Small pictures of single digits are read on the loop, those that arrive together as one batch: each takes a millisecond,
and on another thread two more, since OpenCV gives Python's lock away in each call and must wait to have it back.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from guarismo import Digit, Reader
from guarismo.types import Gray
from guarismo.web.problems import Problem

T = TypeVar("T")
Load = Callable[[], Gray]
"""Opens or draws a picture, where it is read."""

TOGETHER = 4
"""Digits read between two looks at what else has come. With more, a server that is asked too much takes in requests
faster than it can read and refuse, and the first of them waits for seconds."""


class Work:
    """Runs functions on ``threads`` threads; ``waiting`` more may wait. Raises Problem 429 beyond that, and 503 where
    an answer takes longer than ``seconds``: the thread goes on, but nobody waits for it."""

    def __init__(self, reader: Reader, threads: int = 2, waiting: int = 24, seconds: float = 30.0) -> None:
        self._reader, self._seconds, self._most = reader, seconds, threads + waiting
        self._threads, self._inside = threads, 0
        self._pool: ThreadPoolExecutor | None = None
        self._digits: list[tuple[Load, asyncio.Future[tuple[Gray, Digit]]]] = []
        self._reading: asyncio.Task[None] | None = None

    @property
    def inside(self) -> int:
        """How many are being read or wait."""
        return self._inside

    async def run(self, function: Callable[[], T]) -> T:
        with self._place():
            return await self._in_time(self._submitted(function))

    async def digit(self, load: Load) -> tuple[Gray, Digit]:
        """One digit and its picture, which is small, opened and read in a batch with those that came meanwhile. Raises
        what ``load`` raises."""
        with self._place():
            waiting: asyncio.Future[tuple[Gray, Digit]] = asyncio.get_running_loop().create_future()
            self._digits.append((load, waiting))
            if self._reading is None or self._reading.done():
                self._reading = asyncio.create_task(self._read_batches())
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
            await asyncio.sleep(0)  # requests that have come are taken up, and answers sent
            some, self._digits = self._digits[:TOGETHER], self._digits[TOGETHER:]
            some = [(load, waiting) for load, waiting in some if not waiting.done()]
            try:
                found = self._read([load for load, _waiting in some])
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
