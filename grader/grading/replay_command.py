"""`make replay`: shows a check's scene once more, slowly, then what the grader makes of it."""

from __future__ import annotations

import argparse
import math
import os
import sys
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from grading.foreground import alone_in_front
from grading.lab import Lab
from grading.lab_table import LabError
from grading.last_result import NothingToMend, last_result, meant, named
from grading.replay import play
from grading.report.first_thing import print_failure
from grading.report.scene_view import SceneView
from grading.report.score_card import WIDEST
from grading.report.wording import printable, tail, terminal
from grading.run_options import GRADER, CannotGrade, make_order, parser
from grading.source_files import changed_since
from grading.target_worker import Order, TargetResult
from grading.verdict import CheckResult, Report, Verdict

ROOT = GRADER.parent
RESULT = ROOT / "build" / "result.json"
SEEDED = "no_data_race"  # the check that is played in schedules
PACE = 0.7  # seconds before each thing that somebody does
LOG_LINES = 60  # of a build that has failed


def main(arguments: list[str] | None = None) -> int:
    """0: the scene was shown, whatever its end, or as far as Ctrl-C let it; 1, 2: it cannot be."""
    wish = _options().parse_args(arguments)
    console = terminal()
    console.width = min(console.width, WIDEST)
    try:
        root = Path(wish.submission) if wish.submission else ROOT
        if not root.is_dir():
            raise CannotGrade(f"{root} is no folder")
        with alone_in_front():
            _replay(console, root, wish)
    except NothingToMend as reason:
        print(f"make replay: {reason}; T=name plays one all the same")
    except (CannotGrade, LabError) as reason:
        print(f"make replay: {reason}", file=sys.stderr)
        return getattr(reason, "status", 2)
    except BrokenPipeError:  # `make replay | head`: what is left is for nobody
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        print("\nmake replay: stopped")
    return 0


def _options() -> argparse.ArgumentParser:
    options = parser("make replay", __doc__)
    options.set_defaults(check="")
    options.add_argument("--pace", type=_pace, default=PACE, metavar="SECONDS",
                         help="the pause before each thing that is done; 0: none")
    options.add_argument("--seed", type=_seed, metavar="N",
                         help="the schedule of threads that a race was seen in")
    options.add_argument("--submission", default="", metavar="FOLDER",
                         help="another tree than this one")
    options.add_argument("--allow-unsafe", action="store_true",
                         help="where no sandbox is to be had, run your OWN code without one")
    return options


def _seed(word: str) -> int:
    if not word.isascii() or not word.isdigit() or int(word) >= 1 << 64:
        raise argparse.ArgumentTypeError("SEED has to be a whole number, as a report names it")
    return int(word)


def _pace(word: str) -> float:
    try:
        pace = float(word)
    except ValueError:
        pace = math.nan
    if not 0 <= pace <= 60:
        raise argparse.ArgumentTypeError("PACE has to be a number of seconds from 0 to 60")
    return pace


def _replay(console: Console, root: Path, wish: argparse.Namespace) -> None:
    report = _report(wish)
    profile = wish.profile or (report.environment.get("profile", "") if report else "")
    order = make_order("", "*", profile, allow_unsafe=wish.allow_unsafe)
    check, target = _chosen(order.lab, report, wish.check, wish.part)
    if wish.seed is not None and check != SEEDED:
        raise CannotGrade(f"SEED says how threads take turns in {SEEDED}; {check} has no seed")
    order = replace(order, seed=wish.seed)
    _print_head(console, order, check, target)
    view = SceneView(console, wish.pace)
    result = play(order, root, check, target, view.show)
    row = result.rows[0]
    if not view.scenes:
        _print_log(console, row, result.build_logs.get(row.part, ""))
    _print_end(console, row, result, details=bool(view.scenes))
    before = next((one for one in report.rows if (one.name, one.target) == (check, target)),
                  None) if report else None
    if row.verdict is Verdict.PASS and before and before.verdict not in (
            Verdict.PASS, Verdict.BLOCKED) and not before.verdict.is_the_graders:
        _print_recorded(console, before, view, changed_since(RESULT, root, order.lab))


