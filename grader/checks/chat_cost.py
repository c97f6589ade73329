"""What a server costs when nothing happens, and what it keeps of clients that have gone."""

import time
from collections.abc import Callable

from grading.chat_stage import ChatStage
from grading.observe.deadline import Deadline
from grading.observe.threads import whereabouts
from grading.program import Program
from grading.shortfall import Shortfall
from grading.stage import Stage
from grading.terminal_program import TerminalProgram
from grading.theatre import Theatre
from grading.verdict import Verdict

WINDOW_S, LONG_WINDOW_S = 0.3, 2.0
SHARE = 0.01  # of one core: SPEC.md C11
TIME_TO_TIDY = 2.0  # seconds: SPEC.md C13


def check_idle_clients_cost_nothing(theatre: Theatre) -> None:
    """With ten idle clients, one of them silent in the middle of a line,
    the server uses under 1 % of one core."""
    stage = theatre.stage()
    stage.join(10)[-1].send(b"half a line")
    must_be_idle(stage, "ten idle clients are connected, one of them in the middle of a line")


def check_clients_that_left_cost_nothing(theatre: Theatre) -> None:
    """After clients have left, in order or by a reset, the server uses under 1 % of one core."""
    stage = theatre.stage()
    ann, bob, cid, dan = stage.join(4)
    bob.leave()
    must_be_idle(stage, "one of four has left")
    cid.reset()
    must_be_idle(stage, "a second one has reset his connection")
    ann.leave()
    dan.half_close()
    must_be_idle(stage, "everybody has left")


def check_descriptors_are_given_back(theatre: Theatre) -> None:
    """Within 2 s after clients have left, in order or by a reset, their descriptors are closed."""
    come_and_go(theatre, lambda stage: len(stage.program.descriptors()), "descriptors")


def check_threads_are_given_back(theatre: Theatre) -> None:
    """Within 2 s after clients have left, in order or by a reset, no thread of theirs is left."""
    come_and_go(theatre, lambda stage: stage.program.threads(), "threads")


def come_and_go(theatre: Theatre, count: Callable[[ChatStage], int], what: str) -> None:
    """Counts before the first clients and after the last, for each way of leaving."""
    stage = theatre.stage()
    ann, bob = stage.join(2)  # what a server makes at its first client and keeps is no leak
    stage.pump()
    ann.leave()
    bob.leave()
    stage.settle()
    baseline = count(stage)
    for way in ("leave", "reset", "half_close"):
        clients = stage.join(4)
        for client in clients[1:]:
            client.say(f"{stage.token()} before I go")
        stage.settle()
        for client in clients:
            getattr(client, way)()
        # A half-closed client waits for the server's end; it is closed then.
        must_return(stage, lambda: count(stage), baseline, what, way)
        for client in clients:
            client.vanish()


def must_return(stage: ChatStage, count: Callable[[], int], baseline: int, what: str,
                way: str) -> None:
    """Raises Shortfall unless the number comes back to the baseline within 2 s."""
    deadline = Deadline(TIME_TO_TIDY, stage.program.pids)
    while count() > baseline and not deadline.passed:
        stage.pump(0.01)
    left = count() - baseline
    if left > 0:
        words = {"leave": "closed their connections", "reset": "reset their connections",
                 "half_close": "shut down their sending side"}[way]
        raise Shortfall(f"Four clients {words}; 2 s later the server still has "
                        f"{left} {what} of theirs.",
                        expected=f"{baseline} {what}, as before they came",
                        actual=f"{baseline + left} {what}",
                        detail=f"Its threads: {whereabouts(stage.program.pids())}")


def must_be_idle(stage: Stage, moment: str,
                 program: Program | TerminalProgram | None = None) -> None:
    """Raises Shortfall if the program uses 1 % of a core, now and over a longer time too.

    program: the stage's own, or another one of the scene.
    """
    stage.settle()
    program = program or stage.program
    share = busy_share(stage, WINDOW_S, program)
    if share >= SHARE:
        share = busy_share(stage, LONG_WINDOW_S, program)
    stage.transcript.add("note", program.name, f"uses {share:.1%} of one core while {moment}")
    if share >= SHARE:
        raise Shortfall(f"The program works although nothing happens: {moment}.",
                        expected="under 1 % of one core",
                        actual=f"{share:.0%} of one core over 2 s",
                        verdict=Verdict.FAIL)


def busy_share(stage: Stage, seconds: float, program: Program | TerminalProgram) -> float:
    """The share of one core that the program used while nothing was done to it."""
    start, used = time.monotonic(), program.cpu_ns()
    while time.monotonic() - start < seconds:
        stage.pump(seconds - (time.monotonic() - start))
    stage.must_live()  # of who has ended, the kernel counts nothing any more
    return (program.cpu_ns() - used) / 1e9 / (time.monotonic() - start)
