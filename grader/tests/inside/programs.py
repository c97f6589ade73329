"""Programs that several tests run, and waiting for what they print."""

from __future__ import annotations

import select

import pytest

from grading.sandbox import Confined, Tier, tier

full_only = pytest.mark.skipif(tier() is not Tier.FULL, reason="promised by namespaces only")
shared_only = pytest.mark.skipif(tier() is Tier.FULL, reason="namespaces make it needless")
own_uid_only = pytest.mark.skipif(tier() is Tier.NONE, reason="needs a uid for the box alone")

GRACEFUL = ("import os, signal\n"
            "def bye(*_): os.write(1, b'bye\\n'); os._exit(7)\n"
            "signal.signal(signal.SIGINT, bye); os.write(1, b'ready\\n')\n"
            "while True: signal.pause()\n")


def python(code: str) -> list[str]:
    return ["/usr/bin/python3", "-I", "-S", "-c", code]


def await_output(program: Confined, text: bytes) -> None:
    """Waits until the program has printed this; fails if it ends before."""
    while text not in program.output():
        assert program.wait(0) is None, program.errors()
        select.select([program], [], [])
