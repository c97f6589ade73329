#!/usr/bin/env python3
"""No line of our C and C++ is wider than a page, 100 columns, and none of our Python than 120."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COLUMNS = {".c": 100, ".cpp": 100, ".h": 100, ".hpp": 100, ".py": 120}
OTHERS = {"samples", "other_samples", "build", "results"}  # not ours, and what is made


def complaints(root: Path = ROOT) -> list[str]:
    """`file:line: so many columns`, for each line that is too wide."""
    found = []
    for path in sorted(root.rglob("*.*")):
        name = path.relative_to(root)
        if path.suffix not in COLUMNS or OTHERS & set(name.parts) or not path.is_file():
            continue
        most = COLUMNS[path.suffix]
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if len(line) > most:
                found.append(f"{name}:{number}: {len(line)} columns; {most} are the most")
    return found


if __name__ == "__main__":
    wide = complaints()
    print(*wide, sep="\n", end="\n" if wide else "")
    sys.exit(1 if wide else 0)
