"""What is graded: every check with promise, clauses and points, read without running anything."""

from __future__ import annotations

import argparse
import ast
import os
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grading.lab import HUNDRED, STOCK, CheckRow, Lab, NoProfile, Target, read_lab
from grading.lab_table import LabError
from grading.report.wording import points, terminal
from grading.sandbox import BUILD, RUN

GRADER = Path(__file__).resolve().parents[2]


def promises_of(lab: Lab, grader: Path) -> dict[str, str]:
    """The same for the lab's own checks, which lab.toml may word in its own way; proves that every
    check has its row and its function."""
    found = promises(grader)
    prove_checks(lab, found)
    return {name: row.promise or found[name] for name, row in lab.checks.items()}


def promises(grader: Path) -> dict[str, str]:
    """Check name -> the docstring of its function check_NAME, in one line each; raises LabError."""
    found: dict[str, str] = {}
    for path in sorted((grader / "checks").glob("*.py")):
        for node in ast.walk(_parsed(path)):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("check_"):
                promise = ast.get_docstring(node) or ""
                found[node.name.removeprefix("check_")] = " ".join(promise.split())
    return found


def _parsed(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8"), str(path))
    except SyntaxError as error:
        raise LabError(f"{path}:{error.lineno}: {error.msg}") from error
    except (OSError, ValueError, RecursionError) as error:
        raise LabError(f"{path}: {error}") from error


def prove_checks(lab: Lab, promise_of: dict[str, str]) -> None:
    """Every row of lab.toml has its function, every function its row; else raises LabError."""
    for name in lab.checks:
        if name not in promise_of:
            raise LabError(f"lab.toml has a check {name}, but checks/ has no function check_{name}")
    for name in promise_of:
        if name not in (*lab.checks, *lab.left_out):
            raise LabError(f"checks/ has a function check_{name}, but it has no row in lab.toml")


def print_rubric(console: Console, lab: Lab, promise_of: dict[str, str], pattern: str = "") -> None:
    """Everything, part by part, as `make rubric` shows it."""
    for part in lab.parts.values():
        if (pattern and part.name != pattern) or not _targets(lab, part.name):
            continue
        console.print(Text(part.title, "bold"))
        for target in _targets(lab, part.name):
            console.print(_table(lab, target, promise_of))
        console.print()
    for limits in _limits():
        console.print(Text(limits, "dim"))
    extra = f", and {points(lab.max_extra)} of extra credit" if lab.max_extra else ""
    console.print(f"Together {points(lab.max_score)} points{extra}.")
    if lab.hidden:
        worth = ", ".join(f"{points(its)} on {target}" for target, its in lab.hidden.items())
        console.print(f"Of these, {worth} are for checks that are not shown here.")
    if lab.profile != STOCK:
        console.print(f"This is the profile {lab.profile}: {_difference(lab)}.", soft_wrap=True)


def _difference(lab: Lab) -> str:
    if lab.scaled_from == HUNDRED:
        return "it keeps the points of lab.toml"
    return (f"the checks it keeps are worth {points(lab.scaled_from)} in lab.toml, "
            f"scaled to {points(HUNDRED)} here")


def _limits() -> list[str]:
    """What a program may use while it is judged; a check that meets a limit says so."""
    return [f"{what}: {limits.wall:g} s, {limits.cpu} s of processor time, {limits.memory >> 20} "
            f"MiB of memory, {limits.nproc} threads and processes, {limits.nofile} open files, "
            f"files of {limits.fsize >> 20} MiB, {limits.output >> 20} MiB of output"
            for what, limits in (("Each build has", BUILD), ("Each program has", RUN))]


def _table(lab: Lab, target: Target, promise_of: dict[str, str]) -> Table:
    rows = _rows(lab, target)
    table = Table(title=Text(f"{target.title}: {_worth(rows, target)}"), title_justify="left",
                  title_style="", box=None, padding=(0, 1), show_header=False, expand=True)
    table.add_column(justify="right", width=6)
    table.add_column(ratio=1)
    table.add_column(justify="right", width=8, style="dim")
    for row in rows:
        promise = Text(f"{_promise(row, promise_of)}\n").append(row.name, "dim")
        table.add_row(points(row.worth(target.name)), promise, " ".join(row.clauses))
    return table


def _targets(lab: Lab, part: str) -> list[Target]:
    return [target for target in lab.graded if target.part == part]


def _rows(lab: Lab, target: Target) -> list[CheckRow]:
    return [row for row, its in lab.rows_of(target.part)
            if its == target and row.visibility == "visible"]


def _worth(rows: list[CheckRow], target: Target) -> str:
    extra = " of extra credit" if any(target.name in row.extra for row in rows) else ""
    return f"{points(sum(row.worth(target.name) for row in rows))} points{extra}"


def _promise(row: CheckRow, promise_of: dict[str, str]) -> str:
    return promise_of.get(row.name) or f"{row.name.replace('_', ' ').capitalize()}."


def main(arguments: list[str] | None = None) -> int:
    """`make rubric`; 2 when the part is not known."""
    parser = argparse.ArgumentParser(prog="make rubric", description=__doc__)
    parser.add_argument("--part", default="", help="only this part")
    parser.add_argument("--profile", default="", help="of this profile of lab.toml")
    wish = parser.parse_args(arguments)
    try:
        lab = read_lab(GRADER / "lab.toml", wish.profile)
        promise_of = promises_of(lab, GRADER)
    except NoProfile as error:
        print(f"rubric: {error}", file=sys.stderr)
        return 2
    except LabError as error:
        print(f"rubric: {error}", file=sys.stderr)
        return 1
    if wish.part and (why := lab.no_part(wish.part)):
        print(f"rubric: {why}", file=sys.stderr)
        return 2
    console = terminal()
    with console.capture() as shown:
        print_rubric(console, lab, promise_of, wish.part)
    _show(shown.get())
    return 0


def _show(text: str) -> None:
    try:
        print(text, end="", flush=True)
    except BrokenPipeError:  # `make rubric | head`: what is left is for nobody
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
