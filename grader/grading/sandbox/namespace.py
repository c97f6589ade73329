"""One student command seen from the worker: its first process, the student's process, its end."""

from __future__ import annotations

import functools
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from grading.keeper.keep import END

from . import processes
from .mode import SandboxError, unsafe
from .processes import Work, descendants
from .ready import readable

_STEP = 0.001
_PATIENCE = 30.0  # seconds, a fence: hundreds of threads that spin are slow to die when busy
# Every program of the chain in front of the student's has this among its arguments.
CHAIN_MARK = "--default-signal"
# What they are called, which a student's program cannot be: it is named by its path.
_CHAIN = (b"setpriv", b"prlimit", b"env")


class Namespace:
    """The pid namespace of one command. All pids are in the worker's numbering.

    `status_file` is what bwrap writes about it: its first process, later its exit code.
    """

    def __init__(self, status_file: Path, pid1: int) -> None:
        self._status_file = status_file
        self.pid1 = pid1
        self._student: int | None = None
        self._student_fd: int | None = None
        try:
            self.pidfd: int | None = os.pidfd_open(pid1)
        except ProcessLookupError:
            self.pidfd = None

    @classmethod
    def wait_for(cls, status_file: Path, alive: Callable[[], bool]) -> Namespace | None:
        """Waits until bwrap has made the namespace; None if it ended without making one."""
        found = _poll(lambda: _status(status_file).get("child-pid"), alive)
        return None if found is None else cls(status_file, found)

    @property
    def gone(self) -> bool:
        """True once no process of it is left: the kernel ends pid 1 last."""
        return self.pidfd is None or readable(self.pidfd, 0)

    @property
    def exit_code(self) -> int | None:
        """What the student's process returned, 128 + n after signal n; None if unknown."""
        return _status(self._status_file).get("exit-code")

    @property
    def pid(self) -> int:
        """The student's process. Waits until it runs the student's program, not ours before it.

        0 if it was over before it could be seen: /proc/0 does not exist.
        """
        if self._student is None:
            self._student = _poll(self._executing, lambda: not self.gone) or 0
            if self._student:
                with suppress(ProcessLookupError):
                    self._student_fd = os.pidfd_open(self._student)
        return self._student

    def signal(self, number: int) -> None:
        """To the student's process alone; nothing happens if it is over."""
        if self.pid and self._student_fd is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._student_fd, number)

    def processes(self) -> list[int]:
        """Every process of it but pid 1, zombies included."""
        if self.gone:
            return []
        return descendants(self.pid1)

    def memory(self, limit: int) -> int:
        """Bytes all its processes hold; exact only where it matters, above the limit."""
        return processes.memory(self.processes(), limit)

    def work(self) -> Work:
        """What its processes are doing."""
        return processes.work(self.processes())

    def kill(self) -> None:
        """Kills every process of it, and returns when they are gone."""
        if self.pidfd is None:
            return
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.pidfd, END if unsafe() else signal.SIGKILL)
        if not readable(self.pidfd, _PATIENCE):
            raise SandboxError(f"a student's processes did not die within {_PATIENCE:.0f} s")

    def close(self) -> None:
        """Gives the descriptors back; after that it counts as gone."""
        for fd in (self.pidfd, self._student_fd):
            if fd is not None:
                os.close(fd)
        self.pidfd = self._student_fd = None

    def _executing(self) -> int | None:
        """The oldest child of pid 1, once it has left our chain; younger ones are its orphans."""
        return self._left_our_chain(min(processes.children(self.pid1), default=None))

    def _left_our_chain(self, first: int | None) -> int | None:
        line = b"" if first is None else processes.read(f"/proc/{first}/cmdline")
        if not line:  # not there yet, over, or a main thread that has ended before the others
            return first if first is not None and processes.thread_count(first) > 1 else None
        name, *words = line.split(b"\0")
        ours = name in _CHAIN or name == _first_of_chain()
        return None if ours and CHAIN_MARK.encode() in words else first


class Guest(Namespace):
    """A command in the pid namespace of another: it has no first process but the student's own.

    What it has started and left behind belongs to that other namespace, and ends with it.
    """

    def processes(self) -> list[int]:
        return [] if self.gone else [self.pid1, *descendants(self.pid1)]

    def _executing(self) -> int | None:
        return self._left_our_chain(self.pid1)


def _poll(found: Callable[[], int | None], alive: Callable[[], bool]) -> int | None:
    """Asks until there is an answer, or until nobody is left who could give one.

    In small steps, for there is no event to wait for: neither bwrap's line in a file that only it
    has open, nor the exec of somebody else's process, makes a descriptor readable.
    """
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        running = alive()
        if (answer := found()) is not None or not running:
            return answer
        time.sleep(_STEP)
    raise SandboxError(f"a sandbox did not start within {_PATIENCE:.0f} s")


@functools.cache
def _first_of_chain() -> bytes:
    """By what full path the program before the chain runs: its child is not yet the student's."""
    return os.fsencode(sys.executable if unsafe() else shutil.which("bwrap") or "")


def _status(file: Path) -> dict[str, int]:
    """The lines bwrap has written so far, as one dictionary."""
    merged: dict[str, int] = {}
    for line in processes.read(str(file)).splitlines():
        with suppress(ValueError):
            merged |= json.loads(line)
    return merged
