"""The limits of a command that only the grader can keep: time, output, memory, and one more."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from typing import Protocol

from .limits import Limits
from .processes import Work

TICK = 0.05  # seconds from one look to the next
MOST_GRANTED = 10  # times the limit on wall time, however busy the machine is


class Watched(Protocol):
    """All processes of a command."""

    def memory(self, limit: int) -> int:
        """Bytes they hold; exact only above the limit."""

    def work(self) -> Work:
        """What they are doing, and what they have done."""


class Watch:
    """The clock runs from here on.

    The limit on wall time is one on the command, not on how busy the machine is: while a process of
    it is ready to run, only the processor time that it was given counts.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.also: Callable[[], str | None] | None = None
        self._started = time.monotonic()
        self._turn, self._also_turn = _Turn(), _Turn()
        self._granted, self._last, self._work = 0.0, self._started, Work(False, 0.0)

    @property
    def seconds(self) -> float:
        """How long the command has been running."""
        return time.monotonic() - self._started

    def met(self, output_full: bool, watched: Callable[[], Watched]) -> str | None:
        """Which limit is met, if any."""
        if output_full:
            return "output"
        granted = min(self._granted, (MOST_GRANTED - 1) * self.limits.wall)
        if self.seconds > self.limits.wall + granted:
            return "wall time"
        if self._turn.come:
            with self._turn:
                self._grant(watched().work())
                if watched().memory(self.limits.memory) > self.limits.memory:
                    return "memory"
        if self.also and self._also_turn.come:
            with self._also_turn:
                return self.also()
        return None

    def behind(self, number: int | None) -> str | None:
        """Which limit the kernel enforces with this signal. SIGKILL follows an ignored SIGXCPU."""
        if number == signal.SIGXCPU or (number == signal.SIGKILL
                                        and self.seconds > self.limits.cpu):
            return "cpu time"
        return "file size" if number == signal.SIGXFSZ else None

    def _grant(self, work: Work) -> None:
        """What the machine has kept from a command that was ready, then and now,
        is no time of its own."""
        now = time.monotonic()
        if work.ready and self._work.ready:
            given = max(0.0, work.cpu_seconds - self._work.cpu_seconds)
            self._granted += max(0.0, now - self._last - given)
        self._last, self._work = now, work


class _Turn:
    """When the next look is due: looks take one hundredth of the time at most,
    however long each is."""

    def __init__(self) -> None:
        self._next = self._began = 0.0

    @property
    def come(self) -> bool:
        return time.monotonic() >= self._next

    def __enter__(self) -> None:
        self._began = time.thread_time()  # on a busy machine a look is long, but costs no more

    def __exit__(self, *error: object) -> None:
        self._next = time.monotonic() + max(TICK, 100 * (time.thread_time() - self._began))
