"""`make flake`: the same verdicts again and again, on an idle and on an overloaded machine."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from grading.report.progress import showing_submissions
from grading.report.result_json import write_result
from grading.report.wording import printable, terminal
from grading.run_options import CannotGrade, cores, make_order, parser
from grading.target_worker import Order
from grading.verdict import Verdict
from rich.console import Console
from rich.text import Text

from accuracy import page
from accuracy.choice import quick_choice
from accuracy.corpus import BASES, CorpusError, Entry, read_corpus
from accuracy.judged import LUCK, judge
from accuracy.load import burning
from accuracy.run import CORPUS, ROOT, graded_by_each

LOADS = (0, 2, 4)  # times the number of cores
KEPT = ROOT / "build" / "flake"  # what a verdict that flipped looked like
PAGE = ROOT / "docs" / "accuracy.md"


@dataclass
class Tally:
    """What was counted at one load."""

    load: int
    verdicts: int = 0
    luck: int = 0  # rows that are a matter of luck: counted apart
    flips: list[str] = field(default_factory=list)
    seconds: float = 0.0


def main(arguments: list[str] | None = None) -> int:
    """0: no verdict flipped; 1: some did; 2: usage."""
    try:
        wish = _options().parse_args(arguments)
        order = make_order(wish.part, wish.check, wish.profile, tier=wish.tier,
                           keep_objects=True)
        entries = [entry for entry in read_corpus(CORPUS, order.lab) if not entry.race]
        chosen = entries if wish.whole else [
            *(entry for entry in entries if entry.folder.parent.name == BASES),
            *quick_choice(entries)]
        chosen = [entry for entry in chosen if fnmatch(entry.name, wish.only)]
        if not chosen:
            raise CannotGrade(f"no program of the corpus is named {wish.only}")
        return _run(order, chosen, wish, terminal())
    except (CannotGrade, CorpusError) as reason:
        print(f"flake: {reason}", file=sys.stderr)
        return 2


def _options() -> argparse.ArgumentParser:
    options = parser("make flake", __doc__)
    options.add_argument("--only", default="*", metavar="GLOB", help="programs that are so named")
    options.add_argument("--whole", action="store_true",
                         help="the whole corpus, not the bases and a defect for each clause")
    options.add_argument("--rounds", type=int, default=1, metavar="N",
                         help="how often everything is graded at each load (default: 1)")
    options.add_argument("--loads", type=_loads, default=LOADS, metavar="N,N",
                         help="busy processes for each core (default: 0,2,4)")
    options.add_argument("-j", dest="jobs", type=int, default=cores(), metavar="N",
                         help="so many targets side by side (default: the number of cores)")
    return options


def _loads(text: str) -> tuple[int, ...]:
    return tuple(int(word) for word in text.split(","))


def _run(order: Order, entries: Sequence[Entry], wish: argparse.Namespace,
         console: Console) -> int:
    tallies = [Tally(load) for load in wish.loads]
    for tally in tallies:
        with burning(tally.load * cores()):
            _count(order, entries, wish, tally, console)
        console.print(_line(tally), soft_wrap=True)
    verdicts, flips = sum(one.verdicts for one in tallies), sum(len(one.flips) for one in tallies)
    words = f"{flips} flips in {verdicts} verdicts{bound(flips, verdicts)}"
    console.print(f"\n{words}")
    if wish.only == "*" and not wish.part and wish.check == "*":
        page.put(PAGE, "flake", section(tallies, len(entries), words))
    return 1 if flips else 0


def _count(order: Order, entries: Sequence[Entry], wish: argparse.Namespace, tally: Tally,
           console: Console) -> None:
    start = time.monotonic()
    jobs = 1 if order.shares_a_network else wish.jobs
    with showing_submissions(console, wish.rounds * len(entries)) as one_more:
        for turn, entry, report in graded_by_each([order] * wish.rounds, entries, jobs):
            one = judge(entry, report)
            judged = [row for row in one.rows if row.verdict is not Verdict.NOT_JUDGED]
            lucky = sum(row.name in LUCK for row in judged)
            tally.luck += lucky
            tally.verdicts += len(judged) - lucky
            flipped = [line for line in one.troubles if not any(row in line for row in LUCK)]
            if flipped:
                write_result(_place(tally.load, turn, entry), report)
            tally.flips += flipped
            for line in flipped:
                console.print(Text(printable(f"load {tally.load}: {line}"), "red"), soft_wrap=True)
            one_more()
    tally.seconds = time.monotonic() - start


def _place(load: int, turn: int, entry: Entry) -> Path:
    return KEPT / f"load{load}-{turn}" / entry.name / "result.json"


def _line(tally: Tally) -> str:
    return (f"{tally.load} busy processes a core: {len(tally.flips)} flips in {tally.verdicts} "
            f"verdicts, {tally.seconds:.0f} s")


def bound(flips: int, verdicts: int) -> str:
    """The rule of three: what no flip in n verdicts says of the rate, with 95 % confidence."""
    return f": below {3 / verdicts:.2%} with 95 % confidence" if verdicts and not flips else ""


def section(tallies: Sequence[Tally], programs: int, words: str) -> str:
    """What docs/accuracy.md says of it."""
    rows = [f"| {one.load} | {one.verdicts} | {len(one.flips)} | {one.seconds:.0f} |"
            for one in tallies]
    return "\n".join(["## The same verdicts again", "",
                      f"`make flake`: {programs} programs of the corpus, graded again and again on "
                      f"{cores()} cores. {words}. Rows that are a matter of luck are not among "
                      f"them: {sum(one.luck for one in tallies)} of `{'`, `'.join(LUCK)}`.", "",
                      "| busy processes a core | verdicts | flips | seconds |",
                      "|---:|---:|---:|---:|", *rows,
                      *(f"\n- {line}" for one in tallies for line in one.flips)])


if __name__ == "__main__":
    sys.exit(main())
