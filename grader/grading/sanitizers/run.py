"""Runs a program that a sanitizer watches, and reads what the tool has written about it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from grading.sandbox import RUN, Box
from grading.sanitizers.tool import REPORTS

MOST_REPORTS, MOST_BYTES = 16, 1 << 18  # of one scene; what more there is says nothing new
# Some kernels place memory where these tools want to have their own, unless told not to shuffle.
_PLAINLY = ("setarch", "-R")


def plainly(box: Box, command: Sequence[str]) -> tuple[str, ...]:
    """The command without address space randomisation, where this machine allows that."""
    if box.run((*_PLAINLY, "true"), limits=RUN).status == 0:
        return (*_PLAINLY, *command)
    return tuple(command)


def written(box: Box, run: int = 0) -> str:
    """All that the tool has written in this run so far."""
    return "\n".join(_texts(box.tmp, f"{REPORTS}{run}."))


def _texts(folder: Path, beginning: str) -> Iterator[str]:
    """The folder is a student's: what looks like a report may be a link, or a pipe."""
    names = sorted(name for name in os.listdir(folder) if name.startswith(beginning))
    yield from (read_text(folder / name) for name in names[:MOST_REPORTS])


def read_text(path: Path) -> str:
    """The beginning of a file in a student's folder; empty if there is none, or no plain one."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with suppress(OSError), os.fdopen(os.open(path, flags), "rb") as reader:
        if stat.S_ISREG(os.fstat(reader.fileno()).st_mode):
            return reader.read(MOST_BYTES).decode("utf-8", "replace")
    return ""
