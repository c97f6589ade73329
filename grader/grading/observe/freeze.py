"""Stops single threads of a program for a moment, so that a check can ask what waits for them."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager

_SEIZE, _INTERRUPT, _DETACH = 0x4206, 0x4207, 17  # ptrace(2)
_ALL_CHILDREN = 0x40000000  # __WALL: threads too

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


@contextmanager
def frozen(thread_ids: Iterable[int]) -> Generator[None, None, None]:
    """These threads do not run within the block, wherever they are; afterwards they go on.

    Raises OSError where this machine does not allow it. A call that they were blocked in is resumed by the kernel.
    """
    stopped: list[int] = []
    try:
        for thread_id in thread_ids:
            _ptrace(_SEIZE, thread_id)
            stopped.append(thread_id)
            _ptrace(_INTERRUPT, thread_id)
            os.waitpid(thread_id, _ALL_CHILDREN)
        yield
    finally:
        for thread_id in stopped:
            _libc.ptrace(_DETACH, thread_id, None, None)


def _ptrace(request: int, thread_id: int) -> None:
    if _libc.ptrace(request, thread_id, None, None) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"ptrace of thread {thread_id}: {os.strerror(number)}")
