"""Archives that are the same, byte for byte, whenever they are made of the same files."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Iterable
from pathlib import Path

_TIME = 946_684_800  # of every file in them: the first second of the year 2000


def write_archive(path: Path, top: str, files: Iterable[tuple[str, bytes, bool]]) -> None:
    """Writes a .tar.gz whose files (path, content, executable) lie in one folder `top`."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data, executable in sorted(files):
            entry = tarfile.TarInfo(f"{top}/{name}")
            entry.size, entry.mtime = len(data), _TIME
            entry.mode = 0o755 if executable else 0o644
            archive.addfile(entry, io.BytesIO(data))
    with path.open("wb") as out, \
            gzip.GzipFile(filename="", fileobj=out, mode="wb", mtime=0) as packed:
        packed.write(plain.getvalue())
