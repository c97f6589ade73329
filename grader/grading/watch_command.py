"""`make watch`: grades again whenever a student's file changes, and only what it belongs to."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from rich.console import Console
from rich.text import Text

from grading.foreground import alone_in_front
from grading.lab import Lab
from grading.last_result import last_result
from grading.report.result_json import write_result
from grading.report.short_card import print_short_card
from grading.report.wording import printable, terminal
from grading.run_options import GRADER, CannotGrade, make_order, parser
from grading.source_files import changed_since, source_files
from grading.target_worker import Order
from grading.test_command import grade_tree
from grading.verdict import Report

ROOT = GRADER.parent
RESULT = ROOT / "build" / "result.json"
LOOK_S = 0.5  # how often the files are looked at
QUIET_S = 0.2  # an editor that saves several files is done when nothing has changed for so long
MOST_FILES = 3  # that are named


class _Changed(Exception):
    """A file has changed while its part was graded: what is graded is old already."""


def main(arguments: list[str] | None = None,
         rest: Callable[[float], None] = time.sleep) -> int:
    """Runs until Ctrl-C, then 0; 1 or 2 where nothing can be graded.
    `rest` waits so many seconds."""
    options = parser("make watch", __doc__)
    options.add_argument("--allow-unsafe", action="store_true",
                         help="where no sandbox is to be had, run your OWN code without one")
    wish = options.parse_args(arguments)
    try:
        order = make_order(wish.part, wish.check, wish.profile, allow_unsafe=wish.allow_unsafe)
        with alone_in_front():
            _Watch(order, terminal(), rest).run()
    except CannotGrade as reason:
        print(f"make watch: {reason}", file=sys.stderr)
        return reason.status
    except KeyboardInterrupt:
        print("\nmake watch: ended")
    return 0


class _Watch:
    """The files as they were when they were last looked at, and the last report of every part."""

    def __init__(self, order: Order, console: Console, rest: Callable[[float], None]) -> None:
        self._order, self._console, self._rest = order, console, rest
        self._files = source_files(ROOT, order.lab)
        self._report = _report_of_now(order)
        self._looked = 0.0

    def run(self) -> None:
        """Grades what has changed, again and again; ends by an exception."""
        due = set() if self._report else set(self._order.parts)
        if self._report:
            self._say("the last result is up to date")
            print_short_card(self._console, self._report, None, self._order.targets)
        while True:
            while due:
                due = self._grade(due)
            self._console.print(Text(" waiting for a change; Ctrl-C ends", "dim"))
            due = self._wait()

    def _wait(self) -> set[str]:
        """The parts of the files that change next."""
        while source_files(ROOT, self._order.lab) == self._files:
            self._rest(LOOK_S)
        return self._parts_changed()

    def _parts_changed(self) -> set[str]:
        """The parts of the files that have changed, as soon as no more do."""
        changed = self._changes()
        while more := self._after_a_rest():
            changed |= more
        names = sorted(changed)
        more_names = f" and {len(names) - MOST_FILES} more" if len(names) > MOST_FILES else ""
        self._say(f"{', '.join(names[:MOST_FILES])}{more_names} changed")
        return parts_of(self._order.lab, changed) & set(self._order.parts)

    def _after_a_rest(self) -> set[str]:
        self._rest(QUIET_S)
        return self._changes()

    def _changes(self) -> set[str]:
        """Files that are new, gone or different since the last look."""
        then, self._files = self._files, source_files(ROOT, self._order.lab)
        return {path for path, _ in then.items() ^ self._files.items()}

    def _grade(self, due: set[str]) -> set[str]:
        """Grades these parts; what has to be graded again at once, where they changed meanwhile."""
        order = replace(self._order, parts=tuple(part for part in self._order.parts if part in due))
        try:
            fresh = grade_tree(order, self._console, ROOT, self._look)
        except _Changed:
            return due | self._parts_changed()
        before, self._report = self._report, _merged(self._order, self._report, fresh)
        write_result(RESULT, self._report)
        print_short_card(self._console, self._report, before, order.targets)
        return set()

    def _look(self) -> None:
        """Called while it is graded: raises _Changed when that is in vain."""
        now = time.monotonic()
        if now - self._looked > LOOK_S:
            self._looked = now
            if source_files(ROOT, self._order.lab) != self._files:
                raise _Changed

    def _say(self, words: str) -> None:
        self._console.print(Text(f"\n {time.strftime('%H:%M:%S')}  {printable(words)}", "bold"))


def parts_of(lab: Lab, paths: Iterable[str]) -> set[str]:
    """The parts that these files belong to, and those that are built on their libraries; all parts
    for a file that belongs to none."""
    found: set[str] = set()
    for path in paths:
        own = {part.name for part in lab.parts.values() if path.startswith(f"{part.folder}/")}
        found |= own or set(lab.parts)
    return found | {target.part for target in lab.targets.values()
                    if target.library and lab.targets[target.library].part in found}


def _report_of_now(order: Order) -> Report | None:
    """The last result, if it is of all that is asked for and no file is newer."""
    try:
        report = last_result(RESULT)
    except CannotGrade:
        return None
    wanted = {(row.name, target.name) for on in order.targets for row, target in order.rows_on(on)}
    there = {(row.name, row.target) for row in report.rows}
    return report if there == wanted and not changed_since(RESULT, ROOT, order.lab) else None


def _merged(order: Order, before: Report | None, fresh: Report) -> Report:
    """The fresh rows, and the old ones of the targets that were not graded now, in their order."""
    if before is None:
        return fresh
    new = {row.target for row in fresh.rows}
    rows = [row for row in before.rows if row.target not in new] + list(fresh.rows)
    place = {target: number for number, target in enumerate(order.targets)}
    rows.sort(key=lambda row: place.get(row.target, len(place)))
    return replace(fresh, rows=tuple(rows), build_logs={**before.build_logs, **fresh.build_logs})


if __name__ == "__main__":
    sys.exit(main())
