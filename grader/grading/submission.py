"""A student's files, found and named, and what a sample among them says of itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib  # type: ignore[no-redef]

from grading.lab import Lab
from grading.verdict import CheckResult, Report, Verdict

NOT_HANDED_IN = "was not handed in"  # how a part's `builds` says that its folder is not there
NOT_SAID = "PASS"  # the verdict that expected.toml means where it names none


@dataclass(frozen=True)
class Submission:
    """A student's files. `root` is looked at, never written to."""

    name: str
    root: Path


def absent_targets(rows: Iterable[CheckResult]) -> set[str]:
    """The targets of parts that were not handed in."""
    return {row.target for row in rows if row.cause and NOT_HANDED_IN in row.cause.rationale}


def find_submissions(folder: Path, results: Path) -> list[Submission]:
    """Every folder in `folder`, by name; hidden ones and the results are none."""
    return [Submission(entry.name, entry) for entry in sorted(folder.iterdir())
            if entry.is_dir() and not entry.name.startswith(".")
            and entry.resolve() != results.resolve()]


def differences(submission: Submission, report: Report, lab: Lab) -> list[str]:
    """Where the verdicts are not those of the sample's expected.toml; nothing if it has none.

    What this machine cannot judge is no difference. `FAIL|CRASH` allows both.
    """
    path = submission.root / "expected.toml"
    if not path.is_file():
        return []
    try:
        expected = tomllib.loads(path.read_text())
    except (OSError, ValueError) as error:
        return [f"expected.toml cannot be read: {error}"]
    found = [] if report.status == "graded" else [f"the submission is {report.status}"]
    found += _names_nobody_knows(expected, lab)
    for row in report.rows:
        wanted = _wanted(expected, row)
        if row.verdict.value not in wanted.split("|") and row.verdict is not Verdict.NOT_JUDGED:
            why = f" ({row.cause.rationale})" if row.cause else ""
            found.append(f"{row.target}: {row.name} is {row.verdict.value}, not {wanted}{why}")
    return found


def _wanted(expected: dict[str, Any], row: CheckResult) -> str:
    if row.part not in expected.get("parts", ()):
        return "FAIL" if row.name == "builds" else "BLOCKED"
    return str(expected.get(row.target, {}).get(row.name, NOT_SAID))


def _names_nobody_knows(expected: dict[str, Any], lab: Lab) -> list[str]:
    tables = {name: table for name, table in expected.items() if isinstance(table, dict)}
    found = [f"expected.toml names {part}, which is no part"
             for part in expected.get("parts", ()) if part not in lab.parts]
    for target, table in tables.items():
        known = {row.name for row in lab.checks.values() if target in row.targets}
        found += [f"expected.toml names {name}, which is no check of {target}"
                  for name in table if name not in known]
    return found
