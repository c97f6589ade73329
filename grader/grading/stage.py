"""A scene: a program under test, the clients around it, and waiting for facts, never for time."""

from __future__ import annotations

import os
import secrets
import select
import time
from collections.abc import Callable
from contextlib import suppress

from grading.line_client import LineClient
from grading.observe.at_work import AT_ZERO, in_words, one_never_rests
from grading.observe.deadline import Deadline
from grading.observe.quiescence import Quiescence
from grading.observe.sockets import tcp_sockets
from grading.pace import TICK_S, Pace
from grading.patience import Patience
from grading.program import Program
from grading.sandbox.libc import ticking_fd
from grading.shortfall import Shortfall
from grading.terminal_program import TerminalProgram
from grading.transcript import Transcript
from grading.verdict import Verdict

FENCE_S = 10.0  # the last fence: a scene that gets here is a TIMEOUT, never a pass
SENTINEL_S = 4.0  # how long a sentinel may take
MOST_SENTINELS = 12  # more than take part in any scene but those of a crowd


class Stage:
    """One thread drives it: every wait pumps all sockets and pipes, so nobody blocks anybody."""

    def __init__(self, program: Program | TerminalProgram, transcript: Transcript,
                 patience: Patience | None = None) -> None:
        self.program = program
        self._patience = patience or Patience()
        self.transcript = transcript
        self.clients: list[LineClient] = []
        self.restless = False  # the program never settled: sentinels instead of quiescence
        self._spins = self._left_then = False  # uses a core; somebody had left
        self.may_end = False  # the scene has asked the program to end
        self.bystanders: list[Program | TerminalProgram] = []  # other programs of the scene
        self._quiescence = Quiescence(self.pids)
        self._ticks = ticking_fd(TICK_S)

    def close(self) -> None:
        """The scene is over."""
        for client in self.clients:
            client.vanish()
        os.close(self._ticks)

    # -- waiting ---------------------------------------------------------------------------------

    def pump(self, seconds: float = 0.0) -> bool:
        """Moves every byte that can move now; waits up to so long for the first.
        True if any did."""
        poller = select.poll()
        clients = {client.fileno(): client for client in self.clients if client.fileno() >= 0}
        for descriptor, client in clients.items():
            wanted = select.POLLIN if client.reading and not client.ended else 0
            wanted |= select.POLLOUT if client.has_unsent else 0
            if wanted:
                poller.register(descriptor, wanted)
        self._must_not_take_for_ever()
        programs = [self.program, *self.bystanders]
        for descriptor in (number for program in programs for number in program.filenos()):
            poller.register(descriptor, select.POLLIN)
        if seconds == TICK_S:  # poll() itself knows no less than a millisecond
            poller.register(self._ticks, select.POLLIN)
        ready = [descriptor for descriptor, _ in poller.poll(seconds * 1000)]
        with suppress(BlockingIOError):
            os.read(self._ticks, 8)
        moved = any([program.drain() for program in programs])
        for client in (clients[descriptor] for descriptor in ready if descriptor in clients):
            client.flush()
            moved |= client.drain()
        return moved

    def _pump_at(self, pace: Pace) -> bool:
        moved = self.pump(pace.seconds)
        pace.go_on(moved)
        return moved

    def until(self, fact: Callable[[], bool], seconds: float | None = None) -> bool:
        """Waits for a fact. False once the program has settled, or ended, without it.

        `seconds` is a promise of the sheets: time that the machine kept the program from running
        is not counted. Without it, a fence.

        What has not happened when every thread waits for an event and no byte is under way does not
        happen any more. Raises Shortfall (TIMEOUT) at the fence, (CRASH) if the program died.
        """
        fence = Deadline(seconds or FENCE_S, self.pids if seconds else list)
        start, pace = time.monotonic(), Pace()
        while not fact():
            moved = self._pump_at(pace)
            if fact():
                return True
            if self.program.ended:
                self.pump()
                self.must_live()
                return fact()
            if (not self.restless and (moved or not pace.is_early)
                    and self._settled(moved, strict=True)):
                self.pump()
                self.mark()
                return fact()
            if time.monotonic() - start > SENTINEL_S if self.restless else fence.passed:
                return self._at_the_fence(fact)
        return True

    def within(self, seconds: float, fact: Callable[[], bool]) -> bool:
        """Waits so long for a fact that a resting program may bring about.

        A thread may look only now and then whether there is something to do, and nobody sees that
        it will: SO_RCVTIMEO shows in no table. `seconds` is a promise of the sheets, or a fence.
        """
        deadline = Deadline(seconds, self.pids)
        while not fact() and not deadline.passed:
            self.pump(0.01)
            self.must_live()
        return fact()

    def _at_the_fence(self, fact: Callable[[], bool]) -> bool:
        if self.restless:  # what has not come in so long, with no rest to prove anything
            return False
        self._never_rests()
        return fact()

    def settle(self) -> None:
        """Waits until nothing is under way. A program that never rests has to pass sentinels."""
        start, pace = time.monotonic(), Pace()
        while not self.restless:
            moved = self._pump_at(pace)
            self.must_live()
            if self.program.ended or self._settled(moved):
                break
            waited = time.monotonic() - start
            if waited > FENCE_S or (waited > self._patience.seconds
                                    and not self._bytes_under_way()):
                self._never_rests()
                self._patience.seconds = self._patience.once_restless
        else:
            self._sentinels()
        self.mark()

    def _never_rests(self) -> None:
        self.restless, self._spins = True, one_never_rests(self.pids, self.pump)
        self._left_then = not self._bytes_under_way() and any(c.has_left for c in self.clients)

    def meanwhile(self, question: str = "") -> str:
        """A sentence about a program that uses a whole core, for the words of a failure."""
        asked = question or (AT_ZERO if self._left_then else "")
        return in_words(asked, self.program.ended) if self._spins else ""

    def mark(self) -> None:
        """What the program does from now on is its answer to what the scene does next."""
        self._quiescence.mark()

    def _settled(self, moved: bool, strict: bool = False) -> bool:
        if any(program.keys_under_way(strict) for program in (self.program, *self.bystanders)):
            return False
        ignored = [client.port for client in self.clients if not client.reading]
        return (self._quiescence.look(moved, ignored, strict=strict)
                and not any(program.is_ending for program in (self.program, *self.bystanders)))

    def _bytes_under_way(self) -> bool:
        return any(row.unread or row.unsent for row in tcp_sockets() if not row.listens)

    def _sentinels(self) -> None:
        """Each client says a line; when everybody has heard it, what was before it is there too.

        Of a crowd a dozen do: those who have spoken since the last time, and who came last.
        """
        self.transcript.add("note", self.program.name or "server",
                            "never rests, so the grader lets everybody say one more line, "
                            "to see that all before it has arrived")
        speakers = [client for client in self.here() if not client.mid_line]
        speakers.sort(key=lambda client: client.has_spoken)  # else in the order in which they came
        for speaker in speakers[-MOST_SENTINELS:]:
            token = self.token()
            speaker.say(f"sentinel {token}")
            others = [client for client in self.here() if client is not speaker
                      and client.reading and client.room == speaker.room]
            deadline = time.monotonic() + SENTINEL_S
            while (time.monotonic() < deadline and not self.program.ended
                   and any(client.here and not client.count(token) for client in others)):
                self.pump(TICK_S)
        for client in self.clients:
            client.has_spoken = False
        self.must_live()

    def _must_not_take_for_ever(self) -> None:
        if self._patience.over:
            raise Shortfall("The scene has used up its time: "
                            "the program answers too slowly, or never rests.",
                            expected="an answer at once, and rest when there is nothing to do",
                            actual="no end in sight", verdict=Verdict.TIMEOUT)

    def must_live(self) -> None:
        """Raises Shortfall if the program has ended and nobody has asked it to."""
        if self.program.ended and not self.may_end:
            self.transcript.add("exits", self.program.name or "server", self.program.how_it_ended)
            end = self.program.how_it_ended
            raise Shortfall(f"The program ended in the middle of the scene: {end}."
                            + self.meanwhile(),
                            expected="it goes on serving", actual=end,
                            detail=self.program.last_words(),
                            verdict=Verdict.TIMEOUT if self.program.met_a_limit else Verdict.CRASH)

    # -- who takes part ---------------------------------------------------------------------------

    def also(self, program: Program | TerminalProgram) -> None:
        """Another program takes part: its output is read, and its threads have to settle too."""
        self.bystanders.append(program)

    def here(self) -> list[LineClient]:
        """The clients that are connected."""
        return [client for client in self.clients if client.here]

    def token(self) -> str:
        """Letters that nobody has said before."""
        return f"<{secrets.token_hex(4)}>"

    def pids(self) -> list[int]:
        """The processes of all programs that take part."""
        return [pid for program in (self.program, *self.bystanders) for pid in program.pids()]
