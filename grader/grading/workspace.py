"""A clean private copy of what a student handed in, and of what was built from it."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Collection
from pathlib import Path, PurePosixPath

from grading.sandbox.safe_copy import CopyLimits, CopyPolicy, Rejected, copy_tree

__all__ = ["MADE_HERE", "CopyLimits", "Rejected", "content_hash", "copy_built", "is_program",
           "left_out", "stage"]

_MAX_NOTES = 100
# Notes that say nothing of what somebody has written, in a tree where one has just built.
MADE_HERE = re.compile(r"made by a build|already built|^and \d+ more$")
# One time for all: `make` must not believe that anything is newer than anything else.
_HANDED_IN_NS = 946_684_800 * 10**9
_BUILT = CopyLimits(files=10000, bytes=200 << 20, file_bytes=64 << 20, depth=64)  # fits a Box
_VERSION_CONTROL = {".git", ".svn", ".hg", "__MACOSX", "__pycache__"}
_CONFIGURES_TOOLS = re.compile(r"conftest\.py|pytest\.ini|tox\.ini|setup\.cfg|(site|user)customize"
                               r"\.py|\.gdbinit|\.valgrindrc|\.clang.*|\.lsan.*|\.tsan.*")
_MADE_BY_A_BUILD = re.compile(r".*\.(o|lo|obj|a|la|so|so\.[0-9.]+|d|gch|pch|gcda|gcno|exe|dylib)")
_PROGRAM_HEADS = (b"\x7fELF", b"!<arch>\n", b"MZ\x90", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")


def stage(source: Path, staged: Path, limits: CopyLimits = CopyLimits(),
          leave_out: Collection[str] = ()) -> list[str]:
    """Copies a stranger's folder into the new folder `staged`; one line for each thing left out.

    Names in `leave_out` are not the student's: left out at the top, without a line, as are the
    folders of version control.

    Raises Rejected, with a sentence for the student, when it is too large; `staged` is then
    incomplete. Links that stay inside are kept: nobody but programs in a sandbox follows them.
    """
    staged.mkdir(parents=True)
    try:
        notes = copy_tree(source, staged, CopyPolicy(
            limits, lambda path, is_folder: "" if path in leave_out else _why_not(path, is_folder),
            _why_not_this_content, mtime_ns=_HANDED_IN_NS))
    except NotADirectoryError as error:
        raise Rejected("What was handed in is not a folder.") from error
    more = len(notes) - _MAX_NOTES
    return notes if more <= 0 else [*notes[:_MAX_NOTES], f"and {more} more"]


def left_out(path: str, is_folder: bool) -> bool:
    """True for what stage() leaves out for its name: a path from the top of what is handed in."""
    return _why_not(path, is_folder) is not None


def is_program(path: Path) -> bool:
    """True for what stage() leaves out because a compiler has made it; raises OSError."""
    with path.open("rb") as file:
        return file.read(8).startswith(_PROGRAM_HEADS)


def content_hash(staged: Path) -> str:
    """Equal for equal paths, contents, links and exec bits; for our own copies only."""
    total = hashlib.sha256()
    for path in sorted(staged.rglob("*")):
        facts = path.lstat()
        if path.is_symlink():
            kind, content = "link", os.readlink(path).encode()
        elif path.is_dir():
            kind, content = "folder", b""
        else:
            kind = "program" if facts.st_mode & 0o100 else "file"
            content = hashlib.sha256(path.read_bytes()).digest()
        for part in (kind.encode(), os.fsencode(path.relative_to(staged)), content):
            total.update(len(part).to_bytes(8, "big") + part)
    return total.hexdigest()


def copy_built(box_work: Path, destination: Path) -> list[str]:
    """Keeps a finished build, with its times. `destination` appears whole or not at all.

    If another worker has put one there meanwhile, that one stays.
    """
    destination.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".copying.", dir=destination.parent))
    try:
        notes = copy_tree(box_work, scratch, CopyPolicy(_BUILT))
        scratch.chmod(0o755)
        _publish(scratch, destination)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return notes


def _publish(scratch: Path, destination: Path) -> None:
    try:
        scratch.rename(destination)
    except OSError:
        if not destination.exists():
            raise


def _why_not(path: str, is_folder: bool) -> str | None:
    *above, name = PurePosixPath(path).parts
    if is_folder:
        if path == "results":
            return "results of a grader"
        return "" if name in _VERSION_CONTROL else None
    if _CONFIGURES_TOOLS.fullmatch(name):
        return "a file that configures the grader's tools"
    if "build" in above or _MADE_BY_A_BUILD.fullmatch(name):
        return "made by a build"
    return None


def _why_not_this_content(head: bytes) -> str | None:
    return "a program that is already built" if head.startswith(_PROGRAM_HEADS) else None
