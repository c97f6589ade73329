"""The limit on wall time is one on the command, not on how busy the machine is."""

from dataclasses import replace

import pytest
from grading.sandbox.limits import RUN
from grading.sandbox.processes import Work
from grading.sandbox.watch import Watch

LIMITS = replace(RUN, wall=10.0)


class Scripted:
    """A command whose work is told, at a time that is told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr("time.monotonic", lambda: self.now)
        self.watch = Watch(LIMITS)
        self._work = Work(False, 0.0)

    def memory(self, limit: int) -> int:
        return 0

    def work(self) -> Work:
        return self._work

    def met_in(self, seconds: int, ready: bool, share: float) -> str | None:
        """Which limit is met in so many seconds, of which it has the share of a processor."""
        for _ in range(seconds):
            self.now += 1.0
            self._work = Work(ready, self._work.cpu_seconds + share)
            if limit := self.watch.met(False, lambda: self):
                return limit
        return None


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    return Scripted(monkeypatch)


def test_one_that_waits_has_the_wall_time_and_no_more(command: Scripted) -> None:
    assert command.met_in(10, ready=False, share=0.0) is None
    assert command.met_in(1, ready=False, share=0.0) == "wall time"


def test_one_that_computes_has_the_wall_time_and_no_more(command: Scripted) -> None:
    assert command.met_in(10, ready=True, share=1.0) is None
    assert command.met_in(2, ready=True, share=1.0) == "wall time"


def test_one_that_is_given_a_quarter_of_a_processor_has_four_times_as_long(
        command: Scripted) -> None:
    assert command.met_in(33, ready=True, share=0.25) is None
    assert command.met_in(5, ready=True, share=0.25) == "wall time"


def test_one_that_is_given_nothing_ends_all_the_same(command: Scripted) -> None:
    assert command.met_in(99, ready=True, share=0.0) is None
    assert command.met_in(5, ready=True, share=0.0) == "wall time"


def test_several_that_are_given_more_than_a_processor_lend_nothing(command: Scripted) -> None:
    command.met_in(2, ready=True, share=2.0)
    assert command.met_in(9, ready=False, share=0.0) == "wall time"
