"""What `make test` has found last, and the failing check that a student means by a name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from grading.lab_types import is_chosen
from grading.lab import Lab, NoProfile, read_lab
from grading.report.result_json import read_result
from grading.report.score_card import first_to_mend
from grading.report.wording import failing
from grading.run_options import GRADER, CannotGrade
from grading.verdict import CheckResult, Report, Verdict


class NothingToMend(Exception):
    """One line: there is no failing check to talk about, and that is good."""


def last_result(path: Path) -> Report:
    """The record of the last `make test`; raises CannotGrade where there is none."""
    try:
        return read_result(path)
    except FileNotFoundError as error:
        raise CannotGrade("nothing has been graded yet: make test does it") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CannotGrade(f"{path} cannot be read ({error}): make test writes it anew") from error


def lab_of(report: Report) -> Lab:
    """The lab by which it was graded; raises CannotGrade, LabError."""
    try:
        return read_lab(GRADER / "lab.toml", report.environment.get("profile", ""))
    except NoProfile as error:
        raise CannotGrade(f"{error}: make test grades anew") from error


def meant(lab: Lab, report: Report, pattern: str, target: str = "") -> CheckResult:
    """The failing row that is meant: by its name, by a pattern that fits one, or the card's first.

    Raises CannotGrade for a name that is no check's or fits several, NothingToMend where it passes.
    """
    rows = [row for row in report.rows if not target or row.target == target]
    if not pattern:
        if (first := first_to_mend(rows)) is None:
            raise NothingToMend("no check of the last make test has failed")
        return first
    names = named(lab, pattern)
    not_passed = [row for row in rows if row.name in names and row.verdict is not Verdict.PASS]
    wrong = failing(not_passed) or not_passed  # what waits for others says nothing yet
    if several := list(dict.fromkeys(row.name for row in wrong))[1:]:
        raise CannotGrade("\n  ".join(
            (f"{pattern} fits several, choose one:", wrong[0].name, *several)))
    if wrong:
        return first_to_mend(wrong) or wrong[0]
    raise _passes(rows, names, pattern)


def named(lab: Lab, pattern: str) -> list[str]:
    """The checks that fit a name or a pattern; raises CannotGrade where none does."""
    names = [name for name in lab.checks if is_chosen(name, pattern)]
    if not names:
        raise CannotGrade(f"no check is named {pattern}; make rubric lists them")
    return names


def _passes(rows: Sequence[CheckResult], names: Sequence[str], pattern: str) -> Exception:
    played = [row.name for row in rows if row.name in names]
    if not played:
        return CannotGrade(f"the last make test has not played {pattern}: "
                           f"make test T={pattern} does")
    what = played[0] if len(set(played)) == 1 else f"every check that {pattern} fits"
    return NothingToMend(f"{what} passes: nothing to mend")
