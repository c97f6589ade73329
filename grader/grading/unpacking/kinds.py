"""Which files are archives, by their names; some can only be refused, but never passed over."""

from __future__ import annotations

ENDINGS = (".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst", ".zip", ".tar", ".tgz", ".tbz", ".tbz2",
           ".txz", ".rar", ".7z")


def is_archive(name: str) -> bool:
    """True if somebody means this file to be an archive."""
    return stem(name) != name


def stem(name: str) -> str:
    """The name without what makes it that of an archive."""
    for ending in ENDINGS:
        if name.lower().endswith(ending) and len(name) > len(ending):
            return name[:-len(ending)]
    return name
