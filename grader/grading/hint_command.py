"""`make hint`: one more hint for a check that fails."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from grading.hint_memory import HintMemory
from grading.lab_table import LabError
from grading.last_result import NothingToMend, lab_of, last_result, meant
from grading.report.score_card import WIDEST
from grading.report.wording import printable, terminal
from grading.run_options import GRADER, CannotGrade
from grading.verdict import CheckResult, Verdict

RESULT = GRADER.parent / "build" / "result.json"
WRONG_LEVEL = "LEVEL has to be a number from 1 to {}"


def memory_file(result: Path) -> Path:
    """Where the hints that were shown are remembered: beside the result."""
    return result.with_name("hints.json")


def main(arguments: list[str] | None = None) -> int:
    """0: a hint was shown, or none is needed; 2: usage, or no result yet."""
    parser = argparse.ArgumentParser(prog="make hint", description=__doc__)
    parser.add_argument("--check", default="", metavar="NAME", help="for which check")
    parser.add_argument("--level", default="", help="which hint, if not the next")
    wish = parser.parse_args(arguments)
    try:
        return _show(wish.check, wish.level, terminal())
    except NothingToMend as reason:
        print(f"make hint: {reason}")
        return 0
    except (CannotGrade, LabError, OSError) as reason:
        print(f"make hint: {reason}", file=sys.stderr)
        return 2


def _show(check: str, level_wished: str, console: Console) -> int:
    report = last_result(RESULT)
    lab = lab_of(report)
    result = meant(lab, report, check)
    if why_not := _no_hint(result):
        raise NothingToMend(why_not)
    hints = (result.cause and result.cause.hints) or lab.checks[result.name].hints
    memory = HintMemory(memory_file(RESULT), report)
    level = _level(level_wished, len(hints)) or memory.seen(result.name) % len(hints) + 1
    _print(console, result, hints, level)
    memory.shown(result.name, level)
    return 0


def _no_hint(result: CheckResult) -> str:
    if result.verdict is Verdict.BLOCKED and result.cause:
        first = result.cause.blocked_by
        return f"{result.name} waits until {first} passes: make hint T={first}"
    if result.verdict.is_the_graders:
        return f"{result.name} was not judged: nothing to mend"
    return ""


def _level(wished: str, most: int) -> int:
    """The level asked for, 0 for the next one; raises CannotGrade."""
    if not wished:
        return 0
    if not (wished.isascii() and wished.isdecimal() and 1 <= int(wished) <= most):
        raise CannotGrade(WRONG_LEVEL.format(most))
    return int(wished)


def _print(console: Console, result: CheckResult, hints: tuple[str, ...], level: int) -> None:
    console.width = min(console.width, WIDEST)
    head = Text("\n ").append(result.name, "bold red").append(f" ({result.target})", "dim")
    console.print(head)
    console.print(Padding(Text(printable(result.promise), "dim"), (0, 0, 1, 1)))
    for number, hint in enumerate(hints[:level], 1):
        label = Text(f" Hint {number} of {len(hints)}", "bold" if number == level else "dim")
        console.print(label)
        look = "yellow" if number == level else "dim"
        for step in steps(hint):
            console.print(Padding(Text(printable(step), look), (0, 0, 0, 3)))
        console.print()
    more = (f"one more: make hint T={result.name}" if level < len(hints)
            else f"that was the last; make hint T={result.name} begins again")
    console.print(Text(f" {more}", "dim"), soft_wrap=True)


def steps(hint: str) -> list[str]:
    """`1. This. 2. That.` as its steps; one step where there are no numbers."""
    found, rest, number = [], hint, 2
    while (place := rest.find(f" {number}. ")) >= 0:
        found.append(rest[:place])
        rest, number = rest[place + 1:], number + 1
    return [*found, rest]


if __name__ == "__main__":
    sys.exit(main())
