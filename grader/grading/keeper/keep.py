"""Starts one command behind its walls, tells how it ended, and leaves nothing of it running.

Run as a script, `keep.py PLAN COMMAND...`; the plan is JSON: the folder to start in, "walls" (see
walls.py, null for none) and a status file. There it writes what bwrap would write: its own pid as
that of the first process, later the exit code. Orphans of the command become its children. The
signal END ends the command and all it has started; so does the end of whoever started the keeper.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import time
from contextlib import suppress

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
from grading.keeper import sweep, walls  # noqa: E402

END = signal.SIGRTMAX  # not SIGTERM: a program may send that to its whole group
_SET_PDEATHSIG, _SET_CHILD_SUBREAPER = 1, 36  # prctl(2)
_HEARD = (END, signal.SIGCHLD)  # blocked, and waited for: a handler could come before the wait
_KILLED = 128 + signal.SIGKILL
_PATIENCE_S = 0.3  # for children to die one by one; then everything of their uid dies at once


def main() -> int:
    keeper = _Keeper(json.loads(sys.argv[1]))
    signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)
    libc = ctypes.CDLL(None)
    libc.prctl(_SET_CHILD_SUBREAPER, ctypes.c_ulong(1))
    libc.prctl(_SET_PDEATHSIG, ctypes.c_ulong(END))
    return keeper.keep(sys.argv[2:])


class _Keeper:
    """One command, from its start to the end of the last process it has left."""

    def __init__(self, plan: dict[str, object]) -> None:
        self._folder, self._status_file = str(plan["folder"]), str(plan["status_file"])
        self._walls = plan["walls"]

    def keep(self, command: list[str]) -> int:
        """Returns the command's exit status; 128 + n after signal n."""
        complaint, writer = os.pipe()  # closed by exec
        if (child := os.fork()) == 0:
            self._become(command, writer)
        os.close(writer)
        self._tell({"child-pid": os.getpid()})
        if said := os.read(complaint, 1000):
            sys.stderr.write(said.decode() + "\n")
            return 1
        ended = self._end_of(child)
        self._end_the_rest()
        if ended is None:
            return _KILLED
        code = os.waitstatus_to_exitcode(ended)
        code = code if code >= 0 else 128 - code
        self._tell({"exit-code": code})
        return code

    def _become(self, command: list[str], complaint: int) -> None:
        try:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEARD)
            os.chdir(self._folder)
            if isinstance(self._walls, dict):
                walls.put_up(self._walls)
            os.execvp(command[0], command)
        except OSError as error:
            os.write(complaint, f"{error.filename or command[0]}: {error.strerror}".encode())
        finally:
            os._exit(1)

    def _end_of(self, child: int) -> int | None:
        """Its wait status once it has ended; None if everything shall end before that."""
        while signal.sigwait(_HEARD) != END:
            with suppress(ChildProcessError):
                while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                    if ended[0] == child:
                        return ended[1]
        return None

    def _end_the_rest(self) -> None:
        """Kills child after child: what a dead one leaves behind is a child of ours by then."""
        since = time.monotonic()
        with suppress(ChildProcessError):
            while True:
                for pid in _children():
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                os.wait()
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
                if time.monotonic() - since > _PATIENCE_S:
                    self._end_the_whole_uid()

    def _end_the_whole_uid(self) -> None:
        """For children that multiply faster than they die: one signal to all of them."""
        uid = self._walls["uid"] if isinstance(self._walls, dict) else None
        if uid is None:
            return
        if (child := os.fork()) == 0:
            with suppress(OSError):
                sweep.become(uid)
                os.kill(-1, signal.SIGKILL)
            os._exit(0)
        os.waitpid(child, 0)

    def _tell(self, words: dict[str, int]) -> None:
        with open(self._status_file, "a", encoding="ascii") as file:
            file.write(json.dumps(words) + "\n")


def _children() -> list[int]:
    found = []
    for name in os.listdir("/proc"):
        with suppress(OSError):
            if name.isdigit():
                with open(f"/proc/{name}/stat", "rb") as file:
                    parent = int(file.read().rpartition(b")")[2].split()[1])
                found += [int(name)] if parent == os.getpid() else []
    return found


if __name__ == "__main__":
    sys.exit(main())
