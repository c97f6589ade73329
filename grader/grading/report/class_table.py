"""The class at one look: a line for each submission, then the checks that most have failed."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from grading.report.score_card import first_to_mend
from grading.report.wording import SANDBOXES, points, printable, style, totals
from grading.submission import absent_targets
from grading.verdict import Report, Verdict

WORST = 10
LONGEST_NAME = 20


def class_table(reports: Sequence[Report]) -> list[Text]:
    """A line for each submission: score, subtotals, seconds, and the first failing check."""
    targets = list(dict.fromkeys(row.target for report in reports for row in report.rows
                                 if not row.extra))
    head = [Text(name, "bold")
            for name in ("submission", "score", *targets, "extra", "s", "first failing")]
    rows = [head, *(_cells(report, targets) for report in reports)]
    widths = [max(cell.cell_len for cell in column) for column in zip(*rows)]
    widths[0] = min(widths[0], LONGEST_NAME)
    return [_line(row, widths) for row in rows]


def _line(cells: Sequence[Text], widths: Sequence[int]) -> Text:
    line = Text()
    for place, (cell, width) in enumerate(zip(cells, widths)):
        cell.truncate(width, overflow="ellipsis")
        if 0 < place < len(cells) - 1:
            cell.pad_left(width - cell.cell_len)
        elif place == 0:
            cell.pad_right(width - cell.cell_len)
        line.append(" " if place == 0 else "  ").append_text(cell)
    return line


def _cells(report: Report, targets: Sequence[str]) -> list[Text]:
    subtotals = [sum(row.points for row in report.rows if row.target == target and not row.extra)
                 for target in targets]
    return [Text(printable(report.submission)), Text(points(report.score), "bold"),
            *(Text(points(subtotal)) for subtotal in (*subtotals, totals(report.rows)[1][0])),
            Text(f"{sum(row.seconds for row in report.rows):.1f}", "dim"), _first_failing(report)]


def _first_failing(report: Report) -> Text:
    ours = next((row for row in report.rows if row.verdict is Verdict.ERROR), None)
    first = ours or first_to_mend(report.rows)
    if report.status != "graded":
        return Text(report.status, "magenta")
    if first is None:
        return Text("–", "green")
    if first.target in absent_targets(report.rows):
        return Text(f"no {first.part}", "dim")
    return Text(f"ERROR {first.name}" if ours else first.name, style(first.verdict))


def failed_most(reports: Sequence[Report]) -> list[tuple[str, str, int, int]]:
    """(target, check, passed, judged) of the checks that most have failed, at most ten.

    A check that waited for another says nothing, and neither does one that this machine or the
    grader could not judge; nor is a part counted that was not handed in.
    """
    counts: dict[tuple[str, str], list[int]] = {}
    for report in reports:
        absent = absent_targets(report.rows)
        for row in report.rows:
            if row.target not in absent and not (
                    row.verdict is Verdict.BLOCKED or row.verdict.is_the_graders):
                count = counts.setdefault((row.target, row.name), [0, 0])
                count[0] += row.verdict is Verdict.PASS
                count[1] += 1
    failed = [(target, name, passed, judged) for (target, name), (passed, judged) in counts.items()
              if passed < judged]
    return sorted(failed, key=lambda row: row[2] - row[3])[:WORST]


def print_class(console: Console, reports: Sequence[Report]) -> None:
    """Both lists, as they end a run."""
    for line in class_table(reports):
        console.print(line, no_wrap=True, overflow="ellipsis")
    if worst := failed_most(reports):
        console.print("\nFailed most often:")
        for target, name, passed, judged in worst:
            console.print(Text(f" {judged - passed:>4} of {judged:<4} {target}/{name}"))
    sandboxes = {report.environment.get("sandbox", "") for report in reports}
    for label in {SANDBOXES.get(sandbox) for sandbox in sandboxes} - {None}:
        console.print(Text(f"\nsandbox: {label}", "yellow"))
