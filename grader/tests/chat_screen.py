"""The client on a terminal that remembers what it shows, and a server that is the test."""

from __future__ import annotations

import os
import select
import socket
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pexpect
import pyte

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 20.0
POLL, RECEIVE, FUTEX = "7", "45", "202"  # system calls of x86-64, see /proc/PID/task/TID/syscall


class Server:
    """Takes one client, hears what it sends, and says what it likes."""

    def __init__(self, narrow: bool = False) -> None:
        """`narrow`: a few KiB on the way to it, and nobody can send more."""
        self._listener = socket.socket()
        if narrow:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen()
        self.port = self._listener.getsockname()[1]
        self._client = socket.socket()

    def meet(self) -> None:
        """Waits for the client."""
        self._listener.settimeout(PATIENCE_S)
        self._client, _ = self._listener.accept()
        self._client.settimeout(PATIENCE_S)

    def say(self, text: str) -> None:
        self._client.sendall(text.encode())

    def say_bytes(self, data: bytes) -> None:
        self._client.sendall(data)

    def hear(self, size: int) -> bytes:
        """The next so many bytes, or what came before the end."""
        heard = b""
        while len(heard) < size and (part := self._client.recv(size - len(heard))):
            heard += part
        return heard

    def leave(self) -> None:
        self._client.close()

    def close(self) -> None:
        self._client.close()
        self._listener.close()


def fresh_settings() -> list[object]:
    """What every terminal is like before a program has changed it."""
    ends = os.openpty()
    try:
        return termios.tcgetattr(ends[1])
    finally:
        for end in ends:
            os.close(end)


class ChatScreen:
    """A terminal of so many columns and rows; what the program writes is drawn as xterm would."""

    def __init__(self, argv: list[str], columns: int = 80, rows: int = 24,
                 term: str = "xterm") -> None:
        environment = {"PATH": os.environ["PATH"], "TERM": term, "LC_ALL": "C.UTF-8"}
        self.child = pexpect.spawn(argv[0], argv[1:], dimensions=(rows, columns), timeout=None,
                                   env=environment)
        os.set_blocking(self.child.child_fd, False)
        self._screen = pyte.HistoryScreen(columns, rows, history=10_000)
        self._stream = pyte.ByteStream(self._screen)
        self.raw = b""
        self.settings_before = fresh_settings()

    # -- what is seen ----------------------------------------------------------------------------

    def rows(self) -> list[str]:
        """What the window shows, top to bottom."""
        return [row.rstrip() for row in self._screen.display]

    def scrolled(self) -> list[str]:
        """What has left the window at its top, and then what it shows."""
        gone = ["".join(row[column].data for column in range(self._screen.columns)).rstrip()
                for row in self._screen.history.top]
        return gone + self.rows()

    def typed(self) -> str:
        """The line being typed, with its prompt, from however many rows it fills."""
        display = self._screen.display
        first = max((at for at, row in enumerate(display) if row.startswith("> ")), default=0)
        return "".join(display[first:]).rstrip()

    def cursor(self) -> tuple[int, int]:
        """Row and column, from 0."""
        return self._screen.cursor.y, self._screen.cursor.x

    # -- what is done ----------------------------------------------------------------------------

    def press(self, keys: str | bytes) -> None:
        """As on a keyboard; the terminal takes a few thousand bytes at a time. Draws meanwhile: a
        program that cannot write reads no keys."""
        data = keys.encode() if isinstance(keys, str) else keys
        while data:
            self.draw(0)
            if select.select([self.child.child_fd], [self.child.child_fd], [])[1]:
                with suppress(BlockingIOError):
                    data = data[os.write(self.child.child_fd, data[:1000]):]
        self.draw(0)

    def resize(self, columns: int) -> None:
        """Makes the window wider or narrower; nothing is wrapped anew, as in xterm."""
        self._screen.resize(columns=columns)
        self.child.setwinsize(self._screen.lines, columns)

    def draw(self, patience_s: float) -> bool:
        """Draws what the program has written; False when it has written nothing."""
        drawn = False
        while select.select([self.child.child_fd], [], [], 0 if drawn else patience_s)[0]:
            try:
                data = os.read(self.child.child_fd, 1 << 16)
            except OSError:  # the program has ended
                return drawn
            self.raw += data
            self._stream.feed(data)
            drawn = True
        return drawn

    def at_rest(self) -> bool:
        """True when all that the program wants to be seen is drawn: it waits for keys and bytes."""
        if self.draw(0):
            return False
        calls = []
        for task in Path(f"/proc/{self.child.pid}/task").iterdir():
            calls.append((task / "syscall").read_text().split()[0])
        return sorted(calls) == sorted((POLL, RECEIVE, FUTEX)) and not self.draw(0)

    def settings(self) -> list[object]:
        """The terminal's settings, as `stty` shows them."""
        return termios.tcgetattr(self.child.child_fd)

    def ended(self) -> int:
        """Waits for the end; the exit status, or minus the signal."""
        self.wait_for(lambda: not self.child.isalive())
        self.draw(0)
        signal = self.child.signalstatus
        return int(self.child.exitstatus if signal is None else -signal)

    def wait_for(self, seen: Callable[[], bool]) -> None:
        """Waits until it is seen, perhaps while the program goes on drawing."""
        deadline = time.monotonic() + PATIENCE_S
        while not seen():
            self.draw(0.01)
            if time.monotonic() > deadline:
                window = "\n".join(self.rows())
                raise AssertionError(f"not seen within {PATIENCE_S:g} s; seen:\n{window}")

    def until(self, seen: Callable[[], bool]) -> None:
        """Waits until it is seen, and the program is at rest."""
        self.wait_for(lambda: self.at_rest() and seen())

    def close(self) -> None:
        """Ends the program."""
        self.child.close(force=True)
