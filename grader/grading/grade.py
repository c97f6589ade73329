"""Grades submissions: a private copy of each, a confined worker per target, one report."""

from __future__ import annotations

import queue
import shutil
import tempfile
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from grading import workspace
from grading.intake import take_in
from grading.likely_cause import with_likely_causes
from grading.sandbox import SandboxError
from grading.submission import Submission
from grading.target_worker import (Order, TargetResult, doing, errors, no_part, not_built,
                                   play_target, rows_written)
from grading.verdict import Report

LOOK_S = 0.1  # how often the progress of running workers is looked at

Progress = Callable[[str, int, int, str], None]  # target, rows done, rows in all, doing what


@dataclass
class _Work:
    """One submission on its way through the pool: copied once, by whoever comes first."""

    order: Order
    submission: Submission
    folder: Path  # for the copy and what the workers write; gone when the report is made
    targets: dict[str, TargetResult] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    status: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    root: Path = Path()  # where the parts' folders are, as they were handed in
    staged: Path = Path()

    def stage(self, slot: int, stop: threading.Event) -> None:
        """Makes the private copy, once; sets `status` to graded, rejected or error."""
        with self.lock:
            if self.status:
                return
            try:
                taken = take_in(self.order, self.submission, self.folder, slot, stop)
                self.root, self.staged, self.notes = taken.root, taken.staged, taken.notes
                self.status = "graded"
            except workspace.Rejected as reason:
                self.notes, self.status = (str(reason),), "rejected"
            except (OSError, SandboxError) as error:
                self.notes, self.status = (f"It could not be copied: {error}",), "error"


def grade_all(order: Order, submissions: Sequence[Submission], jobs: int,
              progress: Progress | None = None) -> Generator[Report, None, None]:
    """Grades them all, `jobs` targets side by side; yields each report as soon as it is whole."""
    return grade_each([(order, submission) for submission in submissions], jobs, progress)


def grade_each(wishes: Sequence[tuple[Order, Submission]], jobs: int,
               progress: Progress | None = None) -> Generator[Report, None, None]:
    """The same where of each submission something else is asked.

    Whatever is wrong with one submission stays in its own report. Closing the generator, or
    KeyboardInterrupt, ends every worker before it returns.
    """
    stop = threading.Event()
    slots: queue.SimpleQueue[int] = queue.SimpleQueue()
    for slot in range(jobs):
        slots.put(slot)
    with tempfile.TemporaryDirectory(prefix="grading-", ignore_cleanup_errors=True) as scratch, \
            ThreadPoolExecutor(jobs) as pool:
        works = [_Work(order, submission, Path(scratch, str(number)))
                 for number, (order, submission) in enumerate(wishes)]
        pending: dict[Future[TargetResult], tuple[_Work, str]] = {
            pool.submit(_in_slot, work, target, slots, stop): (work, target)
            for work in works for target in work.order.targets}
        try:
            while pending:
                for future in wait(pending, LOOK_S, FIRST_COMPLETED).done:
                    work, target = pending.pop(future)
                    work.targets[target] = future.result()
                    if len(work.targets) == len(work.order.targets):
                        shutil.rmtree(work.folder, ignore_errors=True)
                        yield _report(work)
                if progress:
                    for work, target in pending.values():
                        progress(target, rows_written(work.folder, target),
                                 len(work.order.rows_on(target)), doing(work.folder, target))
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)


def _in_slot(work: _Work, target: str, slots: queue.SimpleQueue[int],
             stop: threading.Event) -> TargetResult:
    order, slot = work.order, slots.get()
    try:
        work.stage(slot, stop)
        if work.status == "rejected":
            return not_built(order, target, f"The submission could not be taken: {work.notes[0]}")
        if work.status == "error":
            return errors(order, target, work.notes[0])
        if why := no_part(order, target, work.root, work.staged):
            return not_built(order, target, why)
        return play_target(order, target, work.staged, work.folder, slot, stop)
    except Exception as error:  # one submission never stops the others
        return errors(order, target, f"{type(error).__name__}: {error}")
    finally:
        slots.put(slot)


def _report(work: _Work) -> Report:
    order = work.order
    environment, logs = dict(order.environment), dict[str, str]()
    for result in work.targets.values():
        environment = {**environment, **result.environment, "sandbox": order.environment["sandbox"]}
        logs |= result.build_logs
    rows = tuple(row for target in order.targets for row in work.targets[target].rows)
    rows = with_likely_causes(rows, order.causes)
    return Report(work.submission.name, work.status or "error", rows, environment, work.notes, logs)
