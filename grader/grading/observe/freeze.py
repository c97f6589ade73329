"""Stops single threads of a program for a moment, so that a check can ask what waits for them."""

from __future__ import annotations

import ctypes
import errno
import os
import select
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress

from grading.sandbox import acting_on
from grading.shortfall import NotJudged

_SEIZE, _INTERRUPT, _DETACH = 0x4206, 0x4207, 17  # ptrace(2)
_ALL_CHILDREN = 0x40000000  # __WALL: threads too

_PATIENCE_S, _STEP_S = 2.0, 0.0005

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


@contextmanager
def frozen(thread_ids: Iterable[int]) -> Generator[None, None, None]:
    """These threads do not run within the block, wherever they are; afterwards they go on.

    A thread that has ended meanwhile is left out. Raises Unstoppable where one does not stop, and
    NotJudged where this machine does not allow it. The kernel resumes the calls
    they were blocked in.
    """
    stopped: list[int] = []
    try:
        for thread_id in thread_ids:
            with suppress(ProcessLookupError):
                with acting_on(thread_id):
                    _ptrace(_SEIZE, thread_id)
                stopped.append(thread_id)
                _ptrace(_INTERRUPT, thread_id)
        for thread_id in stopped:
            _wait_until_stopped(thread_id)
        yield
    finally:
        deadline = time.monotonic() + _PATIENCE_S
        while ((stopped := [one for one in stopped if not _let_go(one)])
               and time.monotonic() < deadline):
            # One that does not stop cannot be let go, and tells nobody.
            select.select([], [], [], _STEP_S)


class Unstoppable(Exception):
    """A thread does not stop: it sleeps in the kernel where no signal reaches it."""


def _let_go(thread_id: int) -> bool:
    """True if the thread is no longer ours. One that was killed meanwhile has to be reaped:
    its process cannot end before that."""
    if _libc.ptrace(_DETACH, thread_id, None, None) == 0:
        return True
    try:
        found, status = os.waitpid(thread_id, _ALL_CHILDREN | os.WNOHANG)
    except ChildProcessError:
        return True
    return found == thread_id and not os.WIFSTOPPED(status)


def _wait_until_stopped(thread_id: int) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while os.waitpid(thread_id, _ALL_CHILDREN | os.WNOHANG) == (0, 0):
        if time.monotonic() > deadline:
            raise Unstoppable(f"thread {thread_id} does not stop")
        select.select([], [], [], _STEP_S)  # waitpid() for one thread knows no time limit


def _ptrace(request: int, thread_id: int) -> None:
    if _libc.ptrace(request, thread_id, None, None) != 0:
        number = ctypes.get_errno()
        if number in (errno.EPERM, errno.EACCES, errno.ENOSYS):
            raise NotJudged("This machine does not let the grader stop a thread (ptrace).")
        raise OSError(number, f"ptrace of thread {thread_id}: {os.strerror(number)}")
