"""Stops single threads of a program for a moment, so that a check can ask what waits for them."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress

from grading.observe.tracing import ALL_CHILDREN, DETACH, INTERRUPT, SEIZE, ptrace
from grading.sandbox import acting_on

_PATIENCE_S, _STEP_S = 2.0, 0.0005


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
                    ptrace(SEIZE, thread_id)
                stopped.append(thread_id)
                ptrace(INTERRUPT, thread_id)
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
    with suppress(OSError):
        ptrace(DETACH, thread_id)
        return True
    try:
        found, status = os.waitpid(thread_id, ALL_CHILDREN | os.WNOHANG)
    except ChildProcessError:
        return True
    return found == thread_id and not os.WIFSTOPPED(status)


def _wait_until_stopped(thread_id: int) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while os.waitpid(thread_id, ALL_CHILDREN | os.WNOHANG) == (0, 0):
        if time.monotonic() > deadline:
            raise Unstoppable(f"thread {thread_id} does not stop")
        select.select([], [], [], _STEP_S)  # waitpid() for one thread knows no time limit
