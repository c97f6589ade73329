"""Which programs of the corpus are graded where all of them would take too long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from grading.verdict import Verdict

from accuracy.corpus import CONFORMING, DEFECTS, Entry

FOR_EACH_CLAUSE = 2  # defects, where there are so many
NO_FAILURES = {Verdict.PASS.value, Verdict.BLOCKED.value}


def quick_choice(entries: Sequence[Entry]) -> list[Entry]:
    """A few that stand for all: for every fifth clause the defect with the fewest targets."""
    chosen: dict[str, Entry] = {}
    for entry in sorted(entries, key=lambda one: len(one.targets)):
        if entry.kind == DEFECTS and not entry.race:
            chosen.setdefault(entry.clause, entry)
    return list(chosen.values())[::5]


def cover(entries: Sequence[Entry]) -> list[Entry]:
    """For each clause two defects, for each check one that fails it, and of each family of right
    programs every second, or third where it has many targets."""
    wanted = {entry.name for entry in (*_defects(entries), *_right_programs(entries))}
    return [entry for entry in entries if entry.name in wanted]


def _defects(entries: Sequence[Entry]) -> list[Entry]:
    defects = sorted((entry for entry in entries if entry.kind == DEFECTS),
                     key=lambda one: (one.race, len(one.targets)))
    chosen, missing = list[Entry](), {check for one in defects for check in _failed(one)}
    while missing:  # the one that fails most of them for each target that has to be graded
        best = max(defects, key=lambda one: len(_failed(one) & missing) / len(one.targets))
        chosen.append(best)
        missing -= _failed(best)
    of_clause = Counter(one.clause for one in chosen)
    for one in defects:
        if of_clause[one.clause] < FOR_EACH_CLAUSE and one not in chosen:
            of_clause[one.clause] += 1
            chosen.append(one)
    return chosen


def _failed(defect: Entry) -> set[str]:
    """The checks that it always fails."""
    return {check for table in defect.expected.values() for check, verdict in table.items()
            if not {*verdict.split("|")} & NO_FAILURES}


def _right_programs(entries: Sequence[Entry]) -> Iterator[Entry]:
    """A family has the same base and the same targets."""
    right = [entry for entry in entries if entry.kind == CONFORMING]
    for _, family in groupby(sorted(right, key=_family), key=_family):
        its = list(family)
        yield from its[::2 if len(its[0].targets) == 1 else 3]


def _family(entry: Entry) -> tuple[str, tuple[str, ...]]:
    return entry.base, entry.targets
