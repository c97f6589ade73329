"""Assembles programs of the corpus and grades them side by side."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from grading.build import OBJECTS
from grading.grade import grade_all
from grading.sandbox import Tier
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
    order = with_kept_objects(order)
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


def with_kept_objects(order: Order) -> Order:
    """Of submissions that are all our own, a file that many of them have is compiled once: where
    there is ccache, and a sandbox that can show all builds one folder."""
    if order.tier is not Tier.FULL or not shutil.which("ccache"):
        return order
    folder = order.cache / OBJECTS
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o777)  # whoever builds has to be able to write there
    return replace(order, keep_objects=True)


def _pattern(entry: Entry, quick: bool) -> str:
    if quick and (failing := sorted({check for table in entry.expected.values()
                                     for check, verdict in table.items()
                                     if Verdict.PASS.value not in verdict.split("|")} - LUCK)):
        return ",".join(failing)
    return "*" if entry.kind == CONFORMING or CLEANLINESS in entry.breaks else UNWATCHED
