"""ptrace(2), as far as the grader needs it."""

from __future__ import annotations

import ctypes
import errno
import os

from grading.shortfall import NotJudged

SEIZE, INTERRUPT, DETACH, TO_NEXT_CALL = 0x4206, 0x4207, 17, 24
TELL_CALLS_APART, DIE_WITH_ME = 1, 0x100000  # options of SEIZE: TRACESYSGOOD, EXITKILL
ALL_CHILDREN = 0x40000000  # __WALL of waitpid(2): threads too

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


def ptrace(request: int, thread_id: int, data: int = 0) -> None:
    """Raises OSError, and NotJudged where this machine does not allow it."""
    if _libc.ptrace(request, thread_id, None, data) != 0:
        number = ctypes.get_errno()
        if number in (errno.EPERM, errno.EACCES, errno.ENOSYS):
            raise NotJudged("This machine does not let the grader stop a thread (ptrace).")
        raise OSError(number, f"ptrace of thread {thread_id}: {os.strerror(number)}")
