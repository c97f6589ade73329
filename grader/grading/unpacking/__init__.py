"""Submissions that are archives: told by their names, and unpacked in a sandbox of their own."""

from .kinds import is_archive, stem

__all__ = ["is_archive", "stem"]
