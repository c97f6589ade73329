"""What `make test` and run_all.sh have in common before they grade: options, tools, sandbox."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
from pathlib import Path

from grading import sandbox
from grading.build import OBJECTS
from grading.lab import Lab, NoProfile, read_lab
from grading.lab_table import LabError
from grading.lab_types import is_chosen
from grading.likely_cause import FILE, read_causes
from grading.report.rubric import promises_of
from grading.target_worker import Order

GRADER = Path(__file__).resolve().parents[1]
MAX_JOBS = 184  # so many uids the sandbox has to give away
TOOLS = ("make", "g++")
TIERS = {"A": sandbox.Tier.FULL, "C": sandbox.Tier.REDUCED, "D": sandbox.Tier.NONE}


class CannotGrade(Exception):
    """One line for whoever called, and the exit status."""

    def __init__(self, words: str, status: int = 2) -> None:
        super().__init__(words)
        self.status = status


def parser(program: str, description: str | None) -> argparse.ArgumentParser:
    """A parser with the options that both commands know."""
    made = argparse.ArgumentParser(prog=program, description=description)
    made.add_argument("--part", default="", help="grade this part only")
    made.add_argument("--profile", default="", metavar="NAME",
                      help="grade by this profile of lab.toml")
    made.add_argument("--check", default="*", metavar="GLOB", help="run only the checks so "
                      "named; !GLOB runs all but these")
    made.add_argument("--tier", choices=list(TIERS), help="use this sandbox or none: A with "
                      "namespaces, C with a shared network (root), D without (make test only); "
                      "default: the best that works here")
    return made


def add_keep_objects(options: argparse.ArgumentParser) -> None:
    """For who grades programs of one's own."""
    options.add_argument("--keep-objects", action="store_true", help="all is your OWN code: what "
                         "several programs compile alike is compiled once (needs ccache)")


class NoSandbox(CannotGrade):
    """Everything else is there."""


def make_order(part: str, pattern: str, profile: str = "", *, tier: str | None = None,
               allow_unsafe: bool = False, keep_objects: bool = False) -> Order:
    """Proves that grading is possible here and says what is to be graded; raises CannotGrade.

    tier: a letter of TIERS, or the best there is. For code that is all one's own:
    allow_unsafe, without a sandbox too; keep_objects, each file compiled once, where there is
    ccache and a sandbox that can show all builds one folder.
    """
    try:
        lab = read_lab(GRADER / "lab.toml", profile)
        promise_of = promises_of(lab, GRADER)
    except NoProfile as error:
        raise CannotGrade(str(error)) from error
    except LabError as error:
        raise CannotGrade(str(error), 1) from error
    _prove_wish(lab, part, pattern)
    try:
        causes = read_causes(GRADER / FILE)
    except (OSError, ValueError, KeyError, TypeError) as error:
        words = f"{FILE} cannot be read; make accuracy writes it anew: {error}"
        raise CannotGrade(words, 1) from error
    if missing := [tool for tool in TOOLS if not shutil.which(tool)]:
        raise CannotGrade(f"{' and '.join(missing)} not found in any folder of PATH, which "
                          f"is {os.environ.get('PATH', 'not set')}", 1)
    try:
        probe = sandbox.probe(TIERS[tier] if tier else None)
    except sandbox.SandboxError as error:
        raise CannotGrade(f"nothing was graded: {error}", 1) from error
    if probe.tier is sandbox.Tier.NONE and not allow_unsafe:
        raise NoSandbox(f"no sandbox, so nothing was graded: {probe.reason}"
                          + (f"; what to do: {probe.advice}" if probe.advice else ""), 1)
    parts = tuple(name for name in lab.parts
                  if part in ("", name) and lab.rows_of(name, pattern))
    cache = GRADER.parent / "build" / "grader-cache"
    keep_objects = (keep_objects and probe.tier is sandbox.Tier.FULL
                    and shutil.which("ccache") is not None)
    if keep_objects:
        (cache / OBJECTS).mkdir(parents=True, exist_ok=True)
        (cache / OBJECTS).chmod(0o777)  # whoever builds has to be able to write there
    environment = {"grader": "", "profile": lab.profile, "compiler": "",
                   "kernel": platform.release(),
                   "sandbox": probe.tier.value}
    return Order(lab, GRADER, sys.executable, cache, promise_of, environment, parts, pattern,
                 tier=probe.tier, tier_reason=probe.reason, causes=causes,
                 keep_objects=keep_objects)


def _prove_wish(lab: Lab, part: str, pattern: str) -> None:
    if part and (why := lab.no_part(part)):
        raise CannotGrade(why)
    if not any(is_chosen(row.name, pattern) and any(lab.targets[t].part == part or not part
               for t in row.targets) for row in lab.checks.values()):
        raise CannotGrade(f"no check of {part or 'any part'} is named {pattern}; "
                          "`make rubric` lists them")


def cores() -> int:
    """How many processors this process may use."""
    return min(MAX_JOBS, len(os.sched_getaffinity(0)))
