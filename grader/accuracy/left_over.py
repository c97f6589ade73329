"""What is on a machine beside what was there before: nothing, after a good sandbox."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path

MARK = "hostile-was-here"  # in every name that a hostile program gives to what it wants to stay
EXACT = ("/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/var/lib")
MARKED = ("/etc", "/home", "/root", "/opt", "/srv", "/run", "/dev", "/usr/local",
          "/var/spool", "/var/cache")
DEEPEST = 4  # folders below MARKED that are looked through
LISTENING = "0A"  # as /proc/net/tcp says it


@dataclass(frozen=True)
class State:
    """Everything of one moment, as lines that can be told to somebody."""

    processes: frozenset[str]
    mounts: frozenset[str]
    namespaces: frozenset[str]  # of all processes
    files: frozenset[str]
    segments: frozenset[str]  # System V
    ports: frozenset[str]  # and abstract sockets
    mebibytes: int  # used by the file system of /tmp

    def beside(self, before: State, most_mib: int) -> list[str]:
        """A line for all that is here now and was not before."""
        lines = [f"{one.name}: {line}" for one in fields(self) if one.name != "mebibytes"
                 for line in sorted(getattr(self, one.name) - getattr(before, one.name))]
        grown = self.mebibytes - before.mebibytes
        return lines + ([f"/tmp has {grown} MiB more"] if grown > most_mib else [])


def state(ours: Path) -> State:
    """Looks around; `ours` is the folder that may change, and with it nothing but its own files."""
    disk = os.statvfs("/tmp")
    return State(frozenset(_processes()),
                 frozenset(Path("/proc/self/mountinfo").read_text().splitlines()),
                 frozenset(_namespaces()), frozenset(_files(ours)), frozenset(_segments()),
                 frozenset(_ports()), (disk.f_blocks - disk.f_bfree) * disk.f_frsize >> 20)


def _pids() -> Iterator[int]:
    yield from (int(name) for name in os.listdir("/proc") if name.isdigit())


def _processes() -> Iterator[str]:
    """Those that live: who has ended and was not waited for yet does no harm."""
    for pid in _pids():
        with suppress(OSError, KeyError, IndexError):
            text = Path(f"/proc/{pid}/status").read_text(errors="replace")
            facts = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
            if facts["State"].split()[0] not in "ZX" or int(facts["Threads"]) > 1:
                yield f"{pid} {facts['Name'].strip()} of uid {facts['Uid'].split()[0]}"


def _namespaces() -> Iterator[str]:
    for pid in _pids():
        with suppress(OSError):
            for kind in os.listdir(f"/proc/{pid}/ns"):
                yield os.readlink(f"/proc/{pid}/ns/{kind}")


def _files(ours: Path) -> Iterator[str]:
    """All of the places where everybody may write; elsewhere what has the mark in its name."""
    for folder in (*EXACT, os.path.expanduser("~")) if _is_private_home() else EXACT:
        yield from _walk(folder, ours, 99)
    yield from (path for folder in MARKED for path in _walk(folder, ours, DEEPEST) if MARK in path)


def _is_private_home() -> bool:
    return os.path.expanduser("~").startswith("/tmp/")


def _walk(folder: str, ours: Path, deepest: int) -> Iterator[str]:
    device = os.stat(folder).st_dev if os.path.isdir(folder) else 0
    for top, folders, files in os.walk(folder):
        depth = top.count("/") - folder.count("/")
        folders[:] = [name for name in folders if depth < deepest
                      and _stays(os.path.join(top, name), ours, device)]
        yield from (ascii(os.path.join(top, name)).strip("'") for name in (*files, *folders))


def _stays(path: str, ours: Path, device: int) -> bool:
    with suppress(OSError):
        return path != str(ours) and os.lstat(path).st_dev == device
    return False


def _segments() -> Iterator[str]:
    for kind in ("shm", "sem", "msg"):
        with suppress(OSError):
            for line in Path(f"/proc/sysvipc/{kind}").read_text().splitlines()[1:]:
                yield f"{kind} {' '.join(line.split()[:3])}"


def _ports() -> Iterator[str]:
    for kind in ("tcp", "tcp6", "udp", "udp6"):
        for words in _rows(f"/proc/net/{kind}"):
            if kind.startswith("udp") or words[3] == LISTENING:
                yield f"{kind} {int(words[1].rpartition(':')[2], 16)}"
    yield from (f"socket {words[7]}" for words in _rows("/proc/net/unix")
                if len(words) > 7 and words[7].startswith("@"))


def _rows(path: str) -> Iterable[list[str]]:
    with suppress(OSError):
        return [line.split() for line in Path(path).read_text().splitlines()[1:]]
    return []
