"""Talks to a driver: a command on its standard input, one line of values back, judged here."""

from __future__ import annotations

import os
from dataclasses import dataclass

from grading.chat_stage import ChatStage
from grading.driver_words import answered, told
from grading.program import Program
from grading.shortfall import Shortfall
from grading.verdict import Verdict


@dataclass(frozen=True)
class Created:
    """What proactor_create() gave: index -1 stands for NULL."""

    index: int
    port: int
    errno: int


class Driver:
    """A grader's program that is linked with a student's library. It reports; it never judges."""

    def __init__(self, program: Program, stage: ChatStage) -> None:
        self.program, self.stage = program, stage
        self._seen = 0  # bytes of its output that have been cut into lines
        self._waiting: list[str] = []  # lines that nobody has taken yet

    def tell(self, command: str) -> None:
        """A command whose answer is not waited for."""
        kind, text = told(command)
        self.stage.transcript.add(kind, "server", text)
        self.stage.mark()
        self.program.tell(command)

    def ask(self, command: str, answer: str = "", seconds: float = 10.0) -> list[str]:
        """A command and the words of its answer, which begins with
        `answer` (or the stem of the command).

        Raises Shortfall (TIMEOUT) when the driver's call into the library does not come back.
        """
        self.tell(command)
        beginning = answer or _ANSWERS[command.split()[0]]
        words = self.hear(beginning, seconds)
        if words is not None and len(words) != _LENGTHS.get(beginning, len(words)):
            raise garbled(" ".join(words))
        if words is None:
            raise Shortfall(f"The call behind `{command}` never returned.", expected="it returns",
                            actual="every thread of the process waits, and no answer has come",
                            verdict=Verdict.TIMEOUT)
        return words

    def hear(self, beginning: str, seconds: float = 10.0) -> list[str] | None:
        """Waits for a line that begins so, and takes it; None once all has settled without one."""
        found: list[list[str]] = []

        def heard() -> bool:
            if not found:
                words = self._take(beginning)
                if words:
                    found.append(words)
            return bool(found)

        self.stage.until(heard, seconds)
        return found[0] if found else None

    def lines(self) -> list[list[str]]:
        """The lines that nobody has taken, as words; they stay."""
        self.stage.pump()
        self._cut()
        return [line.split() for line in self._waiting]

    def _take(self, beginning: str) -> list[str] | None:
        """Takes the first line that begins so. Threads of the driver report in any order."""
        self._cut()
        for line in self._waiting:
            if line == beginning or line.startswith(beginning + " "):
                self._waiting.remove(line)
                kind, text = answered(line)
                if kind:
                    self.stage.transcript.add(kind, "server", text)
                return line.split()
        return None

    def _cut(self) -> None:
        fresh = self.program.output()[self._seen:]
        whole = fresh[:fresh.rfind(b"\n") + 1]
        self._seen += len(whole)
        self._waiting += whole.decode("utf-8", "replace").splitlines()

    def create(self, port: int) -> Created:
        """proactor_create(port) of a driver for libproactor."""
        _, index, real_port, errno = self.ask(f"create {port}")
        created = Created(number(index), number(real_port, 65535), number(errno))
        if created.index < 0:
            raise Shortfall(f"proactor_create({port}) returned NULL, although the port is free "
                            f"(errno: {os.strerror(created.errno)}).",
                            expected="a proactor", actual="NULL")
        return created


def number(word: str, most: int = 2**31) -> int:
    """A number of an answer. Whoever prints something else there is not the driver."""
    if not word.lstrip("-").isdecimal() or len(word) > 11 or int(word) > most:
        raise garbled(word)
    return int(word)


def garbled(answer: str) -> Shortfall:
    """The driver answers in one form; something linked into it prints into its answers."""
    return Shortfall("The program's answers were garbled by something that is linked into it.",
                     expected="the library prints nothing on its own to stdout",
                     actual=f'"{answer[:60]}"')


_LENGTHS = {"created": 4, "joined": 3, "lived": 4, "added": 4, "removed": 4, "made": 2,
            "open": 3, "cancelled": 2, "renewed": 3}  # words of an answer
_ANSWERS = {"create": "created", "run": "running", "destroy": "destroyed", "join": "joined",
            "lives": "lived", "new": "made", "pair": "paired", "listen": "paired", "add": "added",
            "addother": "added", "remove": "removed", "addfd": "added", "removefd": "removed",
            "write": "wrote", "end": "ended", "renew": "renewed", "open": "open",
            "cancel": "cancelled", "release": "released", "releaseother": "released"}
