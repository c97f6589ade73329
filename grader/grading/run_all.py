"""Grades every submission of a folder: results, a gradebook, the class at one look."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.text import Text

from grading.unpacking import stem
from grading.grade import grade_all
from grading.lab import STOCK, Lab
from grading.report.class_table import print_class
from grading.report.gradebook import gradebook
from grading.report.progress import showing_submissions
from grading.report.result_json import write_result, write_whole
from grading.report.wording import printable, score, terminal
from grading.run_options import (GRADER, MAX_JOBS, CannotGrade, add_keep_objects, cores,
                                 make_order, parser)
from grading.submission import Submission, differences, find_submissions
from grading.target_worker import Order
from grading.verdict import Report

STOPPED = 130  # as a shell says it of SIGINT
NAMED = 5  # of the things in SUBMISSIONS that are none


def main(arguments: list[str] | None = None) -> int:
    """0: all graded, whatever the scores; 1: an error of ours, or a sample's verdict is not the
    expected one; 2: usage."""
    console = terminal()
    try:
        wish = _options().parse_args(arguments)
        if not 1 <= wish.jobs <= MAX_JOBS:
            raise CannotGrade(f"-j {wish.jobs}: a number from 1 to {MAX_JOBS} is wanted")
        order = make_order(wish.part, wish.check, wish.profile, tier=wish.tier,
                           keep_objects=wish.keep_objects)
        wish.submissions = wish.submissions or own_samples(order.lab)
        return _run(order, _submissions(wish, order.lab, console), wish, console)
    except CannotGrade as reason:
        print(f"run_all: {reason}", file=sys.stderr)
        return reason.status


def _options() -> argparse.ArgumentParser:
    options = parser("grader/run_all.sh", __doc__)
    options.add_argument("submissions", nargs="?", type=_folder, default=None,
                         metavar="SUBMISSIONS", help="a folder of folders and archives, one for "
                         "each submission (default: the samples)")
    options.add_argument("-o", dest="results", type=_folder, default=Path("results"),
                         metavar="RESULTS", help="where the results go (default: results)")
    options.add_argument("-j", dest="jobs", type=int, default=cores(), metavar="N",
                         help="so many targets side by side (default: the number of cores)")
    options.add_argument("--expected", action="store_true", help="compare the verdicts with the "
                         "expected.toml in each submission (the samples: always); never for "
                         "strangers")
    add_keep_objects(options)
    return options


def own_samples(lab: Lab) -> Path:
    """The samples of the lab's profile: they are graded when no folder is named."""
    return GRADER / "samples" if lab.profile == STOCK else GRADER / "other_samples" / lab.profile


def _folder(name: str) -> Path:
    if not name:
        raise CannotGrade("an empty word names no folder")
    return Path(name)


def _submissions(wish: argparse.Namespace, lab: Lab, console: Console) -> list[Submission]:
    """What there is to grade; proves that the results can be written before anything is graded."""
    folder: Path = wish.submissions
    shown = printable(str(folder))
    try:
        found, skipped = find_submissions(folder)
        inside = wish.results.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: links in a circle
        raise CannotGrade(f"{shown}: {getattr(error, 'strerror', None) or error}") from error
    parts = [lab.folder_of(target) for target in lab.graded]
    if part := next((part for part in parts if (folder / part).is_dir()), None):
        raise CannotGrade(f"{shown} looks like one submission (it has a folder {part}); "
                          "give the folder that holds it")
    if not found:
        raise CannotGrade(f"{shown}: no submissions in it (each is a folder or an archive)")
    if inside:
        raise CannotGrade(f"{printable(str(wish.results))} lies in the folder of submissions; "
                          "give another one with -o")
    _prove_writable(wish.results)
    if skipped:
        more = f", … and {len(skipped) - NAMED} more" if len(skipped) > NAMED else ""
        words = f"Skipped, for they are no submissions: {', '.join(skipped[:NAMED])}{more}"
        console.print(Text(printable(words), "dim"), soft_wrap=True)
    _tell_of_equal_names(found, console)
    return found


