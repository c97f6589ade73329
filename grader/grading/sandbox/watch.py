"""The limits of one command that nobody but the grader can keep: time, output, memory, and one more."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

from .limits import Limits

TICK = 0.05  # seconds from one look to the next


class Watch:
    """The clock runs from here on."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.also: Callable[[], str | None] | None = None
        self._started, self._next_look = time.monotonic(), 0.0

    @property
    def seconds(self) -> float:
        """How long the command has been running."""
        return time.monotonic() - self._started

    def met(self, output_full: bool, memory: Callable[[int], int]) -> str | None:
        """Which limit is met, if any. `memory(limit)` tells what the command holds."""
        if output_full:
            return "output"
        if self.seconds > self.limits.wall:
            return "wall time"
        if time.monotonic() < self._next_look:
            return None
        return self._look(memory)

    def behind(self, number: int | None) -> str | None:
        """Which limit the kernel enforces with this signal. SIGKILL follows an ignored SIGXCPU."""
        if number == signal.SIGXCPU or (number == signal.SIGKILL
                                        and self.seconds > self.limits.cpu):
            return "cpu time"
        return "file size" if number == signal.SIGXFSZ else None

    def _look(self, memory: Callable[[int], int]) -> str | None:
        """Takes one hundredth of the time at most, however many processes and files there are."""
        before = time.monotonic()
        over = memory(self.limits.memory) > self.limits.memory
        limit = "memory" if over else self.also() if self.also else None
        after = time.monotonic()
        self._next_look = after + max(TICK, 100 * (after - before))
        return limit
