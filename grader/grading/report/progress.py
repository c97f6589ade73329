"""How far grading has come: bars on a terminal, nothing or plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


@contextmanager
def _bars(console: Console) -> Iterator[Progress]:
    """Bars that vanish at the end, and that nobody sees where there is no terminal."""
    bars = Progress(TextColumn("{task.description}", markup=False), BarColumn(),
                    MofNCompleteColumn(), TimeElapsedColumn(), console=console, transient=True)
    if console.is_terminal:
        bars.start()
    try:
        yield bars
    finally:
        if console.is_terminal:
            bars.stop()


@contextmanager
def showing_targets(console: Console, targets: Sequence[str]
                  ) -> Iterator[Callable[[str, int, int, str], None]]:
    """A bar for each target of the one submission that is graded;
    it is gone when the card comes."""
    with _bars(console) as bars:
        tasks = {target: bars.add_task(target, total=None) for target in targets}

        def advance(target: str, done: int, rows: int, doing: str) -> None:
            bars.update(tasks[target], completed=min(done, rows), total=rows,
                        description=f"{target}: {doing}" if doing else target)

        yield advance


@contextmanager
def showing_submissions(console: Console, number: int) -> Iterator[Callable[[], None]]:
    """One bar for all submissions; call what it yields for each that is done."""
    with _bars(console) as bars:
        task = bars.add_task("submissions", total=number)
        yield lambda: bars.advance(task)
