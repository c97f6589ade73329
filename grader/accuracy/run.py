"""Assembles programs of the corpus and grades them side by side."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from grading.grade import grade_each
from grading.submission import Submission
from grading.target_worker import Order
from grading.verdict import Report, Verdict

from accuracy.corpus import CONFORMING, Entry, assemble
from accuracy.judged import LUCK

ROOT = Path(__file__).resolve().parents[2]
CLEANLINESS = "C13"  # the clause of memory errors, leaks and races
UNWATCHED = "!no_[dm]*"  # all checks but those of the sanitizers
CORPUS = ROOT / "grader" / "corpus"


def graded(order: Order, entries: Sequence[Entry], jobs: int,
           quick: bool = False) -> Iterator[tuple[Entry, Report]]:
    """Grades each on its own targets, and yields it as soon as it is done; raises CorpusError."""
    for _, entry, report in graded_by_each([order], entries, jobs, quick):
        yield entry, report


def graded_by_each(orders: Sequence[Order], entries: Sequence[Entry], jobs: int,
                   quick: bool = False) -> Iterator[tuple[int, Entry, Report]]:
    """The same by several orders: which of them, what was graded, and its report.

    The rows of the sanitizers, which take most of the time, are asked where they can say something:
    of right programs, and of defects of cleanliness. A pattern of the order's own is
    obeyed as it is. Quick: of a defect only the checks that it has to fail.
    """
    named = {entry.name: entry for entry in entries if {*entry.targets} & {*orders[0].targets}}
    with tempfile.TemporaryDirectory(prefix="corpus-") as scratch:
        for entry in named.values():
            assemble(entry, CORPUS, ROOT, Path(scratch, entry.name), orders[0].lab)
        wishes = [(_asked_of(entry, order, quick),
                   Submission(f"{turn} {entry.name}", Path(scratch, entry.name)))
                  for turn, order in enumerate(orders) for entry in named.values()]
        with closing(grade_each(wishes, jobs)) as reports:
            for report in reports:
                turn, name = report.submission.split(" ", 1)
                yield int(turn), named[name], replace(report, submission=name)


def _asked_of(entry: Entry, order: Order, quick: bool) -> Order:
    return replace(order, only=entry.targets,
                   pattern=order.pattern if order.pattern != "*" else _pattern(entry, quick))


def _pattern(entry: Entry, quick: bool) -> str:
    if quick and (failing := sorted({check for table in entry.expected.values()
                                     for check, verdict in table.items()
                                     if Verdict.PASS.value not in verdict.split("|")} - LUCK)):
        return ",".join(failing)
    return "*" if entry.kind == CONFORMING or CLEANLINESS in entry.breaks else UNWATCHED
