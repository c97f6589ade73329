"""What stands between a command and the machine: another uid, Landlock, a system call filter."""

from __future__ import annotations

import ctypes
import os
import struct
from contextlib import suppress

from grading.keeper import landlock, sweep

_SET_NO_NEW_PRIVS, _SET_SECCOMP, _DROP_CAPABILITY = 38, 22, 24  # prctl(2)
_FILTER_MODE, _BYTES_OF_AN_INSTRUCTION = 2, 8
_CAPSET_VERSION = 0x20080522
_MOST_CAPABILITIES = 64

_libc = ctypes.CDLL(None, use_errno=True)


def put_up(plan: dict[str, object]) -> None:
    """Puts this process behind the walls of the plan, for good.

    "uid" (or null: it stays who it is), "landlock" with "readable", "writable", "tcp" and
    "signals" (or null), "filter": a file with the system call filter (or "").
    """
    with suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("1000")  # where memory runs out, students' programs go first
    os.umask(0o022)
    fence, uid = plan["landlock"], plan["uid"]
    ruleset = landlock.make_ruleset(**fence) if isinstance(fence, dict) else None
    instructions = _read(str(plan["filter"])) if plan["filter"] else b""
    if isinstance(uid, int):
        _become(uid)
    _prctl(_SET_NO_NEW_PRIVS, 1)
    if ruleset is not None:
        landlock.restrict(ruleset)
        os.close(ruleset)
    if instructions:
        _filter(instructions)


def _become(uid: int) -> None:
    """Somebody with no group but his own and no capability, now or ever."""
    for capability in range(_MOST_CAPABILITIES):
        _libc.prctl(_DROP_CAPABILITY, ctypes.c_ulong(capability))  # EINVAL: there is no such one
    sweep.become(uid)
    nothing = struct.pack("=6I", 0, 0, 0, 0, 0, 0)
    if _libc.capset(struct.pack("=Ii", _CAPSET_VERSION, 0), nothing):
        raise OSError(ctypes.get_errno(), "capabilities cannot be given up")


def _filter(instructions: bytes) -> None:
    buffer = ctypes.create_string_buffer(instructions, len(instructions))
    program = struct.pack("@HP", len(instructions) // _BYTES_OF_AN_INSTRUCTION,
                          ctypes.addressof(buffer))
    _prctl(_SET_SECCOMP, _FILTER_MODE, program)


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _prctl(option: int, argument: int, data: bytes | None = None) -> None:
    if _libc.prctl(option, ctypes.c_ulong(argument), data, ctypes.c_ulong(0), ctypes.c_ulong(0)):
        error = ctypes.get_errno()
        raise OSError(error, f"prctl {option}: {os.strerror(error)}")
