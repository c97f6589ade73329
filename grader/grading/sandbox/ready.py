"""Waiting for a descriptor; unlike select() it does not mind descriptors above 1023."""

from __future__ import annotations

import select


def readable(fd: int, seconds: float) -> bool:
    """Waits at most so long; true if there is something to read (or the end)."""
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(max(0.0, seconds) * 1000))


def readable_or_writable(reader: int, writer: int) -> None:
    """Waits until the one can be read or the other written."""
    poll = select.poll()
    poll.register(reader, select.POLLIN)
    poll.register(writer, select.POLLOUT)
    poll.poll()
