"""A student's program on a terminal of its own: pexpect types, and reads the screen."""

from __future__ import annotations

import os
import signal
import termios
import time

import pexpect

from grading.observe.threads import cpu_ns, thread_count
from grading.sandbox.command import Command
from grading.shortfall import how_it_ended
from grading.transcript import Printed, Transcript


SHOWN_S, NO_SIGN_S = 1.0, 3.0  # seconds
NO_ECHO = b""


class TerminalProgram:
    """The same face as Program, for what a stage needs, with a keyboard in front.

    The terminal echoes what is typed, as a student's does; its settings are for the grader to see.
    """

    def __init__(self, command: Command, transcript: Transcript, name: str) -> None:
        self.name, self._transcript = name, transcript
        self._printed = Printed(transcript, name)
        self._child = pexpect.spawn(command.argv[0], command.argv[1:], timeout=None, cwd="/")
        self._child.delayafterclose = self._child.delayafterterminate = 0.0
        self._namespace = command.namespace(self._child.isalive)
        _ = self._namespace.pid  # waits until the program itself has begun
        self._screen = bytearray()
        self._ended = False
        self._pressed = self._echoed = 0.0  # when keys were pressed last, and seen on the screen
        self._echo, self._screen_then = NO_ECHO, 0  # what to look for, and from where on
        os.set_blocking(self._child.child_fd, False)

    # -- as Program ------------------------------------------------------------------------------

    def pids(self) -> list[int]:
        """Its processes."""
        return [] if self._ended else self._namespace.processes()

    def filenos(self) -> list[int]:
        """What to wait on."""
        return [] if self._ended else [self._child.child_fd]

    def drain(self) -> bool:
        """Reads what has come to the screen; True if anything has."""
        try:
            data = os.read(self._child.child_fd, 1 << 16)
        except (BlockingIOError, OSError):
            return False
        self._screen += data
        self._printed.tell("shows", self.screen)
        return bool(data)

    @property
    def is_ending(self) -> bool:
        """True while its end is under way: its processes are gone, and nobody has been told."""
        return not self.ended and not self.pids()

    @property
    def ended(self) -> bool:
        """True once the program has ended and the screen is read."""
        if not self._ended and not self._child.isalive():
            while self.drain():
                pass
            self._ended = True
            self._transcript.add("ends", self.name, self.how_it_ended)
        return self._ended

    met_a_limit = False  # nothing but its own end, or the scene's, ends it

    @property
    def how_it_ended(self) -> str:
        """Its end in words."""
        if not self.ended:
            return "still running"
        status = self._child.exitstatus
        if status is not None and status > 128:
            return how_it_ended(None, status - 128)
        return how_it_ended(status, self._child.signalstatus)

    def last_words(self) -> str:
        """The end of the screen."""
        return f"screen: {self.screen()[-400:].decode('utf-8', 'replace')}"

    def threads(self) -> int:
        """How many threads it has now."""
        return thread_count(self.pids())

    def cpu_ns(self) -> int:
        """Processor time so far, in nanoseconds."""
        return cpu_ns(self.pids())

    def stop(self) -> None:
        """Ends it and everything it has started."""
        self._namespace.kill()
        self._child.close(force=True)
        self._namespace.close()
        self._ended = True

    # -- the terminal ----------------------------------------------------------------------------

    def screen(self) -> bytes:
        """All that has come to the screen so far, echoes of what was typed included."""
        return bytes(self._screen)

    def type(self, keys: str) -> None:
        """Types without pressing Enter."""
        self._transcript.add("types", self.name, keys.encode())
        self._press(keys.encode(), keys.replace("\n", "\r\n").encode())

    def type_line(self, line: str) -> None:
        """Types a line and presses Enter."""
        self.type(line + "\n")

    def press_ctrl_d(self) -> None:
        """The end of input."""
        self._transcript.add("types", self.name, "Ctrl-D")
        self._press(b"\x04", NO_ECHO)

    def press_ctrl_c(self) -> None:
        """Interrupts the foreground program."""
        self._transcript.add("types", self.name, "Ctrl-C")
        self._press(b"\x03", b"^C")

    def keys_under_way(self, strict: bool = False) -> bool:
        """True while pressed keys may not have reached the program: a terminal takes its time.

        Their echo on the screen is a good sign, though not a proof: the kernel shows a line before
        it hands it on. So before something "never came" (strict), a whole second has to pass; and
        three where no echo tells that the kernel has taken the keys up at all.
        """
        echoed = self._echo != NO_ECHO and self._echo in self._screen[self._screen_then:]
        if echoed and not self._echoed:
            self._echoed = time.monotonic()
        if not echoed:
            return time.monotonic() - self._pressed < (NO_SIGN_S if strict else SHOWN_S)
        return strict and time.monotonic() - self._echoed < SHOWN_S

    def _press(self, keys: bytes, echo: bytes) -> None:
        self.drain()
        self._echo, self._screen_then = echo, len(self._screen)
        self._pressed, self._echoed = time.monotonic(), 0.0
        os.write(self._child.child_fd, keys)

    def settings(self) -> list[object]:
        """The terminal's settings now, as tcgetattr() gives them."""
        return termios.tcgetattr(self._child.child_fd)

    @staticmethod
    def settings_at_start() -> list[object]:
        """A new terminal's: the program may have changed its own before anybody can look."""
        ends = os.openpty()
        try:
            return termios.tcgetattr(ends[0])
        finally:
            for end in ends:
                os.close(end)

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to the program itself."""
        self._namespace.signal(number)
