"""What becomes of Part A's client between its half-close and its end."""

import time

from grading.observe.deadline import run_delay_s
from grading.program import Program
from grading.shortfall import Shortfall

# SPEC.md A5: the client may go when nothing has come for a second. What the grader sends later than
# this after what came before says nothing about the client.
QUICK_S = 0.8
SURELY_S = 3.5  # what the server has said till then has to be printed
BUSY = 0.25  # of a core, while a line comes each quarter of a second: nobody needs so much
STARVED_S = 0.2  # a client that was kept from running for so long may have taken it for silence


class Farewell:
    """What it costs and prints."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._start = self._last = time.monotonic()
        self._used_then, self._starved_then = program.cpu_ns(), run_delay_s(program.pids())
        self._used = self._starved = self._seconds = self._longest_gap = 0.0
        self._said: list[str] = []

    def heard(self, token: str) -> None:
        """The server says this now."""
        now = time.monotonic()
        self._longest_gap, self._last = max(self._longest_gap, now - self._last), now
        if now - self._start < SURELY_S:
            self._said.append(token)

    def look(self) -> None:
        """Takes what it has cost so far; a client that has ended tells nothing more."""
        used = (self._program.cpu_ns() - self._used_then) / 1e9
        starved = run_delay_s(self._program.pids()) - self._starved_then
        if self._program.ended or used < self._used:  # the kernel knows nothing more of it
            return
        self._used, self._starved = used, max(starved, self._starved)
        self._seconds = time.monotonic() - self._start

    def must_be_calm(self) -> None:
        """Raises Shortfall for a client that uses a core while it waits."""
        had = self._seconds - self._starved
        if self._seconds > 1 and self._used > BUSY * had:
            raise Shortfall("After the end of input the client works without a pause, although "
                            "hardly anything arrives.", expected="it waits for what arrives",
                            actual=f"{100 * self._used / had:.0f} % of a core")

    def must_have_listened(self) -> None:
        """Raises Shortfall unless it has stayed and printed what came; says nothing where somebody
        was too late for it."""
        if self._longest_gap > QUICK_S or self._starved > STARVED_S:
            return
        if self._seconds < SURELY_S:
            raise Shortfall(
                "After the end of input the server goes on talking, and the client ends too early.",
                expected="it ends when a second is silent, or after 5 s",
                actual=f"it ended after {self._seconds:.1f} s")
        output = self._program.output()
        if missing := [token for token in self._said if token.encode() not in output]:
            raise Shortfall(
                "After the end of input the server goes on talking, and not all is printed.",
                expected="what arrives in the next 5 s, as long as no second is silent",
                actual=f"{len(missing)} of {len(self._said)} lines are missing")
