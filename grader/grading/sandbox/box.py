"""A small file system of its own in which one submission is built and run."""

from __future__ import annotations

import itertools
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from grading.keeper import sweep

from . import libc, syscall_filter
from .command import Command, View, command_line
from .confined import Confined
from .ending import Finished
from .household import Company, Founder, Household, Neighbours
from .limits import MIB, RUN, Limits
from .mode import Mode
from .safe_copy import CopyLimits, CopyPolicy, copy_tree

_BOXES = Path("/run/box")
_LINKS = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib32": "usr/lib32",
          "lib64": "usr/lib64", "libx32": "usr/libx32"}
_FOLDERS = ("usr", "proc", "dev", "tmp", "var/tmp", "run", "work", "home/student",
            "etc/alternatives")
OWN = ("work", "tmp", "home", "shm")  # the student's folders
SIZE, NR_INODES = 256 * MIB, 20000
_FOR_EVER = replace(RUN, wall=3600.0)  # longer than any worker lives
_NOTHING: Mapping[Path, str] = {}


class Box:
    """A quota tmpfs, gone with everything in it at the end of the `with` block.

    `root/` is what students see as /, read-only; `work/`, `tmp/`, `home/` and `shm/` are theirs.
    Never write into those from the worker: what looks like a file there may be their link.
    """

    def __init__(self, *, size: int = SIZE, nr_inodes: int = NR_INODES,
                 io_uring: bool = False) -> None:
        self._mode = Mode.of_this_worker()
        self._numbers = itertools.count(1)
        self._running: list[Confined] = []
        self._shared: dict[Path, str] = {}
        _BOXES.mkdir(exist_ok=True)
        # Outside the quota: a full box must not keep bwrap from telling us about its child.
        self._notes = Path(tempfile.mkdtemp(prefix="notes.", dir=_BOXES))
        self._filter = self._notes / "filter.bpf"
        syscall_filter.write_filter(self._filter, io_uring=io_uring)
        self._folder = Path(tempfile.mkdtemp(prefix="box.", dir=_BOXES))
        libc.mount_tmpfs(self._folder, size, nr_inodes)
        self._furnish()

    @property
    def work(self) -> Path:
        """The student's /work, as the worker sees it. Read with O_NOFOLLOW only."""
        return self._folder / "work"

    @property
    def tmp(self) -> Path:
        """The student's /tmp, as the worker sees it. Read with O_NOFOLLOW only."""
        return self._folder / "tmp"

    @property
    def scratch(self) -> str:
        """What the student's programs call it."""
        return "/tmp"

    @property
    def home(self) -> str:
        """What the student's programs call it."""
        return "/work"

    def shown(self, host: Path, inside: str) -> str:
        """How a command names what `extra_read_only={host: inside}` shows it."""
        return inside

    @property
    def shm(self) -> Path:
        """The student's /dev/shm: what POSIX shared memory was left behind."""
        return self._folder / "shm"

    def segments(self) -> dict[str, int]:
        """Shared memory of the student's that has a name: name -> mode."""
        owner, found = self._owner(), {}
        with os.scandir(self.shm) as entries:
            for entry in entries:
                with suppress(OSError):
                    status = entry.stat(follow_symlinks=False)
                    if status.st_uid == (os.geteuid() if owner is None else owner):
                        found[entry.name] = stat.S_IMODE(status.st_mode)
        return found

    def __enter__(self) -> Box:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Kills what still runs and throws the files away."""
        for confined in self._running:
            confined.kill()
        libc.unmount(self._folder)
        self._folder.rmdir()
        shutil.rmtree(self._notes)

    def empty(self) -> None:
        """Throws away what programs have left in /tmp, their home and /dev/shm. None may run."""
        for name in ("tmp", "home", "shm"):
            for entry in os.scandir(self._folder / name):
                if entry.is_dir(follow_symlinks=False):
                    sweep.remove(entry.path)
                else:
                    os.unlink(entry.path)

    def install(self, tree: Path, into: str = "") -> None:
        """Copies a tree into /work (or a folder of it, made new), as the student's own files.

        Exec bits and times are kept. Fails if something of that name is there already.
        """
        target = self.work
        if into:
            target = self.work / into
            target.mkdir()
            self._give(target)
        limits = CopyLimits(files=20000, bytes=1 << 40, file_bytes=1 << 40, depth=64)
        copy_tree(tree, target, CopyPolicy(limits, owner=self._owner()))

    def share(self, host: Path, inside: str) -> None:
        """Shows a folder to every later command, for writing: where all of them are our own."""
        self._mount_point(host, inside)
        self._shared[host] = inside

    def command(self, argv: Sequence[str], *, limits: Limits,
                env: Mapping[str, str] | None = None, cwd: str = "/work", writable: bool = False,
                extra_read_only: Mapping[Path, str] = _NOTHING,
                household: Company | None = None) -> Command:
        """What to exec to run `argv` in this box; each Command is for one run.

        household: the commands that it sees, and is seen by; none: it is alone.
        `extra_read_only` names files or folders everybody may read, and how they are called
        inside: neither in the student's own folders nor in /usr, for instance /opt/tools.
        """
        for host, inside in extra_read_only.items():
            self._mount_point(host, inside)
        status_file = self._notes / f"status{next(self._numbers)}"
        view = View(self._folder, writable, extra_read_only, self._shared, cwd)
        return Command(command_line(view, self._mode, argv, limits, env or {},
                                    (self._filter, status_file), household),
                       status_file, household is not None)

    def household(self) -> Household | Neighbours:
        """For commands that have to see each other."""
        return Household(self.spawn(("sleep", "infinity"), limits=_FOR_EVER,
                                    stdin=subprocess.DEVNULL, household=Founder()),
                         root=self._mode.root)

    def spawn(self, argv: Sequence[str], *, limits: Limits, stdin: int = subprocess.PIPE,
              merge_stderr: bool = False, env: Mapping[str, str] | None = None,
              cwd: str = "/work", writable: bool = False,
              extra_read_only: Mapping[Path, str] = _NOTHING,
              household: Company | None = None) -> Confined:
        """Starts `argv`. `stdin` is subprocess.PIPE, subprocess.DEVNULL or a descriptor."""
        command = self.command(argv, limits=limits, env=env, cwd=cwd, writable=writable,
                               extra_read_only=extra_read_only, household=household)
        confined = Confined(command, limits, stdin, merge_stderr)
        self._running.append(confined)
        return confined

    def run(self, argv: Sequence[str], *, limits: Limits, merge_stderr: bool = False,
            env: Mapping[str, str] | None = None, cwd: str = "/work", writable: bool = False,
            extra_read_only: Mapping[Path, str] = _NOTHING) -> Finished:
        """Runs `argv` to its end, with nothing to read. Whatever it leaves running is killed."""
        confined = self.spawn(argv, limits=limits, stdin=subprocess.DEVNULL, env=env, cwd=cwd,
                              merge_stderr=merge_stderr, writable=writable,
                              extra_read_only=extra_read_only)
        try:
            return confined.finish()
        finally:
            confined.kill()

    def _owner(self) -> int | None:
        """The student's uid and gid in the worker's numbering."""
        return self._mode.student if self._mode.root else 0

    def _give(self, folder: Path) -> None:
        if (owner := self._owner()) is not None:
            os.chown(folder, owner, owner)

    def _furnish(self) -> None:
        root = self._folder / "root"
        for folder in _FOLDERS:
            (root / folder).mkdir(parents=True)
        for name, goal in _LINKS.items():
            if Path("/", name).is_symlink():
                (root / name).symlink_to(goal)
        uid = self._mode.student
        files = {"passwd": f"root:x:0:0::/:/bin/sh\nstudent:x:{uid}:{uid}::/home/student:/bin/sh\n",
                 "group": f"root:x:0:\nstudent:x:{uid}:\n",
                 "hosts": "127.0.0.1 localhost lab\n::1 ip6-localhost\n",
                 "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\nservices: files\n",
                 "ld.so.cache": "", "services": ""}
        for name, text in files.items():
            (root / "etc" / name).write_text(text)
        for name in OWN:
            (self._folder / name).mkdir()
            self._give(self._folder / name)

    def _mount_point(self, host: Path, inside: str) -> None:
        check_place(inside)
        point = self._folder / "root" / inside.lstrip("/")
        if host.is_dir():
            point.mkdir(parents=True, exist_ok=True)
        else:
            point.parent.mkdir(parents=True, exist_ok=True)
            point.touch()


def check_place(inside: str) -> None:
    """Raises ValueError where students can write, or where the system's own files are."""
    place = Path(inside)
    if not place.is_absolute() or ".." in place.parts or place.parts[1:2] in (
            ("usr",), ("work",), ("tmp",), ("home",), ("dev",), ("proc",)):
        raise ValueError(f"{inside}: not a place for the grader's own files")
