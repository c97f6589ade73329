"""Unpacks an archive that may be hostile: nothing is written outside, nor without a limit."""

from __future__ import annotations

import errno
import lzma
import os
import struct
import tarfile
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from grading.unpacking.members import Member, members
from grading.sandbox.safe_copy import CopyLimits, Rejected, printable, stays_inside

MOST_BYTES = 256 << 20  # of everything, also of what is left out later
RATIO, SMALL = 200, 16 << 20  # so many times its own size, but for what is small all the same
DEEPER = 4  # folders around what is handed in
MOST_NOTES = 100
_BLOCK = 1 << 20
_TAKEN = {errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG}
_DAMAGED = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, ValueError,
            OverflowError, struct.error, NotImplementedError, RuntimeError, LookupError)


def unpack(archive: Path, into: Path, limits: CopyLimits = CopyLimits()) -> list[str]:
    """Unpacks regular files, folders and links that stay inside into the empty folder `into`; one
    line for each member left out.

    Raises Rejected, with a sentence for the student; `into` is then incomplete. Links are made
    last, so nothing is written through one.
    """
    work = _Unpacking(into, limits, archive.stat().st_size)
    try:
        for member in members(archive, work.count):
            work.take(member)
    except Rejected:
        raise
    except MemoryError as error:
        raise Rejected("The archive needs too much memory to be unpacked.") from error
    except (*_DAMAGED, OSError) as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise  # the disk's; a library's has no number, or comes of a place that cannot be
        raise Rejected(f"The archive is damaged: {printable(str(error) or 'it ends too early')}.") \
            from error
    work.link()
    if not work.entries:
        raise Rejected("The archive is empty.")
    more = len(work.notes) - MOST_NOTES
    return work.notes if more <= 0 else [*work.notes[:MOST_NOTES], f"and {more} more"]


@dataclass
class _Unpacking:
    into: Path
    limits: CopyLimits
    packed: int  # bytes of the archive itself
    entries: int = 0
    bytes: int = 0
    notes: list[str] = field(default_factory=list)
    links: list[tuple[list[str], str]] = field(default_factory=list)

    def count(self, unpacked: int) -> None:
        """So many bytes more have been unpacked, wanted or not."""
        self.bytes += unpacked
        if self.bytes > MOST_BYTES:
            raise Rejected(f"The archive unpacks to more than {MOST_BYTES >> 20} MiB.")
        if self.bytes > SMALL and self.bytes > RATIO * self.packed:
            raise Rejected(f"The archive unpacks to more than {RATIO} times its own size.")

    def take(self, member: Member) -> None:
        """Unpacks one entry, or notes why not."""
        self.entries += 1
        self.limits.must_allow(entries=self.entries)
        steps = self._steps(member.name)
        if not steps:
            return
        try:
            reason = self._take(member, steps)
        except OSError as error:
            if error.errno not in _TAKEN:
                raise
            reason = "a name that another member has, or that is too long"
        if reason:
            self.notes.append(f"{printable(member.name[:300])}: {reason}, left out")

    def _steps(self, name: str) -> list[str]:
        steps = [step for step in name.split("/") if step not in ("", ".")]
        if name.startswith("/") or name[1:3] in (":/", ":\\"):
            raise Rejected("The archive has an absolute path in it: "
                           f"{printable(name[:100])}. Pack the folder from the folder above it.")
        if ".." in steps:
            raise Rejected("The archive has a path that climbs out of it: "
                           f"{printable(name[:100])}.")
        self.limits.must_allow(depth=len(steps) - DEEPER)
        return steps

    def _take(self, member: Member, steps: list[str]) -> str:
        if not all(step.isprintable() for step in steps):
            return "a name with characters that cannot be shown"
        if member.kind == "folder":
            self.into.joinpath(*steps).mkdir(parents=True, exist_ok=True)
        elif member.kind == "link":
            self.links.append((steps, member.goal))
        elif member.kind != "file":
            return "neither a file nor a folder"
        elif member.size > self.limits.file_bytes:
            return f"larger than {self.limits.file_bytes >> 20} MiB"
        else:
            return self._write(member, self.into.joinpath(*steps))
        return ""

    def _write(self, member: Member, path: Path) -> str:
        path.parent.mkdir(parents=True, exist_ok=True)
        written, most = 0, self.limits.file_bytes
        with member.open() as source, path.open("wb") as target:
            while written <= most and (block := source.read(_BLOCK)):
                written += target.write(block)
        if written > most:
            path.unlink()
            return f"larger than {most >> 20} MiB"
        path.chmod(0o755 if member.executable else 0o644)
        return ""

    def link(self) -> None:
        """Makes the links that stay inside, now that all files are written."""
        for steps, goal in self.links:
            path = self.into.joinpath(*steps)
            if not goal.isprintable() or not stays_inside("/".join([*steps[:-1], ""]), goal):
                self.notes.append(f"{'/'.join(steps)}: a link that leads outside, left out")
            elif not self._linked(path, goal):
                self.notes.append(f"{'/'.join(steps)}: a name that another member has, left out")

    def _linked(self, path: Path, goal: str) -> bool:
        """Every folder above must be a real one: what other links say must not count."""
        above = [parent for parent in path.parents if parent != self.into
                 and self.into in parent.parents]
        if any(parent.is_symlink() for parent in above):
            return False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.symlink(goal, path)
        except OSError as error:
            if error.errno not in (*_TAKEN, errno.EINVAL, errno.ENOENT):
                raise
            return False
        return True
