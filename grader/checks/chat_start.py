"""How a server starts, and how it refuses to."""

import signal
import socket
from pathlib import Path

from grading.chat_stage import ChatStage
from grading.message_stage import MessageStage
from grading.observe.sockets import listeners
from grading.program import Program
from grading.shortfall import Shortfall
from grading.stage import Stage
from grading.theatre import Theatre
from grading.transcript import readable
from grading.verdict import Verdict
from grading.wrong_port import how_come

from chat_limits import TALKATIVE
from full_sockets import one_who_does_not_read

# Numbers of which a variable of 32 or 64 bits keeps 9034, where nobody looks.
WRAP = tuple(str(9034 + (1 << bits)) for bits in (32, 64))


def check_starts_and_says_where_it_listens(theatre: Theatre) -> None:
    """The server listens on the port it is given and, when it is ready, prints
    "Listening on port: [PORT]", flushed."""
    port = theatre.server_port()
    must_listen(theatre, port, *theatre.target.arguments(port))


def check_port_zero_asks_the_kernel(theatre: Theatre) -> None:
    """With port 0 the server listens on a port of the kernel's choice and prints which one."""
    must_listen(theatre, 0, *theatre.target.arguments(0))


def check_default_port_is_9034(theatre: Theatre) -> None:
    """Without an argument the server listens on port 9034."""
    theatre.must_be_free(theatre.target.port)
    must_listen(theatre, theatre.target.port)


def check_accepts_on_every_local_address(theatre: Theatre) -> None:
    """The server accepts connections on every local IPv4 address, not only on 127.0.0.1."""
    stage = theatre.stage()
    listening = listeners().get(stage.port)
    if not listening or not listening.listens_everywhere:
        raise Shortfall("The server listens on one address only.",
                        expected="listens on 0.0.0.0 or [::]",
                        actual=f"listens on {listening.address if listening else 'none any more'}")
    for host in ("127.0.0.1", "127.0.0.2", "127.31.7.9"):
        visitor = stage.connect(host)
        if not stage.until(lambda: stage.accepted(visitor)):
            raise Shortfall(f"A client that came in by the local address {host} was not accepted.",
                            expected="it is accepted", actual="it waits in the listen queue")
        visitor.leave()
        stage.settle()


def check_refuses_a_bad_port(theatre: Theatre) -> None:
    """A port that is no number from 0 to 65535, or has something behind it:
    usage on stderr, exit status 2."""
    for bad in ("port", "", "70000", "65536", "-1", "90x4", "9034 9035", "0x50", *WRAP):
        must_refuse(theatre, theatre.target.arguments(bad), 2, f'the port "{bad}"', "usage")


def check_refuses_too_many_arguments(theatre: Theatre) -> None:
    """More than one argument: usage on stderr, exit status 2."""
    must_refuse(theatre, (*theatre.target.arguments(9034), "9035"), 2, "the arguments 9034 9035",
                "usage")


def check_says_why_the_port_cannot_be_had(theatre: Theatre) -> None:
    """A port that is in use, or not allowed: the reason on stderr, exit status 1."""
    port = theatre.server_port()
    with socket.create_server(("", port)):
        must_refuse(theatre, theatre.target.arguments(port), 1, f"port {port}, which is in use",
                    "the reason")
    stage = theatre.stage()  # SO_REUSEPORT would let a second one in
    must_refuse(theatre, theatre.target.arguments(stage.port), 1,
                f"port {stage.port}, on which the same server listens already", "the reason")
    theatre.clear()
    if not theatre.target.fixed_port:
        theatre.must_forbid(80)
        must_refuse(theatre, theatre.target.arguments(80), 1, "port 80, which is not allowed",
                    "the reason")


def kernels_choice() -> set[int]:
    """The ports that bind() with port 0 can give."""
    first, last = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    return set(range(int(first), int(last) + 1))


def must_listen(theatre: Theatre, port: int, *arguments: str) -> None:
    """Raises Shortfall unless the server listens on this port (0: any) and says so."""
    program = theatre.start_server(*arguments)
    stage = theatre.stage_for(program)
    listening = must_have(program, stage, port)
    lines = [b"\n" + theatre.target.ready_at(one).encode() for one in listening]
    if not stage.until(lambda: any(line in b"\n" + program.output() for line in lines)):
        raise Shortfall("The server listens, but has not printed on stdout where.",
                        expected=f"a line that begins: {readable(lines[0][1:])}",
                        actual=f'stdout: "{readable(program.output())}"')


