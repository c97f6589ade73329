"""Landlock, the kernel's own fence: a process gives up each file and port that it does not name."""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Iterable

_CREATE, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every machine
_VERSION, _PATH_BENEATH = 1, 1
# From linux/landlock.h: the rights that each version of the interface has brought.
_FIRST_RIGHTS, _REFER, _TRUNCATE, _IOCTL_DEV = (1 << 13) - 1, 1 << 13, 1 << 14, 1 << 15
_BIND_AND_CONNECT = 3
_NO_ABSTRACT_SOCKETS, _NO_SIGNALS = 1, 2
_READ = 1 << 0 | 1 << 2 | 1 << 3  # execute, read a file, list a folder
_OF_FILES = 1 << 0 | 1 << 1 | 1 << 2 | _TRUNCATE | _IOCTL_DEV

_libc = ctypes.CDLL(None, use_errno=True)


def abi() -> int:
    """The version of Landlock on this machine; 0 where there is none."""
    return max(0, int(_libc.syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))))


def make_ruleset(readable: Iterable[str], writable: Iterable[str], tcp: bool,
                 signals: bool) -> int:
    """A descriptor of the fence: only these paths, and no TCP unless `tcp`;
    missing paths are skipped.

    From ABI 6 on, no abstract socket reaches beyond what is started behind it, and no signal,
    unless `signals`.
    """
    version = abi()
    rights = _FIRST_RIGHTS | (_REFER if version >= 2 else 0) | (
        _TRUNCATE if version >= 3 else 0) | (_IOCTL_DEV if version >= 5 else 0)
    attributes = struct.pack("=Q", rights)
    if version >= 4:
        attributes += struct.pack("=Q", 0 if tcp else _BIND_AND_CONNECT)
    if version >= 6:
        attributes += struct.pack("=Q", _NO_ABSTRACT_SOCKETS | (0 if signals else _NO_SIGNALS))
    ruleset = _call(_CREATE, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    for paths, allowed in ((readable, _READ), (writable, rights)):
        for path in paths:
            _allow(ruleset, path, allowed)
    return ruleset


def restrict(ruleset: int) -> None:
    """This thread and all it starts are behind the fence from now on;
    it must not gain privileges."""
    _call(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))


def _allow(ruleset: int, path: str, allowed: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EACCES):
            return
        raise
    try:
        if not os.path.isdir(f"/proc/self/fd/{place}"):
            allowed &= _OF_FILES
        rule = struct.pack("=Qi", allowed, place)
        _call(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(_PATH_BENEATH), rule,
              ctypes.c_uint32(0))
    finally:
        os.close(place)


def _call(number: int, *arguments: object) -> int:
    result = int(_libc.syscall(number, *arguments))
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"Landlock: {os.strerror(error)}")
    return result
