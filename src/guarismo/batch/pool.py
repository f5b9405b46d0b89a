"""The engine of one machine: processes of the standard library, one core each."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool, ProcessPoolExecutor
from contextlib import contextmanager
from itertools import islice

from guarismo.batch.output import Record
from guarismo.batch.plan import Shard
from guarismo.batch.run import Run, Task, Worker
from guarismo.errors import DataError
from guarismo.workers import workers

DEATHS = 3
"""Of workers on one shard, at which the run stops. One may be an accident; what kills three kills the next."""

_worker: Worker | Exception | None = None
"""That of this process, or why there is none."""


def pool(run: Run, count: int, memory: int | None = None) -> Generator[Record, None, None]:
    """Read the missing shards with ``count`` processes. ``memory`` in bytes is what each may take for its own; a
    picture that needs more is an error in the result, and no other is harmed.

    A worker that is killed is replaced, and its shard read again. Raises DataError where that does not help.
    """
    left, deaths, again = run.shards(), Counter[int](), list[Shard]()
    while True:
        suspects = iter(again)
        many = 1 if again else count  # one at a time tells which shard it is that kills
        running: list[Shard] = []
        with _dying(workers(many, _begin, run.task, memory)) as executor:
            try:
                yield from _run(executor, suspects if again else left, running, many)
                if not again:
                    return
                again = []
            except BrokenProcessPool:
                _count_deaths(deaths, running)
                again = [*running, *suspects]


@contextmanager
def _dying(executor: ProcessPoolExecutor) -> Iterator[ProcessPoolExecutor]:
    """Its processes are stopped at once where the run is: a shard takes seconds, and is read again anyway."""
    try:
        yield executor
    except BaseException:
        processes = [*(executor._processes or {}).values()]
        executor.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.kill()
        raise
    executor.shutdown()


def _run(executor: ProcessPoolExecutor, shards: Iterator[Shard], running: list[Shard], many: int) -> Iterator[Record]:
    """``running`` has, at each moment, what has been begun and not been given back: two shards to a worker at most."""
    begun: dict[Future[Record], Shard] = {}
    most = 2 * many if many > 1 else 1
    while True:
        for shard in islice(shards, most - len(running)):
            running.append(shard)
            begun[executor.submit(_read, shard)] = shard
        if not running:
            return
        for future in wait(begun, return_when=FIRST_COMPLETED).done:
            record = future.result()
            running.remove(begun.pop(future))
            yield record


def _count_deaths(deaths: Counter[int], shards: list[Shard]) -> None:
    deaths.update(shard.number for shard in shards)
    shard, times = deaths.most_common(1)[0]
    if times >= DEATHS:
        raise DataError(
            "a worker died {times} times on shard {shard}; give it more memory or fewer at once (--concurrency), then "
            "the same command goes on",
            times=times,
            shard=shard,
        )


def _begin(task: Task, memory: int | None) -> None:
    """An error here is kept for the first shard: the pool has no way to hand it on."""
    global _worker  # noqa: PLW0603
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that started this, and it will see to it
    try:
        if memory is not None:
            _limit(memory)
        _worker = Worker(task)
    except Exception as error:
        _worker = error


def _limit(memory: int) -> None:
    """Of what is the process's own: mapped files, such as libraries, do not count."""
    import resource

    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))


def _read(shard: Shard) -> Record:
    if isinstance(_worker, Worker):
        return _worker.read(shard)
    raise _worker or RuntimeError
