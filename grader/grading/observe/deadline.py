"""A time limit of a sheet, less the time for which the program had to wait for a processor."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

MOST_GRANTED_S = 20.0  # an end, even where a program with many threads waits a lot


class Deadline:
    """`seconds` from now on, and as long again as the program's threads were kept from running.

    A promise such as "within 2 s" is one about the program, not about how busy the grader's machine
    is: what the kernel counts as run delay (/proc/PID/task/TID/schedstat) is granted on top.
    """

    def __init__(self, seconds: float, pids: Callable[[], Iterable[int]]) -> None:
        self._end, self._pids = time.monotonic() + seconds, pids
        self._delay_then = run_delay_s(pids())

    @property
    def passed(self) -> bool:
        """True once the program has had its time."""
        late = time.monotonic() - self._end
        if late < 0:
            return False
        return late > min(MOST_GRANTED_S, run_delay_s(self._pids()) - self._delay_then)


def run_delay_s(pids: Iterable[int]) -> float:
    """Seconds for which threads of these processes were ready to run and had no processor."""
    total = 0
    for pid in pids:
        with suppress(OSError):
            for task in Path(f"/proc/{pid}/task").iterdir():
                with suppress(OSError):
                    total += int((task / "schedstat").read_text().split()[1])
    return total / 1e9
