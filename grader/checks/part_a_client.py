"""Part A's client, between a keyboard and a server that are both the grader's."""

from grading.fake_server import FakeServer
from grading.keyboard_program import KeyboardProgram
from grading.line_client import LineClient
from grading.observe.receivers import only_thread_reads
from grading.program import Program
from grading.shortfall import Blocked, Shortfall
from grading.stage import Stage
from grading.terminal_program import TerminalProgram
from grading.theatre import Theatre
from grading.transcript import readable

from chat_cost import must_be_idle

LONG_LINE = 999  # bytes: with the newline a thousand, which SPEC.md C1 promises


def check_client_sends_what_is_typed(theatre: Theatre) -> None:
    """What is typed is sent to the server line by line, from a terminal and from a pipe."""
    for program, stage, server in both_ways(theatre):
        for number in range(3):
            line = f"{stage.token()} typed line {number}"
            if isinstance(program, Program):  # a terminal has a limit of its own
                line = line.ljust(LONG_LINE - number, ".")
            type_line(program, line)
            must_arrive(stage, server, f"{line}\n".encode(), "the server")


def check_client_prints_what_arrives(theatre: Theatre) -> None:
    """What arrives is printed: at once on a terminal, and byte for byte
    where stdout is no terminal, whatever the keyboard is."""
    screen, stage, server = on_terminal(theatre)
    token = stage.token()
    server.say(f"{token} for the screen")
    must_show(stage, screen, token)
    for way in (on_pipe, at_keyboard):
        theatre.clear()
        program, stage, server = way(theatre)
        before = program.output()
        typed = stage.token()
        type_line(program, f"{typed} is not to be printed")
        must_arrive(stage, server, typed.encode(), "the server")
        sent = stage.token().encode() + b" \xe9\xff\t\0" + b"y" * 3000 + b"\nno line end yet"
        server.send(sent)
        stage.until(lambda: len(program.output()) >= len(before) + len(sent))
        stage.settle()
        must_have_printed(program, program.output()[len(before):], sent)


def check_client_listens_while_you_type(theatre: Theatre) -> None:
    """The client prints what arrives while a line is being typed,
    and sends while nothing arrives."""
    screen, stage, server = on_terminal(theatre)
    first, second, line = stage.token(), stage.token(), stage.token()
    server.say(f"{first} before anything is typed")
    must_show(stage, screen, first)
    screen.type(f"{line} half")
    stage.settle()
    server.say(f"{second} in the middle of a line")
    must_show(stage, screen, second)
    screen.type_line(" and half")
    must_arrive(stage, server, line.encode(), "the server")


def check_client_has_two_threads(theatre: Theatre) -> None:
    """The client has one thread for the keyboard and one for the socket."""
    program, stage, _ = on_pipe(theatre)
    stage.settle()
    if not 2 <= program.threads() <= 3:
        raise Shortfall("The client does not have two threads.",
                        expected="two threads (a third, that only joins them, is fine)",
                        actual=f"{program.threads()} threads")


def check_client_finds_the_default_server(theatre: Theatre) -> None:
    """Without arguments the client connects to localhost, port 9034; with a host alone,
    to its port 9034."""
    for arguments in ((), ("127.0.0.1",)):
        theatre.clear()
        server = theatre.fake_server(theatre.target.port)
        connected(theatre, theatre.start_client(*arguments), server)


def check_idle_client_costs_nothing(theatre: Theatre) -> None:
    """While nothing is typed and nothing arrives, the client uses under 1 % of one core."""
    screen, stage, server = on_terminal(theatre)
    server.send(b"something to begin with\nand half a line")
    must_be_idle(stage, "nothing is typed, nothing arrives")


# -- scenes --------------------------------------------------------------------------------------

Scene = tuple[Program | TerminalProgram, Stage, LineClient]


def on_pipe(theatre: Theatre) -> tuple[Program, Stage, LineClient]:
    """The client with pipes for keyboard and screen, connected."""
    server = theatre.fake_server()
    program = theatre.start_client("127.0.0.1", str(server.port))
    return program, *connected(theatre, program, server)


def at_keyboard(theatre: Theatre) -> tuple[Program, Stage, LineClient]:
    """The client with a terminal for a keyboard and pipes for a screen, connected."""
    server = theatre.fake_server()
    program = theatre.client_at_keyboard("127.0.0.1", str(server.port))
    return program, *connected(theatre, program, server)


def on_terminal(theatre: Theatre) -> tuple[TerminalProgram, Stage, LineClient]:
    """The client on a terminal, connected."""
    server = theatre.fake_server()
    screen = theatre.client_on_terminal("127.0.0.1", str(server.port))
    return screen, *connected(theatre, screen, server)


def both_ways(theatre: Theatre) -> "list[Scene]":
    """The same scene on a terminal and on pipes."""
    return [on_terminal(theatre), on_pipe(theatre)]


def connected(theatre: Theatre, program: Program | TerminalProgram,
              server: FakeServer) -> tuple[Stage, LineClient]:
    """Waits until the client has connected."""
    stage = theatre.stage_for(program)
    taken: list[LineClient] = []

    def has_come() -> bool:
        newcomer = server.take(program.name)
        if newcomer:
            taken.append(newcomer)
        return bool(taken)

    if not stage.until(has_come):
        raise Blocked("client_sends_what_is_typed",
                      f"The client does not connect to port {server.port} "
                      f"({program.how_it_ended}).", program.last_words())
    stage.clients.append(taken[0])
    stage.may_end = False
    return stage, taken[0]


def type_line(program: Program | TerminalProgram, line: str) -> None:
    """Types a line, on whichever keyboard there is."""
    (program.type_line if isinstance(program, TerminalProgram) else program.tell)(line)


def must_arrive(stage: Stage, server: LineClient, words: bytes, where: str) -> None:
    """Raises Shortfall unless the server hears these bytes."""
    stage.mark()
    if not stage.until(lambda: bool(server.count(words))):
        server.note("missing", words)
        raise Shortfall(f"{not_arrived(only_thread_reads(stage.program.pids()), server.heard)}.",
                        expected=f'"{readable(words)}"',
                        actual=f'the server heard "{readable(bytes(server.heard[-100:]))}"')


def must_have_printed(program: Program, printed: bytes, sent: bytes) -> None:
    """Raises Shortfall unless the client has printed what was sent, and nothing else."""
    if printed != sent:
        keyboard = "terminal" if isinstance(program, KeyboardProgram) else "pipe"
        raise Shortfall("What the client wrote to stdout is not what the server sent "
                        f"(stdin is a {keyboard}, stdout a pipe).",
                        expected=f'"{readable(sent)}"', actual=f'"{readable(printed)}"')


def not_arrived(only_thread: str, heard: bytes | bytearray) -> str:
    """What to say of a line that did not arrive; of a client with one thread, what that reads."""
    if only_thread != "socket":
        return "What was typed did not arrive at the server"
    before = "The line before it arrived, this one did not" if heard else (
        "What was typed did not arrive at the server")
    return f"{before}: the client's only thread waits in recv() for the server to say something"


def must_show(stage: Stage, screen: TerminalProgram, token: str) -> None:
    """Raises Shortfall unless this comes to the screen."""
    if not stage.until(lambda: token.encode() in screen.screen()):
        reads = only_thread_reads(screen.pids())
        waits = ": the client's only thread waits for the keyboard" if reads == "keyboard" else ""
        raise Shortfall(f"What the server sent did not come to the screen{waits}.",
                        expected=f"{token} …",
                        actual=f'the screen ends with "{readable(screen.screen()[-100:])}"')
