"""What is in a zip or tar archive, one member after the other, just as the archive says it."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from grading.sandbox.safe_copy import Rejected

MOST_LISTED = 8 << 20  # bytes of a zip's list of members; one of them takes about a hundred
_TAR_MAGIC, _TAR_MAGIC_AT = b"ustar", 257
_PASSWORD = 0x1  # in a zip member's flags
_WINDOWS = 0  # the system a zip was made on


@dataclass(frozen=True)
class Member:
    """One entry. `open` may be called until the next entry is asked for."""

    name: str  # folders separated by /
    kind: str  # file, folder, link, other
    size: int  # as the archive claims
    executable: bool
    open: Callable[[], IO[bytes]]
    goal: str = ""  # of a link


def members(path: Path, unpacked: Callable[[int], None]) -> Iterator[Member]:
    """The entries in the archive's order; `unpacked` is told of every byte that it unpacks.

    Raises Rejected for what is no archive or has a password, and whatever the libraries raise for
    one that is damaged.
    """
    with path.open("rb") as file:
        head = file.read(512)
    if head.startswith(b"PK"):
        yield from _zipped(path, unpacked)
        return
    with _unpacked_stream(path, head) as stream:
        yield from _tarred(stream, unpacked)


def _unpacked_stream(path: Path, head: bytes) -> IO[bytes]:
    if head.startswith(b"\x1f\x8b"):
        return cast(IO[bytes], gzip.open(path))
    if head.startswith(b"BZh"):
        return cast(IO[bytes], bz2.open(path))
    if head.startswith(b"\xfd7zXZ"):
        return cast(IO[bytes], lzma.open(path))
    if head[_TAR_MAGIC_AT:].startswith(_TAR_MAGIC):
        return path.open("rb")
    raise Rejected("This is no archive that can be unpacked here: hand in a zip or tar.gz file.")


class _Counted(io.RawIOBase):
    """Tells of every byte that is read through it."""

    def __init__(self, stream: IO[bytes], unpacked: Callable[[int], None]) -> None:
        self._stream, self._unpacked = stream, unpacked

    def readable(self) -> bool:
        return True

    def readinto(self, room: Any) -> int:
        data = self._stream.read(len(room))
        room[:len(data)] = data
        self._unpacked(len(data))
        return len(data)


class _ZipFile(io.BufferedReader):
    """A zip whose list of members, the one long thing that is read at once, is not endless."""

    def read(self, size: int | None = -1) -> bytes:
        if size and size > MOST_LISTED:
            raise Rejected("There are too many files in the archive.")
        return super().read(size)


def _zipped(path: Path, unpacked: Callable[[int], None]) -> Iterator[Member]:
    with _ZipFile(io.FileIO(path)) as file, zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            if info.flag_bits & _PASSWORD:
                raise Rejected("The archive has a password: hand it in without one.")
            name, mode = info.filename, info.external_attr >> 16

            def opened(info: zipfile.ZipInfo = info) -> IO[bytes]:
                return io.BufferedReader(_Counted(archive.open(info), unpacked))

            if info.create_system == _WINDOWS:
                name = name.replace("\\", "/")
            kind = "folder" if name.endswith("/") else _kind(mode)
            goal = ""
            if kind == "link":
                with opened() as stream:
                    goal = stream.read(4096).decode("utf-8", "surrogateescape")
            yield Member(name, kind, info.file_size, bool(mode & 0o100), opened, goal)


def _kind(mode: int) -> str:
    if stat.S_IFMT(mode) == 0 or stat.S_ISREG(mode):  # most zip programs say nothing of the kind
        return "file"
    return "folder" if stat.S_ISDIR(mode) else "link" if stat.S_ISLNK(mode) else "other"


def _tarred(stream: IO[bytes], unpacked: Callable[[int], None]) -> Iterator[Member]:
    with tarfile.open(fileobj=cast(IO[bytes], _Counted(stream, unpacked)), mode="r|") as archive:
        for info in archive:

            def opened(info: tarfile.TarInfo = info) -> IO[bytes]:
                return archive.extractfile(info) or io.BytesIO()

            kind = ("file" if info.isreg() else "folder" if info.isdir() else
                    "link" if info.issym() else "other")
            yield Member(info.name, kind, info.size, bool(info.mode & 0o100), opened,
                         info.linkname)
            archive.members = []  # type: ignore[attr-defined]  # it would remember them all
