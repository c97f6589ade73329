"""docs/accuracy.md: what the commands have measured, each in a section of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from grading.report.result_json import write_whole

from accuracy.corpus import CONFORMING, DEFECTS
from accuracy.judged import Judged
from accuracy.matrix import Matrix

HEAD = """# How often the grader is right

Written by `make accuracy`, `make races`, `make flake` and `make hostile`, each its section; what is
said of blind sets is written by hand. The programs are in
[grader/corpus](../grader/corpus/README.md): right ones in many styles, and ones that are wrong in
one way that students really are, each with the verdicts it must get.
"""
SECTIONS = ("matrix", "races", "flake", "blind", "hostile")  # in this order
_SECTION = re.compile(r"<!-- section: (\w+) -->\n(.*?)\n<!-- end -->\n", re.DOTALL)


def put(path: Path, section: str, text: str) -> None:
    """Writes one section anew and leaves the others as they are; raises OSError."""
    old = path.read_text(encoding="utf-8") if path.is_file() else ""
    sections = {**dict(_SECTION.findall(old)), section: text.strip()}
    body = [f"<!-- section: {name} -->\n{sections[name]}\n<!-- end -->\n"
            for name in SECTIONS if name in sections]
    write_whole(path, "\n".join([HEAD, *body]))


def matrix_section(matrix: Matrix, environment: dict[str, str], took: str) -> str:
    """The kill matrix and the sums above it."""
    return "\n".join([*_sums(matrix, environment, took), *_by_check(matrix), *_by_program(matrix)])


def _sums(matrix: Matrix, environment: dict[str, str], took: str) -> Iterator[str]:
    right, certain = matrix.of(CONFORMING), matrix.certain
    races = len(matrix.of(DEFECTS)) - len(certain)
    where = ", ".join(f"{what} {environment[what]}"
                      for what in ("compiler", "kernel", "sandbox") if environment.get(what))
    yield from ("## Kill matrix", "", f"`make accuracy`, {took}; grader "
                f"{environment.get('grader', '')}, {where}.", "", "| what | result |", "|---|---|",
                f"| defects that lose exactly what they should | {len(matrix.exact)} of "
                f"{len(certain)} ({races} races apart) |",
                f"| right programs that lost something | {len(matrix.wronged)} of {len(right)} |",
                f"| checks that no defect fails | {len(matrix.untested)} of "
                f"{len(matrix.lab.checks)} |",
                f"| verdicts compared | {matrix.verdicts} |", "")
    for trouble in matrix.troubles:
        yield f"- {trouble}"
    if matrix.troubles:
        yield ""


def _by_check(matrix: Matrix) -> Iterator[str]:
    yield from ("### Each check, and the defects it fails", "", "| check | tests | defects |",
                "|---|---|---|")
    for row in matrix.lab.checks.values():
        its = ", ".join(one.entry.name for one in matrix.killers(row.name))
        yield f"| `{row.name}` | {' '.join(row.clauses)} | {its or '**none**'} |"
    yield ""


def _by_program(matrix: Matrix) -> Iterator[str]:
    yield from ("### Each defect, and what it loses", "", "| defect | breaks | loses |",
                "|---|---|---|")
    for one in matrix.of(DEFECTS):
        yield f"| {one.entry.name}: {one.entry.title} | {one.entry.clause} | {_losses(one)} |"
    yield from ("", "### Right programs", "", "| program | loses |", "|---|---|")
    for one in matrix.of(CONFORMING):
        yield f"| {one.entry.name}: {one.entry.title} | {_losses(one) or 'nothing'} |"


def _losses(one: Judged) -> str:
    its: dict[str, list[str]] = {}
    for row in one.failed:
        its.setdefault(row.name, []).append(row.target)
    return ", ".join(f"{name} ({', '.join(targets)})" for name, targets in its.items())
