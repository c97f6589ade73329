"""The chat in a scene: clients that join, lines that have to be heard, and how often they were."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from grading.line_client import LineClient
from grading.observe.receivers import left_unread
from grading.observe.sockets import ESTABLISHED, tcp_sockets
from grading.patience import Patience
from grading.program import Program
from grading.shortfall import Blocked, Shortfall
from grading.stage import Stage
from grading.transcript import Transcript, ending

FAN_OUT = "fan_out_reaches_everyone_else"  # the check that fails where clients are not taken
NAMES = ("Ann", "Bob", "Cid", "Dan", "Eve", "Fay", "Gil", "Hal", "Ida", "Jon", "Kim", "Leo")


class ChatStage(Stage):
    """A stage whose program is a chat server."""

    program: Program

    def __init__(self, program: Program, transcript: Transcript,
                 patience: Patience | None = None, *, named: bool = False) -> None:
        super().__init__(program, transcript, patience)
        self.port = 0  # where the server listens
        self.named = named  # the server takes the first line of each client for a name
        self._names = iter((*NAMES, *(f"C{n}" for n in range(13, 5000))))

    # -- people ----------------------------------------------------------------------------------

    def connections(self) -> set[int]:
        """Ports of the clients that the program has accepted, whoever they are."""
        return {row.peer_port for row in tcp_sockets() if row.port == self.port and row.peer_port
                and row.inode and row.state == ESTABLISHED}

    def connect(self, host: str = "127.0.0.1", receive_buffer: int | None = None) -> LineClient:
        """A new client knocks, and says a name where servers ask for one; nothing is waited for."""
        try:
            name = self.a_name()
            client = LineClient.knock(name, self.port, self.transcript, host,
                                      receive_buffer)
        except OSError as error:
            self.until(lambda: self.program.ended)  # is that why?
            self.must_live()
            self.transcript.add("missing", name, f"<connection to {host} port {self.port}>")
            raise Shortfall(f"Connecting to {host} port {self.port} failed: {error.strerror}.",
                            expected="the connection is accepted",
                            actual=str(error.strerror)) from error
        self.clients.append(client)
        if self.named:
            client.say(client.name)
        return client

    def join(self, number: int = 1, *, greet: bool = True) -> list[LineClient]:
        """So many clients connect and are accepted.

        greet: each says a line that is not judged, because some courses' servers take the first for
        a name; what that does to the chat is a check of its own.
        """
        newcomers = [self.connect() for _ in range(number)]
        if not self.until(lambda: all(self.accepted(client) for client in newcomers)):
            late = [client.name for client in newcomers if not self.accepted(client)]
            for name in late:
                self.transcript.add("missing", name, "<accept>")
            raise Blocked(FAN_OUT,
                          f"The program does not accept {_names(late)}: the connection waits "
                          "in the listen queue, and nothing of the program is about to take it.",
                          self.program.last_words())
        self.settle()
        if greet:
            for client in newcomers:
                client.say(f"hello from {client.name} {self.token()}")
            self.settle()
        return newcomers

    def a_name(self) -> str:
        """A name that nobody has in this scene."""
        return next(self._names)

    def accepted(self, client: LineClient) -> bool:
        """True if the program has accepted this client:
        the kernel has given its end a descriptor."""
        return any(row.peer_port == client.port and row.port == self.port and row.inode
                   for row in tcp_sockets()) or bool(client.ended)

    # -- the chat --------------------------------------------------------------------------------

    def say(self, speaker: LineClient, to: Sequence[LineClient] | None = None) -> str:
        """One says a line of his own; everybody else who has not left, or `to`,
        has to hear it exactly once."""
        if speaker.ended:  # nobody hears who is not there
            raise self._ended_by_the_server(speaker)
        token = self.token()
        speaker.say(f"{token} from {speaker.name}")
        self.must_hear([token], speaker, to)
        return token

    def must_hear(self, tokens: Sequence[str], speaker: LineClient,
                  to: Sequence[LineClient] | None = None) -> None:
        """Everybody else, or `to`, has to hear each of these exactly once, as soon as all settles.

        Everybody: whoever has not left, so also those whose connection the server has ended.
        """
        listeners = [client for client in (self.clients if to is None else to)
                     if client is not speaker and client.reading
                     and not (to is None and client.has_left)]
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
        self.transcript.add("unexpected" if times else "missing", client.name,
                            f"{token}, said by {speaker.name}")
        if client.ended:
            raise self._ended_by_the_server(client)
        unread = 0 if times or self.restless else left_unread(self.pids(), self.port, speaker.port)
        raise Shortfall(
            f"{client.name} heard {speaker.name}'s line {how_often(times)}." if times else
            f"{client.name} never heard {speaker.name}'s line{_where_it_lies(unread, speaker)}."
            + self.meanwhile(),
            expected=f'{client.name} hears a line with "{token}" exactly once',
            actual=f"{how_often(times)}; the last that came from the server: {_tail(client)}",
            detail=self.program.last_words())

    def _ended_by_the_server(self, client: LineClient) -> Shortfall:
        """What to say of that; raises a Shortfall of its own where the whole program has ended."""
        self.until(lambda: self.program.ended)  # who is dying has closed its sockets already
        self.must_live()
        return Shortfall(f"The server ended {client.name}'s connection ({client.ended}), although "
                         f"{client.name} had not left.{self.meanwhile()}",
                         expected=f"{client.name} stays connected",
                         actual=f"{client.ended} at {client.name}",
                         detail=self.program.last_words())


def how_often(times: int) -> str:
    """A number of times in words."""
    return {0: "never", 1: "once", 2: "twice"}.get(times, f"{times} times")


def _where_it_lies(unread: int, speaker: LineClient) -> str:
    """What the kernel knows of a line that nobody has received."""
    return (f": {unread} bytes of {speaker.name}'s lie unread in the server's socket, "
            f"for no thread receives from {speaker.name}" if unread else "")


def _tail(client: LineClient) -> str:
    return f'"{ending(client.heard, 80)}"' if client.heard else "none at all"


def _names(names: Iterable[str]) -> str:
    return ", ".join(names)
