"""lab.toml and the files beside it as students get them: without hidden checks, but with what those
are worth."""

from __future__ import annotations

import re
from dataclasses import replace

from grading.handout.markers import HandoutError
from grading.lab import Lab
from grading.likely_cause import causes_in, written
from grading.report.wording import points

HIDDEN_FILES = "hidden_"  # how the names of check files begin that students do not get


def without_hidden(text: str, lab: Lab, promised: set[str]) -> str:
    """The text without [handout] and the rows of hidden checks, and with their points as `hidden`.

    `promised` are the checks in the files that students get: proves that none of them is hidden,
    that none is missing, and that none waits for a hidden one. Raises HandoutError.
    """
    hidden = {row.name: row for row in lab.checks.values() if row.visibility == "hidden"}
    for name, row in lab.checks.items():
        if (name in hidden) == (name in promised):
            raise HandoutError(f"check {name} is {row.visibility}, so its function belongs into a "
                               f"file {'' if name in hidden else 'not '}named {HIDDEN_FILES}*.py")
        for need in row.needs:
            if need in hidden and name not in hidden:
                raise HandoutError(f"check {name} is visible, but needs the hidden {need}")
    for table in ("handout", *(f"checks.{name}" for name in hidden)):
        text = _without_table(text, table)
    worth = {target: sum(row.points.get(target, 0) for row in hidden.values())
             for target in lab.targets}
    if listed := ", ".join(f"{target} = {points(its)}" for target, its in worth.items() if its):
        text = re.sub(r"^name = .*\n", rf"\g<0>hidden = {{ {listed} }}\n", text, 1, re.MULTILINE)
    return text


def hints_without(text: str, lab: Lab) -> str:
    """hints.toml without the tables of hidden checks."""
    for row in lab.checks.values():
        if row.visibility == "hidden":
            table = rf"^\[{row.name}\]\n(?:(?!\[).*\n)*"
            text = re.sub(table, "", text, count=1, flags=re.MULTILINE)
    return text


def causes_without(text: str, lab: Lab) -> str:
    """causes.json without what hidden checks have to do with a cause."""
    known = [replace(cause, signs=frozenset(
        sign for sign in cause.signs
        if (row := lab.checks.get(sign.split()[0])) is None or row.visibility != "hidden"))
        for cause in causes_in(text)]
    return written(cause for cause in known if cause.signs)


def _without_table(text: str, table: str) -> str:
    """Takes out the paragraph that the table stands in, comments above it included."""
    return "\n\n".join(paragraph for paragraph in text.split("\n\n")
                       if f"[{table}]" not in paragraph.splitlines())
