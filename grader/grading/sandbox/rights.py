"""Looks into a student's process as root of a container, who may not look into other uids'."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Generator
from contextlib import contextmanager

from .mode import unsafe

_libc = ctypes.CDLL(None, use_errno=True)


@contextmanager
def reading(pid: int) -> Generator[None, None, None]:
    """Within the block this thread may read all of /proc/PID,
    and less of the rest of the file system.

    Only its uid for files is changed: nobody can send it a signal for that, or trace it.
    """
    uid = _other_uid(pid)
    if uid is None:
        yield
        return
    _libc.setfsgid(uid)
    _libc.setfsuid(uid)
    try:
        yield
    finally:
        _libc.setfsuid(0)
        _libc.setfsgid(0)


@contextmanager
def acting_on(pid: int) -> Generator[None, None, None]:
    """Within the block this process may trace that one, or set its limits.

    Keep it short: for that long the student's processes may send signals to this one, where the
    kernel has no Landlock of ABI 6 to keep them from it.
    """
    uid = _other_uid(pid)
    if uid is None:
        yield
        return
    os.setresgid(uid, -1, -1)
    os.setresuid(uid, -1, -1)
    try:
        yield
    finally:
        os.setresuid(0, -1, -1)
        os.setresgid(0, -1, -1)


def _other_uid(pid: int) -> int | None:
    """Whose process it is; None where that makes no difference."""
    if not unsafe() or os.geteuid() != 0:
        return None
    try:
        uid = os.stat(f"/proc/{pid}").st_uid
    except OSError:
        return None
    return uid or None
