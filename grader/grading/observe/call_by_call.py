"""Runs a program from one system call to the next, so that it can be killed at any of them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress

from grading.observe.tracing import (ALL_CHILDREN, DIE_WITH_ME, INTERRUPT, SEIZE, TELL_CALLS_APART,
                                     TO_NEXT_CALL, ptrace)
from grading.sandbox import acting_on, reading

_CALL = signal.SIGTRAP | 0x80  # what a stop at a system call looks like
_SPINS, _STEP_S = 200, 0.0002  # the next call comes at once, or when somebody else has acted
_REAP_S = 10.0


class CallByCall:
    """These threads of one program. It does not survive: whoever has begun this ends it with
    SIGKILL, and calls reap(). One thread uses it, the same from the beginning to the end."""

    def __init__(self, thread_ids: Iterable[int]) -> None:
        self._running: list[int] = []
        self._stopped: list[int] = []
        for thread_id in thread_ids:
            with suppress(ProcessLookupError):
                with acting_on(thread_id):
                    ptrace(SEIZE, thread_id, TELL_CALLS_APART | DIE_WITH_ME)
                self._running.append(thread_id)
                ptrace(INTERRUPT, thread_id)

    def step(self, seconds: float) -> bool:
        """Runs on until a thread enters or leaves a system call, where it stays.

        False if that has not happened after so long, or if no thread is left.
        """
        for thread_id in self._stopped[:1]:
            self._go_on(thread_id)
            self._stopped.remove(thread_id)
        deadline = time.monotonic() + seconds
        looks = 0
        while not self._stopped:
            for thread_id in tuple(self._running):
                self._look_at(thread_id)
            looks += 1
            if not self._running and not self._stopped or time.monotonic() > deadline:
                return False
            if looks > _SPINS:
                time.sleep(_STEP_S)
        return True

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

    def reap(self) -> None:
        """After SIGKILL: a traced thread has not ended before its tracer has heard of it."""
        left, deadline = [*self._running, *self._stopped], time.monotonic() + _REAP_S
        while left and time.monotonic() < deadline:
            left = [thread_id for thread_id in left if not _has_ended(thread_id)]
            if left:
                time.sleep(_STEP_S)
        self._running, self._stopped = [], []

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


def _has_ended(thread_id: int) -> bool:
    try:
        found, status = os.waitpid(thread_id, ALL_CHILDREN | os.WNOHANG)
    except ChildProcessError:
        return True
    return found == thread_id and not os.WIFSTOPPED(status)
