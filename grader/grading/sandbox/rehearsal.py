"""Run by probe() inside a worker: one student command with all there is around it."""

from __future__ import annotations

import os
import subprocess
import sys

from grading.sandbox import open_box

from .limits import RUN
from .mode import SandboxError, Tier, tier
from .network import fresh_ipc, fresh_network
from .rights import reading

_SHARED_ONLY = "; ls / >/dev/null 2>&1 && echo it can read everything"


def main() -> int:
    script = "echo works > ~/word && cat ~/word" + (_SHARED_ONLY if tier() is Tier.REDUCED else "")
    try:
        fresh_network()
        fresh_ipc()
        with open_box() as box:
            end = box.run(["/bin/sh", "-c", script], limits=RUN)
            with box.spawn(["cat"], limits=RUN, stdin=subprocess.PIPE) as program, \
                    reading(program.pid):
                os.listdir(f"/proc/{program.pid}/fd")
    except (SandboxError, OSError) as error:
        print(error)
        return 1
    if end.stdout != b"works\n":
        print((end.stderr or end.stdout or b"a command printed nothing").decode(
            errors="replace").strip())
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
