"""Part A's client, between a keyboard and a server that are both the grader's."""

from grading.chat_stage import ChatStage
from grading.fake_server import FakeServer
from grading.line_client import LineClient
from grading.program import Program
from grading.shortfall import Blocked, Shortfall
from grading.terminal_program import TerminalProgram
from grading.theatre import Theatre
from grading.transcript import readable

from chat_cost import must_be_idle


def check_client_sends_what_is_typed(theatre: Theatre) -> None:
    """What is typed is sent to the server line by line, from a terminal and from a pipe."""
    for program, stage, server in both_ways(theatre):
        for number in range(3):
            line = f"{stage.token()} typed line {number}"
            type_line(program, line)
            must_arrive(stage, server, f"{line}\n".encode(), "the server")


def check_client_prints_what_arrives(theatre: Theatre) -> None:
    """What arrives is printed: at once on a terminal, and byte for byte where stdout is no terminal."""
    screen, stage, server = on_terminal(theatre)
    token = stage.token()
    server.say(f"{token} for the screen")
    must_show(stage, screen, token)
    theatre.clear()
    program, stage, server = on_pipe(theatre)
    before = program.output()
    sent = stage.token().encode() + b" \xe9\xff\t" + b"y" * 3000 + b"\nno line end yet"
    server.send(sent)
    stage.until(lambda: len(program.output()) >= len(before) + len(sent))
    stage.settle()
    if program.output()[len(before):] != sent:
        raise Shortfall("What the client wrote to stdout is not what the server sent.",
                        expected=f'"{readable(sent)}"',
                        actual=f'"{readable(program.output()[len(before):])}"')


def check_client_listens_while_you_type(theatre: Theatre) -> None:
    """The client prints what arrives while a line is being typed, and sends while nothing arrives."""
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
    """Without arguments the client connects to localhost, port 9034; with a host alone, to its port 9034."""
    for arguments in ((), ("127.0.0.1",)):
        theatre.clear()
        server = theatre.fake_server(theatre.target.port)
        connected(theatre, theatre.start_client(*arguments), server)


def check_idle_client_costs_nothing(theatre: Theatre) -> None:
    """While nothing is typed and nothing arrives, the client uses under 1 % of one core."""
    screen, stage, server = on_terminal(theatre)
    server.say("something to begin with")
    must_be_idle(stage, "nothing is typed, nothing arrives")


# -- scenes --------------------------------------------------------------------------------------

Scene = tuple[Program | TerminalProgram, ChatStage, LineClient]


def on_pipe(theatre: Theatre) -> tuple[Program, ChatStage, LineClient]:
    """The client with pipes for keyboard and screen, connected."""
    server = theatre.fake_server()
    program = theatre.start_client("127.0.0.1", str(server.port))
    return program, *connected(theatre, program, server)


def on_terminal(theatre: Theatre) -> tuple[TerminalProgram, ChatStage, LineClient]:
    """The client on a terminal, connected."""
    server = theatre.fake_server()
    screen = theatre.client_on_terminal("127.0.0.1", str(server.port))
    return screen, *connected(theatre, screen, server)


def both_ways(theatre: Theatre) -> "list[Scene]":
    """The same scene on a terminal and on pipes."""
    return [on_terminal(theatre), on_pipe(theatre)]


def connected(theatre: Theatre, program: Program | TerminalProgram,
              server: FakeServer) -> tuple[ChatStage, LineClient]:
    """Waits until the client has connected."""
    stage = theatre.stage_for(program)
    taken: list[LineClient] = []

    def has_come() -> bool:
        newcomer = server.take(program.name)
        if newcomer:
            taken.append(newcomer)
        return bool(taken)

    if not stage.until(has_come):
        raise Blocked("client_sends_what_is_typed", f"The client does not connect to port {server.port} "
                      f"({program.how_it_ended}).", program.last_words())
    stage.clients.append(taken[0])
    stage.may_end = False
    return stage, taken[0]


def type_line(program: Program | TerminalProgram, line: str) -> None:
    """Types a line, on whichever keyboard there is."""
    (program.type_line if isinstance(program, TerminalProgram) else program.tell)(line)


def must_arrive(stage: ChatStage, server: LineClient, words: bytes, where: str) -> None:
    """Raises Shortfall unless the server hears these bytes."""
    stage.mark()
    if not stage.until(lambda: bool(server.count(words))):
        server.note("missing", words)
        raise Shortfall("What was typed did not arrive at the server.", expected=f'"{readable(words)}"',
                        actual=f'the server heard "{readable(bytes(server.heard[-100:]))}"')


def must_show(stage: ChatStage, screen: TerminalProgram, token: str) -> None:
    """Raises Shortfall unless this comes to the screen."""
    if not stage.until(lambda: token.encode() in screen.screen()):
        raise Shortfall("What the server sent did not come to the screen.", expected=f"{token} …",
                        actual=f'the screen ends with "{readable(screen.screen()[-100:])}"')
