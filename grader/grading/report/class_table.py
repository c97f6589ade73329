"""The class at one look: a line for each submission, then the checks that most have failed."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grading.report.score_card import first_to_mend
from grading.report.wording import points, printable, style, totals
from grading.verdict import Report, Verdict

WORST = 10


def class_table(reports: Sequence[Report]) -> Table:
    """A line for each submission: score, subtotals, the first failing check, seconds."""
    targets = list(dict.fromkeys(row.target for report in reports for row in report.rows if not row.extra))
    table = Table(box=None, padding=(0, 1), header_style="bold")
    table.add_column("submission", overflow="fold", min_width=10, max_width=24)
    for name in ("score", *targets, "extra"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("first failing", overflow="ellipsis", no_wrap=True, ratio=1)
    table.add_column("s", justify="right", no_wrap=True, style="dim")
    for report in reports:
        table.add_row(*_cells(report, targets))
    return table


def _cells(report: Report, targets: Sequence[str]) -> list[Text]:
    subtotals = [sum(row.points for row in report.rows if row.target == target and not row.extra)
                 for target in targets]
    extra = totals(report.rows)[1][0]
    return [Text(printable(report.submission)), Text(points(report.score), "bold"),
            *(Text(points(subtotal)) for subtotal in (*subtotals, extra)), _first_failing(report),
            Text(f"{sum(row.seconds for row in report.rows):.1f}")]


def _first_failing(report: Report) -> Text:
    ours = next((row for row in report.rows if row.verdict is Verdict.ERROR), None)
    first = ours or first_to_mend(report.rows)
    if report.status != "graded":
        return Text(report.status, "magenta")
    if first is None:
        return Text("–", "green")
    words = f"{first.target}/{first.name}"
    return Text(f"ERROR {words}" if ours else words, style(first.verdict))


def failed_most(reports: Sequence[Report]) -> list[tuple[str, str, int, int]]:
    """(target, check, passed, judged) of the checks that most have failed, at most ten.

    A check that waited for another says nothing, and neither does one that this machine or the
    grader could not judge.
    """
    counts: dict[tuple[str, str], list[int]] = {}
    for row in (row for report in reports for row in report.rows):
        if row.verdict is not Verdict.BLOCKED and not row.verdict.is_the_graders:
            count = counts.setdefault((row.target, row.name), [0, 0])
            count[0] += row.verdict is Verdict.PASS
            count[1] += 1
    failed = [(target, name, passed, judged) for (target, name), (passed, judged) in counts.items()
              if passed < judged]
    return sorted(failed, key=lambda row: row[2] - row[3])[:WORST]


def print_class(console: Console, reports: Sequence[Report]) -> None:
    """Both lists, as they end a run."""
    console.print(class_table(reports))
    if worst := failed_most(reports):
        console.print("\nFailed most often:")
        for target, name, passed, judged in worst:
            console.print(Text(f" {judged - passed:>4} of {judged:<4} {target}/{name}"))
