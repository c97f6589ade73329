"""A deadline counts a program's own time: what it waits for a processor is granted on top."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from grading.observe.deadline import Deadline, run_delay_s
from grading.patience import Patience

SPIN = ("/usr/bin/timeout", "60", "sh", "-c", "while :; do :; done")


@contextmanager
def spinning_on_one_processor(how_many: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    one = f"{min(os.sched_getaffinity(0))}"
    programs = [subprocess.Popen(("taskset", "-c", one, *SPIN), start_new_session=True)
                for _ in range(how_many)]
    try:
        yield programs
    finally:
        for program in programs:
            os.killpg(program.pid, 9)
            program.wait()


def children(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


def test_a_deadline_without_a_program_passes_by_the_clock() -> None:
    assert Deadline(0.0, list).passed
    assert not Deadline(60.0, list).passed


def test_waiting_for_a_processor_is_granted() -> None:
    """Two spin on one processor: each waits half of the time, and has that half on top."""
    with spinning_on_one_processor(2) as (one, _):
        while not children(one.pid):  # `timeout` tells nobody when it has forked
            pass
        pid, = children(one.pid)
        then, start = run_delay_s([pid]), time.monotonic()
        deadline = Deadline(0.2, lambda: [pid])
        while not deadline.passed:
            waited = run_delay_s([pid]) - then
        assert time.monotonic() - start >= 0.2 + waited > 0.2


def test_a_program_that_sleeps_has_its_time_and_no_more() -> None:
    with subprocess.Popen(("/usr/bin/sleep", "60")) as sleeper:
        deadline = Deadline(0.2, lambda: [sleeper.pid])
        while not deadline.passed:
            pass
        assert run_delay_s([sleeper.pid]) < 1.0
        sleeper.kill()


def test_a_check_has_more_time_on_a_busy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    now, starved = [100.0], [7.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr("grading.patience.run_delay_s", lambda pids: starved[0])
    patience = Patience()
    assert not patience.over
    patience.begin(10.0)
    now[0], starved[0] = 111.0, 7.5
    assert patience.over and patience.starved == 0.5
    starved[0] = 12.0
    assert not patience.over
    now[0], starved[0] = 121.0, 100.0  # twice the time is the most
    assert patience.over
