"""The sequence diagram of a failing moment: lanes, arrows, and what never came."""

from __future__ import annotations

from collections.abc import Sequence

from grading.report.diagram import diagram
from grading.report.scene import MOST, Gap, moments
from grading.verdict import Event
from sample_reports import SCENE

TWELVE = "Ann Bob Cid Dan Eve Fay Gil Hal Ida Jon Kim Leo".split()


def drawn(events: Sequence[Event], width: int = 80) -> str:
    return "\n".join(line.plain for line in diagram(events, width))


def test_nothing_happened_nothing_is_drawn() -> None:
    assert diagram(()) == []


def test_draws_who_comes_speaks_hears_and_goes() -> None:
    scene = (*SCENE[:5], Event(0.005, "leaves", "Bob"), Event(0.006, "resets", "Cid"),
             Event(0.007, "leaves", "Ann", "shuts down its sending side"),
             Event(0.008, "hears", "Ann", "<end of file>"),
             Event(0.009, "signal", "server", "SIGINT"),
             Event(0.01, "exits", "server", "killed by SIGPIPE (it wrote to a connection whose "
                                            "other end had gone)"))
    assert drawn(scene) == """\
    ms  server     Ann     Bob     Cid
   0.1     │◀───────┐                    joins
   0.2     │◀───────┼───────┐            joins
   0.3     │◀───────┼───────┼───────┐    joins
   4.0     │◀───────┤       │       │    <1f2e> from Ann\\n
   4.3     │────────┼──────▶│       │    <1f2e> from Ann\\n
   5.0     │◀───────┼───────┘       │    leaves
   6.0     │◀───────┼───────────────╳    resets
   7.0     │◀───────┤                    leaves shuts down its sending side
   8.0     │───────▶│                    <end of file>
   9.0     ◆                             signal SIGINT
  10.0     ╳                             exits: killed by SIGPIPE (it wrote to a
           │                             connection whose other end had gone)"""


def test_what_never_came_is_drawn_apart_and_in_red() -> None:
    *_, last = diagram(SCENE)
    assert last.plain == "   5.2     │╌╌╌╌╌╌╌╌┼╌╌╌╌╌╌╌┼╌╌╌╌╌╌✗│    never came: <1f2e> from Ann"
    assert any("red" in str(span.style) for span in last.spans)
    assert not any("red" in str(span.style) for line in diagram(SCENE)[:-1] for span in line.spans)


def test_twelve_clients_have_lanes() -> None:
    scene = [Event(n / 1000, "says" if n % 2 else "hears", name, f"line {n}")
             for n, name in enumerate(TWELVE)]
    lines = drawn(scene).splitlines()
    assert all(name in lines[0] for name in TWELVE)
    assert max(map(len, lines)) <= 80


def test_more_clients_than_lanes_become_a_log() -> None:
    scene = [*(Event(n / 1000, ("says", "hears")[n % 2], f"C{n + 10}", f"line {n}")
               for n in range(13)), Event(0.013, "missing", "C23", "line 13")]
    shown = drawn(scene)
    assert "   0.0 C10 ──▶ server  line 0" in shown
    assert "   1.0 C11 ◀── server  line 1" in shown
    assert "  13.0 C23 ✗╌╌ server  never came: line 13" in shown


def test_a_narrow_terminal_gets_the_log() -> None:
    shown = drawn(SCENE, 30)
    assert "Cid ✗╌╌ server" in shown
    assert max(map(len, shown.splitlines())) <= 30


def test_many_alike_become_one_line() -> None:
    scene = [*(Event(0, "joins", name) for name in TWELVE), Event(0.001, "says", "Ann", "hello"),
             *(Event(0.002, "hears", name, "hello") for name in TWELVE[1:11]),
             Event(0.003, "missing", "Leo", "hello"),
             *(Event(0.004, "says", "Ann", f"line {n}") for n in range(30))]
    shown = drawn(scene)
    assert "… 10 more join" in shown and "… 8 more hear this" in shown
    assert len(shown.splitlines()) <= MOST + 3


def test_the_line_that_never_came_is_shown_where_it_was_said() -> None:
    said = Event(0.001, "says", "Ann", "<1f2e> from Ann\\n")
    between = [Event(0.002, ("says", "hears")[n % 2], ("Bob", "Cid")[n % 2], f"line {n}")
               for n in range(60)]
    scene = [Event(0, "joins", "Ann"), said, *between,
             Event(0.1, "missing", "Dan", "<1f2e> from Ann")]
    found = moments(scene)
    assert said in found
    assert isinstance(found[0], Gap) and found[0].words == "… 1 earlier"
    assert isinstance(found[2], Gap) and found[2].words == "… 47 more"


def test_no_event_is_lost_between_the_gaps() -> None:
    scene = [Event(n / 1000, ("says", "hears", "note")[n * n % 3], TWELVE[n % 7], str(n % 4))
             for n in range(200)]
    scene.insert(120, Event(0.12, "unexpected", "Ann", "3"))
    found = [event for moment in moments(scene)
             for event in (moment.events if isinstance(moment, Gap) else (moment,))]
    assert found == scene


def test_the_end_of_the_scene_is_what_is_drawn() -> None:
    scene = [Event(n / 1000, ("says", "hears")[n % 2], TWELVE[n % 2], f"line {n}")
             for n in range(100)]
    lines = drawn(scene).splitlines()
    assert "… 86 earlier" in lines[1] and "line 99" in lines[-1] and len(lines) == MOST + 2
