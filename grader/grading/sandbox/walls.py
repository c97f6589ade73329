"""Which walls a command gets where there are no namespaces, and the command that builds them."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from grading.keeper import keep, landlock

# What programs and compilers read; of /etc what the full sandbox shows of it, and the name service.
READABLE = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/proc",
            *(f"/etc/{name}" for name in (
                "alternatives", "ld.so.cache", "services", "protocols", "passwd", "group", "hosts",
                "nsswitch.conf", "resolv.conf", "host.conf", "gai.conf", "localtime")))
WRITABLE = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty",
            "/dev/ptmx", "/dev/pts", "/dev/shm", "/dev/mqueue")


@dataclass(frozen=True)
class Fence:
    """Paths that Landlock leaves to a command, and whether it may use TCP (known from ABI 4 on) and
    send signals to what it has not started itself (from ABI 6 on)."""

    readable: tuple[str, ...]
    writable: tuple[str, ...]
    tcp: bool
    signals: bool


@dataclass(frozen=True)
class Walls:
    """None or an empty word: no such wall."""

    uid: int | None
    landlock: Fence | None
    filter: str  # the file with the system call filter


def kept(command: Sequence[str], *, folder: Path, status_file: str,
         walls: Walls | None) -> list[str]:
    """What to exec to have a command kept, see keeper/keep.py. Without walls it is trusted."""
    plan = {"folder": str(folder), "status_file": status_file,
            "walls": walls and asdict(walls)}
    return [sys.executable, "-I", "-S", str(Path(keep.__file__).resolve()), json.dumps(plan),
            *command]


def has_landlock() -> bool:
    """Whether this kernel can keep a process from files."""
    return landlock.abi() > 0
