"""Programs that several tests run, and waiting for what they print."""

from __future__ import annotations

import select
from collections.abc import Callable

import pytest

from grading.sandbox import Confined, Tier, processes, tier

full_only = pytest.mark.skipif(tier() is not Tier.FULL, reason="promised by namespaces only")
shared_only = pytest.mark.skipif(tier() is Tier.FULL, reason="namespaces make it needless")
own_uid_only = pytest.mark.skipif(tier() is Tier.NONE, reason="needs a uid for the box alone")

# It waits with the signal blocked: before pause() a handler of Python's may come too early and be
# forgotten (seen once in 9,000 starts).
GRACEFUL = ("import os, signal\n"
            "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT]); os.write(1, b'ready\\n')\n"
            "signal.sigwait([signal.SIGINT]); os.write(1, b'bye\\n'); os._exit(7)\n")


def python(code: str) -> list[str]:
    return ["/usr/bin/python3", "-I", "-S", "-c", code]


def await_output(program: Confined, text: bytes) -> None:
    """Waits until the program has printed this; fails if it ends before."""
    await_fact(program, lambda: text in program.output())


def await_fact(program: Confined, fact: Callable[[], bool]) -> None:
    """Pumps the program until it is so; fails if the program ends before."""
    while not fact():
        assert program.wait(0) is None, program.errors()
        if not fact():
            select.select([program], [], [])


def stopped(program: Confined) -> bool:
    """Whether SIGSTOP has reached one of its processes."""
    stats = (processes.read(f"/proc/{pid}/stat") for pid in program.processes())
    return any(stat.rpartition(b")")[2].split()[:1] == [b"T"] for stat in stats)
