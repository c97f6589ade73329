"""Who has a port on a network that is shared, and waiting until nobody has it any more."""

from __future__ import annotations

import os
import time
from contextlib import suppress

from grading.observe.sockets import Socket, every_tcp_socket

SOMEBODY_S = 5.0  # for a program that uses the port: it may be about to end
LEFT_OVER_S = 65.0  # for what the kernel keeps of a connection that has ended: TIME_WAIT takes 60 s
STEP_S = 0.02


def still_used_by(port: int) -> str:
    """Waits until the port is free; empty if it is by then, else who has it.

    In small steps: the kernel tells nobody when TIME_WAIT is over.
    """
    start = time.monotonic()
    while rows := [row for row in every_tcp_socket() if row.port == port]:
        owned = [row for row in rows if row.inode]
        if time.monotonic() - start > (SOMEBODY_S if owned else LEFT_OVER_S):
            return _owner(owned)
        time.sleep(STEP_S)
    return ""


def _owner(rows: list[Socket]) -> str:
    """A name, if this process may see whose sockets these are."""
    wanted = {f"socket:[{row.inode}]" for row in rows}
    for pid in (name for name in os.listdir("/proc") if name.isdigit()):
        with suppress(OSError):
            for number in os.listdir(f"/proc/{pid}/fd"):
                if os.readlink(f"/proc/{pid}/fd/{number}") in wanted:
                    with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
                        return f"{file.read().strip()} (process {pid})"
    return "Something else"
