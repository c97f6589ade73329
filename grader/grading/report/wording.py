"""Words and numbers as every report writes them: exact points, no byte that a terminal obeys."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable

from rich.console import Console

from grading.verdict import CheckResult, Verdict

MARKS = {Verdict.PASS: "●", Verdict.FAIL: "✗", Verdict.CRASH: "✗", Verdict.TIMEOUT: "✗",
         Verdict.FLAKY: "~", Verdict.BLOCKED: "◦", Verdict.NOT_JUDGED: "?", Verdict.ERROR: "!"}
STYLES = {Verdict.PASS: "green", Verdict.BLOCKED: "dim", Verdict.FLAKY: "yellow",
          Verdict.NOT_JUDGED: "cyan", Verdict.ERROR: "magenta"}
MEANINGS = {Verdict.PASS: "kept", Verdict.FAIL: "failed", Verdict.CRASH: "crashed",
            Verdict.TIMEOUT: "too late", Verdict.FLAKY: "unsteady",
            Verdict.BLOCKED: "waiting", Verdict.NOT_JUDGED: "not judged",
            Verdict.ERROR: "our error"}
# What is less than a full sandbox, as result.json names it, and what to call it.
SANDBOXES = {"reduced": "reduced: shared network", "none": "UNSANDBOXED - accident protection only"}


def terminal() -> Console:
    """Standard output, which no text can crash and where no text is taken for markup."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # question marks where it is not UTF-8
    return Console(highlight=False, markup=False, emoji=False)


def points(thousandths: int) -> str:
    """Thousandths of a point as the shortest exact decimal: 87500 is `87.5`."""
    sign, number = "-" if thousandths < 0 else "", abs(thousandths)
    return f"{sign}{number // 1000}.{number % 1000:03}".rstrip("0").rstrip(".")


def printable(text: str, keep: str = "") -> str:
    """The text with every character written out that a terminal would obey instead of show."""
    return "".join(char if char.isprintable() or char in keep
                   else char.encode("unicode_escape").decode() for char in text)


def tail(text: str, lines: int) -> str:
    """The last lines that say something."""
    said = [line.rstrip().expandtabs(4) for line in text.splitlines() if line.strip()]
    return "\n".join(printable(line) for line in said[-lines:])


def style(verdict: Verdict) -> str:
    """The colour of a verdict, where there is colour."""
    return STYLES.get(verdict, "red")


def score(rows: Iterable[CheckResult]) -> str:
    """`87.5 of 100, and 4 of 10 extra`, of these rows; what was not judged cannot be earned."""
    hundred, extra = totals(rows)
    parts = [f"{points(got)} of {points(most)}{word}"
             for (got, most), word in ((hundred, ""), (extra, " extra")) if most or not word]
    return ", and ".join(parts) if hundred[1] or not extra[1] else parts[-1]


def totals(rows: Iterable[CheckResult]) -> tuple[tuple[int, int], tuple[int, int]]:
    """((earned, maximum), the same of extra credit) in thousandths of a point."""
    sums = {False: [0, 0], True: [0, 0]}
    for row in rows:
        sums[row.extra][0] += row.points
        sums[row.extra][1] += row.max_points if row.verdict is not Verdict.NOT_JUDGED else 0
    return (sums[False][0], sums[False][1]), (sums[True][0], sums[True][1])


def failing(rows: Iterable[CheckResult]) -> list[CheckResult]:
    """The rows that the student can mend now: neither kept, nor blocked, nor the grader's."""
    return [row for row in rows if row.verdict not in (Verdict.PASS, Verdict.BLOCKED)
            and not row.verdict.is_the_graders]
