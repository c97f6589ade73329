"""Part A's client on a terminal: what is typed stays whole, whatever arrives."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Iterator

import pytest
from chat_screen import ROOT, ChatScreen, Server

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


def test_a_long_line_stays_whole_while_20_lines_a_second_arrive(
        server: Server, screen: ChatScreen) -> None:
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


def test_each_line_that_arrives_is_shown_once_and_in_order(
        server: Server, screen: ChatScreen) -> None:
    screen.press(LONG)
    for number in range(100):
        server.say(f"line {number}\n")
    screen.until(lambda: "line 99" in screen.rows() and screen.typed() == f"> {LONG}")
    arrived = [row for row in screen.scrolled() if row.startswith("line ")]
    assert arrived == [f"line {number}" for number in range(100)]


def test_nothing_that_arrives_is_obeyed(server: Server, screen: ChatScreen) -> None:
    screen.press("half")
    server.say_bytes(b"\x1b[2J\x1b]0;title\x07 \x9b31m \xc2\x9b31m \xff\r\n")
    harmless = r"^[[2J^[]0;title^G \x9b31m \xc2\x9b31m \xff"
    screen.until(lambda: harmless in screen.rows() and screen.typed() == "> half")


def test_a_wide_and_an_8_bit_text_are_edited_and_sent_as_typed(
        server: Server, screen: ChatScreen) -> None:
    screen.press("grüße 漢字 ")
    screen.press(b"\xe9\xff!")
    server.say("ünï\n")
    screen.until(lambda: "ünï" in screen.rows() and "漢字" in screen.typed())
    screen.press("\x1b[D\x1b[D\x7f")  # left, left, and the byte before it goes
    screen.press("\r")
    expected = "grüße 漢字 ".encode() + b"\xff!\n"
    assert server.hear(len(expected)) == expected


def test_a_tab_is_text(server: Server, screen: ChatScreen) -> None:
    screen.press("a\tb\r")
    assert server.hear(4) == b"a\tb\n"


def test_the_arrow_keys_bring_lines_back(server: Server, screen: ChatScreen) -> None:
    screen.press("first\rsecond\r")
    assert server.hear(13) == b"first\nsecond\n"
    screen.press("\x1b[A\x1b[A")
    screen.until(lambda: screen.typed() == "> first")
    server.say("news\n")
    screen.until(lambda: "news" in screen.rows() and screen.typed() == "> first")
    screen.press(" again\r")
    assert server.hear(12) == b"first again\n"


@pytest.mark.parametrize("size", [77, 78, 79, 158, 1500, 4000])
def test_a_line_of_any_length_keeps_its_rows(server: Server, screen: ChatScreen, size: int) -> None:
    text = ("x" * 9 + "|") * (size // 10) + "." * (size % 10)
    server.say("before\n")
    screen.until(lambda: "before" in screen.rows())
    screen.press(text)
    for number in range(3):
        server.say(f"line {number}\n")
        screen.until(lambda: screen.scrolled().count(f"line {number}") == 1)
    assert screen.scrolled().count("before") == 1
    if size < 80 * 20:
        assert screen.typed() == f"> {text}"
    screen.press("\r")
    assert server.hear(size + 1) == f"{text}\n".encode()


def test_a_cursor_in_the_middle_stays_there(server: Server, screen: ChatScreen) -> None:
    screen.press("y" * 200 + "\x01" + "\x1b[C" * 100)
    screen.until(lambda: screen.cursor()[1] == 102 % 80)
    place = screen.cursor()
    server.say("one\ntwo\n")
    screen.until(lambda: screen.typed() == "> " + "y" * 200)
    assert screen.cursor() == (place[0] + 2, place[1])
    assert screen.rows()[:2] == ["one", "two"]


def test_a_question_without_an_end_stands_before_the_answer(
        server: Server, screen: ChatScreen) -> None:
    server.say("your name: ")
    screen.until(lambda: "your name:" in screen.rows())
    screen.press("bob")
    server.say("?\nwell: ")
    screen.until(lambda: screen.rows()[:2] == ["your name: ?", "well: bob"])
    screen.press("\r")
    assert server.hear(4) == b"bob\n"
    screen.until(lambda: screen.typed() == ">")


def test_another_window_size(server: Server, screen: ChatScreen) -> None:
    server.say("above\n")
    screen.press("z" * 100)
    screen.until(lambda: screen.typed() == "> " + "z" * 100)
    screen.resize(60)
    server.say("after\n")
    screen.until(lambda: "after" in screen.rows())
    assert "above" in screen.rows()
    screen.press("\r")
    assert server.hear(101) == b"z" * 100 + b"\n"


def test_200_000_pasted_bytes_arrive(server: Server, screen: ChatScreen) -> None:
    text = "0123456789" * 20_000
    screen.press(text + "\r")
    screen.wait_for(lambda: screen.typed() == ">")
    assert server.hear(len(text) + 1) == f"{text}\n".encode()


def test_many_pasted_lines_are_shown_once(server: Server, screen: ChatScreen) -> None:
    lines = [f"pasted {number}" for number in range(300)]
    screen.press("".join(f"{line}\r" for line in lines))
    expected = "".join(f"{line}\n" for line in lines).encode()
    assert server.hear(len(expected)) == expected
    screen.until(lambda: screen.typed() == ">")
    assert [row for row in screen.scrolled() if "pasted" in row] == [f"> {line}" for line in lines]


def test_ctrl_d_ends_after_the_last_words(server: Server, screen: ChatScreen) -> None:
    settings = screen.settings()
    screen.press("bye\r\x04")
    assert server.hear(5) == b"bye\n"  # and then the end
    server.say("last words\nwithout end")
    server.leave()
    assert screen.ended() == 0
    assert screen.rows()[:3] == ["> bye", "> ^D", "last words"]
    assert "without end" in screen.rows()
    assert screen.settings() == screen.settings_before != settings


def test_the_server_goes_while_you_type(server: Server, screen: ChatScreen) -> None:
    screen.press("half a li")
    screen.until(lambda: screen.typed() == "> half a li")
    server.leave()
    assert screen.ended() == 1
    assert screen.rows()[:2] == ["> half a li", "the server has closed the connection"]
    assert screen.settings() == screen.settings_before


def test_ctrl_c_ends_at_once_with_the_terminal_in_order(server: Server, screen: ChatScreen) -> None:
    screen.press("half a li")
    screen.until(lambda: screen.typed() == "> half a li")
    screen.press("\x03")
    assert screen.ended() == -signal.SIGINT
    assert screen.cursor() == (1, 0)
    assert screen.settings() == screen.settings_before


def test_ctrl_c_ends_a_client_whose_server_does_not_read() -> None:
    server = Server(narrow=True)
    screen = ChatScreen([str(CLIENT), "127.0.0.1", str(server.port)])
    try:
        server.meet()
        screen.until(lambda: screen.typed() == ">")
        for _ in range(3000):
            screen.press("w" * 99 + "\r")
        screen.wait_for(screen.at_rest)
        assert sum(row.startswith("> w") for row in screen.scrolled()) < 3000  # the rest waits
        server.say("still here\n")
        screen.wait_for(lambda: "still here" in screen.scrolled())
        screen.press("\x03")
        assert screen.ended() == -signal.SIGINT
        assert screen.settings() == screen.settings_before
    finally:
        screen.close()
        server.close()


def test_ctrl_z_gives_the_terminal_to_the_shell_and_fg_comes_back(server: Server) -> None:
    command = f"{CLIENT} 127.0.0.1 {server.port}; echo ended"
    shell = ChatScreen(["bash", "--norc", "--noprofile", "-i"])
    try:
        shell.press("PS1='shell: '\r")
        shell.wait_for(lambda: "shell:" in shell.rows())
        shell.press(command + "\r")
        server.meet()
        shell.wait_for(lambda: shell.typed() == ">")
        shell.press("half")
        shell.wait_for(lambda: shell.typed() == "> half")
        shell.press("\x1a")
        shell.wait_for(lambda: shell.rows()[shell.cursor()[0]] == "shell:")
        server.say("meanwhile\n")
        shell.press("fg\r")
        shell.wait_for(lambda: "meanwhile" in shell.rows() and shell.typed() == "> half")
        shell.press(" done\r")
        assert server.hear(10) == b"half done\n"
    finally:
        shell.close()


@pytest.mark.parametrize("term", ["dumb", "unknown", ""])
def test_a_terminal_that_cannot_be_drawn_on_is_used_as_it_is(server: Server, term: str) -> None:
    screen = ChatScreen([str(CLIENT), "127.0.0.1", str(server.port)], term=term)
    try:
        server.meet()
        screen.press("hello\r")
        assert server.hear(6) == b"hello\n"
        server.say("answer\n")
        screen.wait_for(lambda: screen.rows()[:2] == ["hello", "answer"])
        assert screen.settings() == screen.settings_before
        screen.press("\x04")
        assert server.hear(1) == b""
        server.leave()
        assert screen.ended() == 0
    finally:
        screen.close()
