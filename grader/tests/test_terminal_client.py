"""Part A's client on a terminal: what is typed stays whole, whatever arrives."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from chat_screen import ChatScreen, Server
from sample_reports import GRADER

ROOT = GRADER.parent
CLIENT = ROOT / "part_a" / "client"
LONG = "the quick brown fox jumps over the lazy dog, " * 5 + "and once more from the start"


@pytest.fixture(scope="module", autouse=True)
def build() -> None:
    """Part A as it is."""
    subprocess.run(["make", "-s", "-C", str(ROOT), "part_a"], check=True, stdout=subprocess.DEVNULL)


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    yield one
    one.close()


@pytest.fixture
def screen(server: Server) -> Iterator[ChatScreen]:
    """80 columns, 24 rows, and a client that is ready."""
    one = ChatScreen([str(CLIENT), "127.0.0.1", str(server.port)])
    server.meet()
    one.until(lambda: one.typed() == ">")
    yield one
    one.close()


def chatter(server: Server, over: threading.Event) -> threading.Thread:
    """Says 20 lines a second until it is over."""
    def talk() -> None:
        number = 0
        while not over.wait(0.05):
            number += 1
            server.say(f"line {number} from somebody else\n")
    thread = threading.Thread(target=talk)
    thread.start()
    return thread


def test_a_long_line_stays_whole_while_20_lines_a_second_arrive(server: Server, screen: ChatScreen) -> None:
    over = threading.Event()
    thread = chatter(server, over)
    seen_with = set()  # how much of it was seen whole beside which last line
    try:
        for size in range(1, len(LONG) + 1):
            before, now = ("> " + LONG[:size - 1]).rstrip(), ("> " + LONG[:size]).rstrip()
            screen.press(LONG[size - 1])
            while True:
                if screen.at_rest():
                    assert screen.typed() in (before, now)
                    seen_with.add("\n".join(screen.rows()))
                    if screen.typed() == now:
                        break
                screen.draw(0.01)
    finally:
        over.set()
        thread.join()
    assert len(seen_with) >= len(LONG.replace(" ", ""))
    screen.press("\r")
    assert server.hear(len(LONG) + 1) == f"{LONG}\n".encode()


def test_each_line_that_arrives_is_shown_once_and_in_order(server: Server, screen: ChatScreen) -> None:
    screen.press(LONG)
    for number in range(100):
        server.say(f"line {number}\n")
    screen.until(lambda: "line 99" in screen.rows() and screen.typed() == f"> {LONG}")
    arrived = [row for row in screen.scrolled() if row.startswith("line ")]
    assert arrived == [f"line {number}" for number in range(100)]
