"""How Part A's client ends: end of input, a server that goes away or was never there, Ctrl-C."""

import time
from collections.abc import Callable

from grading.line_client import LineClient
from grading.observe.deadline import Deadline
from grading.program import Program
from grading.sandbox import unsafe
from grading.shortfall import NotJudged, Shortfall
from grading.stage import Stage
from grading.terminal_program import TerminalProgram
from grading.theatre import Theatre
from grading.transcript import readable
from grading.verdict import Verdict

from farewell import QUICK_S, Farewell
from part_a_client import Scene, connected, must_arrive, on_pipe, on_terminal, type_line
from part_a_client_silence import must_leave_in_silence

NOBODY = "no-such-host.invalid"
TRIALS = 5  # of a scene in which the grader came late
# For so long a client listens to a server that goes on talking; and how often the grader's talks.
PATIENT_S, PAUSE_S = 5.0, 0.25
SLACK_S = 2.0


def check_client_end_of_input(theatre: Theatre) -> None:
    """At the end of input the client half-closes, prints what still arrives
    until the server closes, 1 s is silent or 5 s have passed, and exits 0."""
    ways: tuple[Callable[[Theatre], Scene], ...] = (on_terminal, on_pipe)
    for way in ways:
        program, stage, answer = answered_in_time(theatre, way)
        must_end(stage, program, 0)
        shown = program.screen() if isinstance(program, TerminalProgram) else program.output()
        if answer.encode() not in shown:
            raise Shortfall("What arrived after the end of input was not printed.",
                            expected=f'"{answer} …" is printed',
                            actual=f'"{readable(shown[-100:])}"')
    program, stage, server = on_pipe(theatre)
    must_half_close(stage, program, server)
    must_leave_in_silence(stage, program)
    must_end(stage, program, 0)
    must_leave_a_talker(theatre)


def check_client_says_that_the_server_has_gone(theatre: Theatre) -> None:
    """When the server goes away before the end of input, in order or by a reset,
    the client says so on stderr and exits with 1."""
    for way in (LineClient.leave, LineClient.reset):
        theatre.clear()
        program, stage, server = on_pipe(theatre)
        stage.may_end = True
        way(server)
        must_end(stage, program, 1)
        must_have_complained(program)


def check_client_says_why_it_cannot_connect(theatre: Theatre) -> None:
    """Connection refused, or a host that is not found: the reason on stderr, exit status 1."""
    for arguments in (("127.0.0.1", str(theatre.some_port())), (NOBODY, "9034")):
        if arguments[0] == NOBODY:
            theatre.must_be_unknown(NOBODY)
        program = theatre.start_client(*arguments)
        stage = theatre.stage_for(program)
        if unsafe():  # a name service may be asked, and it cannot be seen how far that is
            program.wait(5.0)
        must_end(stage, program, 1)
        must_have_complained(program)


def check_client_ctrl_c(theatre: Theatre) -> None:
    """Ctrl-C ends the client at once, and leaves the terminal as it was."""
    server = theatre.fake_server()
    screen = theatre.client_on_terminal("127.0.0.1", str(server.port))
    before = screen.settings_at_start()
    stage, connection = connected(theatre, screen, server)
    stage.settle()
    stage.may_end = True
    screen.press_ctrl_c()
    if not stage.until(lambda: screen.ended, 2.0):
        raise Shortfall("Ctrl-C does not end the client.", expected="it ends at once",
                        actual="it goes on running", verdict=Verdict.TIMEOUT)
    if screen.settings() != before:
        raise Shortfall("After Ctrl-C the terminal is not as it was before the client started.",
                        expected="the same settings (stty)", actual="other settings")


# -- scenes --------------------------------------------------------------------------------------

def answered_in_time(theatre: Theatre, way: Callable[[Theatre], Scene]) -> tuple[
        Program | TerminalProgram, Stage, str]:
    """The client is told that its input has ended, and the server
    answers before a second is over."""
    late = 0
    for _ in range(TRIALS):
        program, stage, server = way(theatre)
        line, answer = stage.token(), stage.token()
        type_line(program, f"{line} the last words")
        must_arrive(stage, server, line.encode(), "the server")
        start = time.monotonic()
        waited = must_half_close(stage, program, server)
        stage.may_end = True
        server.say(f"{answer} said after you had ended")
        if time.monotonic() - start < QUICK_S:
            server.leave()
            return program, stage, answer
        late += waited > QUICK_S
        theatre.clear()
    if late == TRIALS:  # it was not the grader that came late
        raise Shortfall("At the end of input the client does not shut down its sending side.",
                        expected="the server sees end-of-file at once",
                        actual="end-of-file only when the client itself ends, a second later")
    raise NotJudged("This machine is too busy to answer a client within a second.")


def must_leave_a_talker(theatre: Theatre) -> None:
    """Raises Shortfall unless the client ends although the server never falls silent."""
    program, stage, server = on_pipe(theatre)
    must_half_close(stage, program, server)
    stage.may_end = True
    enough = Deadline(PATIENT_S + SLACK_S, program.pids)
    farewell = Farewell(program)
    while not (program.ended or enough.passed):
        token = stage.token()
        farewell.heard(token)
        server.say(f"{token} and on and on")
        pause = time.monotonic() + PAUSE_S
        while not program.ended and time.monotonic() < pause:
            stage.pump(PAUSE_S / 10)
            farewell.look()
    farewell.must_be_calm()
    if not program.ended:
        raise Shortfall("After the end of input the server goes on talking, "
                        "and the client does not end.",
                        expected=f"it ends {PATIENT_S:.0f} s after the end of input",
                        actual="it goes on listening", verdict=Verdict.TIMEOUT)
    must_end(stage, program, 0)
    farewell.must_have_listened()


def must_half_close(stage: Stage, program: Program | TerminalProgram,
                    server: LineClient) -> float:
    """Raises Shortfall unless the server sees the end of the client's input.

    Returns the seconds for which it certainly had not come: till the last look that did not see it.
    """
    start, waited = time.monotonic(), 0.0

    def has_come() -> bool:
        nonlocal waited
        if server.ended != "end of file":
            waited = time.monotonic() - start
            return False
        return True

    end_of_input(program)
    if not stage.until(has_come):
        raise Shortfall("At the end of input the client does not shut down its sending side."
                        + stage.meanwhile("what does your loop do at the keyboard's end?"),
                        expected="the server sees end-of-file",
                        actual=f"{server.ended or 'nothing'}")
    return waited


def end_of_input(program: Program | TerminalProgram) -> None:
    """Ctrl-D, or the end of the pipe."""
    (program.press_ctrl_d if isinstance(program, TerminalProgram) else program.close_input)()


def must_end(stage: Stage, program: Program | TerminalProgram, status: int) -> None:
    """Raises Shortfall unless the client ends with this status."""
    if not stage.until(lambda: program.ended, 5.0):
        raise Shortfall(f"The client does not end.{stage.meanwhile()}",
                        expected=f"exit status {status}", actual="it goes on running",
                        verdict=Verdict.TIMEOUT)
    if program.how_it_ended != f"exit status {status}":
        raise Shortfall("The client does not end as it should.", expected=f"exit status {status}",
                        actual=program.how_it_ended, detail=program.last_words())


def must_have_complained(program: Program) -> None:
    """Raises Shortfall unless there is something on stderr."""
    if not program.errors().strip():
        raise Shortfall("The client ends without a word on stderr.",
                        expected="the reason on stderr",
                        actual=f'stderr is empty, stdout: "{readable(program.output()[-100:])}"')
