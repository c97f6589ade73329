"""`make test`: grades this tree and shows the score card."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from grading.grade import grade_all
from grading.hint_command import memory_file
from grading.hint_memory import HintMemory
from grading.report.progress import showing_targets
from grading.report.result_json import write_result
from grading.report.score_card import first_to_mend, print_score_card
from grading.report.wording import failing, printable, terminal
from grading.run_options import (GRADER, CannotGrade, NoSandbox, add_keep_objects, cores,
                                 make_order, parser)
from grading.submission import Submission
from grading.target_worker import Order
from grading.verdict import Report
from grading.workspace import MADE_HERE

ROOT = GRADER.parent
RESULT = ROOT / "build" / "result.json"
WAY_OUT = "; your OWN code can run without one: make test ARGS=--allow-unsafe"


def main(arguments: list[str] | None = None) -> int:
    """0: every check passed that the 100 points are for; 1: some did not; 2: usage."""
    options = parser("make test", __doc__)
    options.add_argument("--strict", action="store_true", help="extra credit has to pass as well")
    options.add_argument("--allow-unsafe", action="store_true",
                         help="where no sandbox is to be had, run your OWN code without one")
    add_keep_objects(options)
    wish = options.parse_args(arguments)
    console = terminal()
    try:
        order = make_order(wish.part, wish.check, wish.profile, tier=wish.tier,
                           allow_unsafe=wish.allow_unsafe, keep_objects=wish.keep_objects)
        report = grade_tree(order, console, ROOT)
        write_result(RESULT, report)
    except CannotGrade as reason:
        way_out = WAY_OUT if isinstance(reason, NoSandbox) else ""
        print(f"make test: {reason}{way_out}", file=sys.stderr)
        return reason.status
    except KeyboardInterrupt:
        print("make test: stopped", file=sys.stderr)
        return 130
    print_score_card(console, report, whole=not wish.part and wish.check == "*")
    _remember_the_hint(report)
    wrong = [row for row in failing(report.rows) if wish.strict or not row.extra]
    return 1 if wrong or report.has_grader_error else 0


def _remember_the_hint(report: Report) -> None:
    """The card shows the first hint of the first thing to mend: `make hint` goes on from there."""
    memory = HintMemory(memory_file(RESULT), report)
    if (first := first_to_mend(report.rows)) and not memory.seen(first.name):
        memory.shown(first.name, 1)


def grade_tree(order: Order, console: Console, root: Path,
               look: Callable[[], None] = lambda: None) -> Report:
    """Grades one's own tree; calls `look` now and then meanwhile:
    what it raises ends the grading."""
    tree, jobs = Submission(root.name, root), max(cores(), len(order.targets))
    if order.shares_a_network:
        jobs = 1
        console.print(printable(order.sandbox_in_words), soft_wrap=True)
    with showing_targets(console, order.targets) as show:
        def progress(target: str, done: int, rows: int, doing: str) -> None:
            show(target, done, rows, doing)
            look()

        with closing(grade_all(order, [tree], jobs, progress)) as reports:
            report = next(reports)
    # What `make` has just built here says nothing of what will be handed in.
    return replace(report, notes=tuple(note for note in report.notes
                                       if not note.startswith(".") and not MADE_HERE.search(note)))


if __name__ == "__main__":
    sys.exit(main())
