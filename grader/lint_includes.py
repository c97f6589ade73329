#!/usr/bin/env python3
"""Who may include whom: proves that every `#include "..."` keeps to the house's rules."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PUBLIC = ("part_b/proactor.h", "part_b/st_proactor.hpp")  # the two facades of the library
MAY_INCLUDE = {  # folder -> what its files may include: folders and single files
    "common": ("common/",),
    "part_a": ("part_a/", "common/"),
    "part_b": ("part_b/", "common/"),
    "part_c": ("part_c/", "common/", *PUBLIC),
    "bonus": ("bonus/", *(f"common/{name}.hpp" for name in (
        "descriptor_io", "error", "guarded", "log", "options", "run_main", "stop_signal",
        "unique_fd", "visible"))),
    "bench": ("bench/", "bonus/", "common/"),
    "grader": ("grader/", *PUBLIC),
}
# The proactor moves bytes; only the C facade knows that they are a chat.
CORE = re.compile(r"part_b/(proactor|\w*source|executor|st_proactor)\.[ch]pp")
CHAT = ("common/room.hpp", "common/line_framer.hpp", "common/outbox.hpp", "common/mailbox.hpp")
OTHERS = {"samples", "other_samples", "corpus", "handout"}  # folders of programs by other rules
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')


def complaint(path: str, included: str, root: Path = ROOT) -> str:
    """What is wrong with this include, or nothing."""
    folder = path.partition("/")[0]
    if ".." in included:
        return "climbs with ../; write the path from the root"
    if folder == "grader" and f"part_b/{included}" in PUBLIC:
        return ""  # as a student's program writes it
    if not any(included == may or may.endswith("/") and included.startswith(may)
               for may in MAY_INCLUDE[folder]):
        return f"{folder} may not include it"
    if not (root / included).is_file():
        return "there is no such file"
    if path in PUBLIC:
        return "a facade includes nothing of ours"
    if CORE.fullmatch(path) and included in CHAT:
        return "the proactor's core knows nothing of chat"
    return ""


def complaints(root: Path = ROOT) -> list[str]:
    """One line, `file:line: include: what is wrong`, for each include that may not be."""
    found = []
    for folder in MAY_INCLUDE:
        for path in sorted((root / folder).rglob("*.[ch]*")):
            if path.suffix not in (".h", ".hpp", ".cpp", ".c") or OTHERS & set(path.parts):
                continue
            name = path.relative_to(root).as_posix()
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                match = INCLUDE.match(line)
                if match and (wrong := complaint(name, match[1], root)):
                    found.append(f'{name}:{number}: "{match[1]}": {wrong}')
    return found


if __name__ == "__main__":
    sys.exit("\n".join(complaints()) or 0)
