"""A scene: one program under test, the clients around it, and waiting for facts instead of for time."""

from __future__ import annotations

import os
import secrets
import select
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from grading.line_client import LineClient
from grading.observe.quiescence import Quiescence
from grading.observe.sockets import ESTABLISHED, tcp_sockets
from grading.program import Program
from grading.sandbox.libc import ticking_fd
from grading.shortfall import Blocked, Shortfall
from grading.terminal_program import TerminalProgram
from grading.transcript import Transcript, readable
from grading.verdict import Verdict

FENCE_S = 10.0  # the last fence: a scene that gets here is a TIMEOUT, never a pass
SENTINEL_S = 4.0  # how long a sentinel may take
TICK_S = 0.0004
FAN_OUT = "fan_out_reaches_everyone_else"  # the check that a program fails which does not take clients

NAMES = ("Ann", "Bob", "Cid", "Dan", "Eve", "Fay", "Gil", "Hal", "Ida", "Jon", "Kim", "Leo")


@dataclass
class Patience:
    """How long a program may go without settling before sentinels judge it; shared by its scenes."""

    seconds: float = 1.0
    once_restless: float = 0.1


class Stage:
    """One thread drives it: every wait pumps all sockets and pipes, so nobody blocks anybody."""

    def __init__(self, program: Program | TerminalProgram, transcript: Transcript,
                 patience: Patience | None = None) -> None:
        self.program = program
        self._patience = patience or Patience()
        self.transcript = transcript
        self.clients: list[LineClient] = []
        self.restless = False  # the program never settled: sentinels instead of quiescence
        self.may_end = False  # the scene has asked the program to end
        self.port = 0
        self._bystanders: list[Program | TerminalProgram] = []  # other programs of the scene
        self._quiescence = Quiescence(self._pids)
        self._ticks = ticking_fd(TICK_S)
        self._names = iter((*NAMES, *(f"C{n}" for n in range(13, 5000))))

    def close(self) -> None:
        """The scene is over."""
        for client in self.clients:
            client.vanish()
        os.close(self._ticks)

    # -- waiting ---------------------------------------------------------------------------------

    def pump(self, seconds: float = 0.0) -> bool:
        """Moves every byte that can move now; waits up to so long for the first. True if any did."""
        poller = select.poll()
        open_clients = [client for client in self.clients if client.fileno() >= 0]
        for client in open_clients:
            wanted = select.POLLIN if client.reading and not client.ended else 0
            wanted |= select.POLLOUT if client.has_unsent else 0
            if wanted:
                poller.register(client.fileno(), wanted)
        programs = [self.program, *self._bystanders]
        for descriptor in (number for program in programs for number in program.filenos()):
            poller.register(descriptor, select.POLLIN)
        if seconds == TICK_S:  # poll() itself knows no less than a millisecond
            poller.register(self._ticks, select.POLLIN)
        poller.poll(seconds * 1000)
        with suppress(BlockingIOError):
            os.read(self._ticks, 8)
        moved = any([program.drain() for program in programs])
        for client in open_clients:
            client.flush()
            moved |= client.drain()
        return moved

    def until(self, fact: Callable[[], bool], seconds: float = FENCE_S) -> bool:
        """Waits for a fact. False once the program has settled, or ended, without it.

        What has not happened when every thread waits for an event and no byte is under way does not
        happen any more. Raises Shortfall (TIMEOUT) at the fence, (CRASH) if the program died.
        """
        start = time.monotonic()
        self._quiescence.be_patient()
        while not fact():
            moved = self.pump(TICK_S)
            if fact():
                return True
            if self.program.ended:
                self.pump()
                self._must_live()
                return fact()
            if not self.restless and self._settled(moved, strict=True):
                self.pump()
                return fact()
            if time.monotonic() - start > (SENTINEL_S if self.restless else seconds):
                return self._at_the_fence(fact)
        return True

    def _at_the_fence(self, fact: Callable[[], bool]) -> bool:
        if self.restless:  # what has not come in so long, with no rest to prove anything
            return False
        self.restless = True
        return fact()

    def settle(self) -> None:
        """Waits until nothing is under way. A program that never rests has to pass sentinels."""
        start = time.monotonic()
        while not self.restless:
            moved = self.pump(TICK_S)
            self._must_live()
            if self.program.ended or self._settled(moved):
                break
            waited = time.monotonic() - start
            if waited > FENCE_S or (waited > self._patience.seconds and not self._bytes_under_way()):
                self.restless = True
                self._patience.seconds = self._patience.once_restless
        else:
            self._sentinels()
        self.mark()

    def mark(self) -> None:
        """What the program does from now on is its answer to what the scene does next."""
        self._quiescence.mark()

    def _settled(self, moved: bool, strict: bool = False) -> bool:
        if any(isinstance(program, TerminalProgram) and program.keys_under_way()
               for program in (self.program, *self._bystanders)):
            return False
        ignored = [client.port for client in self.clients if not client.reading]
        return self._quiescence.look(moved, ignored, strict=strict)

    def _bytes_under_way(self) -> bool:
        return any(row.unread or row.unsent for row in tcp_sockets() if not row.listens)

    def _sentinels(self) -> None:
        """Each client says a line; when everybody has heard it, what was before it is there too."""
        for speaker in [client for client in self.here() if not client.mid_line]:
            token = self.token()
            speaker.say(f"sentinel {token}")
            others = [client for client in self.here() if client is not speaker and client.reading]
            deadline = time.monotonic() + SENTINEL_S
            while (time.monotonic() < deadline and not self.program.ended
                   and any(client.here and not client.count(token) for client in others)):
                self.pump(TICK_S)
        self._must_live()

    def _must_live(self) -> None:
        if self.program.ended and not self.may_end:
            self.transcript.add("exits", "server", self.program.how_it_ended)
            raise Shortfall(f"The program ended in the middle of the scene: {self.program.how_it_ended}.",
                            expected="it goes on serving", actual=self.program.how_it_ended,
                            detail=self.program.last_words(), verdict=Verdict.CRASH)

    # -- people ----------------------------------------------------------------------------------

    def also(self, program: Program | TerminalProgram) -> None:
        """Another program takes part: its output is read, and its threads have to settle too."""
        self._bystanders.append(program)

    def connections(self) -> set[int]:
        """Ports of the clients that the program has accepted, whoever they are."""
        return {row.peer_port for row in tcp_sockets() if row.port == self.port and row.peer_port
                and row.inode and row.state == ESTABLISHED}

    def _pids(self) -> list[int]:
        return [pid for program in (self.program, *self._bystanders) for pid in program.pids()]

    def here(self) -> list[LineClient]:
        """The clients that are connected."""
        return [client for client in self.clients if client.here]

    def connect(self, host: str = "127.0.0.1", receive_buffer: int | None = None) -> LineClient:
        """A new client knocks; whether the program accepts it is not waited for."""
        try:
            client = LineClient.knock(next(self._names), self.port, self.transcript, host,
                                      receive_buffer)
        except OSError as error:
            self.pump()
            self._must_live()
            raise Shortfall(f"Connecting to {host} port {self.port} failed: {error.strerror}.",
                            expected="the connection is accepted", actual=str(error.strerror)) from error
        self.clients.append(client)
        return client

    def join(self, number: int = 1, *, greet: bool = True) -> list[LineClient]:
        """So many clients connect and are accepted.

        greet: each says a line that is not judged, because some courses' servers take the first for
        a name; what that does to the chat is a check of its own.
        """
        newcomers = [self.connect() for _ in range(number)]
        if not self.until(lambda: all(self.accepted(client) for client in newcomers)):
            late = [client.name for client in newcomers if not self.accepted(client)]
            raise Blocked(FAN_OUT, f"The program does not accept {_names(late)}: the connection waits "
                          "in the listen queue, and nothing of the program is about to take it.",
                          self.program.last_words())
        self.settle()
        if greet:
            for client in newcomers:
                client.say(f"hello from {client.name} {self.token()}")
            self.settle()
        return newcomers

    def accepted(self, client: LineClient) -> bool:
        """True if the program has accepted this client: the kernel has given its end a descriptor."""
        return any(row.peer_port == client.port and row.port == self.port and row.inode
                   for row in tcp_sockets()) or bool(client.ended)

    # -- the chat --------------------------------------------------------------------------------

    def token(self) -> str:
        """Letters that nobody has said before."""
        return f"<{secrets.token_hex(4)}>"

    def say(self, speaker: LineClient, to: Sequence[LineClient] | None = None) -> str:
        """One says a line of his own and everybody else, or `to`, has to hear it exactly once."""
        token = self.token()
        speaker.say(f"{token} from {speaker.name}")
        self.must_hear([token], speaker, to)
        return token

    def must_hear(self, tokens: Sequence[str], speaker: LineClient,
                  to: Sequence[LineClient] | None = None) -> None:
        """Everybody else, or `to`, has to hear each of these exactly once, as soon as all is settled."""
        listeners = [client for client in (self.here() if to is None else to)
                     if client is not speaker and client.reading]
        self.until(lambda: all(c.count(token) for c in listeners for token in tokens))
        self.settle()
        for client in listeners:
            for token in tokens:
                self.must_have_heard_once(client, token, speaker)

    def must_have_heard_once(self, client: LineClient, token: str, speaker: LineClient) -> None:
        """Raises Shortfall unless this client has heard the token exactly once."""
        times = client.count(token)
        if times == 1:
            return
        self.transcript.add("unexpected" if times else "missing", client.name, f"{token} from {speaker.name}")
        if client.ended:
            raise Shortfall(f"The server ended {client.name}'s connection ({client.ended}), although "
                            f"{client.name} had not left.", expected=f"{client.name} stays connected",
                            actual=f"{client.ended} at {client.name}")
        raise Shortfall(
            f"{client.name} heard {speaker.name}'s line {how_often(times)}." if times else
            f"{client.name} never heard {speaker.name}'s line.",
            expected=f'{client.name} hears a line with "{token}" exactly once',
            actual=f"{client.name} heard it {how_often(times)}; the last that came from the server: "
                   f"{_tail(client)}")


def how_often(times: int) -> str:
    """A number of times in words."""
    return {0: "never", 1: "once", 2: "twice"}.get(times, f"{times} times")


def _tail(client: LineClient) -> str:
    return f'"{readable(bytes(client.heard[-80:]))}"' if client.heard else "none at all"


def _names(names: Iterable[str]) -> str:
    return ", ".join(names)
