"""The server as the grader plays it for a student's client: it listens, takes one client, and keeps all it says."""

from __future__ import annotations

import socket

from grading.line_client import LineClient
from grading.transcript import Transcript


class FakeServer:
    """A listening socket of the grader's own on every address of the scene's network."""

    def __init__(self, port: int, transcript: Transcript) -> None:
        self._transcript = transcript
        self._listener = socket.create_server(("", port), family=socket.AF_INET6,
                                              dualstack_ipv6=True)
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]

    def take(self) -> LineClient | None:
        """The client that has connected, if one has. Its `heard` is what the client has sent."""
        try:
            connection, _ = self._listener.accept()
        except BlockingIOError:
            return None
        self._transcript.add("joins", "client")
        return LineClient("grader", connection, self._transcript)

    def close(self) -> None:
        """Stops listening; connections that were taken stay."""
        self._listener.close()
