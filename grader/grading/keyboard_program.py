"""A student's program with a terminal for a keyboard, and pipes for what it prints."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from grading.program import Program, as_typed
from grading.sandbox import Confined
from grading.terminal_program import NO_SIGN_S
from grading.transcript import Transcript


class KeyboardProgram(Program):
    """As `client | tee file` in a shell: its input is a terminal, its output none."""

    def __init__(self, confined: Confined, command: Sequence[str], transcript: Transcript,
                 name: str, keyboard: int) -> None:
        super().__init__(confined, command, transcript, name)
        self._keyboard = keyboard  # the other end of its terminal; closed with the program
        self._pressed = 0.0  # when keys were pressed last

    def tell(self, line: str | bytes) -> None:
        """Types a line and presses Enter."""
        self._transcript.add("types", self.name, as_typed(line))
        self._press(as_typed(line))

    def close_input(self) -> None:
        """Ctrl-D."""
        self._transcript.add("types", self.name, "Ctrl-D")
        self._press(b"\x04")

    def keys_under_way(self, strict: bool = False) -> bool:
        """True while pressed keys may not have reached the program: see TerminalProgram."""
        return strict and time.monotonic() - self._pressed < NO_SIGN_S

    def _press(self, keys: bytes) -> None:
        self._pressed = time.monotonic()
        os.write(self._keyboard, keys)

    def stop(self) -> None:
        """Ends it and everything it has started."""
        super().stop()
        os.close(self._keyboard)
