"""The server that the grader plays for a student's client: takes it, and keeps all it says."""

from __future__ import annotations

import socket

from grading.line_client import LineClient
from grading.transcript import Transcript


class _AsTheClientsDo(Transcript):
    """What the grader's server says and hears, told as what the student's client hears and says."""

    def __init__(self, scene: Transcript) -> None:
        super().__init__()
        self._scene = scene

    def add(self, kind: str, who: str, data: bytes | str = b"") -> None:
        """Appends the event, seen from the other side, to the scene's transcript."""
        if kind == "hears" and isinstance(data, str):  # an end of the connection
            kind, data = ("resets", "") if "reset" in data else ("leaves", "(its sending side)")
        elif kind in ("leaves", "resets"):
            kind, data = "hears", "<reset>" if kind == "resets" else "<end of file>"
        elif kind in ("says", "hears"):
            kind = "hears" if kind == "says" else "says"
        else:
            who = "server"
        self._scene.add(kind, who, data)


class FakeServer:
    """A listening socket of the grader's own on every address of the scene's network."""

    def __init__(self, port: int, transcript: Transcript) -> None:
        self._transcript = transcript
        both = socket.has_dualstack_ipv6()  # some machines know no IPv6
        self._listener = socket.create_server(
            ("", port), family=socket.AF_INET6 if both else socket.AF_INET, dualstack_ipv6=both)
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]

    def take(self, name: str = "client") -> LineClient | None:
        """The client that has connected, if one has. Its `heard` is what the client has sent."""
        try:
            connection, _ = self._listener.accept()
        except BlockingIOError:
            return None
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._transcript.add("joins", name)
        return LineClient(name, connection, _AsTheClientsDo(self._transcript))

    def close(self) -> None:
        """Stops listening; connections that were taken stay."""
        self._listener.close()
