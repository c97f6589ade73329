"""Writes the verdicts that a program got into its expected.toml, for you to look through."""

from __future__ import annotations

import re

from grading.report.result_json import write_whole

from accuracy.corpus import EXPECTED
from accuracy.judged import Judged

_TABLES = re.compile(r"\n*^\[.*", re.MULTILINE | re.DOTALL)  # all that stands below the first one


def record(one: Judged) -> None:
    """Replaces the tables of expected.toml; what stands above them stays. Raises OSError."""
    path = one.entry.folder / EXPECTED
    head = _TABLES.sub("", path.read_text(encoding="utf-8")).rstrip()
    tables: dict[str, list[str]] = {}
    for row in one.failed:
        known = one.entry.inherited.get(row.target, {}).get(row.name)
        if not one.entry.race and row.verdict.value != known:
            wanted = one.entry.wanted(row.target, row.name)
            verdict = "|".join(wanted) if row.verdict.value in wanted else row.verdict.value
            tables.setdefault(row.target, []).append(f'{row.name} = "{verdict}"')
    text = "".join(f"\n[{target}]\n" + "".join(f"{line}\n" for line in lines)
                   for target, lines in tables.items())
    write_whole(path, f"{head}\n{text}")
