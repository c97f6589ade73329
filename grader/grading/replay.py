"""Plays one check on one target once more, and tells of each event while it happens."""

from __future__ import annotations

import json
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from grading import workspace
from grading.run_options import CannotGrade
from grading.target_worker import Order, TargetResult, no_part, play_target
from grading.transcript import SCENES
from grading.verdict import Event

LOOK_S = 0.05  # how often the worker's file is looked at


def play(order: Order, root: Path, check: str, target: str,
         show: Callable[[Event, int], None]) -> TargetResult:
    """Builds a private copy of the tree at `root` and plays the check as `make test` does.

    The scene runs at its own speed, however long `show` takes: the verdict does not depend on it.
    show: is told each event, and how many have happened after it already.
    Blocks; an exception (KeyboardInterrupt, too) ends the worker. Raises CannotGrade.
    """
    order = replace(order, pattern=check, watched=True)
    stop = threading.Event()
    with tempfile.TemporaryDirectory(prefix="replay-", ignore_cleanup_errors=True) as scratch, \
            ThreadPoolExecutor(1) as pool:
        folder = Path(scratch)
        staged = _staged(order, root, folder / "staged", target)
        work = pool.submit(play_target, order, target, staged, folder, 0, stop)
        try:
            for event, more in _events(folder / target / SCENES, work):
                show(event, more)
            return work.result()
        finally:
            stop.set()


def _staged(order: Order, root: Path, staged: Path, target: str) -> Path:
    try:
        workspace.stage(root, staged, leave_out=order.lab.leave_out)
    except (workspace.Rejected, OSError) as error:
        raise CannotGrade(f"{root} cannot be copied: {error}") from error
    if why := no_part(order, target, root, staged):
        raise CannotGrade(why)
    return staged


def _events(path: Path, work: Future[TargetResult]) -> Iterator[tuple[Event, int]]:
    """What the worker writes, and how much of it is still to be told, until it has ended."""
    seen, waiting = 0, deque[bytes]()
    while True:
        ended = work.done()
        with suppress(FileNotFoundError), open(path, "rb") as file:
            file.seek(seen)
            written = file.read()
            seen += (whole := written.rfind(b"\n") + 1)
            waiting += written[:whole].splitlines()
        if waiting:
            yield Event(**json.loads(waiting.popleft())), len(waiting)
        elif ended:
            return
        else:
            with suppress(NotYet):
                work.exception(LOOK_S)
