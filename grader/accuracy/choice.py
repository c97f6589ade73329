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
    """A few that stand for all: for every third clause the defect with the fewest targets."""
    chosen: dict[str, Entry] = {}
    for entry in sorted(entries, key=lambda one: len(one.targets)):
        if entry.kind == DEFECTS and not entry.race:
            chosen.setdefault(entry.clause, entry)
    return list(chosen.values())[::3]


def cover(entries: Sequence[Entry]) -> list[Entry]:
    """For each clause two defects, for each check one that fails it, and of each family of right
    programs every second, or third where it has many targets."""
    wanted = {entry.name for entry in (*_defects(entries), *_right_programs(entries))}
    return [entry for entry in entries if entry.name in wanted]


def _defects(entries: Sequence[Entry]) -> Iterator[Entry]:
    """Those with few targets first: they take the least time."""
    of_clause, failed = Counter[str](), set[str]()
    for entry in sorted(entries, key=lambda one: (one.race, len(one.targets))):
        its = {check for table in entry.expected.values() for check, verdict in table.items()
               if not {*verdict.split("|")} & NO_FAILURES}
        if entry.kind == DEFECTS and (of_clause[entry.clause] < FOR_EACH_CLAUSE or its - failed):
            of_clause[entry.clause] += 1
            failed |= its
            yield entry


def _right_programs(entries: Sequence[Entry]) -> Iterator[Entry]:
    """A family has the same base and the same targets."""
    right = [entry for entry in entries if entry.kind == CONFORMING]
    for _, family in groupby(sorted(right, key=_family), key=_family):
        its = list(family)
        yield from its[::2 if len(its[0].targets) == 1 else 3]


def _family(entry: Entry) -> tuple[str, tuple[str, ...]]:
    return entry.base, entry.targets
