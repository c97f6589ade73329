"""Assembles programs of the corpus and grades them side by side."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from grading.grade import grade_all
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
    """Grades each on its own targets, and yields it as soon as it is done; raises CorpusError.

    The rows of the sanitizers, which take most of the time, are asked where they can say something:
    of right programs, and of defects of cleanliness. A pattern of the order's own is
    obeyed as it is. Quick: of a defect only the checks that it has to fail.
    """
    alike: dict[tuple[tuple[str, ...], str], list[Entry]] = {}
    for entry in entries:
        targets = tuple(target for target in order.targets if target in entry.targets)
        pattern = order.pattern if order.pattern != "*" else _pattern(entry, quick)
        if targets:
            alike.setdefault((targets, pattern), []).append(entry)
    with tempfile.TemporaryDirectory(prefix="corpus-") as scratch:
        for entry in entries:
            assemble(entry, CORPUS, ROOT, Path(scratch, entry.name), order.lab)
        for (targets, pattern), its in alike.items():
            named = {entry.name: entry for entry in its}
            submissions = [Submission(name, Path(scratch, name)) for name in named]
            its_order = replace(order, only=targets, pattern=pattern)
            with closing(grade_all(its_order, submissions, jobs)) as reports:
                for report in reports:
                    yield named[report.submission], report


def _pattern(entry: Entry, quick: bool) -> str:
    if quick and (failing := sorted({check for table in entry.expected.values()
                                     for check, verdict in table.items()
                                     if Verdict.PASS.value not in verdict.split("|")} - LUCK)):
        return ",".join(failing)
    return "*" if entry.kind == CONFORMING or CLEANLINESS in entry.breaks else UNWATCHED
