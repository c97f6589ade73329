"""What a student sees after `make test`: the score, and the one thing to mend first."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from grading.report.wording import score
from grading.verdict import Report


def print_score_card(console: Console, report: Report) -> None:
    """Prints the card."""
    console.print(Text(score(report.rows)))
