"""What this course grades: lab.toml read into types, every mistake in it named."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib  # type: ignore[no-redef]


class LabError(Exception):
    """lab.toml says something that cannot be: one line, for the lab's author."""


@dataclass(frozen=True)
class Part:
    """A folder that is built and graded by itself."""

    name: str
    title: str
    folder: str
    build: tuple[str, ...]  # the command, run at the top of the submission


@dataclass(frozen=True)
class Target:
    """A program that checks are run on. Argument `{port}` stands for the port's number."""

    name: str
    part: str
    title: str
    command: tuple[str, ...]  # empty: the grader's own driver, linked with the student's library


@dataclass(frozen=True)
class CheckRow:
    """One check's row: what it tests, what it is worth on each target, what helps."""

    name: str
    clauses: tuple[str, ...]
    points: dict[str, int]  # target -> thousandths of a point
    extra: dict[str, int]  # the same, beside the hundred
    needs: tuple[str, ...]  # checks of the same target that have to pass first
    hints: tuple[str, ...]
    visibility: str

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets the check is run on."""
        return (*self.points, *self.extra)

    def worth(self, target: str) -> int:
        """Thousandths of a point on this target."""
        return self.points.get(target, 0) + self.extra.get(target, 0)


@dataclass(frozen=True)
class Lab:
    """The whole of lab.toml."""

    name: str
    parts: dict[str, Part]
    targets: dict[str, Target]
    checks: dict[str, CheckRow]
    leave_out: tuple[str, ...] = ()  # names at the top of a submission that are not the student's

    @property
    def max_score(self) -> int:
        """Thousandths of a point, extra credit left out."""
        return sum(sum(row.points.values()) for row in self.checks.values())

    @property
    def max_extra(self) -> int:
        """Thousandths of a point beside the hundred."""
        return sum(sum(row.extra.values()) for row in self.checks.values())

    def rows_on(self, target: str, pattern: str = "*") -> list[tuple[CheckRow, Target]]:
        """Every check that is run on a target, in the file's order."""
        return [(row, on) for row, on in self.rows_of(self.targets[target].part, pattern)
                if on.name == target]

    def rows_of(self, part: str, pattern: str = "*") -> list[tuple[CheckRow, Target]]:
        """Every (check, target) of a part, in the file's order: targets one after the other."""
        return [(row, target) for target in self.targets.values() if target.part == part
                for row in self.checks.values()
                if target.name in row.targets and fnmatch(row.name, pattern)]


def read_lab(path: Path) -> Lab:
    """Reads and proves lab.toml; raises LabError with the line a lab author needs."""
    try:
        data = tomllib.loads(path.read_text(), parse_float=Decimal)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise LabError(f"{path}: {error}") from error
    try:
        lab = Lab(
            name=data["name"],
            parts={name: Part(name, row["title"], row["folder"], tuple(row["build"]))
                   for name, row in data["parts"].items()},
            targets={name: Target(name, row["part"], row["title"], tuple(row.get("command", ())))
                     for name, row in data["targets"].items()},
            checks={name: _check_row(name, row) for name, row in data["checks"].items()},
            leave_out=tuple(data.get("leave_out", ())))
    except (KeyError, TypeError) as error:
        raise LabError(f"{path}: {error} is missing or of the wrong kind") from error
    _prove(lab, path)
    return lab


def _check_row(name: str, row: dict[str, Any]) -> CheckRow:
    def thousandths(table: dict[str, Any]) -> dict[str, int]:
        return {target: int(Decimal(points) * 1000) for target, points in table.items()}

    return CheckRow(name, tuple(row["clauses"]), thousandths(row.get("points", {})),
                    thousandths(row.get("extra", {})), tuple(row.get("needs", ())),
                    tuple(row["hints"]), row.get("visibility", "visible"))


def _prove(lab: Lab, path: Path) -> None:
    for target in lab.targets.values():
        if target.part not in lab.parts:
            raise LabError(f"{path}: target {target.name} belongs to the unknown part {target.part}")
    for row in lab.checks.values():
        if not row.hints or not row.clauses or not row.targets:
            raise LabError(f"{path}: check {row.name} needs clauses, points and at least one hint")
        for target_name in row.targets:
            if target_name not in lab.targets:
                raise LabError(f"{path}: check {row.name} gives points to {target_name}, no target")
        for need in row.needs:
            if need not in lab.checks:
                raise LabError(f"{path}: check {row.name} needs {need}, which is no check")
