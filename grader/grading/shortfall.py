"""What a check raises when the promise does not hold: the verdict and its reasons."""

from __future__ import annotations

import signal

from grading.verdict import Cause, Verdict


class Shortfall(Exception):
    """The program fell short of a promise. The words go to the student."""

    def __init__(self, rationale: str, *, expected: str = "", actual: str = "", detail: str = "",
                 verdict: Verdict = Verdict.FAIL, seed: int = 0) -> None:
        super().__init__(rationale)
        self.verdict = verdict
        self.seed = seed  # of the schedule that has shown it; 0: none was needed
        self.rationale, self.detail = rationale, detail
        self.expected, self.actual = expected, actual

    def cause(self, hints: tuple[str, ...]) -> Cause:
        """The record of it."""
        return Cause(self.rationale, self.expected, self.actual, detail=self.detail, hints=hints)


class Blocked(Exception):
    """The check says nothing here, since another has to hold first."""

    def __init__(self, blocked_by: str, rationale: str, detail: str = "", *,
                 actual: str = "") -> None:
        super().__init__(rationale)
        self.blocked_by, self.rationale, self.detail = blocked_by, rationale, detail
        self.actual = actual  # how it ended here, where that check may well pass by itself

    def cause(self, hints: tuple[str, ...]) -> Cause:
        """The record of it."""
        return Cause(self.rationale, actual=self.actual, blocked_by=self.blocked_by,
                     detail=self.detail, hints=hints)


class NotJudged(Exception):
    """This machine cannot tell: the reason goes to the instructor."""


def how_it_ended(status: int | None, by_signal: int | None) -> str:
    """A process's end in words: `exit status 1`, `killed by SIGSEGV`."""
    if by_signal:
        meanings = {signal.SIGPIPE: "it wrote to a connection whose other end had gone",
                    signal.SIGSEGV: "it touched memory that is not its own",
                    signal.SIGABRT: "it gave up: abort(), an assertion or an uncaught exception",
                    signal.SIGXCPU: "it had used up its processor time",
                    signal.SIGXFSZ: "it had written more than it may"}
        number = signal.Signals(by_signal)
        meaning = meanings.get(number)
        return f"killed by {number.name}" + (f" ({meaning})" if meaning else "")
    return f"exit status {status}"
