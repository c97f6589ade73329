"""How long a program may go without settling, before sentinels judge it, and how long a check."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from grading.observe.deadline import run_delay_s


@dataclass
class Patience:
    """Seconds, at first and once it has been seen not to rest; shared by a target's scenes."""

    seconds: float = 1.0
    once_restless: float = 0.1
    check_ends: float = float("inf")  # the moment at which the check's scenes are broken off
    _seconds: float = 0.0  # that it was given, and what had been lost when it began: see begin()
    _starved_then: float = 0.0

    def begin(self, seconds: float) -> None:
        """A check begins, and may take so long; as long again where the machine is busy.

        How busy tells the time for which this process itself was kept from running: it looks at the
        program all the time, and waits for a processor about as long as the program does.
        """
        self._starved_then = run_delay_s([os.getpid()])
        self._seconds = seconds
        self.check_ends = time.monotonic() + seconds

    @property
    def starved(self) -> float:
        """Seconds for which this process was kept from running since the check has begun."""
        return run_delay_s([os.getpid()]) - self._starved_then

    @property
    def over(self) -> bool:
        """True once the check has had its time."""
        late = time.monotonic() - self.check_ends
        return late > 0 and late > min(self._seconds, self.starved)
