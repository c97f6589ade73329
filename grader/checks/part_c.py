"""Part C: the chat server on the library, the clients people have, and the log it keeps."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from grading.chat_stage import ChatStage
from grading.line_client import LineClient
from grading.program import Program
from grading.shortfall import Blocked, NotJudged, Shortfall
from grading.terminal_program import TerminalProgram
from grading.theatre import Theatre

from part_a_client import must_show, type_line

NC, TELNET = "/usr/bin/nc", "/usr/bin/telnet"
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"\n]{1,200})"', re.MULTILINE)
MOST_OF_A_SOURCE = 1 << 20  # bytes of a source that are looked through


def check_uses_the_library(theatre: Theatre) -> None:
    """The program is linked with the library of Part B."""
    library = theatre.lab.targets[theatre.target.library]
    if library.function not in theatre.symbols(theatre.target.command[0]):
        raise Shortfall(f"The program does not use the library {library.title}.",
                        expected=f"it calls {library.function}()",
                        actual=f"{library.function} is not among its symbols")


def check_uses_only_the_public_header(theatre: Theatre) -> None:
    """The program includes nothing of the library but its public header."""
    library = theatre.lab.targets[theatre.target.library]
    folder = theatre.lab.folder_of(library)
    headers = {path.name for path in (theatre.box.work / folder).glob("*.h*")}
    elsewhere = {path.name for path in theatre.box.work.glob("*/*.h*")
                 if path.parent != theatre.box.work / folder}
    private = headers - public_headers(theatre)
    for source in sorted((theatre.box.work / theatre.folder).glob("*.[ch]*")):
        if source.is_symlink() or not source.is_file():
            continue
        with source.open(encoding="utf-8", errors="replace") as file:
            text = file.read(MOST_OF_A_SOURCE)
        for header in INCLUDE.findall(text):
            name = Path(header).name
            if name in private and (Path(folder).name in header or name not in elsewhere):
                raise Shortfall(f"{source.name} includes {header}, which is no public header "
                                "of the library.",
                                expected="only what the library's users may include", actual=header)


def public_headers(theatre: Theatre) -> set[str]:
    """The headers that a build leaves for users of some library."""
    return {Path(file).name for target in theatre.lab.targets.values() for file in target.products}


def check_logs_joins_leaves_and_messages(theatre: Theatre) -> None:
    """Each join, each message and each leave is logged: a line on stdout or stderr, flushed."""
    stage = theatre.stage()
    ann, bob, cid = stage.join(3)
    events: tuple[tuple[str, Callable[[], object]], ...] = (
        ("message", lambda: ann.say(f"{stage.token()} for the log")),
        ("join", lambda: stage.join(greet=False)),
        ("leave", bob.leave),
        ("leave by a reset", cid.reset))
    for what, happen in events:
        before = log_lines(stage)
        happen()
        stage.until(lambda: log_lines(stage) > before)
        stage.settle()
        if log_lines(stage) <= before:
            raise Shortfall(f"A {what} is not logged.",
                            expected="a line on stdout or stderr, flushed",
                            actual=f"{before} lines before it, and none after")
    must_log_each_line_of_a_packet(stage, ann)


def check_nc_and_telnet_can_chat(theatre: Theatre) -> None:
    """nc and telnet can take part in the chat."""
    for tool in (NC, TELNET):
        if not theatre.tool(tool):
            raise NotJudged(f"{tool} is not installed.")
    stage = theatre.stage()
    ann = stage.join()[0]
    nc = theatre.start((NC, "127.0.0.1", str(stage.port)), with_input=True)
    telnet = theatre.on_terminal((TELNET, "127.0.0.1", str(stage.port)))
    must_chat(theatre, stage, ann, [nc, telnet])


def check_part_a_clients_can_chat(theatre: Theatre) -> None:
    """The client of Part A can take part in the chat."""
    box, _, other = theatre.other_target(theatre.target.client_of)
    if not (box.work / other.client).is_file():
        raise Blocked("builds_the_client",
                      f"{other.client} does not build, so it cannot be tried here.")
    stage = theatre.stage()
    ann = stage.join()[0]
    clients = [theatre.start((f"./{other.client}", "127.0.0.1", str(stage.port)),
                             with_input=True, box=box)
               for _ in range(2)]
    must_chat(theatre, stage, ann, clients)


def check_messages_leave_no_thread(theatre: Theatre) -> None:
    """When nothing is under way, no thread is left over from messages:
    neither from two nor from two hundred."""
    stage = theatre.stage()
    ann, bob = stage.join(2)
    stage.say(ann)
    stage.say(bob)
    before = stage.program.threads()
    for _ in range(20):
        tokens = [stage.token() for _ in range(10)]
        for token in tokens:
            ann.say(token)
            stage.pump()
        stage.must_hear(tokens, ann)
    if stage.program.threads() > before:
        raise Shortfall("Two hundred messages have left threads behind.",
                        expected=f"{before} threads",
                        actual=f"{stage.program.threads()} threads")


def must_chat(theatre: Theatre, stage: ChatStage, ann: LineClient,
              programs: Sequence[Program | TerminalProgram]) -> None:
    """Each program's typed line reaches everybody else, and each shows what the others say."""
    for program in programs:
        stage.also(program)
    port = stage.port
    if not stage.until(lambda: len(stage.connections()) >= 1 + len(programs)):
        raise Shortfall(f"Not every client could connect to port {port}.",
                        expected=f"{1 + len(programs)} connections",
                        actual=f"{len(stage.connections())}")
    stage.settle()
    for program in programs if stage.named else ():
        type_line(program, stage.a_name())
        stage.settle()
    for program in programs:
        line = stage.token()
        type_line(program, f"{line} typed")
        must_be_heard(stage, line, ann)
        for other in programs:
            if other is not program:
                must_be_seen(stage, other, line)
    token = stage.token()
    ann.say(f"{token} from Ann")
    for program in programs:
        must_be_seen(stage, program, token)


