"""The few system calls Python 3.10 has no function for."""

from __future__ import annotations

import ctypes
import os
import struct
from pathlib import Path

CLONE_NEWIPC = 0x08000000
CLONE_NEWNET = 0x40000000
_MS_NOSUID, _MS_NODEV, _MNT_DETACH = 2, 4, 2
_CLOCK_MONOTONIC, _TFD_FLAGS = 1, os.O_NONBLOCK | os.O_CLOEXEC


def unshare(flags: int) -> None:
    _call("unshare", ctypes.c_int(flags))


def mount_tmpfs(where: Path, size: int, nr_inodes: int) -> None:
    options = f"size={size},nr_inodes={nr_inodes},mode=0755"
    _call("mount", b"box", os.fsencode(where), b"tmpfs", ctypes.c_ulong(_MS_NOSUID | _MS_NODEV),
          options.encode())


def unmount(where: Path) -> None:
    _call("umount2", os.fsencode(where), ctypes.c_int(_MNT_DETACH))


def ticking_fd(seconds: float) -> int:
    """A descriptor that becomes readable every so often. The caller closes it."""
    fd = _call("timerfd_create", ctypes.c_int(_CLOCK_MONOTONIC), ctypes.c_int(_TFD_FLAGS))
    nanoseconds = int(seconds * 1e9)
    period = struct.pack("qqqq", *divmod(nanoseconds, 10**9), *divmod(nanoseconds, 10**9))
    _call("timerfd_settime", ctypes.c_int(fd), ctypes.c_int(0), period, None)
    return fd


def _call(name: str, *arguments: object) -> int:
    result = int(getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments))
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")
    return result
