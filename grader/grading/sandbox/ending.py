"""How a student command ended."""

from __future__ import annotations

import signal
from dataclasses import dataclass


@dataclass(frozen=True)
class Exit:
    """How the student's process ended: its exit status, or 128 + n and n after signal n.

    A program that itself returns 128 + n cannot be told from one killed by signal n.
    """

    status: int
    signal: int | None

    @staticmethod
    def from_code(code: int) -> Exit:
        return Exit(code, code - 128 if 128 < code <= 128 + signal.SIGRTMAX else None)


@dataclass(frozen=True)
class Finished:
    """A command that has run to its end, or into the limit named in `limit_hit`."""

    status: int
    signal: int | None
    stdout: bytes
    stderr: bytes
    seconds: float
    limit_hit: str | None
