"""A submission that is an archive: unpacked in a sandbox of its own, by whatever name it goes."""

from .kinds import is_archive, stem
from .outside import unpack_confined

__all__ = ["is_archive", "stem", "unpack_confined"]
