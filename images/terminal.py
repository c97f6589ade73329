"""A shell in a terminal emulator: types what it is told to, and waits for what the screen shows."""

from __future__ import annotations

import os
import pty
import select
import signal
import struct
import termios
from fcntl import ioctl
from pathlib import Path
from time import monotonic
from types import TracebackType

import pyte

PATIENCE = 600  # seconds
PROMPT = "$ "


class Screen(pyte.Screen):  # type: ignore[misc]
    """A screen that knows faint text, which pyte does not: italics stand for it."""

    def select_graphic_rendition(self, *codes: int, **options: bool) -> None:
        """Takes the colours and weights of what is written next."""
        super().select_graphic_rendition(*codes, **options)
        if 2 in codes:
            self.cursor.attrs = self.cursor.attrs._replace(italics=True)
        if 22 in codes:
            self.cursor.attrs = self.cursor.attrs._replace(italics=False)


class Terminal:
    """Owns a shell and the terminal that it runs in; ends both."""

    def __init__(self, title: str, folder: Path, columns: int, rows: int) -> None:
        self.title = title
        self.screen = Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            os.chdir(folder)
            os.execve("/bin/sh", ("sh",), {"PATH": os.environ["PATH"], "TERM": "linux", "YES": "1",
                                           "LANG": "C.UTF-8", "PS1": PROMPT, "HOME": str(folder)})
        ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.wait_for(PROMPT.strip())

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        os.kill(self._pid, signal.SIGHUP)
        os.close(self._fd)
        os.waitpid(self._pid, 0)

    def type(self, keys: str) -> None:
        """Presses keys; `\\x03` is Ctrl-C, `\\x04` Ctrl-D."""
        os.write(self._fd, keys.encode())

    def run(self, command: str, until: str) -> None:
        """Types a command line, and waits for an answer."""
        self.type(f"{command}\n")
        self.wait_for(until)

    def wait_for(self, text: str, patience: float = PATIENCE) -> None:
        """Takes in what comes until the screen shows the text."""
        latest = monotonic() + patience
        while text not in self.text():
            ready, _, _ = select.select([self._fd], [], [], max(0, latest - monotonic()))
            if not ready:
                raise TimeoutError(f"{self.title}: waited for {text!r}, and saw:\n{self.text()}")
            self._stream.feed(os.read(self._fd, 65536))

    def text(self) -> str:
        """What the screen shows, without the empty lines at its end."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip("\n")
