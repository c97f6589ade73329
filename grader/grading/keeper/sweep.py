"""Removes whatever a uid has left on the machine: processes, System V objects, files for everybody.

Run as a script, `sweep.py UID`, by root; it becomes that uid first, so that it can take away nothing
that belongs to anybody else. The exit status is 0 when nothing is left.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from contextlib import suppress

_PATIENCE_S, _STEP_S = 5.0, 0.0005
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
        _remove(path)
    return 1 if anything_left(uid) else 0


def _kill_all(uid: int) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while _processes(uid) and time.monotonic() < deadline:
        with suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)  # everything of this uid at one go, but this process
        time.sleep(_STEP_S)


def _processes(uid: int) -> list[int]:
    """Those that live; who has ended and was not waited for yet does no harm."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        with suppress(OSError), open(f"/proc/{name}/status", encoding="ascii",
                                     errors="replace") as file:
            facts = dict(line.split(":", 1) for line in file if ":" in line)
            if int(facts["Uid"].split()[0]) == uid and facts["State"].split()[0] not in "ZX":
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


def _remove(path: str) -> None:
    """A file, or a folder with all that is in it."""
    if os.path.isdir(path) and not os.path.islink(path):
        for folder, names, files in os.walk(path, topdown=False):
            for name in files:
                _remove_one(os.path.join(folder, name))
            for name in names:
                _remove_one(os.path.join(folder, name))
    _remove_one(path)


def _remove_one(path: str) -> None:
    with suppress(OSError):
        if os.path.isdir(path) and not os.path.islink(path):
            os.rmdir(path)
        else:
            os.unlink(path)


if __name__ == "__main__":
    sys.exit(main())
