"""What /proc tells of processes, which may be gone at any moment: who started whom, holds what."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from .mode import unsafe
from .rights import reading

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Work:
    """What some processes are doing."""

    ready: bool  # one of them runs, or would if it had a processor or its bytes from a disk
    cpu_seconds: float  # given to them so far, and to their children that have ended


def work(pids: Iterable[int]) -> Work:
    """Looks at each of them once."""
    stats = [read(f"/proc/{pid}/stat").rpartition(b")")[2].split() for pid in pids]
    ticks = sum(int(word) for stat in stats for word in stat[11:15])
    return Work(any(stat[:1] in ([b"R"], [b"D"]) for stat in stats), ticks / _TICKS_PER_SECOND)


def descendants(of: int) -> list[int]:
    """Its children, and theirs, and so on; zombies included."""
    children_of = _who_has_whom()
    found: list[int] = []
    unseen = children_of(of)
    while unseen:
        found.append(unseen.pop())
        unseen += children_of(found[-1])
    return sorted(found)


def children(of: int) -> list[int]:
    """Its children, zombies included."""
    return _who_has_whom()(of)


def _who_has_whom() -> Callable[[int], list[int]]:
    """Outside a pid namespace /proc is long: there the kernel's own lists are read,
    if it keeps any."""
    own = os.getpid()
    if unsafe() and os.path.exists(f"/proc/{own}/task/{own}/children"):
        return _listed_children
    table = _families(tuple(os.listdir("/proc")))
    return lambda pid: list(table.get(pid, []))


@functools.lru_cache(maxsize=1)
def _families(listed: tuple[str, ...]) -> dict[int, list[int]]:
    """Parent -> children, read anew when others are listed. While the same are there, nobody new
    is anybody's descendant; an orphan of a parent that nobody has reaped counts as its child."""
    table: dict[int, list[int]] = {}
    for pid in sorted(int(entry) for entry in listed if entry.isdigit()):
        if stat := read(f"/proc/{pid}/stat"):
            table.setdefault(int(stat.rpartition(b")")[2].split()[1]), []).append(pid)
    return table


def _listed_children(of: int) -> list[int]:
    return [int(pid) for thread in _threads(of)
            for pid in read(f"/proc/{of}/task/{thread}/children").split()]


def memory(pids: Iterable[int], limit: int) -> int:
    """Bytes these processes hold; shared pages are shared out only when it matters."""
    pids = list(pids)
    resident = sum(map(_resident, pids))
    return resident if resident <= limit else sum(map(_proportional, pids))


def thread_count(pid: int) -> int:
    """How many threads it has; 0 if it is gone."""
    return len(_threads(pid))


def read(path: str) -> bytes:
    """A file of /proc; nothing if it is gone."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return _whole(descriptor)
        finally:
            os.close(descriptor)
    return b""


def _whole(descriptor: int) -> bytes:
    """Most are shorter than a page. Cheaper than a file object: looks are taken by the thousand."""
    text = part = os.read(descriptor, _PAGE)
    while len(part) == _PAGE:
        part = os.read(descriptor, _PAGE)
        text += part
    return text


def _threads(pid: int) -> list[str]:
    try:
        return os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []


def _resident(pid: int) -> int:
    return int((read(f"/proc/{pid}/statm").split() or [b"0", b"0"])[1]) * _PAGE


def _proportional(pid: int) -> int:
    with reading(pid):
        lines = read(f"/proc/{pid}/smaps_rollup").splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(b"Pss:")), 0)
