"""Runs a program from one system call to the next, so that it can be killed at any of them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from grading.observe.tracing import (ALL_CHILDREN, DIE_WITH_ME, INTERRUPT, SEIZE, TELL_CALLS_APART,
                                     TO_NEXT_CALL, ptrace)
from grading.sandbox import acting_on, reading

_CALL = signal.SIGTRAP | 0x80  # what a stop at a system call looks like
_REAP_S = 10.0  # a fence: who was killed is gone at once
_NEWS = {signal.SIGCHLD}  # what the kernel sends a tracer when a thread has stopped or ended


class CallByCall:
    """Threads of one program, within a `with` block that it does not survive: `kill` is called
    at its end, whatever happens there.

    One thread enters, uses and leaves it. SIGCHLD is blocked there meanwhile, so that nothing that
    happens between a look and a wait is missed; no program may be started within the block.
    """

    def __init__(self, thread_ids: Iterable[int], kill: Callable[[], None]) -> None:
        self._thread_ids, self._kill = thread_ids, kill
        self._running: list[int] = []
        self._stopped: list[int] = []

    def __enter__(self) -> CallByCall:
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, _NEWS)
        try:
            for thread_id in self._thread_ids:
                with suppress(ProcessLookupError):
                    with acting_on(thread_id):
                        ptrace(SEIZE, thread_id, TELL_CALLS_APART | DIE_WITH_ME)
                    self._running.append(thread_id)
                    ptrace(INTERRUPT, thread_id)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def step(self, seconds: float) -> bool:
        """Runs on until a thread enters or leaves a system call, where it stays.

        False if that has not happened after so long, or if no thread is left.
        """
        for thread_id in self._stopped[:1]:
            self._go_on(thread_id)
            self._stopped.remove(thread_id)
        deadline = time.monotonic() + seconds
        while True:
            for thread_id in tuple(self._running):
                self._look_at(thread_id)
            if self._stopped or not self._running:
                return bool(self._stopped)
            if not _news_before(deadline):
                return False

    def call(self) -> tuple[int, tuple[int, ...]]:
        """The system call at which step() has stopped: its number, and its six arguments."""
        with reading(self._stopped[0]):
            with open(f"/proc/{self._stopped[0]}/syscall", encoding="ascii") as file:
                number, *rest = file.read().split()
        return (int(number), tuple(int(word, 16) for word in rest[:6])) if rest else (-1, ())

    def text_at(self, address: int, most: int = 256) -> bytes:
        """What stands in its memory there, up to a zero byte; nothing if it cannot be read."""
        with suppress(OSError, ValueError, OverflowError), reading(self._stopped[0]):
            with open(f"/proc/{self._stopped[0]}/mem", "rb", buffering=0) as memory:
                memory.seek(address)
                return memory.read(most).partition(b"\0")[0]
        return b""

    def _end(self) -> None:
        """A traced thread has not ended before its tracer has heard of it."""
        self._kill()
        left, deadline = [*self._running, *self._stopped], time.monotonic() + _REAP_S
        while left := [thread_id for thread_id in left if not _has_ended(thread_id)]:
            if not _news_before(deadline):
                break
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)

    def _go_on(self, thread_id: int, number: int = 0) -> None:
        with suppress(ProcessLookupError):
            ptrace(TO_NEXT_CALL, thread_id, number)
            self._running.append(thread_id)

    def _look_at(self, thread_id: int) -> None:
        try:
            found, status = os.waitpid(thread_id, ALL_CHILDREN | os.WNOHANG)
        except ChildProcessError:
            found, status = thread_id, 0
        if found != thread_id:
            return
        self._running.remove(thread_id)
        if not os.WIFSTOPPED(status):
            return
        if os.WSTOPSIG(status) == _CALL:
            self._stopped.append(thread_id)
        else:  # a signal is passed on; a stop that we have asked for, or SIGCONT ends, is not one
            self._go_on(thread_id, 0 if status >> 16 else os.WSTOPSIG(status))


def _news_before(deadline: float) -> bool:
    """Waits until a thread may have stopped or ended; False if time is up."""
    return signal.sigtimedwait(_NEWS, max(deadline - time.monotonic(), 0)) is not None


def _has_ended(thread_id: int) -> bool:
    try:
        found, status = os.waitpid(thread_id, ALL_CHILDREN | os.WNOHANG)
    except ChildProcessError:
        return True
    return found == thread_id and not os.WIFSTOPPED(status)
