"""Which checks test which clause of docs/SPEC.md, for how many points: docs/clauses.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from grading.lab import CheckRow, Lab
from grading.report.wording import points

CLAUSE = re.compile(r"([A-Z]\d+)(\*?) +(.+)")
WITH_THE_BONUS = "M"  # clauses of a part that nothing grades yet
NOT_YET = frozenset({"B6", "C5", "C6", "C7", "C12"})  # whose checks are still to come
TITLE = 60  # characters of a clause that has no title in bold

HEAD = """# Which check tests which clause

Made by `make docs` from [SPEC.md](SPEC.md) and [grader/lab.toml](../grader/lab.toml); not edited by hand.
A number is what the check is worth on that target, `+` means extra credit, a star an advanced
clause. A check that tests several clauses stands at each of them and counts once.
"""


@dataclass(frozen=True)
class Clause:
    """One numbered sentence of the contract."""

    name: str
    starred: bool
    text: str
    section: str

    @property
    def title(self) -> str:
        """Its words in bold, or how it begins."""
        if bold := re.match(r"\*\*(.+?)\*\*", self.text):
            return bold[1]
        whole = self.text.replace("|", "\\|")
        cut = whole[:TITLE].rsplit(" ", 1)[0]
        if cut.count("`") % 2:
            cut = cut.rsplit("`", 1)[0].rstrip()
        return whole if len(whole) <= TITLE else f"{cut} …"


def read_clauses(spec: str) -> list[Clause]:
    """Every clause of SPEC.md, in its order."""
    section, found = "", []
    for line in spec.splitlines():
        if line.startswith("## "):
            section = line.removeprefix("## ")
        elif clause := CLAUSE.match(line):
            found.append(Clause(clause[1], bool(clause[2]), clause[3], section))
    return found


def complaints(lab: Lab, clauses: list[Clause]) -> list[str]:
    """Clauses that no check tests, and checks of clauses that there are not."""
    named = {clause.name for clause in clauses}
    tested = {name for row in lab.checks.values() for name in row.clauses}
    untested = [clause.name for clause in clauses if clause.name not in tested | NOT_YET
                and not clause.name.startswith(WITH_THE_BONUS)]
    return [*(f"docs/SPEC.md: no check tests {name}" for name in untested),
            *(f"grader/lab.toml: {row.name} tests {name}, which is no clause of docs/SPEC.md"
              for row in lab.checks.values() for name in row.clauses if name not in named),
            *(f"documents/clauses.py: {name} has its check now: take it off NOT_YET"
              for name in sorted(NOT_YET & tested))]


def table(lab: Lab, clauses: list[Clause]) -> str:
    """The whole of docs/clauses.md."""
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
    star = "\\*" if clause.starred else ""
    what = f"**{clause.name}**{star} {clause.title}"
    empty = " |" * len(lab.targets)
    its = [row for row in lab.checks.values() if clause.name in row.clauses]
    for row in its:
        if row.visibility == "visible":
            yield f"| {what} | `{row.name}` | {' | '.join(_worths(lab, row))} |"
            what = ""
    if what:
        yield f"| {what} | {_why_none(clause, bool(its))} |{empty}"


def _worths(lab: Lab, row: CheckRow) -> list[str]:
    return [f"{'+' if target in row.extra else ''}{points(row.worth(target))}"
            if target in row.targets else "" for target in lab.targets]


def _why_none(clause: Clause, hidden: bool) -> str:
    if hidden:
        return "a hidden check"
    return "with the bonus" if clause.name.startswith(WITH_THE_BONUS) else "not yet"
