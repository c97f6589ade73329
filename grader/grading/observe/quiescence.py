"""When has a program settled? Every thread waits, no byte is under way, nothing ran in between."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from grading.observe.sockets import Socket, tcp_sockets
from grading.observe.threads import ThreadSample, all_asleep, sample_threads

SAME_SAMPLES = 3  # in a row; with empty queues that is enough
UNREAD_S = 0.06  # every thread waits, and bytes lie unread for so long: nobody will read them
UNSENT_S = 0.4  # the same for bytes unsent: a delayed acknowledgement takes 40 to 200 ms
WAKES = 3  # a sleeper that woke so often and did next to nothing is housekeeping
NEXT_TO_NOTHING_NS = 1_000_000  # of processor time, per wake
PATIENCE_S = 2.0  # how long one and the same sleep is waited for before something "never came"


class Quiescence:
    """Samples a program until it has settled. Call mark() before each stimulus, look() after.

    The evidence of one look() is a moment; equal samples with equal counts of time slices prove
    that no thread ran between them; their states at the end, that none had been woken. A sleeping
    thread is no proof of rest, since it may be about to act: it counts as busy until it has woken
    several times and done nothing, or if it has slept since before the stimulus. Before something
    "never came", a thread whose call has a time limit is a sleeper too: it may look into a queue
    when the limit is over; and that a sleeper had nothing to do before the last byte moved says
    nothing.
    """

    def __init__(self, pids: Callable[[], Iterable[int]]) -> None:
        self._pids = pids
        self._seen: tuple[ThreadSample, ...] = ()
        self._slept_before: set[tuple[int, int]] = set()
        self._housekeepers: set[int] = set()
        self.mark()

    def mark(self) -> None:
        """Something is about to be done to the program: what it does from now on counts."""
        threads = self._seen = sample_threads(self._pids(), self._seen) or ()
        self._slept_before = {(t.tid, t.slices) for t in threads if t.asleep}
        self._first_seen: dict[int, tuple[ThreadSample, float]] = {}
        self._last: tuple[object, ...] | None = None
        self._same, self._since = 0, 0.0

    def look(self, bytes_moved: bool, ignored_ports: Iterable[int] = (), *,
             strict: bool = False) -> bool:
        """One sample: True if the program has settled.

        strict: before saying that a thing never came.

        ignored_ports: local ports of clients that the scene itself keeps from reading.
        """
        if bytes_moved:
            threads: tuple[ThreadSample, ...] = ()
        else:
            threads = self._seen = sample_threads(self._pids(), self._seen) or ()
        if not threads:  # nobody there: not started yet, or just about to be reaped
            self._last, self._same = None, 0
            self._first_seen.clear()
            return False
        sleepers = {t for t in threads if t.asleep or (strict and t.timed)}
        if not all(self._excused(t, strict) if t in sleepers else t.blocked for t in threads):
            self._last, self._same = None, 0
            return False
        sockets = _that_matter(tcp_sockets(), frozenset(ignored_ports))
        signature = (tuple(t for t in threads if t not in sleepers), sockets)
        if signature != self._last:
            self._last, self._same, self._since = signature, 0, time.monotonic()
        self._same += 1
        if (self._same < SAME_SAMPLES
                or time.monotonic() - self._since < _seconds_needed(sockets)):
            return False
        if all_asleep(t for t in threads if t not in sleepers):
            return True
        self._last, self._same = None, 0
        return False

    def _excused(self, sleeper: ThreadSample, strict: bool) -> bool:
        if not strict and (sleeper.tid in self._housekeepers
                           or (sleeper.tid, sleeper.slices) in self._slept_before):
            return True
        now = time.monotonic()
        first, since = self._first_seen.setdefault(sleeper.tid, (sleeper, now))
        wakes = sleeper.slices - first.slices
        if wakes == 0:
            return now - since > PATIENCE_S
        if wakes < WAKES or sleeper.run_ns - first.run_ns > wakes * NEXT_TO_NOTHING_NS:
            return False
        self._housekeepers.add(sleeper.tid)
        return True


def _that_matter(rows: tuple[Socket, ...], ignored: frozenset[int]) -> tuple[Socket, ...]:
    return tuple(row for row in rows if row.port not in ignored and row.peer_port not in ignored)


def _seconds_needed(sockets: tuple[Socket, ...]) -> float:
    if any(row.unsent for row in sockets):
        return UNSENT_S
    return UNREAD_S if any(row.unread for row in sockets) else 0.0
