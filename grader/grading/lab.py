"""What this course grades: lab.toml read into types, every mistake in it named."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fnmatch import fnmatch
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib  # type: ignore[no-redef]

from grading.driver_steps import STEPS
from grading.hints import FILE, read_hints
from grading.lab_table import LabError, Table

HUNDRED = 100_000  # thousandths of a point: what the checks are worth together, extra credit aside
VISIBILITIES = ("visible", "hidden")


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
    command: tuple[str, ...]  # empty: the grader's own drivers, linked with the student's library
    products: tuple[str, ...] = ()  # files that the build must leave
    port: int = 0  # where it listens, and its client connects to, if no port is given
    client: str = ""  # the program for a keyboard that belongs to it
    client_of: str = ""  # the target whose client has to work with it
    library: str = ""  # the target, a library, that it has to use
    function: str = ""  # of a library: no program that uses it can do without this one
    drivers: tuple[str, ...] = ()  # of a library: the grader's programs that are linked with it


@dataclass(frozen=True)
class CheckRow:
    """One check's row: what it tests, what it is worth on each target, what helps (hints.toml)."""

    name: str
    clauses: tuple[str, ...]
    points: dict[str, int]  # target -> thousandths of a point
    extra: dict[str, int]  # the same, beside the hundred
    needs: tuple[str, ...]  # checks of the same target that have to pass first
    visibility: str
    hints: tuple[str, ...] = ()  # one for each level of hints.toml

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets the check is run on."""
        return (*self.points, *self.extra)

    def worth(self, target: str) -> int:
        """Thousandths of a point on this target."""
        return self.points.get(target, 0) + self.extra.get(target, 0)


@dataclass(frozen=True)
class Handout:
    """What students get. Patterns are of paths from the top; a `*` also takes in a `/`."""

    starting_score: int = 0  # thousandths of a point: what an untouched handout earns
    give: tuple[str, ...] = ()  # files and folders; empty: there is no handout
    withhold: tuple[str, ...] = ()  # patterns: files in them that students do not get
    whole: tuple[str, ...] = ()  # patterns: sources that students get as they are


@dataclass(frozen=True)
class Lab:
    """The whole of lab.toml."""

    name: str
    parts: dict[str, Part]
    targets: dict[str, Target]
    checks: dict[str, CheckRow]
    leave_out: tuple[str, ...] = ()  # names at the top of a submission that are not the student's
    handout: Handout = Handout()
    hidden: dict[str, int] = field(default_factory=dict)  # target -> what unseen checks are worth

    @property
    def max_score(self) -> int:
        """Thousandths of a point, extra credit left out."""
        seen = sum(sum(row.points.values()) for row in self.checks.values())
        return seen + sum(self.hidden.values())

    @property
    def max_extra(self) -> int:
        """Thousandths of a point beside the hundred."""
        return sum(sum(row.extra.values()) for row in self.checks.values())

    def folder_of(self, target: Target) -> str:
        """The folder of a target's part."""
        return self.parts[target.part].folder

    def no_part(self, name: str) -> str:
        """Why a name is that of no part; empty where it is one."""
        if name in self.parts:
            return ""
        if name in self.targets:
            return f"{name} is no part, but graded with {self.targets[name].part}"
        return f"no part {name}; there are {', '.join(self.parts)}"

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
    """Reads and proves lab.toml and the hints beside it; raises LabError, one line for its author."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        lab = _lab(Table("the top of the file", data))
        _prove(lab)
    except OSError as error:
        raise LabError(f"{path}: {error.strerror}") from error
    except (LabError, ValueError, RecursionError) as error:
        raise LabError(f"{path}: {error}") from error
    hints = read_hints(path.with_name(FILE), lab.checks)
    return replace(lab, checks={name: replace(row, hints=hints[name])
                                for name, row in lab.checks.items()})


def _lab(top: Table) -> Lab:
    lab = Lab(top.text("name"), top.rows("parts", _part, "part"),
              top.rows("targets", _target, "target"), top.rows("checks", _check_row, "check"),
              top.words("leave_out", []), _handout(top.table("handout")), top.points("hidden"))
    top.end()
    return lab


def _handout(row: Table) -> Handout:
    handout = Handout(row.thousandths("starting_score"), row.words("give", []),
                      row.words("withhold", []), row.words("whole", []))
    row.end()
    return handout


def _part(name: str, row: Table) -> Part:
    return Part(name, row.text("title"), row.text("folder"), row.words("build"))


def _target(name: str, row: Table) -> Target:
    command = row.words("command", [])
    return Target(name, row.text("part"), row.text("title"), command,
                  row.words("products", list(command[:1])), row.port("port"),
                  row.text("client", ""), row.text("client_of", ""), row.text("library", ""),
                  row.text("function", ""), row.words("drivers", []))


def _check_row(name: str, row: Table) -> CheckRow:
    return CheckRow(name, row.words("clauses"), row.points("points"), row.points("extra"),
                    row.words("needs", []), row.text("visibility", "visible"))


def _prove(lab: Lab) -> None:
    for target in lab.targets.values():
        _prove_target(target, lab)
    for row in lab.checks.values():
        _prove_check(row, lab)
    try:
        TopologicalSorter({row.name: row.needs for row in lab.checks.values()}).prepare()
    except CycleError as error:
        raise LabError(f"checks that wait for themselves: {' -> '.join(error.args[1])}") from error
    if lab.max_score != HUNDRED:
        raise LabError(f"the points add up to {Decimal(lab.max_score) / 1000}, not to 100")


def _prove_target(target: Target, lab: Lab) -> None:
    if target.part not in lab.parts:
        raise LabError(f"target {target.name} belongs to the unknown part {target.part}")
    for word in re.findall(r"\{\w*\}", " ".join(target.command)):
        if word != "{port}":
            raise LabError(f"target {target.name}: command has {word}; only {{port}} is known")
    for key, other in (("library", target.library), ("client_of", target.client_of)):
        if other and other not in lab.targets:
            raise LabError(f"target {target.name}: {key} names {other}, no target")
    for driver in target.drivers:
        if driver not in STEPS:
            raise LabError(f"target {target.name}: there is no driver {driver}, "
                           f"only {', '.join(STEPS)}")


def _prove_check(row: CheckRow, lab: Lab) -> None:
    if not row.clauses or not row.targets:
        raise LabError(f"check {row.name} needs clauses and points")
    if row.visibility not in VISIBILITIES:
        raise LabError(f"check {row.name}: visibility is none of {', '.join(VISIBILITIES)}")
    for target in row.targets:
        if target not in lab.targets:
            raise LabError(f"check {row.name} gives points to {target}, no target")
    for target in row.points.keys() & row.extra.keys():
        raise LabError(f"check {row.name} gives both points and extra to {target}")
    for need in row.needs:
        if need not in lab.checks:
            raise LabError(f"check {row.name} needs {need}, which is no check")
