"""The folder of boxes that share a machine: one grader at a time, and nothing left of what was in them."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from grading.keeper import sweep

from .mode import SandboxError, uid_of_box

_STEP_S = 0.05


@contextmanager
def alone(boxes: Path, patience_s: float) -> Generator[None, None, None]:
    """Nobody else on this machine has boxes there meanwhile: their uids are the same. Waits so
    long for it, then raises SandboxError.

    The folder is there within the block, and gone afterwards with whatever has been in it.
    """
    lock = _locked(boxes, patience_s)
    try:
        _clear(boxes)  # of a run that was killed
        try:
            yield
        finally:
            _clear(boxes)
            boxes.rmdir()
    finally:
        os.close(lock)


def _locked(boxes: Path, patience_s: float) -> int:
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        boxes.mkdir(mode=0o711, parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            lock = os.open(boxes, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            with suppress(BlockingIOError, FileNotFoundError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.path.samestat(os.fstat(lock), os.stat(boxes)):  # not one that was removed
                    return lock
            os.close(lock)
        time.sleep(_STEP_S)
    raise SandboxError(f"another grader uses {boxes}: only one at a time can, and {patience_s:.0f} s "
                       "were not enough for it to end")


def _clear(boxes: Path) -> None:
    for entry in list(boxes.iterdir()):
        if entry.name.isdigit():
            sweep_away(uid_of_box(int(entry.name)))
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def sweep_away(uid: int) -> None:
    """Ends every process of a box's uid, and removes what it has left anywhere on the machine."""
    if not sweep.anything_left(uid):
        return
    done = subprocess.run([sys.executable, "-I", "-S", sweep.__file__, str(uid)], check=False)
    if done.returncode:
        raise SandboxError(f"something of uid {uid} could not be removed")