def _tell_of_equal_names(found: list[Submission], console: Console) -> None:
    """Both are graded: which of them counts is for the instructor to say."""
    for one in found:
        if one.root.is_file() and one.name == one.root.name:
            words = f"{one.name} goes by its whole name: something else is called {stem(one.name)}"
            console.print(Text(printable(words), "yellow"), soft_wrap=True)


def _prove_writable(results: Path) -> None:
    try:
        results.mkdir(parents=True, exist_ok=True)
        write_whole(results / ".writable", "")
        (results / ".writable").unlink()
    except OSError as error:
        raise CannotGrade(f"{printable(str(results))}: cannot be written: "
                          f"{error.strerror}") from error


def _run(order: Order, submissions: list[Submission], wish: argparse.Namespace,
         console: Console) -> int:
    start, reports, wrong = time.monotonic(), dict[str, Report](), list[str]()
    by_name = {submission.name: submission for submission in submissions}
    stopped, jobs = False, 1 if order.shares_a_network else wish.jobs
    if order.shares_a_network:
        console.print(printable(order.sandbox_in_words), soft_wrap=True)
    try:
        with showing_submissions(console, len(submissions)) as one_more, \
                closing(grade_all(order, submissions, jobs)) as graded:
            for report in graded:
                wrong += _keep(by_name[report.submission], report, wish, order.lab)
                reports[report.submission] = _slim(report)
                one_more()
                console.print(_line(len(reports), len(submissions), report), soft_wrap=True)
    except KeyboardInterrupt:
        stopped = True
    done = [reports[name] for name in by_name if name in reports]
    try:
        write_whole(wish.results / "gradebook.csv", gradebook(order.lab, done))
    except OSError as error:
        wrong.append(f"ERROR  gradebook.csv cannot be written: {error.strerror}")
    _sum_up(console, done, wrong, wish.results, time.monotonic() - start)
    if stopped:
        print(f"run_all: stopped; {len(done)} of {len(submissions)} were graded", file=sys.stderr)
        return STOPPED
    return 1 if wrong or any(report.has_grader_error for report in done) else 0


def _keep(submission: Submission, report: Report, wish: argparse.Namespace, lab: Lab) -> list[str]:
    """Writes result.json; a line for whatever went wrong with it, or is not as expected."""
    try:
        write_result(wish.results / submission.name / "result.json", report)
        if wish.expected or wish.submissions.resolve() == own_samples(lab):
            return [f"NOT AS EXPECTED  {submission.name}: {line}"
                    for line in differences(submission, report, lab)]
    except Exception as error:  # one submission never stops the others
        return [f"ERROR  {submission.name}: {type(error).__name__}: {error}"]
    return []


def _slim(report: Report) -> Report:
    """What the class table needs: the scenes are in result.json by now."""
    return replace(report, build_logs={}, rows=tuple(
        replace(row, transcript=()) for row in report.rows))


def _line(number: int, of: int, report: Report) -> Text:
    seconds = sum(row.seconds for row in report.rows)
    status = "" if report.status == "graded" else f"  {report.status}: {' '.join(report.notes)}"
    return Text(printable(f"[{number:>{len(str(of))}}/{of}] {report.submission:<24} "
                          f"{score(report.rows)}  ({seconds:.1f} s){status}"))


def _sum_up(console: Console, done: list[Report], wrong: list[str], results: Path,
            seconds: float) -> None:
    if done:
        console.print()
        print_class(console, done)
    for report in done:
        ours = [row for row in report.rows if row.verdict.value == "ERROR"]
        if ours:
            words = (f"ERROR  {report.submission}: {len(ours)} rows, the first "
                     f"{ours[0].target}/{ours[0].name}; see result.json")
            console.print(Text(printable(words), "magenta"))
    for line in wrong:
        console.print(Text(printable(line), "red"), soft_wrap=True)
    console.print(Text(printable(f"\n{len(done)} graded in {seconds:.1f} s; results in {results}",
                                 keep="\n")))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, frame: signal.raise_signal(signal.SIGINT))
    sys.exit(main())
