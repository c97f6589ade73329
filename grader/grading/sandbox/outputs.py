"""What a program prints, taken without blocking and up to a cap."""

from __future__ import annotations

import os
import select
from collections.abc import Sequence
from contextlib import suppress
from typing import IO

from . import libc


class Outputs:
    """Owns nothing but its epoll and its clock; the pipes belong to the Popen.

    fileno() is readable when there is something to take, when `also` (a pidfd) says so, and
    at every tick, so that a loop that waits here comes round even if the program is silent.
    """

    def __init__(self, pipes: Sequence[IO[bytes]], cap: int, also: int, tick: float) -> None:
        self._cap = cap
        self._texts = [(pipe.fileno(), bytearray()) for pipe in pipes]
        self._open = {fd for fd, _ in self._texts}
        self._clock = libc.ticking_fd(tick)
        self._epoll = select.epoll()
        for fd in (*self._open, self._clock, also):
            os.set_blocking(fd, False)
            self._epoll.register(fd, select.EPOLLIN)

    def fileno(self) -> int:
        return self._epoll.fileno()

    @property
    def closed(self) -> bool:
        return self._epoll.closed

    @property
    def full(self) -> bool:
        """True once more was printed than the cap, in all streams together."""
        return sum(len(text) for _, text in self._texts) > self._cap

    def text(self, index: int) -> bytes:
        """Everything stream `index` has said so far; nothing if there is no such stream."""
        return bytes(self._texts[index][1][:self._cap]) if index < len(self._texts) else b""

    def take(self) -> bool:
        """Takes a pipeful of each stream. True if there was anything."""
        with suppress(BlockingIOError):
            os.read(self._clock, 8)
        return any([self._take(fd, text) for fd, text in self._texts if fd in self._open])

    def _take(self, fd: int, text: bytearray) -> bool:
        try:
            data = os.read(fd, 1 << 16)
        except BlockingIOError:
            return False
        if not data:
            self._open.discard(fd)
            self._epoll.unregister(fd)
        elif not self.full:
            text += data
        return bool(data)

    def close(self) -> None:
        """Takes what is left in the pipes; the writers must be gone."""
        while self.take():
            pass
        self._epoll.close()
        os.close(self._clock)
