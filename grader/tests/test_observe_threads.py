"""What threads do, as /proc tells it: asleep, at work, and where they wait."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from grading.observe.threads import all_asleep, at_work, sample_threads, whereabouts


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


def test_who_waits_for_a_line_is_asleep() -> None:
    with program("input()") as pid:
        while at_work([pid]):  # between its word and its wait
            pass
        threads = sample_threads([pid])
        assert threads and all_asleep(threads) and whereabouts([pid]) == "1 waits in read"


def test_who_runs_is_at_work_whatever_call_it_was_seen_in() -> None:
    with program("input()") as sleeper, program("while True: pass") as runner:
        while at_work([sleeper]):
            pass
        threads = sample_threads([runner])
        assert threads and threads[0].call is None and at_work([runner])
        assert not all_asleep(threads) and whereabouts([runner]) == "1 runs"


def test_who_has_ended_is_not_asleep() -> None:
    with program("input()") as pid:
        while at_work([pid]):
            pass
        threads = sample_threads([pid])
    assert threads and not all_asleep(threads) and not whereabouts([pid])
