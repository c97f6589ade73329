"""One failing check, told in full: promise, what was expected and heard, drawing, what to do."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grading.build_log import first_error
from grading.report.diagram import diagram
from grading.report.wording import points, printable, tail
from grading.verdict import Cause, CheckResult, Verdict

DETAIL_LINES = 12  # of a build log or a traceback
WRONG = {Verdict.CRASH: "crash", Verdict.TIMEOUT: "too late", Verdict.FLAKY: "at times"}
LEGEND = ("◀ said to the server, ▶ heard from it, ╌✗ never came. "
          "<letters> are a mark that the grader puts into a line to know it again.")

CLIENTS_LEGEND = "The server is the grader's own here; ◆ typed, ◇ shown or printed by your client."


def print_first_thing(console: Console, row: CheckResult, build_log: str) -> None:
    """What the score card says of the check to mend first."""
    head = Text(" Extra credit, next: " if row.extra else " Mend this first: ")
    head.append(row.name, "bold red")
    console.print(head)
    print_failure(console, row, build_log)
    _print_commands(console, row)


def print_failure(console: Console, row: CheckResult, build_log: str, details: bool = True) -> None:
    """Worth, promise and facts; the drawing; the build's first error,
    or the end of what was printed."""
    worth = f"{points(row.max_points)}{' extra' if row.extra else ''} point"
    worth += "" if row.max_points == 1000 else "s"
    console.print(Text(f" {row.target}, {worth}, docs/SPEC.md {' '.join(row.clauses)}\n", "dim"))
    cause = row.cause or Cause("It did not pass.")
    console.print(_facts(row, cause))
    if drawing := diagram(row.transcript, console.width - 2):
        console.print(Padding(Text("\n").join(drawing), (1, 0, 0, 2)), overflow="ellipsis",
                      no_wrap=True)
        if legend := _legend(row):
            console.print(Padding(Text(legend, "dim"), (0, 0, 0, 2)))
    detail = cause.detail or (build_log if row.name.startswith("builds") else "")
    if row.name.startswith("builds"):
        detail = first_error(detail, DETAIL_LINES)
    if details and (shown := tail(detail, DETAIL_LINES)):
        console.print(Padding(Text(shown, "dim"), (1, 0, 0, 4)))


def _legend(row: CheckResult) -> str:
    """What the signs of the drawing mean; nothing where no client takes part."""
    who = {event.who for event in row.transcript if event.kind == "starts"}
    words = LEGEND if any(event.kind in ("says", "hears") for event in row.transcript) else ""
    if "client" in who and "server" not in who:
        words += f" {CLIENTS_LEGEND}"
    return words.strip()


def _facts(row: CheckResult, cause: Cause) -> Table:
    facts = Table(box=None, padding=(0, 1), show_header=False, pad_edge=True)
    facts.add_column(justify="right", style="dim", no_wrap=True)
    facts.add_column(ratio=1, overflow="fold")
    heard = "heard" if any(
        event.kind in ("missing", "unexpected") for event in row.transcript) else "found"
    again = cause.actual and cause.actual in cause.rationale  # said already, one line above
    for label, words, look in (
            ("promise", row.promise, ""),
            (WRONG.get(row.verdict, "but"), cause.rationale, "bold"),
            ("expected", cause.expected, "green"), (heard, "" if again else cause.actual, "red"),
            ("likely", " Or: ".join(cause.likely), "cyan"),
            ("hint", (*cause.hints, "")[0], "yellow")):
        if words:
            facts.add_row(label, Text(printable(words), look))
    return facts


def _print_commands(console: Console, row: CheckResult) -> None:
    profile = "".join(row.replay.partition(" PROFILE=")[1:])
    console.print()
    for what, command in (("more help", f"make hint T={row.name}"),
                          ("see it happen", row.replay),
                          ("try again", f"make test T={row.name} PART={row.part}{profile}")):
        line = Text(f" {what:>14}  ", "dim").append(printable(command), "bold cyan")
        console.print(line, soft_wrap=True)
