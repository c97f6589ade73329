"""What threads do, as /proc tells it: asleep, at work, and where they wait."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from grading.observe.threads import (STOPPED, ThreadSample, all_asleep, sample_threads,
                                     whereabouts)


@contextmanager
def program(code: str) -> Iterator[int]:
    """The pid of a Python program that has said that it is ready."""
    with subprocess.Popen([sys.executable, "-c", f"print('ready', flush=True)\n{code}"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        try:
            yield process.pid
        finally:
            process.kill()


def at_rest(pid: int) -> tuple[ThreadSample, ...]:
    """Its threads, once they wait: between its word and its wait it runs, and a sample that is
    taken meanwhile knows of the wait and not yet of all that was run before it."""
    before: tuple[ThreadSample, ...] | None = None
    while not ((threads := sample_threads([pid])) and threads == before
               and all(thread.blocked for thread in threads)):
        before = threads
    return threads


def test_who_waits_for_a_line_is_asleep() -> None:
    with program("input()") as pid:
        assert all_asleep(at_rest(pid)) and whereabouts([pid]) == "1 waits in read"


def test_who_runs_is_not_asleep_whatever_call_it_was_seen_in() -> None:
    with program("input()") as sleeper, program("while True: pass") as runner:
        seen = replace(at_rest(sleeper)[0], pid=runner, tid=runner)
        assert seen.blocked and not all_asleep([seen]) and whereabouts([runner]) == "1 runs"


def test_who_has_ended_is_not_asleep() -> None:
    with program("input()") as pid:
        threads = at_rest(pid)
    assert not all_asleep(threads) and not whereabouts([pid])


def test_who_has_not_run_since_is_not_asked_again() -> None:
    with program("input()") as pid:
        before = at_rest(pid)
        again = sample_threads([pid], before)
        assert again and again[0] is before[0]


def test_who_has_run_since_or_never_waited_is_asked_again() -> None:
    with program("input()") as pid:
        thread = at_rest(pid)[0]
        for other in (replace(thread, slices=thread.slices - 1, first_arguments=(99, 99)),
                      replace(thread, run_ns=thread.run_ns - 1, first_arguments=(99, 99)),
                      replace(thread, call=None), replace(thread, call=STOPPED)):
            assert sample_threads([pid], [other]) == (thread,)
