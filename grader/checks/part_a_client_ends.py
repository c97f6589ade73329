"""How Part A's client ends: end of input, a server that goes away or was never there, Ctrl-C."""

import time
from collections.abc import Callable

from grading.chat_stage import ChatStage
from grading.line_client import LineClient
from grading.program import Program
from grading.sandbox import unsafe
from grading.shortfall import NotJudged, Shortfall
from grading.terminal_program import TerminalProgram
from grading.theatre import Theatre
from grading.transcript import readable
from grading.verdict import Verdict

from part_a_client import Scene, connected, must_arrive, on_pipe, on_terminal, type_line

NOBODY = "no-such-host.invalid"
# SPEC.md A5: the client may go when nothing has come for a second. An answer that the grader sends
# later than this after the end of input says nothing about the client, and the scene is played again.
QUICK_S, TRIALS = 0.8, 5


def check_client_end_of_input(theatre: Theatre) -> None:
    """At the end of input the client half-closes, prints what still arrives until the server closes, and exits 0."""
    for way in (on_terminal, on_pipe):
        program, stage, answer = answered_in_time(theatre, way)
        must_end(stage, program, 0)
        shown = program.screen() if isinstance(program, TerminalProgram) else program.output()
        if answer.encode() not in shown:
            raise Shortfall("What arrived after the end of input was not printed.",
                            expected=f'"{answer} …" is printed', actual=f'"{readable(shown[-100:])}"')


def check_client_says_that_the_server_has_gone(theatre: Theatre) -> None:
    """When the server goes away before the end of input, the client says so on stderr and exits with 1."""
    program, stage, server = on_pipe(theatre)
    stage.may_end = True
    server.leave()
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
        Program | TerminalProgram, ChatStage, str]:
    """The client is told that its input has ended, and the server answers before a second is over."""
    for _ in range(TRIALS):
        program, stage, server = way(theatre)
        line, answer = stage.token(), stage.token()
        type_line(program, f"{line} the last words")
        must_arrive(stage, server, line.encode(), "the server")
        start = time.monotonic()
        must_half_close(stage, program, server)
        stage.may_end = True
        server.say(f"{answer} said after you had ended")
        if time.monotonic() - start < QUICK_S:
            server.leave()
            return program, stage, answer
        theatre.clear()
    raise NotJudged("This machine is too busy to answer a client within a second.")


def must_half_close(stage: ChatStage, program: Program | TerminalProgram, server: LineClient) -> None:
    """Raises Shortfall unless the server sees the end of the client's input."""
    end_of_input(program)
    if not stage.until(lambda: server.ended == "end of file"):
        raise Shortfall("At the end of input the client does not shut down its sending side.",
                        expected="the server sees end-of-file", actual=f"{server.ended or 'nothing'}")


def end_of_input(program: Program | TerminalProgram) -> None:
    """Ctrl-D, or the end of the pipe."""
    (program.press_ctrl_d if isinstance(program, TerminalProgram) else program.close_input)()


def must_end(stage: ChatStage, program: Program | TerminalProgram, status: int) -> None:
    """Raises Shortfall unless the client ends with this status."""
    if not stage.until(lambda: program.ended, 5.0):
        raise Shortfall("The client does not end.", expected=f"exit status {status}",
                        actual="it goes on running", verdict=Verdict.TIMEOUT)
    if program.how_it_ended != f"exit status {status}":
        raise Shortfall("The client does not end as it should.", expected=f"exit status {status}",
                        actual=program.how_it_ended, detail=program.last_words())


def must_have_complained(program: Program) -> None:
    """Raises Shortfall unless there is something on stderr."""
    if not program.errors().strip():
        raise Shortfall("The client ends without a word on stderr.", expected="the reason on stderr",
                        actual=f'stderr is empty, stdout: "{readable(program.output()[-100:])}"')
