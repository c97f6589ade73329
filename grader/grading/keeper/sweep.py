"""Removes whatever a uid has left on the machine: processes, System V objects, files for everybody.

Run as a script, `sweep.py UID`, by root; it becomes that uid first, so that it can take away
nothing that belongs to anybody else. The exit status is 0 when nothing is left.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress

_PATIENCE_S = 5.0  # for a process that sleeps in the kernel where no signal reaches it
_COMMON = ("/dev/shm", "/dev/mqueue", "/tmp", "/var/tmp")  # where everybody may leave something
_IPC = ("shm", "sem", "msg")


def become(uid: int) -> None:
    """This process is that uid's from now on, with no capability."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def anything_left(uid: int) -> bool:
    """True if there is a process, an object or a file of this uid."""
    return bool(_processes(uid) or any(_objects(kind, uid) for kind in _IPC) or _files(uid))


def main() -> int:
    uid = int(sys.argv[1])
    become(uid)
    _kill_all(uid)
    libc = ctypes.CDLL(None)
    for kind in _IPC:
        for number in _objects(kind, uid):
            getattr(libc, f"{kind}ctl")(number, 0, 0)  # IPC_RMID and no argument are both 0
    for path in _files(uid):
        remove(path)
    return 1 if anything_left(uid) else 0


def _kill_all(uid: int) -> None:
    """Looks again until there is none: a process may fork while the list is read."""
    deadline = time.monotonic() + _PATIENCE_S
    while pids := _processes(uid):
        with _pidfds(pids) as ends:
            with suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)  # everything of this uid at one go, but this process
            if not all(_comes(end, deadline - time.monotonic()) for end in ends):
                return


@contextmanager
def _pidfds(pids: list[int]) -> Generator[list[int], None, None]:
    """One for each process that is there: it becomes readable when the process has ended."""
    opened: list[int] = []
    try:
        for pid in pids:
            with suppress(ProcessLookupError):
                opened.append(os.pidfd_open(pid))
        yield opened
    finally:
        for number in opened:
            os.close(number)


def _comes(end: int, seconds: float) -> bool:
    poll = select.poll()
    poll.register(end, select.POLLIN)
    return bool(poll.poll(max(0.0, seconds) * 1000))


def _processes(uid: int) -> list[int]:
    """Those that live; who has ended and was not waited for yet does no harm. A main thread may
    end before the others: it is a zombie then, the process is not."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        with suppress(OSError), open(f"/proc/{name}/status", encoding="ascii",
                                     errors="replace") as file:
            facts = dict(line.split(":", 1) for line in file if ":" in line)
            ended = facts["State"].split()[0] in "ZX" and int(facts["Threads"]) <= 1
            if int(facts["Uid"].split()[0]) == uid and not ended:
                found.append(int(name))
    return found


def _objects(kind: str, uid: int) -> list[int]:
    """System V objects of one kind that this uid owns or has made."""
    with suppress(OSError), open(f"/proc/sysvipc/{kind}", encoding="ascii") as file:
        names = file.readline().split()
        rows = [dict(zip(names, map(int, line.split()))) for line in file]
        key = next(name for name in names if name in ("shmid", "semid", "msqid"))
        return [row[key] for row in rows if uid in (row["uid"], row["cuid"])]
    return []


def _files(uid: int) -> list[str]:
    found = []
    for folder in _COMMON:
        with suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                with suppress(OSError):
                    if entry.stat(follow_symlinks=False).st_uid == uid:
                        found.append(entry.path)
    return found


def remove(path: str) -> None:
    """A file, or a folder with all that is in it; what cannot be removed stays.

    Not by ourselves: a tree may be deeper than Python can call itself and than a path can be long,
    and a folder may be closed to its own owner.
    """
    if not os.path.isdir(path) or os.path.islink(path):
        with suppress(OSError):
            os.unlink(path)
        return
    for command in (["chmod", "-R", "u+rwx"], ["rm", "-rf"]):
        subprocess.run([*command, "--", path], check=False, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())
