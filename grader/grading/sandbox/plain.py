"""What stands in for the two sandboxes where there is none: for one's own code, when one has said so.

It confines nothing. Programs are found and ended as surely as in the sandbox, see keeper.py, and each
process has its limits; files, the network and other processes are open to them.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from . import keeper
from .box import OWN, Box
from .command import DEAF, Command
from .confined import Confined
from .limits import Limits
from .mode import unsafe_boxes
from .namespace import CHAIN_MARK

_NOTHING: Mapping[Path, str] = {}


class PlainBox(Box):
    """A folder, gone with everything in it at the end of the `with` block.

    The first box of a worker is always the same folder, and so is the second: a build may remember
    where it was made. Another run at the same time has other boxes.
    """

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._running: list[Confined] = []
        boxes = unsafe_boxes()
        boxes.mkdir(parents=True, exist_ok=True)
        self._folder, self._lock = _first_free(boxes)
        shutil.rmtree(self._folder, ignore_errors=True)  # of a run that was killed
        self._notes = self._folder / "notes"
        for name in (*OWN, self._notes.name):
            (self._folder / name).mkdir(parents=True)

    @property
    def home(self) -> str:
        return str(self.work)

    def shown(self, host: Path, inside: str) -> str:
        return str(host)

    def close(self) -> None:
        for confined in self._running:
            confined.kill()
        shutil.rmtree(self._folder, ignore_errors=True)
        os.close(self._lock)

    def command(self, argv: Sequence[str], *, limits: Limits,
                env: Mapping[str, str] | None = None, cwd: str = "/work", writable: bool = False,
                extra_read_only: Mapping[Path, str] = _NOTHING) -> Command:
        """The same chain without the walls; `writable` and `extra_read_only` change nothing here."""
        status_file = self._notes / f"status{next(self._numbers)}"
        variables = {"PATH": os.environ["PATH"], "HOME": str(self._folder / "home"),
                     "TMPDIR": str(self._folder / "tmp"), "USER": "student", "LANG": "C.UTF-8",
                     "TERM": "dumb", "MALLOC_ARENA_MAX": "2", **(env or {})}
        chain = [*limits.prlimit(shared_uid=True), "env", CHAIN_MARK, *argv]
        return Command(["/usr/bin/env", "-i", DEAF, *map("=".join, variables.items()),
                        *keeper.command_line(str(status_file), str(self.work), chain)],
                       status_file)

    def _owner(self) -> None:
        return None


def _first_free(boxes: Path) -> tuple[Path, int]:
    """The first box nobody has, and the lock that says so."""
    for number in itertools.count(1):
        lock = os.open(boxes / f"{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return boxes / str(number), lock
        except BlockingIOError:
            os.close(lock)
    raise AssertionError
