"""Processes that work side by side and die with the one that started them."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context


def workers(count: int) -> ProcessPoolExecutor:
    """``count`` processes, spawned: TensorFlow, which the caller has loaded, does not survive a fork."""
    return ProcessPoolExecutor(count, get_context("spawn"), initializer=_watch, initargs=(os.getpid(),))


def _watch(parent: int) -> None:
    """A killed parent cannot tell its children; they look for it, or they would train on for nobody."""

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=look, daemon=True).start()
