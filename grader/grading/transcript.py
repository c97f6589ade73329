"""Every byte said and heard in a scene, by whom and when, and what its programs did meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable

from grading.verdict import Event

LONGEST_TEXT = 160  # characters of one event that a report keeps
MOST_EVENTS = 400  # of one scene; what comes after is counted, not kept
MOST_PRINTED = 100  # of those, what programs print
SCENES = "scenes.jsonl"  # where a worker writes every event as it happens, if somebody watches
_PRINTED = ("prints", "complains", "shows")
_THE_POINT = ("missing", "unexpected", "exits")  # kept, however many came before

Watch = Callable[[Event], None]


def readable(data: bytes) -> str:
    """Bytes as a student can read them: line ends, controls and non-ASCII are written out."""
    half = LONGEST_TEXT // 2
    shown = _written_out(data[:LONGEST_TEXT + 1])
    if len(shown) > LONGEST_TEXT:
        shown = f"{shown[:half]} … {_written_out(data[-half:])[-half:]} ({len(data)} bytes)"
    return shown


def _written_out(data: bytes) -> str:
    return "".join(map(_WRITTEN.__getitem__, data))


_ESCAPES = {ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t"}
_WRITTEN = [_ESCAPES.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}")
            for byte in range(256)]


def ending(data: bytes | bytearray, most: int) -> str:
    """The last bytes of so many, readable; a mark in front where some were left out."""
    return ("… " if len(data) > most else "") + readable(bytes(data[-most:]))


class Transcript:
    """The events of one scene, in order. One thread; times count from the first of them.

    watch: is told of each event when it happens, also of those that are not kept.
    """

    def __init__(self, watch: Watch | None = None) -> None:
        self._start = 0.0
        self._watch = watch
        self._events: list[Event] = []
        self._printed = 0
        self._dropped = 0

    def add(self, kind: str, who: str, data: bytes | str = b"") -> None:
        """Appends an event that happens now."""
        if not self._start:
            self._start = time.monotonic()
        text = data if isinstance(data, str) else readable(data)
        event = Event(round(time.monotonic() - self._start, 4), kind, who, text)
        if self._watch:
            self._watch(event)
        if kind == "exits" and self._events and self._events[-1].kind == "ends":
            del self._events[-1]  # the same end, and it came too early
        self._printed += kind in _PRINTED
        if kind in _THE_POINT or len(self._events) < MOST_EVENTS and not (
                kind in _PRINTED and self._printed > MOST_PRINTED):
            self._events.append(event)
        else:
            self._dropped += 1

    def events(self) -> tuple[Event, ...]:
        """What happened so far."""
        if not self._dropped:
            return tuple(self._events)
        note = Event(self._events[-1].at, "note", "server", f"{self._dropped} more events left out")
        return (*self._events, note)


class Printed:
    """Tells a transcript what a program prints, as far as it has not been told yet."""

    def __init__(self, transcript: Transcript, who: str) -> None:
        self._transcript, self._who = transcript, who
        self._told: dict[str, int] = {}
        self._left = 2 * MOST_PRINTED

    def tell(self, kind: str, so_far: Callable[[], bytes]) -> None:
        """What of this stream is new; after some hundred times nobody looks any more."""
        if self._left and (fresh := so_far()[self._told.get(kind, 0):]):
            self._told[kind] = self._told.get(kind, 0) + len(fresh)
            self._left -= 1
            self._transcript.add(kind, self._who, fresh)
