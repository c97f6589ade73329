"""Commands that share memory live in one pid namespace, each confined by itself."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator

import pytest
from conftest import PYTHON

from grading.sandbox import RUN, Box, Confined, Household, Neighbours

TELL = "import os, sys; print(os.getpid(), flush=True); sys.stdin.read()"
LOOK = "import os, sys; [os.kill(int(pid), 0) for pid in sys.argv[1:]]; print('all there')"
LEAVE_ONE = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print(os.getpid(), flush=True)
        time.sleep(1000)
    os._exit(0)
os.wait()
"""


@pytest.fixture
def household(box: Box) -> Iterator[Household | Neighbours]:
    household = box.household()
    yield household
    household.stop()


def start(box: Box, household: Household | Neighbours, code: str, *words: str) -> Confined:
    return box.spawn([*PYTHON, code, *words], limits=RUN, stdin=subprocess.PIPE,
                     household=household)


def first_word(confined: Confined) -> str:
    while not confined.output().endswith(b"\n"):
        assert confined.wait(0.01) is None, confined.errors()
    return confined.output().split()[0].decode()


def test_they_see_each_other(box: Box, household: Household | Neighbours) -> None:
    pair = [start(box, household, TELL), start(box, household, TELL)]
    pids = [first_word(one) for one in pair]
    assert len(set(pids)) == 2
    end = start(box, household, LOOK, *pids).finish()
    assert end.stdout == b"all there\n", end.stderr
    assert all(one.pid in one.processes() for one in pair)


def test_each_has_an_end_of_its_own(box: Box, household: Household | Neighbours) -> None:
    one, other = start(box, household, TELL), start(box, household, TELL)
    pid = first_word(one), first_word(other)
    one.signal(signal.SIGKILL)
    end = one.wait(10)
    assert end is not None and end.signal == signal.SIGKILL
    assert start(box, household, LOOK, pid[1]).finish().stdout == b"all there\n"
    other.close_stdin()
    end = other.wait(10)
    assert end is not None and end.status == 0


def test_they_share_memory(box: Box, household: Household | Neighbours) -> None:
    assert start(box, household, "open('/dev/shm/ours', 'w').write('words')").finish().status == 0
    end = start(box, household, "print(open('/dev/shm/ours').read())").finish()
    assert end.stdout == b"words\n"


def test_what_one_leaves_running_ends_with_the_household(box: Box) -> None:
    household = box.household()
    if isinstance(household, Neighbours):
        pytest.skip("every command has a keeper of its own here")
    orphan = first_word(start(box, household, LEAVE_ONE))
    still_there = start(box, household, LOOK, orphan).finish()
    assert still_there.stdout == b"all there\n"
    household.stop()
    assert not any(b"sleep(1000)" in line for line in command_lines())


def test_nobody_inside_can_end_the_household(box: Box, household: Household | Neighbours) -> None:
    if isinstance(household, Neighbours):
        pytest.skip("there is no household here")
    for _ in range(2):
        start(box, household, "import os; os.kill(-1, 9)").wait(10)
        assert start(box, household, "print('here')").finish().stdout == b"here\n"


def command_lines() -> Iterator[bytes]:
    """Of every process that the worker can see."""
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as file:
                    yield file.read()
            except OSError:
                continue
