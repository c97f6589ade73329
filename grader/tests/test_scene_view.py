"""The view of a scene: what is shown of each event, and at which pace."""

from __future__ import annotations

from grading.report.scene_view import FAR, NEAR, SceneView
from grading.verdict import Event
from rich.console import Console
from sample_reports import HOSTILE, SCENE


def shown(*events: Event, pace: float = 0.0) -> tuple[list[str], list[float]]:
    """The lines that are shown, and how long each pause was."""
    console = Console(width=80, highlight=False, markup=False, emoji=False, color_system=None)
    pauses: list[float] = []
    view = SceneView(console, pace, pauses.append)
    with console.capture() as captured:
        view.show_all(events)
    return captured.get().splitlines(), pauses


def test_every_event_is_a_line_with_time_who_and_what() -> None:
    assert shown(*SCENE)[0] == [
        "   0.000  Ann       joins",
        "   0.000  Bob       joins",
        "   0.000  Cid       joins",
        r"   0.004  Ann       says <1f2e> from Ann\n",
        r"   0.004  Bob       hears <1f2e> from Ann\n",
        "   0.005  Cid       never came: <1f2e> from Ann"]


def test_programs_and_terminals_have_their_words() -> None:
    lines, _ = shown(Event(0.1, "starts", "server", "./part_a/server port"),
                     Event(0.2, "complains", "server", r"usage\n"),
                     Event(0.3, "types", "client", "Ctrl-D"),
                     Event(0.4, "shows", "client", r"hi\r\n"),
                     Event(0.5, "leaves", "Bob", "shuts down its sending side"),
                     Event(0.6, "note", "server", "the grader counts 3 threads"),
                     Event(2.6, "ends", "server", "exit status 1"),
                     Event(2.6, "exits", "server", "exit status 1"))
    assert [line[10:] for line in lines] == [
        "server    starts as ./part_a/server port", r"server    prints on stderr usage\n",
        "client    types Ctrl-D", r"client    shows hi\r\n",
        "Bob       shuts down its sending side",
        "server    the grader counts 3 threads", "… 2.0 s later", "server    ends: exit status 1",
        "server    too early: it had to go on"]


def test_a_new_beginning_is_told() -> None:
    lines, _ = shown(*SCENE, *SCENE)
    assert lines.count(" once more, from the beginning:") == 1
    assert len(lines) == 2 * len(SCENE) + 2


def test_the_pace_waits_before_what_is_done_and_less_before_what_follows() -> None:
    done, follows = Event(0, "says", "Ann", "x"), Event(0, "hears", "Bob", "x")
    pauses = shown(done, follows, done, pace=6.0)[1]
    assert pauses == [6.0, 1.0, 6.0]


def test_many_alike_go_faster() -> None:
    pauses = shown(*(Event(0, "joins", f"C{n}") for n in range(8)), pace=1.0)[1]
    assert pauses == [1.0] * 4 + [0.1] * 4


def test_what_is_far_from_the_end_goes_fast() -> None:
    steps = [Event(0, kind, "Ann", "x") for _ in range(100) for kind in ("says", "joins")]
    pauses = shown(*steps, pace=1.0)[1]
    assert pauses == [0.1] * (FAR - NEAR) + [1.0] * (NEAR + 1)


def test_without_a_pace_nothing_waits() -> None:
    assert shown(*SCENE)[1] == []


def test_hostile_text_is_shown_not_obeyed() -> None:
    lines, _ = shown(Event(0, "says", HOSTILE, HOSTILE))
    assert all(char.isprintable() for char in "".join(lines))
    assert r"a\x1b[31mb\x07" in lines[0]
