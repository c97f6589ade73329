#!/usr/bin/env python3
"""No line of our C, C++ and Python is wider than a page, 100 columns."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COLUMNS = 100
LANGUAGES = {".c", ".cpp", ".h", ".hpp", ".py"}
OTHERS = {"samples", "other_samples", "corpus", "build", "results"}  # not ours, and what is made


def complaints(root: Path = ROOT) -> list[str]:
    """`file:line: so many columns`, for each line that is too wide."""
    found = []
    for path in sorted(root.rglob("*.*")):
        name = path.relative_to(root)
        if path.suffix not in LANGUAGES or OTHERS & set(name.parts) or not path.is_file():
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if len(line) > COLUMNS:
                found.append(f"{name}:{number}: {len(line)} columns; {COLUMNS} are the most")
    return found


if __name__ == "__main__":
    sys.exit("\n".join(complaints()) or 0)
