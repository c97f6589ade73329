"""hints.toml read into three levels of help for each check, every mistake in it named."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib  # type: ignore[no-redef]

from grading.lab_table import LabError, Table

FILE = "hints.toml"  # beside lab.toml
LEVELS = ("first", "second", "third")


def read_hints(path: Path, checks: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Check -> its hints, one for each level, each in one line; raises LabError."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        hints = Table("hints", {"hints": data}).rows("hints", _levels, "check")
        for name in checks:
            if name not in hints:
                raise LabError(f"check {name} has no hints here")
        for name in hints:
            if name not in checks:
                raise LabError(f"hints for {name}, which is no check of lab.toml")
    except OSError as error:
        raise LabError(f"{path}: {error.strerror}") from error
    except (LabError, ValueError, RecursionError) as error:
        raise LabError(f"{path}: {error}") from error
    return hints


def _levels(name: str, row: Table) -> tuple[str, ...]:
    levels = tuple(" ".join(row.text(level).split()) for level in LEVELS)
    for place, (level, text) in enumerate(zip(LEVELS, levels)):
        if not text:
            raise LabError(f"check {name}: {level} is empty")
        if text in levels[:place]:
            raise LabError(f"check {name}: {level} says what an earlier level says")
    return levels
