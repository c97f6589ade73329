"""After its end of input a client leaves a silent server after a second, and not at its fifth."""

import time

from grading.observe.deadline import Deadline
from grading.program import Program
from grading.shortfall import Shortfall
from grading.stage import Stage
from grading.verdict import Verdict

# SPEC.md A5: 1 s of silence ends the client, else 5 s in all. Between the two there is room for
# clients that look at the clock only now and then.
CLEARLY_BEFORE_S, ALL_S = 4.0, 7.0
STEP_S, MOST_S = 0.02, 0.1  # between two looks; and what counts of it on a machine that stood still
ONLY_FIVE = "one second of silence does not end it, only the five seconds in all do"
FOR_EVER = ("it waits only for the server to close, and neither one second of silence "
            "nor five in all end that")


def must_leave_in_silence(stage: Stage, program: Program) -> None:
    """Raises Shortfall unless a client that has half-closed leaves a server that says nothing."""
    stage.may_end = True
    if ends_within(CLEARLY_BEFORE_S, stage, program):
        return
    ends = ends_within(ALL_S - CLEARLY_BEFORE_S, stage, program)
    raise Shortfall("After the end of input the server stays silent, and the client stays too: "
                    f"{ONLY_FIVE if ends else FOR_EVER}.",
                    expected="it ends when one second has been silent",
                    actual=f"it ended after {CLEARLY_BEFORE_S:.0f} to {ALL_S:.0f} s" if ends
                    else f"after {ALL_S:.0f} s it still waits", verdict=Verdict.TIMEOUT)


def ends_within(seconds: float, stage: Stage, program: Program) -> bool:
    """True if the program ends within so much time that it, and the grader, had a processor."""
    deadline, watched, last = Deadline(seconds, program.pids), 0.0, time.monotonic()
    while not program.ended:
        if watched > seconds and deadline.passed:
            return False
        stage.pump(STEP_S)
        watched += min(MOST_S, time.monotonic() - last)
        last = time.monotonic()
    return True
