"""Every byte said and heard in a scene, by whom and when."""

from __future__ import annotations

import time

from grading.verdict import Event

LONGEST_TEXT = 160  # characters of one event that a report keeps
MOST_EVENTS = 400  # of one scene; what comes after is counted, not kept


def readable(data: bytes) -> str:
    """Bytes as a student can read them: line ends, controls and non-ASCII are written out."""
    shown = "".join(_ESCAPES.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}")
                    for byte in data)
    if len(shown) > LONGEST_TEXT:
        half = LONGEST_TEXT // 2
        shown = f"{shown[:half]} … {shown[-half:]} ({len(data)} bytes)"
    return shown


_ESCAPES = {ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t"}


class Transcript:
    """The events of one scene, in order. One thread; times count from its creation."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._events: list[Event] = []
        self._dropped = 0

    def add(self, kind: str, who: str, data: bytes | str = b"") -> None:
        """Appends an event that happens now."""
        if len(self._events) >= MOST_EVENTS and kind not in ("missing", "unexpected", "exits"):
            self._dropped += 1
            return
        text = data if isinstance(data, str) else readable(data)
        self._events.append(Event(round(time.monotonic() - self._start, 4), kind, who, text))

    def events(self) -> tuple[Event, ...]:
        """What happened so far."""
        if not self._dropped:
            return tuple(self._events)
        note = Event(self._events[-1].at, "note", "server", f"{self._dropped} more events left out")
        return (*self._events, note)
