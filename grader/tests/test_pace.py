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
