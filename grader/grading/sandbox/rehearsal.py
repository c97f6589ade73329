"""Run by probe() inside a worker: one student command with all there is around it."""

from __future__ import annotations

import sys

from .box import Box
from .limits import RUN
from .mode import SandboxError
from .network import fresh_ipc, fresh_network


def main() -> int:
    try:
        fresh_network()
        fresh_ipc()
        with Box() as box:
            end = box.run(["/bin/sh", "-c", "echo works > /tmp/word && cat /tmp/word"], limits=RUN)
    except (SandboxError, OSError) as error:
        print(error)
        return 1
    if end.stdout != b"works\n":
        print((end.stderr or b"a command printed nothing").decode(errors="replace").strip())
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
