"""What the grader said of one program of the corpus, held against what is known of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from grading.verdict import CheckResult, Report, Verdict

from accuracy.corpus import CONFORMING, Entry

LUCK = frozenset(("no_data_race",))  # rows of defects that show by luck: apart from the others


@dataclass(frozen=True)
class Judged:
    """A program's rows, of the targets that it is there for."""

    entry: Entry
    rows: tuple[CheckResult, ...]
    troubles: tuple[str, ...]  # a line for each verdict that is not the known one

    @property
    def failed(self) -> list[CheckResult]:
        """The rows that did not pass by their own fault."""
        return [row for row in self.rows if row.verdict not in (Verdict.PASS, Verdict.BLOCKED)
                and not row.verdict.is_the_graders]

    @property
    def right(self) -> bool:
        """True where every verdict is the known one."""
        return not self.troubles

    @property
    def caught(self) -> bool:
        """True where some check has failed that tests what the defect breaks."""
        return any({*row.clauses} & {*self.entry.breaks} for row in self.failed)

    @property
    def wronged(self) -> bool:
        """True where a right program lost what it should not have lost."""
        return self.entry.kind == CONFORMING and not self.right


def judge(entry: Entry, report: Report) -> Judged:
    """Compares row by row. What this machine cannot judge is no trouble."""
    rows = tuple(row for row in report.rows if row.target in entry.targets)
    troubles = list(_troubles(entry, rows))
    if report.status != "graded":
        troubles.insert(0, f"{entry.name} is {report.status}: {' '.join(report.notes)}")
    return Judged(entry, rows, tuple(troubles))


def _troubles(entry: Entry, rows: tuple[CheckResult, ...]) -> Iterator[str]:
    failing = {(row.target, row.name) for row in rows if row.verdict is not Verdict.PASS}
    for row in rows:
        wanted = entry.wanted(row.target, row.name)
        if row.verdict is Verdict.NOT_JUDGED or row.verdict.value in wanted:
            continue
        if row.verdict is Verdict.BLOCKED and row.cause and \
                (row.target, row.cause.blocked_by) in failing:
            continue  # what it waits for is the trouble, if there is one
        if entry.race and {*row.clauses} & {*entry.breaks}:
            continue  # luck
        why = f": {row.cause.rationale}" if row.cause else ""
        yield (f"{entry.name}: {row.target}/{row.name} is {row.verdict.value}, "
               f"not {'|'.join(wanted)}{why}")

