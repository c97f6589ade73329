"""Learns what failures come from: the signs that each defect of the corpus has left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from grading.likely_cause import KnownCause, read_causes, signs_of, written
from grading.report.result_json import write_whole

from accuracy.corpus import DEFECTS
from accuracy.judged import Judged


def learn(path: Path, judged: Sequence[Judged]) -> None:
    """Puts what these have shown in place of what was known of them; raises OSError, ValueError."""
    defects = [one for one in judged if one.entry.kind == DEFECTS]
    anew = {one.entry.name for one in defects}
    kept = [cause for cause in read_causes(path) if cause.name not in anew]
    learnt = [cause for one in defects if one.right for cause in _causes(one)]
    write_whole(path, written(sorted([*kept, *learnt], key=lambda cause: cause.name)))


def _causes(one: Judged) -> Iterator[KnownCause]:
    """One for each target that it fails on: there a submission may have the same mistake."""
    seen = set[frozenset[str]]()
    for target in dict.fromkeys(row.target for row in one.rows):
        signs = signs_of(row for row in one.rows if row.target == target)
        if signs and signs not in seen:
            seen.add(signs)
            yield KnownCause(one.entry.name, one.entry.cause, signs)
