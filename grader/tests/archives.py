"""Archives as the tests need them: honest ones, and others."""

from __future__ import annotations

import gzip
import io
import os
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

KINDS = ("zip", "tar", "tar.gz", "tar.bz2", "tar.xz")
Entry = tuple[str, bytes | str, int]  # name, content or the goal of a link, mode with its kind
FILE, LINK, FIFO = stat.S_IFREG | 0o644, stat.S_IFLNK | 0o777, stat.S_IFIFO | 0o644


def zipped(path: Path, *entries: Entry) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content, mode in entries:
            info = zipfile.ZipInfo(name)
            info.external_attr, info.compress_type = mode << 16, zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return path


def tarred(path: Path, *entries: Entry) -> Path:
    kinds = {stat.S_IFREG: tarfile.REGTYPE, stat.S_IFLNK: tarfile.SYMTYPE,
             stat.S_IFIFO: tarfile.FIFOTYPE, stat.S_IFCHR: tarfile.CHRTYPE, 0: tarfile.LNKTYPE}
    with tarfile.open(path, f"w:{path.suffix[1:]}" if path.suffix != ".tar" else "w") as archive:
        for name, content, mode in entries:
            info = tarfile.TarInfo(name)
            info.type, info.mode = kinds[stat.S_IFMT(mode)], mode & 0o777
            if isinstance(content, str):
                info.linkname = content
                archive.addfile(info)
            else:
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return path


def packed(path: Path, *entries: Entry) -> Path:
    return (zipped if path.suffix == ".zip" else tarred)(path, *entries)


def many_files(path: Path) -> None:
    zipped(path, *((f"f{number}", b"", FILE) for number in range(20)))


def zeros(path: Path) -> None:
    zipped(path, *((f"f{number}", b"\0" * (15 << 20), FILE) for number in range(3)))


def zeros_in_a_member_that_is_left_out(path: Path) -> None:
    with gzip.open(path, "wb", 1) as stream:
        info = tarfile.TarInfo("big")
        info.size = 64 << 20
        stream.write(info.tobuf())
        for _ in range(64):
            stream.write(b"\0" * (1 << 20))


def a_long_name_without_end(path: Path) -> None:
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 1 << 30
    with gzip.open(path, "wb", 1) as stream:
        stream.write(info.tobuf() + b"\0" * (64 << 20))


def overlapping(path: Path) -> None:
    """Three hundred members that are one and the same compressed megabyte."""
    zipped(path, ("f000", os.urandom(1 << 20), FILE))
    data = path.read_bytes()
    at = data.rindex(b"PK\x01\x02")
    entry, end = data[at:data.rindex(b"PK\x05\x06")], data[data.rindex(b"PK\x05\x06"):]
    many = b"".join(entry for _ in range(300))
    path.write_bytes(data[:at] + many + end[:8] + struct.pack("<HHL", 300, 300, len(many))
                     + end[16:])


def endless_list(path: Path) -> None:
    entry = (b"PK\x01\x02" + struct.pack("<BBHHHHHLLLHHHHHLL", 20, 3, 20, 0, 0, 0, 0, 0, 0, 0, 1,
                                         0, 0, 0, 0, FILE << 16, 0) + b"x")
    many = entry * 300_000
    path.write_bytes(many + b"PK\x05\x06" + struct.pack(
        "<HHHHLLH", 0, 0, 65535, 65535, len(many), 0, 0))


def with_password(path: Path) -> None:
    data = bytearray(zipped(path, ("x", b"secret", FILE)).read_bytes())
    data[6] |= 1
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)


def truncated(kind: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        whole = packed(path.with_name(f"whole.{kind}"), ("x", os.urandom(100_000), FILE))
        path.write_bytes(whole.read_bytes()[:50_000])
        whole.unlink()
    return make
