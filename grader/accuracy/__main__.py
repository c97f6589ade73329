"""`make accuracy`: grades the corpus, prints the kill matrix, and writes docs/accuracy.md."""

from __future__ import annotations

import argparse
import platform
import sys
import time
from fnmatch import fnmatch
from itertools import chain

from grading.likely_cause import FILE
from grading.report.progress import showing_submissions
from grading.report.result_json import read_result, write_result
from grading.report.wording import printable, terminal
from grading.run_options import GRADER, CannotGrade, cores, make_order, parser
from grading.target_worker import Order
from grading.verdict import Report
from rich.console import Console
from rich.text import Text

from accuracy import page
from accuracy.choice import cover, quick_choice
from accuracy.corpus import CONFORMING, CorpusError, Entry, read_corpus
from accuracy.judged import Judged, judge
from accuracy.learn import learn
from accuracy.matrix import Matrix
from accuracy.record import record
from accuracy.run import CORPUS, ROOT, graded

KEPT = ROOT / "build" / "accuracy"  # each program's whole report
PAGE = ROOT / "docs" / "accuracy.md"
SIDE_BY_SIDE = 2  # targets a core: most of a scene is waiting


def main(arguments: list[str] | None = None) -> int:
    """0: every verdict is the known one; 1: some are not, or some check has no defect; 2: usage."""
    try:
        wish = _options().parse_args(arguments)
        order = make_order(wish.part, wish.check, wish.profile, tier=wish.tier,
                           keep_objects=True)
        corpus = read_corpus(CORPUS, order.lab)
        chosen = _chosen(corpus, wish)
        if not chosen:
            raise CannotGrade(f"no program of the corpus is named {wish.only}")
        return _run(order, chosen, len(corpus), wish, terminal())
    except CannotGrade as reason:
        print(f"accuracy: {reason}", file=sys.stderr)
        return reason.status
    except CorpusError as reason:
        print(f"accuracy: {reason}", file=sys.stderr)
        return 2


def _chosen(entries: list[Entry], wish: argparse.Namespace) -> list[Entry]:
    named = [entry for entry in entries
             if any(fnmatch(entry.name, glob) for glob in wish.only.split(","))]
    if wish.quick:
        return quick_choice(named)
    return named if wish.all or wish.only != "*" else cover(named)


def _options() -> argparse.ArgumentParser:
    options = parser("make accuracy", __doc__)
    options.add_argument("--only", default="*", metavar="GLOBS",
                         help="programs that are named like one of these (with commas between)")
    options.add_argument("--all", action="store_true", help="every program of the corpus, which "
                         "takes an hour and more; without it those that stand for all: for each "
                         "clause two defects, for each check one that fails it, and some of the "
                         "right programs")
    options.add_argument("--quick", action="store_true",
                         help="one defect for every fifth clause, by the checks that "
                         "it has to fail; docs/accuracy.md stays as it is")
    options.add_argument("--record", action="store_true", help="write the verdicts into each "
                         "program's expected.toml, for you to look through")
    options.add_argument("--kept", action="store_true", help="grade only what has no report in "
                         "build/accuracy yet, and take these; docs/accuracy.md says so")
    options.add_argument("-j", dest="jobs", type=int, default=SIDE_BY_SIDE * cores(), metavar="N",
                         help=f"so many targets side by side (default: {SIDE_BY_SIDE} a core)")
    return options


def _run(order: Order, entries: list[Entry], of: int, wish: argparse.Namespace,
         console: Console) -> int:
    """of: so many programs are in the corpus."""
    start, judged, environment = time.monotonic(), list[Judged](), dict[str, str]()
    jobs = 1 if order.shares_a_network else wish.jobs
    with showing_submissions(console, len(entries)) as one_more:
        kept = _kept(entries) if wish.kept else []
        missing = [entry for entry in entries if entry not in [one for one, _ in kept]]
        for entry, report in chain(kept, graded(order, missing, jobs, wish.quick)):
            judged.append(judge(entry, report))
            write_result(KEPT / entry.name / "result.json", report)
            environment = environment or report.environment
            one_more()
            console.print(_line(len(judged), len(entries), judged[-1]), soft_wrap=True)
            for trouble in judged[-1].troubles:
                console.print(Text(printable(f"      {trouble}"), "red"), soft_wrap=True)
    order_of = {entry.name: place for place, entry in enumerate(entries)}
    judged.sort(key=lambda one: order_of[one.entry.name])
    matrix = Matrix(order.lab, judged)
    minutes = (time.monotonic() - start) / 60
    if wish.record:
        for one in judged:
            record(one)
    if not wish.quick:
        learn(GRADER / FILE, judged)
    whole = wish.only == "*" and not wish.quick and not wish.part and wish.check == "*"
    _sum_up(console, matrix, whole, minutes)
    if whole and not wish.record:
        took = (f"{len(missing)} of the {of} programs of the corpus in {minutes:.0f} min on "
                f"{cores()} cores of a {platform.machine()}"
                + (f", and {len(kept)} reports of runs before" if kept else ""))
        page.put(PAGE, "matrix", page.matrix_section(matrix, environment, took))
    return 1 if matrix.troubles or whole and matrix.untested else 0


def _kept(entries: list[Entry]) -> list[tuple[Entry, Report]]:
    """The reports that earlier runs have left."""
    places = [(entry, KEPT / entry.name / "result.json") for entry in entries]
    return [(entry, read_result(path)) for entry, path in places if path.is_file()]


def _line(number: int, of: int, one: Judged) -> Text:
    right = "ok" if one.right else "NOT AS EXPECTED"
    lost = len(one.failed)
    return Text(printable(f"[{number:>{len(str(of))}}/{of}] {one.entry.kind[:10]:<10} "
                          f"{one.entry.name:<40} {lost:>2} lost  {right}"))


def _sum_up(console: Console, matrix: Matrix, whole: bool, minutes: float) -> None:
    if whole:
        for name in matrix.untested:
            console.print(Text(f"no defect fails {name}", "yellow"))
    for trouble in matrix.troubles:
        console.print(Text(printable(trouble), "red"), soft_wrap=True)
    console.print(f"\ndefects that lose exactly what they should: {len(matrix.exact)} of "
                  f"{len(matrix.certain)}\nright programs wronged: {len(matrix.wronged)} of "
                  f"{len(matrix.of(CONFORMING))}\n{matrix.verdicts} verdicts in {minutes:.1f} min")
    print(f"{len(matrix.judged)} graded in {minutes * 60:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
