"""gradebook.csv: one row a submission, exact decimals, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from grading.lab import Lab
from grading.report.wording import failing, points, printable, totals
from grading.verdict import Report

OBEYED = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # how a formula can begin


def gradebook(lab: Lab, reports: Sequence[Report]) -> str:
    """The file's text."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["submission", "status", "score", "max_score",
                     *(target.name for target in lab.graded), "extra", "failing checks"])
    for report in reports:
        writer.writerow([_cell(cell) for cell in _row(lab, report)])
    return text.getvalue()


def _row(lab: Lab, report: Report) -> list[str]:
    subtotals = [points(sum(row.points for row in report.rows if row.target == target.name))
                 for target in lab.graded]
    wrong = " ".join(f"{row.target}/{row.name}" for row in failing(report.rows))
    return [report.submission, report.status, points(report.score), points(report.max_score),
            *subtotals, points(totals(report.rows)[1][0]), wrong]


def _cell(text: str) -> str:
    """The text as a cell that no spreadsheet takes for a formula."""
    shown = printable(text)
    return f"'{shown}" if text.startswith(OBEYED) or shown.lstrip().startswith(OBEYED) else shown