def _report(wish: argparse.Namespace) -> Report | None:
    """The last result of this tree; it has to be there where it says what to play."""
    if wish.submission:
        if not wish.check:
            raise CannotGrade("say with T=name what to play of another folder")
        return None
    try:
        return last_result(RESULT)
    except CannotGrade:
        if not wish.check:
            raise
        return None


def _chosen(lab: Lab, report: Report | None, pattern: str, part: str) -> tuple[str, str]:
    """The check and the target; raises CannotGrade, NothingToMend."""
    if part and part not in lab.parts and part not in lab.targets:
        raise CannotGrade(lab.no_part(part))
    here = [target.name for target in lab.targets.values()
            if part in ("", target.part, target.name)]
    exact = [name for name in here if name == part]
    names = named(lab, pattern) if pattern else []
    if report and (not names or len(names) > 1):
        row = meant(lab, report, pattern)
        names, pattern = [row.name], row.name
    if len(names) > 1:
        raise CannotGrade("\n  ".join((f"{pattern} fits several, choose one:", *names)))
    on = [target for target in (exact or here) if target in lab.checks[names[0]].targets]
    if not on:
        raise CannotGrade(f"{names[0]} is not asked of {part}, but of "
                          f"{', '.join(lab.checks[names[0]].targets)}")
    wrong = [row.target for row in report.rows if row.name == names[0] and row.target in on
             and row.verdict not in (Verdict.PASS, Verdict.BLOCKED)] if report else []
    return names[0], (wrong or on)[0]


def _print_head(console: Console, order: Order, check: str, target: str) -> None:
    part = order.lab.parts[order.lab.targets[target].part]
    console.print(Text("\n ").append(check, "bold").append(f" on {target}", "dim"))
    console.print(Padding(Text(printable(order.promises.get(check, "")), "dim"), (0, 0, 0, 1)))
    console.print(Text(f" {' '.join(part.build)}, then the scene; times in seconds\n", "dim"))


def _print_log(console: Console, row: CheckResult, build_log: str) -> None:
    """What stands for a scene where none could be played: the words of make, or of the compiler
    that has linked the grader's program with the library."""
    console.print(Text(" There is no scene to see. What the build said:\n", "bold"))
    said = row.cause.detail if row.cause and row.cause.detail else build_log
    console.print(Padding(Text(tail(said, LOG_LINES), ""), (0, 0, 0, 4)))


def _print_end(console: Console, row: CheckResult, result: TargetResult, details: bool) -> None:
    if row.verdict is Verdict.PASS:
        console.print(Text(f"\n ✓ {row.name} passes.\n", "bold green"))
        return
    console.print(Text(f"\n {row.verdict.value}: ", "bold red").append(row.name, "bold red"))
    print_failure(console, row, result.build_logs.get(row.part, ""), details)
    console.print(Text(f"\n slower: {printable(row.replay)} PACE=2", "dim"), soft_wrap=True)


def _print_recorded(console: Console, row: CheckResult, view: SceneView, changed: str) -> None:
    """It passes now and did not before: has it been mended, or does it depend on chance?"""
    if changed:
        console.print(Text(f" It failed in the last make test; you have changed {changed} since. "
                           "make test tells whether all is well.", "dim"))
        return
    console.print(Text(f" {Verdict.FLAKY.value}: ", "bold yellow").append(
        "it failed in the last make test, and nothing has changed since: it depends on chance, "
        "on which thread runs first. What was recorded when it failed:\n", "yellow"))
    view.show_all(row.transcript)
    console.print()
    print_failure(console, row, "")


if __name__ == "__main__":
    sys.exit(main())
