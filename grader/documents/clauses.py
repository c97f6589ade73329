"""Which checks test which clause of docs/SPEC.md, for how many points: docs/clauses.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from grading.lab import CheckRow, Lab, Target
from grading.report.wording import points

CLAUSE = re.compile(r"([A-Z]\d+)(\*?) +(?:\*\*(.+?)\*\*)?")
# The letters of the clauses of a part.
CLAUSES_OF = {"part_a": "CA", "part_b": "CB", "part_c": "CD", "bonus": "M"}

HEAD = """# Which check tests which clause

Made by `make docs` from [SPEC.md](SPEC.md) and [grader/lab.toml](../grader/lab.toml); not edited
by hand. A number is what the check is worth on that target, `+` means extra credit, a star an
advanced clause. A check that tests several clauses stands at each of them and counts once.
"""


@dataclass(frozen=True)
class Clause:
    """One numbered sentence of the contract."""

    name: str
    heading: str  # name, star and title, as the tables show them
    section: str


def read_clauses(spec: str) -> list[Clause]:
    """Every clause of SPEC.md, in its order."""
    section, found = "", []
    for line in spec.splitlines():
        if line.startswith("## "):
            section = line.removeprefix("## ")
        elif clause := CLAUSE.match(line):
            star = "\\*" if clause[2] else ""
            found.append(Clause(clause[1], f"**{clause[1]}**{star} {clause[3] or ''}", section))
    return found


def complaints(lab: Lab, clauses: list[Clause]) -> list[str]:
    """Clauses that no check tests, and checks of clauses that there are not."""
    named = {clause.name for clause in clauses}
    tested = {name for row in lab.checks.values() for name in row.clauses}
    untested = [clause.name for clause in clauses if clause.name not in tested]
    return [*(f"docs/SPEC.md: no check tests {name}" for name in untested),
            *(f"grader/lab.toml: {row.name} tests {name}, which is no clause of docs/SPEC.md"
              for row in lab.checks.values() for name in row.clauses if name not in named)]


def table(lab: Lab, clauses: list[Clause]) -> str:
    """The whole of docs/clauses.md: a row for each clause and check."""
    lines = [HEAD]
    for section in dict.fromkeys(clause.section for clause in clauses):
        lines += [f"## {section}", "", f"| clause | check | {' | '.join(lab.targets)} |",
                  f"|---|---|{'---:|' * len(lab.targets)}"]
        for clause in clauses:
            if clause.section == section:
                lines += _rows(lab, clause)
        lines.append("")
    return "\n".join(lines)


def _rows(lab: Lab, clause: Clause) -> Iterator[str]:
    what = clause.heading
    its = [row for row in lab.checks.values() if clause.name in row.clauses]
    for row in its:
        if row.visibility == "visible":
            worths = (_worth([row], target) for target in lab.targets)
            yield f"| {what} | `{row.name}` | {' | '.join(worths)} |"
            what = ""
    if what:
        yield f"| {what} | {'a hidden check' if its else 'no check'} |{' |' * len(lab.targets)}"


def _worth(rows: list[CheckRow], target: str) -> str:
    """The points that these checks bring on a target, with a + where they are extra credit."""
    worths = [points(sum(row.points[target] for row in rows if target in row.points)),
              "+" + points(sum(row.extra[target] for row in rows if target in row.extra))]
    return " ".join(worth for worth in worths if worth not in ("0", "+0"))


def rubric(lab: Lab, clauses: list[Clause], part: str) -> str:
    """What a sheet shows of its part: a row for each clause, each check at one of its clauses."""
    targets = [target for target in lab.targets.values() if target.part == part]
    shown = [row for row in lab.checks.values() if row.visibility == "visible"
             and any(target.name in row.targets for target in targets)]
    lines = [f"| clause | checks | {' | '.join(target.title for target in targets)} |",
             f"|---|---|{'---:|' * len(targets)}"]
    for clause in clauses:
        if its := [row for row in shown if _home(row, part) == clause.name]:
            lines.append(_line(clause.heading, [f"`{row.name}`" for row in its], its, targets))
    return "\n".join([*lines, _line("", ["together"], shown, targets)])


def _home(row: CheckRow, part: str) -> str:
    """The clause at which a part's rubric shows a check that tests several."""
    return next(name for name in row.clauses if name[0] in CLAUSES_OF[part])


def _line(what: str, checks: list[str], rows: list[CheckRow], targets: list[Target]) -> str:
    worths = (_worth(rows, target.name) for target in targets)
    return f"| {what} | {', '.join(checks)} | {' | '.join(worths)} |"