def must_be_heard(stage: ChatStage, token: str, ann: LineClient) -> None:
    """Raises Shortfall unless Ann hears it."""
    stage.mark()
    if not stage.until(lambda: ann.count(token) > 0):
        raise Shortfall("A line typed into a client did not reach the others.", expected=token,
                        actual="never heard")


def must_be_seen(stage: ChatStage, program: Program | TerminalProgram, token: str) -> None:
    """Raises Shortfall unless the client shows it."""
    if isinstance(program, TerminalProgram):
        must_show(stage, program, token)
        return
    output = program.output
    if not stage.until(lambda: token.encode() in output()):
        raise Shortfall("A client did not show what another had said.", expected=token,
                        actual="never shown")


def must_log_each_line_of_a_packet(stage: ChatStage, speaker: LineClient) -> None:
    """Raises Shortfall if only some lines of a packet are in the log. Asked only of a log that
    holds what is said: one in other words may sum up."""
    alone, *together = [stage.token() for _ in range(4)]
    speaker.say(f"{alone} alone")
    if not stage.until(lambda: in_log(stage, alone)):
        return
    speaker.send("".join(f"{token} in one packet\n" for token in together).encode())
    if not stage.until(lambda: all(in_log(stage, token) for token in together)):
        logged = [token for token in together if in_log(stage, token)]
        raise Shortfall("Three messages came in one packet, and not each is logged.",
                        expected=f"{', '.join(together)} in the log",
                        actual=", ".join(logged) or "none of them")


def in_log(stage: ChatStage, token: str) -> bool:
    """True once what was said is on stdout or stderr, with or without the brackets around it."""
    stage.pump()
    return token.strip("<>").encode() in stage.program.output() + stage.program.errors()


def log_lines(stage: ChatStage) -> int:
    """Lines on stdout and stderr so far."""
    stage.pump()
    return (stage.program.output() + stage.program.errors()).count(b"\n")

