"""hints.toml read into three levels of help for each check and each way to die."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib  # type: ignore[no-redef]

from grading.lab_table import LabError, Table

FILE = "hints.toml"  # beside lab.toml
LEVELS = ("first", "second", "third")
DEATHS = "deaths"  # the table of what helps a program that died, whichever check has seen it
Hints = dict[str, tuple[str, ...]]


def read_hints(path: Path, checks: Collection[str]) -> tuple[Hints, Hints]:
    """Check -> its hints, one for each level, each in one line; and the same of deaths: words of
    what was said then -> hints. Raises LabError."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        deaths = Table("hints", {DEATHS: data.pop(DEATHS, {})}).rows(DEATHS, _levels, "death")
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
    return hints, deaths


def for_its_end(hints: tuple[str, ...], deaths: Mapping[str, tuple[str, ...]], actual: str,
                said: str) -> tuple[str, ...]:
    """The hints of a check, or where a signal has killed the program, those of that death."""
    if "killed by " not in actual:
        return hints
    return next((its for words, its in deaths.items() if words in f"{actual}\n{said}"), hints)


def _levels(name: str, row: Table) -> tuple[str, ...]:
    levels = tuple(" ".join(row.text(level).split()) for level in LEVELS)
    for place, (level, text) in enumerate(zip(LEVELS, levels)):
        if not text:
            raise LabError(f"{row.name}: {level} is empty")
        if text in levels[:place]:
            raise LabError(f"{row.name}: {level} says what an earlier level says")
    return levels
