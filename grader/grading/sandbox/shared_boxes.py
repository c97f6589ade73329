"""The folder of boxes that share a machine: one grader at a time, and nothing is left in them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from grading.keeper import sweep

from .mode import FIRST_UID, STUDENT_UIDS, SandboxError
from .slots import taken


@contextmanager
def alone(boxes: Path, patience_s: float) -> Generator[None, None, None]:
    """Nobody else on this machine has boxes there meanwhile: the network is the same. Waits so
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
    while (left := deadline - time.monotonic()) > 0:
        with suppress(FileExistsError):
            boxes.mkdir(mode=0o711, parents=True)
        try:
            lock = os.open(boxes, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:  # whoever had it has just removed it
            continue
        if _taken(lock, left) and _names(boxes, lock):
            return lock
        os.close(lock)
    raise SandboxError(f"another grader uses {boxes}: only one at a time can, "
                       f"and {patience_s:.0f} s were not enough for it to end")


def _taken(lock: int, patience_s: float) -> bool:
    """Blocks until it is ours, but no longer than that: flock(2) itself knows no time limit."""
    return subprocess.run(["flock", "--timeout", f"{patience_s:.3f}", str(lock)], check=False,
                          pass_fds=(lock,)).returncode == 0


def _names(boxes: Path, lock: int) -> bool:
    """Whether it is the folder that is there now, not one that was removed meanwhile."""
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(lock), os.stat(boxes))
    return False


def _clear(boxes: Path) -> None:
    for entry in list(boxes.iterdir()):
        if entry.name.isdigit():
            _sweep_after(entry)
        if entry.is_dir() and not entry.is_symlink():
            sweep.remove(str(entry))
        else:
            entry.unlink()


def _sweep_after(box: Path) -> None:
    """Leaves a uid alone that another grader has by now: he has swept it before he used it."""
    with suppress(FileNotFoundError):  # killed before it was furnished: nobody has been in it
        uid = (box / "work").lstat().st_uid
        if uid in STUDENT_UIDS and (lock := taken(uid - FIRST_UID)) is not None:
            try:
                sweep_away(uid)
            finally:
                os.close(lock)


def sweep_away(uid: int) -> None:
    """Ends every process of a box's uid, and removes what it has left anywhere on the machine."""
    if not sweep.anything_left(uid):
        return
    done = subprocess.run([sys.executable, "-I", "-S", sweep.__file__, str(uid)], check=False)
    if done.returncode:
        raise SandboxError(f"something of uid {uid} could not be removed")
