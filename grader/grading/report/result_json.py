"""result.json: what is known of one submission, written whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from grading.verdict import Report


def write_result(path: Path, report: Report) -> None:
    """Writes result.json and the folder around it; raises OSError."""
    write_whole(path, json.dumps(report.to_json(), indent=1) + "\n")


def read_result(path: Path) -> Report:
    """Reads what write_result() has written; raises OSError, ValueError or KeyError."""
    return Report.from_json(json.loads(path.read_text(encoding="utf-8")))


def write_whole(path: Path, text: str) -> None:
    """Writes a file so that whoever looks sees the old one or the new one, never a half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(descriptor, "w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            file.write(text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
