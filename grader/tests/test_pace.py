"""How long a scene waits between two looks."""

from __future__ import annotations

from grading.pace import LONGEST_TICK_S, SHORT_LOOKS, TICK_S, Pace


def test_who_looks_in_vain_looks_less_often_up_to_a_bound() -> None:
    pace, pauses = Pace(), list[float]()
    for _ in range(10_000):
        pauses.append(pace.seconds)
        pace.go_on(moved=False)
    assert pauses == sorted(pauses) and pauses[-1] == LONGEST_TICK_S
    assert {*pauses[:SHORT_LOOKS]} == {TICK_S}
    pace.go_on(moved=True)
    assert pace.seconds == TICK_S


def test_for_a_few_looks_after_something_has_moved_it_is_early() -> None:
    pace, early = Pace(), list[bool]()
    for look in range(10):
        early.append(pace.is_early)
        pace.go_on(moved=look == 4)
    assert early == [True] * 3 + [False] * 2 + [True] * 3 + [False] * 2
