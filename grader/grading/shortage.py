"""Takes threads from a program for a while, and tells what this machine itself is short of."""

from __future__ import annotations

import os
import resource
import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from grading.shortfall import NotJudged

_MAY_EXCEED = 1 << 21 | 1 << 24  # CAP_SYS_ADMIN, CAP_SYS_RESOURCE: capabilities(7)
_STACK = 256 << 10  # bytes, of the threads that are only counted
_OWN_FILES = 64  # what the grader has open beside its clients


@contextmanager
def no_new_thread(pid: int) -> Generator[None, None, None]:
    """Within the block the kernel refuses this process each new thread and child, with EAGAIN.

    Raises NotJudged where its limit on processes does not bind it, because it is root's.
    """
    if _may_exceed_limits(pid):
        raise NotJudged("Nothing keeps this program from starting threads: it runs as root.")
    if (before := _limit_threads(pid, "0")) is None:
        raise NotJudged("This machine does not let the grader take threads from a program "
                        "(prlimit).")
    try:
        yield
    finally:
        _limit_threads(pid, before)  # in vain if it has died of the shortage


def must_allow_files(number: int) -> None:
    """Raises NotJudged unless a program, and the grader too, may have so many files open here."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < number + _OWN_FILES:
        raise NotJudged(f"This machine allows a process {hard} open files, "
                        f"and the scene needs {number}.")
    if soft != resource.RLIM_INFINITY and soft < number + _OWN_FILES:
        resource.setrlimit(resource.RLIMIT_NOFILE, (number + _OWN_FILES, hard))


def must_allow_threads(number: int) -> None:
    """Raises NotJudged unless so many threads can be had on this machine."""
    over = threading.Event()
    threads: list[threading.Thread] = []
    size_before = threading.stack_size(_STACK)
    try:
        for _ in range(number):
            threads.append(threading.Thread(target=over.wait))
            threads[-1].start()
    except RuntimeError as error:
        raise NotJudged(f"This machine does not let a program have {number} threads.") from error
    finally:
        threading.stack_size(size_before)
        over.set()
        for thread in threads:
            if thread.ident is not None:
                thread.join()


def _limit_threads(pid: int, most: str) -> str | None:
    """Sets how many processes the program may have, and returns how many it might; or None.

    The program may be another user's: then that user may do this, and root perhaps not.
    """
    try:
        owner = Path(f"/proc/{pid}").stat()
    except FileNotFoundError:
        return None
    as_owner = () if owner.st_uid == os.geteuid() else (
        "setpriv", f"--reuid={owner.st_uid}", f"--regid={owner.st_gid}", "--clear-groups")
    prlimit = (*as_owner, "prlimit", f"--pid={pid}")
    before, change = (
        subprocess.run((*prlimit, *words), text=True, check=False, capture_output=True)
        for words in (("--noheadings", "--output=SOFT", "--nproc"), (f"--nproc={most}:",)))
    return before.stdout.strip() if change.returncode == 0 else None


def _may_exceed_limits(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    fields = {name: words.split() for name, _, words in (line.partition(":") for line in status)}
    return bool(int(fields["CapEff"][0], 16) & _MAY_EXCEED) or _is_root(int(fields["Uid"][0]))


def _is_root(uid: int) -> bool:
    """True for who is root outside of this user namespace too:
    the limit on processes is none for root."""
    lines = Path("/proc/self/uid_map").read_text("ascii").splitlines()
    ranges = (map(int, line.split()) for line in lines)
    return any(first <= uid < first + count and outside + uid - first == 0
               for first, outside, count in ranges)
