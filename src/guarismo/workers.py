"""Processes that work side by side and die with the one that started them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from guarismo.errors import DataError

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

Result = TypeVar("Result")


def cores() -> int:
    """Those that this process may use: a container often has fewer than its machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def workers(count: int, begin: Callable[..., None] | None = None, *given: object) -> ProcessPoolExecutor:
    """``count`` processes, spawned: TensorFlow and network clients, which the caller may have loaded, do not survive a
    fork. Each calls ``begin(*given)`` first."""
    from concurrent.futures import ProcessPoolExecutor  # 20 ms that counting cores is spared
    from multiprocessing import get_context

    return ProcessPoolExecutor(count, get_context("spawn"), initializer=partial(_begin, os.getpid(), begin, *given))


def run_all(count: int, work: Callable[..., Result], each: Iterable[tuple[Any, ...]]) -> Iterator[Result]:
    """What ``work(*one)`` gives for each, in ``count`` processes, as it is done. The first error ends it: but for a few
    that are handed out already, no more are begun.

    Raises what ``work`` raises, and DataError where a process was ended from outside.
    """
    from concurrent.futures import as_completed
    from concurrent.futures.process import BrokenProcessPool

    pool = workers(count)
    try:
        for job in as_completed([pool.submit(work, *one) for one in each]):
            yield job.result()
    except BrokenProcessPool as error:
        raise DataError(
            "a process that works for this one was ended, for want of memory perhaps; run it again, what is done is "
            "kept"
        ) from error
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _begin(parent: int, begin: Callable[..., None] | None, *given: object) -> None:
    """A killed parent cannot tell its children; they look for it, or they would work on for nobody."""

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=look, daemon=True).start()
    if begin is not None:
        begin(*given)


def keep_memory_flat() -> None:
    """For a process that reads pictures for hours, where the C library is glibc; elsewhere nothing.

    glibc gives a large block back to the system when it is freed, but after the first it takes larger and larger ones
    from the heap, where small ones that stay leave holes between them. A threshold that is set stays where it is.
    """
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, 128 * 1024)


_MMAP_THRESHOLD = -3
"""``M_MMAP_THRESHOLD`` of glibc's malloc.h; its value is glibc's own at the start of a process."""
