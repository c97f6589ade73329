"""A box where nothing may be mounted: a folder, walls around commands, a measured quota."""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

from grading.keeper import sweep

from . import syscall_filter
from .box import NR_INODES, OWN, SIZE, Box, check_place
from .command import DEAF, ENVIRONMENT, Command
from .confined import Confined
from .household import Company, Neighbours
from .limits import Limits
from .mode import MAX_SLOTS, SandboxError, Tier, boxes, tier, uid_of_slot
from .namespace import CHAIN_MARK
from .shared_boxes import sweep_away
from .slots import free_slot
from .walls import READABLE, WRITABLE, Fence, Walls, has_landlock, kept

_NOTHING: Mapping[Path, str] = {}
_BLOCK = 512  # bytes: what st_blocks counts


class FolderBox(Box):
    """A folder, gone with everything in it at the end of the `with` block.

    The first box of a worker is always the same folder, and so is the second: a build may remember
    where it was made. Another run at the same time has other boxes. With the reduced sandbox each
    box has a uid of its own, and whatever that uid has left on the machine goes with the box.
    """

    def __init__(self, *, size: int = SIZE, nr_inodes: int = NR_INODES,
                 io_uring: bool = False) -> None:
        self._quota = size, nr_inodes
        self._numbers = itertools.count(1)
        self._running: list[Confined] = []
        boxes().mkdir(parents=True, exist_ok=True)
        boxes().chmod(0o711)
        self._folder, self._lock = _first_free(boxes())
        self._uid, self._uid_lock = _free_uid(int(self._folder.name))
        sweep.remove(str(self._folder))  # of a run that was killed
        self._notes = self._folder / "notes"
        for name in (*OWN, "shown", self._notes.name):
            (self._folder / name).mkdir(parents=True)
            (self._folder / name).chmod(0o700 if name in (*OWN, self._notes.name) else 0o755)
        for name in OWN:
            self._give(self._folder / name)
        self._folder.chmod(0o711)
        self._filter_file = self._written_filter(io_uring)
        self._sweep()

    @property
    def home(self) -> str:
        return str(self.work)

    @property
    def scratch(self) -> str:
        return str(self.tmp)

    @property
    def shm(self) -> Path:
        return Path("/dev/shm")

    def shown(self, host: Path, inside: str) -> str:
        return str(self._folder / "shown" / inside.lstrip("/"))

    def empty(self) -> None:
        self._sweep()
        super().empty()

    def close(self) -> None:
        for confined in self._running:
            confined.kill()
        self._sweep()
        sweep.remove(str(self._folder))
        for lock in (self._lock, self._uid_lock):
            if lock is not None:
                os.close(lock)

    def command(self, argv: Sequence[str], *, limits: Limits,
                env: Mapping[str, str] | None = None, cwd: str = "/work", writable: bool = False,
                extra_read_only: Mapping[Path, str] = _NOTHING,
                household: Company | None = None) -> Command:
        """`/work` in `cwd` stands for the box's own; a build (`writable`) gets no network."""
        for host, inside in extra_read_only.items():
            self._show(host, inside)
        status_file = self._notes / f"status{next(self._numbers)}"
        variables = {**ENVIRONMENT, "HOME": str(self._folder / "home"),
                     "TMPDIR": str(self._folder / "tmp"), **(env or {})}
        chain = [*limits.prlimit(shared_uid=self._uid is None), "env", CHAIN_MARK, *argv]
        place = PurePosixPath(cwd)
        folder = (self.work / place.relative_to("/work") if place.is_relative_to("/work")
                  else Path(cwd))
        return Command(["/usr/bin/env", "-i", DEAF, *map("=".join, variables.items()),
                        *kept(chain, folder=folder, status_file=str(status_file),
                              walls=self._walls(writable, household is not None))], status_file)

    def household(self) -> Neighbours:
        return Neighbours()

    def spawn(self, argv: Sequence[str], *, limits: Limits, stdin: int = subprocess.PIPE,
              merge_stderr: bool = False, env: Mapping[str, str] | None = None,
              cwd: str = "/work", writable: bool = False,
              extra_read_only: Mapping[Path, str] = _NOTHING,
              household: Company | None = None) -> Confined:
        confined = super().spawn(argv, limits=limits, stdin=stdin, merge_stderr=merge_stderr,
                                 env=env, cwd=cwd, writable=writable,
                                 extra_read_only=extra_read_only, household=household)
        confined.watch(self._over_quota)
        return confined

    def _walls(self, writable: bool, signals: bool) -> Walls:
        places = {name: str(self._folder / name) for name in ("work", "tmp", "home", "shown")}
        own = [places["tmp"], places["home"], *([places["work"]] if writable else [])]
        fence = Fence((*READABLE, places["work"], places["shown"]), (*WRITABLE, *own),
                      tcp=not writable, signals=signals) if has_landlock() else None
        if fence is None and tier() is Tier.REDUCED:
            raise SandboxError("this kernel has no Landlock")
        return Walls(self._uid, fence, self._filter_file)

    def _written_filter(self, io_uring: bool) -> str:
        target = self._notes / "filter.bpf"
        try:
            syscall_filter.write_filter(target, io_uring=io_uring)
        except SandboxError:
            if tier() is Tier.REDUCED:
                raise
            return ""
        return str(target)

    def _owner(self) -> int | None:
        return self._uid

    def _show(self, host: Path, inside: str) -> None:
        """A copy: the grader's own folder may be closed to the student's uid."""
        check_place(inside)
        copy = Path(self.shown(host, inside))
        if copy.exists():
            return
        copy.parent.mkdir(parents=True, exist_ok=True)
        if host.is_dir():
            shutil.copytree(host, copy)
        else:
            shutil.copyfile(host, copy)
        for path in (copy, *copy.rglob("*"), *(copy.parents[n] for n in range(
                len(copy.relative_to(self._folder / "shown").parts) - 1))):
            path.chmod(0o755)

    def _sweep(self) -> None:
        if self._uid is not None:
            sweep_away(self._uid)

    def _over_quota(self) -> str | None:
        """Which part of the quota the box has used up, if any. Files that are still open but have
        no name any more are not seen."""
        blocks = number = 0
        folders = [str(self._folder / name) for name in OWN]
        while folders:  # no os.walk(): that calls itself for every level
            number += 1
            with suppress(OSError), os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                        continue
                    number += 1
                    with suppress(OSError):
                        blocks += entry.stat(follow_symlinks=False).st_blocks
        size, nr_inodes = self._quota
        return "disk space" if blocks * _BLOCK > size or number > nr_inodes else None


def _first_free(folder: Path) -> tuple[Path, int]:
    """The first box nobody has, and the lock that says so."""
    for number in itertools.count(1):
        lock = os.open(folder / f"{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return folder / str(number), lock
        except BlockingIOError:
            os.close(lock)
    raise AssertionError


def _free_uid(number: int) -> tuple[int | None, int | None]:
    """A uid that no grader on this machine uses, and the lock that keeps it; or neither.

    From the other end than the full sandbox takes its own, so that the first is most often free.
    """
    if tier() is not Tier.REDUCED:
        return None, None
    slot, lock = free_slot(range(MAX_SLOTS - 1 - number, -1, -1))
    return uid_of_slot(slot), lock
