"""Reading off the event loop, and bounded: so many at once, so many waiting, the rest is refused.

Of small pictures of single digits the ink is found on the loop, those that arrive together as one batch: each takes a
millisecond, and on another thread two more, since OpenCV gives Python's lock away in each call and must wait to have it
back. The network, which runs without the lock, has a thread; meanwhile the ink of the next batch is found.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from guarismo import Digit, Reader
from guarismo.types import Gray
from guarismo.web import WAITING
from guarismo.web.problems import Problem

T = TypeVar("T")
Load = Callable[[], Gray]
"""Opens or draws a picture, where it is read."""

Waiting = asyncio.Future[tuple[Gray, Digit]]
"""Whoever asked for a digit."""

TOGETHER = 4
"""Digits read between two looks at what else has come. With more, a server that is asked too much takes in requests
faster than it can read and refuse, and the first of them waits for seconds."""


class Work:
    """Runs functions on ``threads`` threads; ``waiting`` more may wait. Raises Problem 429 beyond that, and 503 where
    an answer takes longer than ``seconds``: the thread goes on, but nobody waits for it."""

    def __init__(self, reader: Reader, threads: int = 2, waiting: int = WAITING, seconds: float = 30.0) -> None:
        self._reader, self._seconds, self._most = reader, seconds, threads + waiting
        self._threads, self._inside = threads, 0
        self._pool: ThreadPoolExecutor | None = None
        self._network: ThreadPoolExecutor | None = None
        self._digits: list[tuple[Load, Waiting]] = []
        self._reading: asyncio.Task[None] | None = None

    @property
    def inside(self) -> int:
        """How many are being read or wait."""
        return self._inside

    def refusal(self) -> Problem | None:
        """What whoever comes now is told, where there is no place."""
        if self._inside < self._most:
            return None
        return Problem(429, f"{self._most} requests are being read or wait; try again", {"Retry-After": "1"})

    async def run(self, function: Callable[[], T]) -> T:
        with self._place():
            return await self._in_time(self._submitted(function))

    async def digit(self, load: Load) -> tuple[Gray, Digit]:
        """One digit and its picture, which is small, opened and read in a batch with those that came meanwhile. Raises
        what ``load`` raises."""
        with self._place():
            waiting: Waiting = asyncio.get_running_loop().create_future()
            self._digits.append((load, waiting))
            if self._reading is None or self._reading.done():
                self._reading = asyncio.create_task(self._read_batches())
            return await self._in_time(waiting)

    def close(self) -> None:
        """What was begun is finished. Whoever asks afterwards has new threads."""
        for pool in (self._pool, self._network):
            if pool is not None:
                pool.shutdown(wait=True)
        self._pool = self._network = None

    def _submitted(self, function: Callable[[], T]) -> asyncio.Future[T]:
        self._pool = self._pool or ThreadPoolExecutor(self._threads, "read")
        return asyncio.wrap_future(self._pool.submit(function))

    def _asked(self, function: Callable[[], T]) -> asyncio.Future[T]:
        """On the thread that digits have to themselves: no page may keep them waiting."""
        self._network = self._network or ThreadPoolExecutor(1, "digits")
        return asyncio.wrap_future(self._network.submit(function))

    @contextlib.contextmanager
    def _place(self) -> Iterator[None]:
        if (refused := self.refusal()) is not None:
            raise refused
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
        before: asyncio.Task[None] | None = None
        while self._digits or before is not None:
            await asyncio.sleep(0)  # requests that have come are taken up, and answers sent
            some, self._digits = self._digits[:TOGETHER], self._digits[TOGETHER:]
            some = [(load, waiting) for load, waiting in some if not waiting.done()]
            reading = asyncio.create_task(self._read(some)) if some else None
            await asyncio.sleep(0)  # its ink is found
            if before is not None:
                await before
            before = reading

    async def _read(self, some: list[tuple[Load, Waiting]]) -> None:
        opened = [(waiting, _tried(load)) for load, waiting in some]
        there = [(waiting, one) for waiting, one in opened if not isinstance(one, Exception)]
        found: list[tuple[Waiting, tuple[Gray, Digit] | Exception]]
        found = [(waiting, one) for waiting, one in opened if isinstance(one, Exception)]
        read = await self._each([gray for _waiting, gray in there])
        found += [(waiting, one) for (waiting, _gray), one in zip(there, read, strict=True)]
        for waiting, one in found:
            if waiting.done():
                continue
            if isinstance(one, Exception):
                waiting.set_exception(one)
            else:
                waiting.set_result(one)

    async def _each(self, grays: list[Gray]) -> Sequence[tuple[Gray, Digit] | Exception]:
        """Each with its digit; where something breaks, each by itself, and its error for the one on which it does."""
        try:
            digits = await self._asked(self._reader.begun(grays)) if grays else []
            return list(zip(grays, digits, strict=True))
        except Exception as error:
            if len(grays) == 1:
                return [error]
            return [one for gray in grays for one in await self._each([gray])]


def _tried(load: Load) -> Gray | Exception:
    try:
        return load()
    except Exception as error:  # one picture that cannot be opened must not cost the others their answer
        return error
