"""Reports as the tests of the reporting side need them: small, and odd where that matters."""

from __future__ import annotations

from pathlib import Path

from grading.lab import Lab, read_lab
from grading.report.score_card import print_score_card
from grading.verdict import Cause, CheckResult, Event, Report, Verdict
from rich.console import Console

GRADER = Path(__file__).resolve().parents[1]
ENVIRONMENT = {"grader": "0123", "profile": "stock", "compiler": "g++ 12", "kernel": "6.1",
               "sandbox": "full"}
HOSTILE = "[bold]a\x1b[31mb\x07\r\nc\u202e=1+1[/nope]\udc80"

# Ann speaks, Bob hears her, Cid does not.
SCENE = (Event(0.0001, "joins", "Ann"), Event(0.0002, "joins", "Bob"),
         Event(0.0003, "joins", "Cid"), Event(0.004, "says", "Ann", "<1f2e> from Ann\\n"),
         Event(0.0043, "hears", "Bob", "<1f2e> from Ann\\n"),
         Event(0.0052, "missing", "Cid", "<1f2e> from Ann"))


def lab() -> Lab:
    """The real lab.toml."""
    return read_lab(GRADER / "lab.toml")


def row(name: str, verdict: Verdict = Verdict.PASS, *, target: str = "part_a", worth: int = 1000,
        extra: bool = False, cause: Cause | None = None,
        scene: tuple[Event, ...] = ()) -> CheckResult:
    """One row; what did not pass has a cause."""
    if verdict is not Verdict.PASS and cause is None:
        cause = Cause(f"{name} went wrong.", hints=(f"Look at {name}.",))
    return CheckResult(name, target, target, ("C2",), f"The promise of {name}.", verdict,
                       worth if verdict is Verdict.PASS else 0, worth, extra, 0.5, cause, scene,
                       replay=f"make replay T={name} PART={target}")


def report(*rows: CheckResult, name: str = "alice", notes: tuple[str, ...] = ()) -> Report:
    """A graded submission."""
    return Report(name, "graded", rows, ENVIRONMENT, notes)


def card(shown: Report, whole: bool = True, width: int = 80) -> str:
    """The score card as plain text, without blanks at the ends of lines."""
    console = Console(width=width, highlight=False, markup=False, emoji=False, color_system=None)
    with console.capture() as captured:
        print_score_card(console, shown, whole)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())
