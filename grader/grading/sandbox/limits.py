"""What one student command may use at most, and the two sets of limits to start from."""

from __future__ import annotations

import resource
from dataclasses import dataclass, replace

MIB = 1 << 20
GIB = 1 << 30
STACK = 8 * MIB


@dataclass(frozen=True)
class Limits:
    """Seconds, bytes and counts. A limit that is met is named in `limit_hit`, never hidden.

    `memory` is what all processes of the command hold together, checked at every pump.
    `address_space` is per process and on top of one stack for each of `nproc` threads, so that
    no correct threaded program meets it; None where a sanitizer reserves terabytes.
    """

    wall: float
    cpu: int
    nofile: int
    nproc: int
    fsize: int
    memory: int
    output: int
    address_space: int | None = 4 * GIB

    def for_sanitizer(self) -> Limits:
        """The same limits for a program built with -fsanitize: only the memory watch is left."""
        return replace(self, address_space=None)

    def prlimit(self, *, shared_uid: bool = False) -> list[str]:
        """The command line that sets what the kernel can hold for us.

        shared_uid: without those that count what a user's other programs have as well.
        """
        space = None if self.address_space is None else self.address_space + self.nproc * STACK
        whole_uid = [] if shared_uid else [
            "--msgqueue=819200", "--sigpending=256",
            _option("nproc", resource.RLIMIT_NPROC, self.nproc)]
        return ["prlimit", "--core=0", "--memlock=65536", *whole_uid,
                _option("nofile", resource.RLIMIT_NOFILE, self.nofile),
                _option("fsize", resource.RLIMIT_FSIZE, self.fsize),
                _option("stack", resource.RLIMIT_STACK, STACK),
                f"--cpu={self.cpu}:{self.cpu + 1}",
                *([] if space is None else [_option("as", resource.RLIMIT_AS, space)])]


def _option(name: str, kind: int, wanted: int) -> str:
    """Nobody may raise a hard limit: on a machine with a lower one, that one holds."""
    hard = resource.getrlimit(kind)[1]
    return f"--{name}={wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)}"


BUILD = Limits(wall=120, cpu=30, nofile=1024, nproc=256, fsize=64 * MIB, memory=2 * GIB, output=MIB)
RUN = Limits(wall=20, cpu=10, nofile=256, nproc=576, fsize=16 * MIB, memory=GIB, output=MIB)
