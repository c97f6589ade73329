"""Keeps Ctrl-C between the terminal and this program: make, which started it, would complain."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def alone_in_front() -> Iterator[None]:
    """Inside, this process and its children are the terminal's foreground, and Ctrl-Z does nothing:
    who waits for this process would not notice. Without a terminal nothing changes."""
    whose = _foreground()
    if whose != os.getpgrp() or whose == os.getpid():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN)
              for number in (signal.SIGTTOU, signal.SIGTSTP)}
    os.setpgid(0, 0)
    os.tcsetpgrp(sys.stdin.fileno(), os.getpid())
    try:
        yield
    finally:
        os.tcsetpgrp(sys.stdin.fileno(), whose)
        os.setpgid(0, whose)
        for number, handler in before.items():
            signal.signal(number, handler)


def _foreground() -> int:
    """The process group that the terminal's keys reach; 0 where stdin is no terminal."""
    try:
        return os.tcgetpgrp(sys.stdin.fileno())
    except (OSError, ValueError):
        return 0
