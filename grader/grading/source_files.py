"""Which files of a tree are a student's work, and not what an editor or a build leaves there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from grading.lab import Lab
from grading.workspace import is_program, left_out

_NOT_GRADED = re.compile(r"\..*|.*~|#.*#|.*\.(sw[a-p]|swx|bak|tmp|orig|rej|kate-swp|md)|4913")


def source_files(root: Path, lab: Lab) -> dict[str, tuple[int, int, int]]:
    """Path from the root -> what changes when the file does. Hidden files, temporary files, prose,
    links and what a build makes are left out, and so is what has gone meanwhile."""
    return {path: (facts.st_mtime_ns, facts.st_size, facts.st_ino)
            for path, facts in _files(root, "", frozenset(lab.leave_out))}


def changed_since(result: Path, root: Path, lab: Lab) -> str:
    """A file that is newer than the result; empty if none is."""
    try:
        then = result.stat().st_mtime_ns
    except OSError:
        return ""
    newer = [path for path, (mtime, _, _) in source_files(root, lab).items() if mtime > then]
    return newer[0] if newer else ""


def _files(root: Path, below: str,
           leave_out: frozenset[str]) -> Iterator[tuple[str, os.stat_result]]:
    try:
        entries = sorted(os.scandir(root / below), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        path = f"{below}{entry.name}"
        if path in leave_out or _NOT_GRADED.fullmatch(entry.name) or entry.is_symlink() \
                or left_out(path, entry.is_dir()):
            continue
        if entry.is_dir():
            yield from _files(root, f"{path}/", leave_out)
            continue
        with suppress(OSError):  # gone again, or not for us
            facts = entry.stat()
            if not (facts.st_mode & 0o111 and is_program(root / path)):
                yield path, facts
