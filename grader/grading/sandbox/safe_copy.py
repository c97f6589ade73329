"""Copies a folder that may be hostile: no link is followed, nothing outside is touched."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_BLOCK = 1 << 20
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Not blocking: opening a FIFO must not hang.
_SOURCE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
# Exclusive: a file or link planted under that name is never written through.
_TARGET = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
# No permission; gone; a link or a socket where a moment ago there was a file.
_UNREADABLE = {errno.EACCES, errno.EPERM, errno.ENOENT, errno.ELOOP, errno.ENXIO, errno.ENOTDIR}
_CLIMBING_AFTER_A_NAME = re.compile(r"(^|/)(?!\.\.?(/|$))[^/]+/+(\.+/+)*\.\.(/|$)")


class Rejected(ValueError):
    """The folder cannot be taken: one clear sentence for whoever handed it in."""


@dataclass(frozen=True)
class CopyLimits:
    """Counts and bytes; `entries` counts what is skipped too, and bounds the time."""

    files: int = 2000
    bytes: int = 64 << 20
    file_bytes: int = 16 << 20
    depth: int = 16
    entries: int = 20000

    def must_allow(self, *, entries: int = 0, depth: int = 0) -> None:
        """Raises Rejected if there are more entries than that, or deeper ones."""
        if entries > self.entries:
            raise Rejected(f"There are more than {self.entries} files and folders.")
        if depth > self.depth:
            raise Rejected(f"Folders are nested deeper than {self.depth}.")


@dataclass(frozen=True)
class CopyPolicy:
    """What is copied, and as whose: `refuse(path, is_folder)` gives the reason to leave one out,
    or "" to leave it out without a note.

    `refuse_content(head)` does so by the first 4 KiB of a file. `owner` and `mtime_ns` replace
    what the source has.
    """

    limits: CopyLimits = CopyLimits()
    refuse: Callable[[str, bool], str | None] = lambda path, is_folder: None
    refuse_content: Callable[[bytes], str | None] = lambda head: None
    owner: int | None = None
    mtime_ns: int | None = None


@dataclass
class _Copy:
    policy: CopyPolicy
    notes: list[str] = field(default_factory=list)
    files: int = 0
    bytes: int = 0
    entries: int = 0


def copy_tree(source: Path, target: Path, policy: CopyPolicy = CopyPolicy()) -> list[str]:
    """Copies regular files, folders and links that stay inside; a note for each thing left out.

    `target` exists. Raises Rejected when a limit is passed. Both folders are opened without
    following a link in their last component, everything below by descriptor.
    """
    copy = _Copy(policy)
    with _opened(source) as source_fd, _opened(target) as target_fd:
        _copy_folder(copy, source_fd, target_fd, "")
    return copy.notes


def printable(name: str) -> str:
    """A name that cannot forge lines or move a terminal's cursor."""
    return name if name.isprintable() else ascii(name)


@contextmanager
def _opened(path: Path | str, parent: int | None = None) -> Iterator[int]:
    fd = os.open(path, _FOLDER, dir_fd=parent)
    try:
        yield fd
    finally:
        os.close(fd)


def _copy_folder(copy: _Copy, source: int, target: int, prefix: str) -> None:
    copy.policy.limits.must_allow(depth=prefix.count("/"))
    with os.scandir(source) as entries:
        names = _bounded(copy, entries)
    for name in sorted(names):
        try:
            reason = _copy_entry(copy, source, target, prefix, name)
        except OSError as error:
            if error.errno not in _UNREADABLE:
                raise
            reason = "cannot be read"
        if reason:
            copy.notes.append(f"{printable(prefix + name)}: {reason}, left out")
    if copy.policy.mtime_ns is not None:
        os.utime(target, ns=(copy.policy.mtime_ns, copy.policy.mtime_ns))


def _bounded(copy: _Copy, entries: Iterator[os.DirEntry[str]]) -> list[str]:
    names = []
    for entry in entries:
        copy.entries += 1
        copy.policy.limits.must_allow(entries=copy.entries)
        names.append(entry.name)
    return names


def _copy_entry(copy: _Copy, source: int, target: int, prefix: str, name: str) -> str | None:
    """Copies one entry, or says why not."""
    if not name.isprintable():
        return "a name with characters that cannot be shown"
    kind = os.stat(name, dir_fd=source, follow_symlinks=False).st_mode
    if (reason := copy.policy.refuse(prefix + name, stat.S_ISDIR(kind))) is not None:
        return reason
    if stat.S_ISLNK(kind):
        return _copy_link(source, target, prefix, name)
    if stat.S_ISREG(kind):
        return _copy_file(copy, source, target, name)
    if not stat.S_ISDIR(kind):
        return "neither a file nor a folder"
    os.mkdir(name, 0o755, dir_fd=target)
    with _opened(name, source) as inner, _opened(name, target) as copied:
        if copy.policy.owner is not None:
            os.fchown(copied, copy.policy.owner, copy.policy.owner)
        _copy_folder(copy, inner, copied, f"{prefix}{name}/")
    return None


def _copy_link(source: int, target: int, prefix: str, name: str) -> str | None:
    """Programs in the sandbox may follow links that stay inside; the grader follows none."""
    goal = os.readlink(name, dir_fd=source)
    if not goal.isprintable() or not stays_inside(prefix, goal):
        return "a link that leads outside"
    os.symlink(goal, name, dir_fd=target)
    return None


def stays_inside(prefix: str, goal: str) -> bool:
    """Whether a link in folder `prefix` ("" or "a/b/") stays in the tree, whatever other links say.

    `..` is taken only in front: after a name that is itself a link it could lead anywhere.
    """
    if goal.startswith("/") or _CLIMBING_AFTER_A_NAME.search(goal):
        return False
    return goal.split("/").count("..") <= prefix.count("/")


def _copy_file(copy: _Copy, source: int, target: int, name: str) -> str | None:
    limits = copy.policy.limits
    fd = os.open(name, _SOURCE, dir_fd=source)
    try:
        facts = os.fstat(fd)
        if not stat.S_ISREG(facts.st_mode):
            return "neither a file nor a folder"
        if facts.st_size > limits.file_bytes:
            return f"larger than {limits.file_bytes >> 20} MiB"
        head = os.read(fd, 4096)
        if reason := copy.policy.refuse_content(head):
            return reason
        copy.files += 1
        if copy.files > limits.files:
            raise Rejected(f"There are more than {limits.files} files.")
        written = os.open(name, _TARGET, 0o600, dir_fd=target)
        try:
            _pour(copy, fd, written, head)
            _finish(copy.policy, written, facts)
        finally:
            os.close(written)
    finally:
        os.close(fd)
    return None


def _pour(copy: _Copy, source: int, target: int, block: bytes) -> None:
    """Counts what is really read: a file can grow while it is copied."""
    while block:
        copy.bytes += len(block)
        if copy.bytes > copy.policy.limits.bytes:
            raise Rejected(f"The files are larger than {copy.policy.limits.bytes >> 20} MiB "
                           "together.")
        view = memoryview(block)
        while view:
            view = view[os.write(target, view):]
        block = os.read(source, _BLOCK)


def _finish(policy: CopyPolicy, fd: int, facts: os.stat_result) -> None:
    """Mode 755 or 644 (so no setuid), the owner and the time."""
    if policy.owner is not None:
        os.fchown(fd, policy.owner, policy.owner)
    os.fchmod(fd, 0o755 if facts.st_mode & 0o100 else 0o644)
    mtime = facts.st_mtime_ns if policy.mtime_ns is None else policy.mtime_ns
    os.utime(fd, ns=(mtime, mtime))
