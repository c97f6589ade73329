"""A scene of the chat with a server that ends connections: that is said, and is no success."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

import pytest
from grading.chat_stage import ChatStage
from grading.line_client import LineClient
from grading.shortfall import Shortfall
from grading.transcript import Transcript


class NoProgram:
    """A server that has no processes left."""

    ended = False

    def pids(self) -> list[int]:
        return []

    def last_words(self) -> str:
        return "its last words"


@pytest.fixture
def pair() -> Iterator[tuple[LineClient, socket.socket]]:
    """A client of the scene, and the server's end of its connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = LineClient.knock("Ann", listener.getsockname()[1], Transcript())
        accepted, _ = listener.accept()
        with accepted:
            yield client, accepted
        client.leave()


def test_a_client_that_the_server_has_thrown_out_cannot_speak(
        pair: tuple[LineClient, socket.socket], monkeypatch: pytest.MonkeyPatch) -> None:
    ann, server_side = pair
    server_side.close()
    while not ann.ended:
        ann.drain()
    stage = ChatStage(NoProgram(), Transcript())  # type: ignore[arg-type]
    monkeypatch.setattr(stage, "until", lambda fact: fact())
    with pytest.raises(Shortfall, match="ended Ann's connection .end of file., although") as raised:
        stage.say(ann)
    assert raised.value.detail == "its last words"


def test_a_half_close_after_a_reset_is_no_error_of_the_grader(
        pair: tuple[LineClient, socket.socket]) -> None:
    ann, server_side = pair
    server_side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    server_side.close()
    ann.half_close()
    assert ann.ended == "reset"