def must_have(program: Program, stage: Stage, port: int) -> list[int]:
    """Raises Shortfall unless the server listens on this port (0: any); the ports it listens on."""
    stage.until(lambda: bool(program.listening_ports()))
    listening = program.listening_ports()
    wanted = {port} if port else kernels_choice()
    if wanted.isdisjoint(listening):
        where = f"port {port}" if port else "a port of the kernel's choice"
        raise Shortfall(f"The server does not listen on {where}."
                        + how_come(port, listening, kernels_choice()),
                        expected=f"a listening socket on {where}",
                        actual=f"listens on {listening or 'none'}; {program.how_it_ended}",
                        detail=program.last_words())
    return listening


def must_refuse(theatre: Theatre, arguments: tuple[str, ...], status: int, what: str,
                words: str) -> None:
    """Raises Shortfall unless the server ends with this status and has said something on stderr."""
    program = theatre.start_server(*arguments)
    if not theatre.stage_for(program).until(lambda: program.ended):
        ports = program.listening_ports()
        raise Shortfall(f"Given {what}, the server goes on running.",
                        expected=f"{words} on stderr, exit status {status}",
                        actual=f"it listens on {ports}" if ports else "it runs, and waits")
    if program.exit_status != status or not program.errors().strip():
        raise Shortfall(f"Given {what}, the server does not refuse as it should.",
                        expected=f"{words} on stderr, exit status {status}",
                        actual=f'{program.how_it_ended}, stderr: "{readable(program.errors())}"')


def check_sigint_ends_it(theatre: Theatre) -> None:
    """SIGINT ends the server within 2 s with exit status 0, also with clients connected,
    and with one that does not read."""
    must_end_on(theatre, signal.SIGINT)
    theatre.clear()
    stage = theatre.stage(TALKATIVE)
    if one_who_does_not_read(stage, stage.join()[0]):
        must_end(stage, signal.SIGINT, "one of two clients does not read")


def check_sigterm_ends_it(theatre: Theatre) -> None:
    """SIGTERM ends the server within 2 s with exit status 0, also with clients connected."""
    must_end_on(theatre, signal.SIGTERM)


def check_port_is_free_again_at_once(theatre: Theatre) -> None:
    """After SIGINT, with clients connected until then,
    the same server can listen on the port again at once."""
    stage = theatre.stage()
    stage.join(2)
    stage.may_end = True
    stage.program.signal(signal.SIGINT)
    if not stage.program.wait(5.0):
        raise Shortfall("The server does not end, so its port never becomes free.",
                        expected="it ends on SIGINT", actual="still running",
                        verdict=Verdict.TIMEOUT)
    again = theatre.start_server(*theatre.target.arguments(stage.port))
    must_have(again, theatre.stage_for(again), stage.port)


def must_end_on(theatre: Theatre, number: signal.Signals) -> None:
    """Raises Shortfall unless the signal ends the server in time,
    with status 0 and its clients told."""
    for clients in (0, 3):
        theatre.clear()
        stage = theatre.stage()
        for client in stage.join(clients)[2:]:
            client.send(b"the beginning of a line")
        stage.settle()
        must_end(stage, number, f"{clients} clients")
        stage.pump(0.01)
        left = [client.name for client in stage.clients if not client.ended]
        if left:
            raise Shortfall(f"{', '.join(left)} still has a connection after the server's end.",
                            expected="every connection ends", actual="a connection is still open")


def must_end(stage: ChatStage | MessageStage, number: signal.Signals, clients: str,
             seconds: float = 2.0) -> None:
    """Raises Shortfall unless the signal ends the server in time, with status 0."""
    stage.may_end = True
    stage.program.signal(number)
    if not stage.program.wait(seconds):
        raise Shortfall(f"{number.name} does not end the server within {seconds:.0f} s "
                        f"({clients}).", expected="it ends, exit status 0",
                        actual=f"still running after {seconds:.0f} s",
                        verdict=Verdict.TIMEOUT)
    if stage.program.exit_status != 0:
        raise Shortfall(f"On {number.name} the server does not end with status 0 ({clients}).",
                        expected="exit status 0", actual=stage.program.how_it_ended,
                        detail=stage.program.last_words())
