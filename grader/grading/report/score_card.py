"""What a student sees after `make test`: the score, and the one thing to mend first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from grading.build_log import first_error
from grading.report.first_thing import DETAIL_LINES, print_first_thing
from grading.report.wording import (MARKS, MEANINGS, SANDBOXES, failing, printable, score, style,
                                    tail, totals)
from grading.submission import NOT_HANDED_IN, absent_targets
from grading.verdict import CheckResult, Report, Verdict

WIDEST = 100  # columns: longer lines are hard to read
OTHERS = 12  # failing checks that are listed by name


def print_score_card(console: Console, report: Report, whole: bool = True) -> None:
    """Prints the card; `whole` is False when only some checks were asked for."""
    console.width = min(console.width, WIDEST)
    console.print()
    absent = absent_targets(report.rows)
    there = [row for row in report.rows if row.target not in absent]
    console.print(target_table(report.rows, absent))
    console.print(_legend(there))
    _print_score(console, report, whole)
    if first := first_to_mend(report.rows):
        print_first_thing(console, first, report.build_logs.get(first.part, ""))
        _print_how_many_died_so(console, first, to_mend(there))
        _print_others(console, [row for row in to_mend(there) if row is not first])
    _print_blocked(console, there)
    if not first:
        print_why_all_waits(console, there)
    _print_not_the_students(console, report.rows)
    _print_notes(console, report.notes)
    if label := SANDBOXES.get(report.environment.get("sandbox", "")):
        console.print(Text(f" sandbox: {label}", "yellow"))


def first_to_mend(rows: Sequence[CheckResult]) -> CheckResult | None:
    """The failing check to look at first."""
    return next(iter(to_mend(rows)), None)


def to_mend(rows: Sequence[CheckResult]) -> list[CheckResult]:
    """The failing checks as they are best looked at: what counts before starred clauses, and these
    before extra credit; part by part, in the order of lab.toml, which is that of the sheets; a part
    that is not there comes last."""
    absent = absent_targets(rows)
    order = list(dict.fromkeys(row.target for row in rows))
    return sorted(failing(rows), key=lambda row: (
        row.target in absent, row.extra, row.advanced, order.index(row.target)))


# ---- the score ---------------------------------------------------------------------------------


def target_table(rows: Sequence[CheckResult], absent: set[str]) -> Table:
    """A line for each target: a mark for each check, and the points."""
    table = Table(box=None, padding=(0, 1), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    table.add_column(justify="right", no_wrap=True)
    for target in dict.fromkeys(row.target for row in rows):
        its = [row for row in rows if row.target == target]
        dots = Text(f"– {NOT_HANDED_IN}", "dim") if target in absent else (
            Text().join(Text(MARKS[row.verdict], style(row.verdict)) for row in its))
        worth = [row for row in its if not row.extra] if target in absent else its
        table.add_row(Text(target, "bold"), dots, Text(score(worth or its)))
    return table


def _legend(rows: Sequence[CheckResult]) -> Padding:
    """What the marks mean that are there."""
    there = Counter(row.verdict for row in rows)
    meanings: dict[str, list[str]] = {}
    for verdict in Verdict:
        if there[verdict]:
            meanings.setdefault(MARKS[verdict], []).append(f"{there[verdict]} {MEANINGS[verdict]}")
    words = "  ".join(f"{mark} {', '.join(found)}" for mark, found in meanings.items())
    return Padding(Text(words, "dim"), (0, 0, 1, 1))


def _print_score(console: Console, report: Report, whole: bool) -> None:
    (got, most), _ = totals(report.rows)
    sure = not any(row.verdict.is_the_graders for row in report.rows)
    if whole and sure and got == most:
        console.print(_full_marks(report.rows))
    elif all(row.verdict is Verdict.PASS for row in report.rows):
        words = f" ✓ Passed: {score(report.rows)} in the checks chosen.\n"
        console.print(Text(words, "bold green"))
    else:
        which = "" if whole else " in the checks chosen"
        console.print(Text(f" {score(report.rows)}{which}\n", "bold"))


def _full_marks(rows: Sequence[CheckResult]) -> Panel:
    number = sum(row.verdict is Verdict.PASS for row in rows)
    kept = f"All {number} checks pass." if number == len(rows) else (
        f"Everything that was asked for is there: {number} checks passed.")
    words = Text(f"\n{score(rows)}\n\n", "bold green", justify="center")
    words.append(f"{kept}\nWell done!\n", "not bold default")
    return Panel(words, title="★ Full marks ★", border_style="green")


# ---- the rest, a line each ---------------------------------------------------------------------


def _print_how_many_died_so(console: Console, first: CheckResult,
                            rows: Sequence[CheckResult]) -> None:
    """One mistake that kills the program fails many checks: their number in place of a riddle."""
    end = first.cause.actual if first.cause else ""
    alike = [row for row in rows if row is not first and row.cause and row.cause.actual == end]
    if alike and end.startswith("killed by "):
        words = f"{len(alike)} more of the checks below ended like this one: {end}."
        console.print(Padding(Text(printable(words), "bold"), (1, 0, 0, 1)))


def _print_others(console: Console, rows: Sequence[CheckResult]) -> None:
    """A line for each failing check, its targets together."""
    its: dict[str, list[CheckResult]] = {}
    for row in rows:
        its.setdefault(row.name, []).append(row)
    if its:
        console.print(Text("\n Then:", "bold"))
    for name, alike in list(its.items())[:OTHERS]:
        first = alike[0]
        line = Text(f"   {MARKS[first.verdict]} {name}", style(first.verdict))
        line.append(f" ({', '.join(row.target for row in alike)})", "default")
        line.append(f"  {printable(in_short(first))}", "dim default")
        console.print(line, no_wrap=True, overflow="ellipsis")
    if len(its) > OTHERS:
        console.print(Text(f"   … and {len(its) - OTHERS} more", "dim"))


def in_short(row: CheckResult) -> str:
    """What was wrong; of a crash, how it ended."""
    if row.cause is None:
        return ""
    crash = row.cause.actual if row.verdict is Verdict.CRASH else ""
    return crash or row.cause.rationale


def _print_blocked(console: Console, rows: Sequence[CheckResult]) -> None:
    waits = [(row.target, row.cause) for row in rows
             if row.verdict is Verdict.BLOCKED and row.cause]
    waiting = Counter((target, cause.blocked_by) for target, cause in waits)
    ended = {(target, cause.blocked_by): cause.actual for target, cause in waits if cause.actual}
    asked = {(row.name, row.target) for row in rows}
    if waiting:
        console.print(Text("\n Waiting:", "bold"))
    for (target, blocker), number in waiting.items():
        words = f"{number} check{'s' * (number > 1)} of {target} until {blocker} passes"
        if (blocker, target) not in asked:
            words += ", which was not asked for here" + (
                f" and may pass in the plain build; here: {ended[target, blocker]}"
                if (target, blocker) in ended else ": `make test` judges both")
        console.print(Padding(Text(printable(words), "dim"), (0, 0, 0, 3)))


def print_why_all_waits(console: Console, rows: Sequence[CheckResult]) -> None:
    """Where nothing was asked that fails, and yet something waits: the reason,
    and what was said."""
    causes = [row.cause for row in rows if row.verdict is Verdict.BLOCKED and row.cause]
    for cause in causes[:1]:
        console.print(Padding(Text(printable(cause.rationale), "bold red"), (1, 0, 0, 1)))
        words = tail(first_error(cause.detail, DETAIL_LINES), DETAIL_LINES)
        console.print(Padding(Text(words, "dim"), (0, 0, 0, 3)))


def _print_not_the_students(console: Console, rows: Sequence[CheckResult]) -> None:
    """What the grader or this machine has to answer for, said as that."""
    for verdict, words in (
            (Verdict.NOT_JUDGED, "not judged: this machine cannot tell. It costs you nothing."),
            (Verdict.ERROR, "not graded: the grader itself failed. That is not your fault.")):
        its = [row for row in rows if row.verdict is verdict]
        if its:
            console.print(Text(f"\n {MARKS[verdict]} {len(its)} {words}", style(verdict)))
        reasons: dict[str, list[CheckResult]] = {}
        for row in its:
            reasons.setdefault(row.cause.rationale if row.cause else "", []).append(row)
        for reason, alike in reasons.items():
            more = f" and {len(alike) - 1} more" if len(alike) > 1 else ""
            words = printable(f"{alike[0].target}/{alike[0].name}{more}: {reason}")
            console.print(Padding(Text(words, "dim"), (0, 0, 0, 3)))
            if last := tail(alike[0].cause.detail if alike[0].cause else "", 1):
                console.print(Padding(Text(last, "dim"), (0, 0, 0, 5)))


def _print_notes(console: Console, notes: Sequence[str]) -> None:
    """What was not copied, the same reasons together."""
    reasons: dict[str, list[str]] = {}
    for note in notes:
        path, _, reason = note.rpartition(": ")
        reasons.setdefault(reason, []).append(path)
    for reason, paths in reasons.items():
        more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        console.print(Padding(Text(printable(f"{paths[0]}{more}: {reason}"), "dim"), (0, 0, 0, 1)))
