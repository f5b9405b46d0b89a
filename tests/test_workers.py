"""Processes that work for hours."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys

import pytest

from guarismo.errors import DataError
from guarismo.workers import run_all

LARGE_FREED_THEN_MAPPED = """
import ctypes
from guarismo.workers import keep_memory_flat

FIELDS = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"

class Mallinfo2(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in FIELDS.split()]

libc = ctypes.CDLL(None)
libc.mallinfo2.restype = Mallinfo2
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
{call}
libc.free(libc.malloc(8_000_000))
before = libc.mallinfo2().hblks
block = libc.malloc(1_000_000)
print(libc.mallinfo2().hblks - before)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="glibc 2.33 or later")
@pytest.mark.parametrize(("call", "mapped"), [("", 0), ("keep_memory_flat()", 1)])
def test_a_large_block_is_mapped_even_after_a_larger_one_was_freed(call: str, mapped: int) -> None:
    """What is mapped goes back to the system when it is freed; without the call glibc takes it from the heap."""
    code = LARGE_FREED_THEN_MAPPED.format(call=call)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) == mapped


def refuse(_number: int) -> None:
    raise ValueError("no")


def end_myself(_number: int) -> None:
    os._exit(9)


def test_the_first_error_of_many_jobs_ends_them_and_a_killed_process_is_told() -> None:
    with pytest.raises(ValueError, match="no"):
        list(run_all(2, refuse, [(number,) for number in range(1000)]))
    with pytest.raises(DataError, match="was ended"):
        list(run_all(1, end_myself, [(1,)]))
    assert sorted(run_all(2, abs, [(1,), (-2,)])) == [1, 2]
