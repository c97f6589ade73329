"""`make races`: how often races are found, in 32 schedules and as students run the check."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from fnmatch import fnmatch

from grading.grade import grade_each
from grading.report.progress import showing_submissions
from grading.report.wording import printable, terminal
from grading.run_options import CannotGrade, cores, make_order, parser
from grading.submission import Submission
from grading.target_worker import Order
from grading.verdict import Report, Verdict
from rich.console import Console
from rich.text import Text

from accuracy import page
from accuracy.corpus import BASES, DEFECTS, REFERENCE, CorpusError, Entry, read_corpus
from accuracy.run import CLEANLINESS, CORPUS, ROOT, graded_by_each

CHECK = "no_data_race"
SEEDS, PLAYS = 32, 5  # schedules; times that the check is played as students play it
GOAL = 0.95  # of the defects are found in some schedule
PAGE = ROOT / "docs" / "accuracy.md"


class Tally:
    """In how many plays each program was accused: by a seed of its own, and by the check's."""

    def __init__(self, entries: Sequence[Entry], seeds: int, plays: int) -> None:
        self.entries, self.seeds, self.plays = entries, seeds, plays
        self.seeded, self.as_played = Counter[str](), Counter[str]()

    def names(self, right: bool) -> list[str]:
        """The right programs, this tree first, or the defects."""
        names = [entry.name for entry in self.entries if (entry.kind != DEFECTS) == right]
        return [REFERENCE, *names] if right else names

    @property
    def found(self) -> list[str]:
        """The defects that some schedule shows."""
        return [name for name in self.names(right=False) if self.seeded[name]]

    @property
    def accused(self) -> list[str]:
        """Right programs of which some play says that they race."""
        return [name for name in self.names(right=True)
                if self.seeded[name] or self.as_played[name]]

    @property
    def words(self) -> str:
        """The sums in one line."""
        return (f"{len(self.found)} of {len(self.names(right=False))} defects found within "
                f"{self.seeds} seeds; right programs accused: {len(self.accused)} of "
                f"{len(self.names(right=True))}")

    @property
    def good(self) -> bool:
        """True where the goal is reached and nobody is accused wrongly."""
        return not self.accused and len(self.found) >= GOAL * len(self.names(right=False))


def main(arguments: list[str] | None = None) -> int:
    """0: enough races were found, and no right program was accused; 1: not so; 2: usage."""
    try:
        wish = _options().parse_args(arguments)
        order = make_order(wish.part, CHECK, wish.profile, tier=wish.tier,
                           keep_objects=True)
        entries = [entry for entry in read_corpus(CORPUS, order.lab)
                   if can_tell(entry) and fnmatch(entry.name, wish.only)]
        return _run(order, Tally(entries, wish.seeds, wish.plays), wish, terminal())
    except (CannotGrade, CorpusError) as reason:
        print(f"races: {reason}", file=sys.stderr)
        return 2


def can_tell(entry: Entry) -> bool:
    """True of the bases, and of defects that show by luck and break what this check tests."""
    if entry.kind == DEFECTS:
        return entry.race and CLEANLINESS in entry.breaks
    return entry.folder.parent.name == BASES


def _options() -> argparse.ArgumentParser:
    options = parser("make races", __doc__)
    options.add_argument("--only", default="*", metavar="GLOB", help="programs that are so named")
    options.add_argument("--seeds", type=int, default=SEEDS, metavar="N",
                         help=f"schedules 1 to N (default: {SEEDS})")
    options.add_argument("--plays", type=int, default=PLAYS, metavar="N",
                         help=f"times as students play it (default: {PLAYS})")
    options.add_argument("-j", dest="jobs", type=int, default=cores(), metavar="N",
                         help="so many targets side by side (default: the number of cores)")
    return options


def _run(order: Order, tally: Tally, wish: argparse.Namespace, console: Console) -> int:
    jobs = 1 if order.shares_a_network else wish.jobs
    seeds: list[int | None] = [*[None] * tally.plays, *range(1, tally.seeds + 1)]
    with showing_submissions(console, len(seeds) * (len(tally.entries) + 1)) as one_more:
        for seed, name, report in _played(order, seeds, tally.entries, jobs):
            counter = tally.as_played if seed is None else tally.seeded
            counter[name] += races(report)
            one_more()
    for line in table(tally):
        console.print(Text(printable(line)), soft_wrap=True)
    console.print(f"\n{tally.words}")
    if wish.only == "*" and not wish.part and (tally.seeds, tally.plays) == (SEEDS, PLAYS):
        page.put(PAGE, "races", section(tally))
    return 0 if tally.good else 1


def _played(order: Order, seeds: Sequence[int | None], entries: Sequence[Entry],
            jobs: int) -> Iterator[tuple[int | None, str, Report]]:
    """Every program with each seed: this tree, then the corpus."""
    orders = [replace(order, seed=seed) for seed in seeds]
    wishes = [(one, Submission(str(turn), ROOT)) for turn, one in enumerate(orders)]
    with closing(grade_each(wishes, jobs)) as reports:
        for report in reports:
            yield seeds[int(report.submission)], REFERENCE, report
    for turn, entry, report in graded_by_each(orders, entries, jobs):
        yield seeds[turn], entry.name, report


def races(report: Report) -> bool:
    """True where the check has failed on some target."""
    return any(row.name == CHECK and row.verdict is Verdict.FAIL for row in report.rows)


def table(tally: Tally) -> Iterator[str]:
    """A line for each program."""
    yield f"| program | of {tally.seeds} seeds | of {tally.plays} plays of the check |"
    yield "|---|---:|---:|"
    for name in (*tally.names(right=False), *tally.names(right=True)):
        yield f"| {name} | {tally.seeded[name]} | {tally.as_played[name]} |"


def section(tally: Tally) -> str:
    """What docs/accuracy.md says of it."""
    return "\n".join([
        "## Races", "", f"`make races`: a race shows by luck. In how many of {tally.seeds} "
        "schedules, in which threads wait as the seed says, `no_data_race` finds it, and how often "
        f"with the seeds that the check plays itself. {tally.words}. Below the defects stand right "
        "programs, which no schedule may accuse.", "", *table(tally)])


if __name__ == "__main__":
    sys.exit(main())
