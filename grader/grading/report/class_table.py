"""The class at one look: a line for each submission, then the checks that most have failed."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grading.lab import Lab
from grading.report.wording import failing, points, printable, style
from grading.verdict import Report, Verdict

WORST = 10


def class_table(lab: Lab, reports: Sequence[Report]) -> Table:
    """A line for each submission: score, subtotals, the first failing check, seconds."""
    graded = {row.target for report in reports for row in report.rows}
    targets = [name for name in lab.targets if name in graded]
    table = Table(box=None, padding=(0, 1), header_style="bold")
    table.add_column("submission", overflow="fold", min_width=8)
    for name in ("score", *targets):
        table.add_column(name, justify="right", overflow="fold")
    table.add_column("first failing", overflow="ellipsis", no_wrap=True)
    table.add_column("s", justify="right")
    for report in reports:
        table.add_row(*_cells(report, targets))
    return table


def _cells(report: Report, targets: Sequence[str]) -> list[Text]:
    wrong = failing(report.rows)
    ours = [row for row in report.rows if row.verdict is Verdict.ERROR]
    if report.status != "graded":
        last = Text(report.status, "magenta")
    elif wrong or ours:
        last = Text((wrong or ours)[0].name, style((wrong or ours)[0].verdict))
    else:
        last = Text("–", "green")
    subtotals = [sum(row.points for row in report.rows if row.target == target) for target in targets]
    return [Text(printable(report.submission)), Text(points(report.score), "bold"),
            *(Text(points(subtotal)) for subtotal in subtotals), last,
            Text(f"{sum(row.seconds for row in report.rows):.1f}", "dim")]


def worst_checks(reports: Sequence[Report]) -> list[tuple[str, str, int, int]]:
    """(target, check, passed, judged) of the checks that the fewest have passed, at most ten."""
    counts: dict[tuple[str, str], list[int]] = {}
    for row in (row for report in reports for row in report.rows if not row.verdict.is_the_graders):
        count = counts.setdefault((row.target, row.name), [0, 0])
        count[0] += row.verdict is Verdict.PASS
        count[1] += 1
    missed = [(target, name, passed, judged) for (target, name), (passed, judged) in counts.items()
              if passed < judged]
    return sorted(missed, key=lambda row: row[2] / row[3])[:WORST]


def print_class(console: Console, lab: Lab, reports: Sequence[Report]) -> None:
    """Both lists, as they end a run."""
    console.print(class_table(lab, reports))
    if worst := worst_checks(reports):
        console.print("\nPassed least often:")
        for target, name, passed, judged in worst:
            console.print(Text(f"  {passed:>4} of {judged:<4} {target:<12} {name}"))
