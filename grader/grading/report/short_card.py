"""What `make watch` shows after each change: what is better or worse, and what to mend first."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from grading.build_log import first_error
from grading.report.score_card import (WIDEST, first_to_mend, in_short, print_why_all_waits,
                                       target_table)
from grading.report.wording import MARKS, points, printable, score, style, tail
from grading.submission import absent_targets
from grading.verdict import CheckResult, Report, Verdict

ERROR_LINES = 6  # of a build
MOST_NAMES = 6  # of checks that have changed


def print_short_card(console: Console, report: Report, before: Report | None,
                     graded: Sequence[str]) -> None:
    """The marks of the targets that were `graded` now, the score of all, and one thing to mend."""
    console.width = min(console.width, WIDEST)
    rows = [row for row in report.rows if row.target in graded]
    console.print(target_table(rows, absent_targets(rows)))
    if before:
        _print_changes(console, _passing(before), _passing(report), report)
    difference = report.score - before.score if before else 0
    change = f"  ({'+' if difference > 0 else ''}{points(difference)})" if difference else ""
    console.print(Text(f" {score(report.rows)}{change}", "bold"))
    if first := first_to_mend(report.rows):
        _print_first(console, first)
    else:
        print_why_all_waits(console, rows)


def _print_changes(console: Console, then: set[tuple[str, str]], now: set[tuple[str, str]],
                   report: Report) -> None:
    for words, look, changed in ((" ✓ passes now: ", "green", now - then),
                                 (" ✗ passes no more: ", "red", then - now)):
        names = list(dict.fromkeys(row.name for row in report.rows
                                   if (row.name, row.target) in changed))
        more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
        if names:
            console.print(Text(f"{words}{', '.join(names[:MOST_NAMES])}{more}", look))


def _print_first(console: Console, first: CheckResult) -> None:
    line = Text(f" {MARKS[first.verdict]} {first.name}", style(first.verdict))
    line.append(f" ({first.target})  {printable(in_short(first))}", "default")
    console.print(line, no_wrap=True, overflow="ellipsis")
    if first.cause and first.name.startswith("builds"):
        error = tail(first_error(first.cause.detail, ERROR_LINES), ERROR_LINES)
        console.print(Padding(Text(error, "dim"), (0, 0, 0, 5)))
    for command in (f"make hint T={first.name}", first.replay):
        console.print(Text(f"     {printable(command)}", "cyan"), soft_wrap=True)


def _passing(report: Report) -> set[tuple[str, str]]:
    return {(row.name, row.target) for row in report.rows if row.verdict is Verdict.PASS}
