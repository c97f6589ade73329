"""Which thread works all the time, although it should wait for something."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from grading.observe.threads import thread_ids

WINDOW_S = 0.25  # long enough for a thread to have its turn on a busy machine
ALL_THE_TIME = 0.6  # of the window: so long it ran, or would have run had there been a processor
REALLY = 0.1  # of the window: so long at the least it ran
STEP_S = 0.02
AT_ZERO = "what does your loop do when recv() returns 0?"


def one_never_rests(pids: Callable[[], Iterable[int]], pump: Callable[[float], object]) -> bool:
    """True if one and the same thread of these processes wants a processor all the time.
    The scene goes on meanwhile: pump(seconds)."""
    start, then = time.monotonic(), _work(pids())
    while (seconds := time.monotonic() - start) < WINDOW_S:
        pump(STEP_S)
    now = _work(pids())
    return any(is_all_the_time(now[one][0] - ran, now[one][1] - waited, seconds)
               for one, (ran, waited) in then.items() if one in now)


def is_all_the_time(ran: float, waited: float, seconds: float) -> bool:
    """True for a thread that ran, or was ready to run, for nearly all of these seconds."""
    return ran > REALLY * seconds and ran + waited > ALL_THE_TIME * seconds


def in_words(question: str, has_ended: bool) -> str:
    """The sentence that a failure adds, and what to ask oneself, if there is a question."""
    when = "Before that a thread of it used" if has_ended else "Meanwhile a thread of it uses"
    return f" {when} a whole core{f': {question}' if question else '.'}"


def _work(pids: Iterable[int]) -> dict[int, tuple[float, float]]:
    """Thread -> seconds it has run, and those it was kept from running."""
    found: dict[int, tuple[float, float]] = {}
    for tid in thread_ids(list(pids)):
        with suppress(OSError):
            words = Path(f"/proc/{tid}/schedstat").read_text().split()
            found[tid] = (int(words[0]) / 1e9, int(words[1]) / 1e9)
    return found
