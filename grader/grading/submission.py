"""A student's files, found and named, and what a sample among them says of itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib  # type: ignore[no-redef]

from grading.unpacking import is_archive, stem
from grading.lab import Lab
from grading.verdict import CheckResult, Report, Verdict

NOT_HANDED_IN = "was not handed in"  # how a part's `builds` says that its folder is not there
NOT_SAID = "PASS"  # the verdict that expected.toml means where it names none
MOST_EXPECTED = 64 << 10  # bytes of an expected.toml


@dataclass(frozen=True)
class Submission:
    """A student's files: a folder, or an archive. `root` is looked at, never written to."""

    name: str
    root: Path


def absent_targets(rows: Iterable[CheckResult]) -> set[str]:
    """The targets of parts that were not handed in."""
    return {row.target for row in rows if row.cause and NOT_HANDED_IN in row.cause.rationale}


def find_submissions(folder: Path) -> tuple[list[Submission], list[str]]:
    """Every folder and archive in `folder`, by name, and the names of what is neither, or hidden.

    An archive goes by its name without the ending, unless something else is called so.
    """
    found, skipped = list[Submission](), list[str]()
    entries = sorted(folder.iterdir())
    called = Counter(name for entry in entries for name in {entry.name, stem(entry.name)})
    for entry in entries:
        if entry.name.startswith("."):
            skipped.append(entry.name)
        elif entry.is_dir():
            found.append(Submission(entry.name, entry))
        elif entry.is_file() and is_archive(entry.name):
            alone = called[stem(entry.name)] == 1
            found.append(Submission(stem(entry.name) if alone else entry.name, entry))
        else:
            skipped.append(entry.name)
    return found, skipped


def differences(submission: Submission, report: Report, lab: Lab) -> list[str]:
    """Where the verdicts are not those of the sample's expected.toml; nothing if it has none.

    What this machine cannot judge is no difference. `FAIL|CRASH` allows both.
    """
    try:
        path = submission.root / "expected.toml"
        return _compared(_read(path), report, lab) if path.is_file() else []
    except (OSError, ValueError, AttributeError, TypeError, RecursionError) as error:
        return [f"expected.toml cannot be read: {error}"]


def _read(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        text = file.read(MOST_EXPECTED + 1)
    if len(text) > MOST_EXPECTED:
        raise ValueError(f"it has more than {MOST_EXPECTED >> 10} KiB")
    return tomllib.loads(text.decode())


def _compared(expected: dict[str, Any], report: Report, lab: Lab) -> list[str]:
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
