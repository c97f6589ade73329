"""A student's program as checks see it: its threads, descriptors, sockets, time and end."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from shlex import quote

from grading.observe.deadline import Deadline
from grading.observe.sockets import listeners
from grading.observe.threads import cpu_ns, descriptors, thread_count, thread_ids, thread_ids_inside
from grading.sandbox import Confined
from grading.shortfall import how_it_ended
from grading.transcript import Printed, Transcript

LAST_WORDS = 600  # characters of stderr and stdout that a report keeps


def as_typed(line: str | bytes) -> bytes:
    """A line, and Enter."""
    return (line.encode() if isinstance(line, str) else line) + b"\n"


class Program:
    """One running program. Nothing of it survives stop()."""

    def __init__(self, confined: Confined, command: Sequence[str], transcript: Transcript,
                 name: str = "server") -> None:
        self.command = tuple(command)
        self.name = name  # in the scene; empty: what it prints is for the grader alone
        self._confined = confined
        self._transcript = transcript
        self._printed = Printed(transcript, name) if name else None
        self._end_told = not name
        self._counted: dict[str, int] = {}
        _ = confined.pid  # waits until the sandbox is up and the program itself has begun
        transcript.add("starts", name or "server", " ".join(quote(word) for word in command)
                       if name else "the grader's own program, which calls your library")

    # -- what it says ----------------------------------------------------------------------------

    def filenos(self) -> list[int]:
        """What to wait on for output, or for the program's end."""
        return self._confined.filenos()

    def drain(self) -> bool:
        """Reads what the program has printed; True if there was anything."""
        moved = self._confined.pump()
        self._tell_printed()
        return moved

    def _tell_printed(self) -> None:
        if self._printed:
            self._printed.tell("prints", self.output)
            self._printed.tell("complains", self.errors)

    def output(self) -> bytes:
        """All it has printed to stdout so far."""
        return self._confined.output()

    def errors(self) -> bytes:
        """All it has printed to stderr so far."""
        return self._confined.errors()

    def last_words(self) -> str:
        """The end of what it printed, for a report."""
        self._tell_printed()
        parts = []
        for name, data in (("stderr", self.errors()), ("stdout", self.output())):
            text = data.decode("utf-8", "replace").strip()
            if text:
                parts.append(f"{name}: … {text[-LAST_WORDS:]}" if len(text) > LAST_WORDS
                             else f"{name}: {text}")
        if self._confined.limit_hit:
            parts.append(f"A limit of the grader ended it: {self._confined.limit_hit}.")
        return "\n".join(parts)

    def tell(self, line: str | bytes) -> None:
        """Writes a line to its standard input, or several."""
        data = as_typed(line)
        if self.name:
            self._transcript.add("types", self.name, data)
        self._confined.write_stdin(data)

    def close_input(self) -> None:
        """The end of its standard input."""
        self._transcript.add("types", self.name, "<end of input>")
        self._confined.close_stdin()

    def keys_under_way(self, strict: bool = False) -> bool:
        """False: a pipe holds nothing back, as a terminal does."""
        return False

    # -- what it is ------------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        """The program's own process."""
        return self._confined.pid

    def pids(self) -> list[int]:
        """Its processes: itself and those it has made."""
        return self._confined.processes()

    def threads(self) -> int:
        """How many threads it has now."""
        return self._count("threads", thread_count(self.pids()))

    def thread_ids(self) -> set[int]:
        """The ids of its threads."""
        return thread_ids(self.pids())

    def thread_ids_inside(self) -> set[int]:
        """The same, as gettid(2) tells them to the program's threads."""
        return thread_ids_inside(self.pids())

    def descriptors(self) -> dict[tuple[int, int], str]:
        """Its open descriptors, and those of processes it has made:
        (process, number) -> what it is."""
        found = {(pid, number): what for pid in self.pids()
                 for number, what in descriptors(pid).items()}
        self._count("open descriptors", len(found))
        return found

    def cpu_ns(self) -> int:
        """Processor time so far, in nanoseconds."""
        return cpu_ns(self.pids())

    def memory_bytes(self) -> tuple[int, int]:
        """Memory of the program: what it has in use now, and what it has asked for."""
        with open(f"/proc/{self.pid}/statm", encoding="ascii") as file:
            _, resident, _, _, _, data, _ = (int(pages) for pages in file.read().split())
        page = os.sysconf("SC_PAGE_SIZE")
        return resident * page, data * page

    def listening_ports(self) -> list[int]:
        """Ports of this scene's network on which somebody listens:
        there is nobody but the program."""
        return sorted(listeners())

    def _count(self, what: str, number: int) -> int:
        """What the grader has counted is worth an event when it is not what it was."""
        if self._counted.get(what) != number:
            self._counted[what] = number
            self._transcript.add("note", self.name or "server",
                                 f"the grader counts {number} {what}")
        return number

    # -- how it ends -----------------------------------------------------------------------------

    @property
    def is_ending(self) -> bool:
        """True while its end is under way: its processes are gone, and nobody has been told."""
        return not self.pids() and self._confined.wait(0) is None

    @property
    def ended(self) -> bool:
        """True once it has ended."""
        ended = self._confined.wait(0) is not None
        self._tell_printed()
        if not ended:
            return False
        if not self._end_told:
            self._end_told = True
            self._transcript.add("ends", self.name, self.how_it_ended)
        return True

    def wait(self, seconds: float) -> bool:
        """Waits for its end, reading what it prints; False if it still runs after so long."""
        deadline = Deadline(seconds, self.pids)
        while self._confined.wait(0.005) is None:
            self.drain()
            if deadline.passed:
                return False
        self.drain()
        return self.ended

    @property
    def exit_status(self) -> int | None:
        """Its exit status; None while it runs, or where a signal ended it."""
        end = self._confined.wait(0)
        return end.status if end and not end.signal else None

    @property
    def met_a_limit(self) -> bool:
        """True if a limit of the grader has ended it."""
        return bool(self._confined.limit_hit)

    @property
    def how_it_ended(self) -> str:
        """Its end in words."""
        end = self._confined.wait(0)
        if end is None:
            return "still running"
        if self._confined.limit_hit:
            return f"ended by a limit of the grader: {self._confined.limit_hit}"
        return how_it_ended(end.status, end.signal)

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to the program itself."""
        self._transcript.add("signal", self.name or "server", number.name)
        self._confined.signal(number)

    def stop(self) -> None:
        """Ends it and everything it has started."""
        self._confined.kill()
