"""Where there is no sandbox: starts one command, tells how it ended, and leaves nothing of it running.

Run as a script, `keeper.py STATUS_FILE FOLDER COMMAND...`. It writes what bwrap would write: its own
pid as that of the first process, later the exit code. Orphans of the command become its children.
The signal END ends the command and all it has started; so does the end of whoever started the keeper.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType

END = signal.SIGRTMAX  # not SIGTERM: a program may send that to its whole group
_SET_PDEATHSIG, _SET_CHILD_SUBREAPER = 1, 36  # prctl(2)
_KILLED = 128 + signal.SIGKILL


def command_line(status_file: str, folder: str, command: Sequence[str]) -> list[str]:
    """What to exec to have `command` kept."""
    return [sys.executable, "-I", "-S", os.path.abspath(__file__), status_file, folder, *command]


def main() -> int:
    status_file, folder, *command = sys.argv[1:]
    signal.signal(END, _obey)
    libc = ctypes.CDLL(None)
    libc.prctl(_SET_CHILD_SUBREAPER, ctypes.c_ulong(1))
    libc.prctl(_SET_PDEATHSIG, ctypes.c_ulong(END))
    os.chdir(folder)
    if (child := os.fork()) == 0:
        _become(command)
    _tell(status_file, {"child-pid": os.getpid()})
    while (ended := os.wait())[0] != child:
        pass
    _end_the_rest()
    code = os.waitstatus_to_exitcode(ended[1])
    code = code if code >= 0 else 128 - code
    _tell(status_file, {"exit-code": code})
    return code


def _become(command: list[str]) -> None:
    try:
        os.execvp(command[0], command)
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr, flush=True)
        os._exit(127)


def _obey(number: int, frame: FrameType | None) -> None:
    signal.signal(END, signal.SIG_IGN)
    _end_the_rest()
    os._exit(_KILLED)


def _end_the_rest() -> None:
    """Kills child after child: what a dead one leaves behind is a child of ours by then."""
    with suppress(ChildProcessError):
        while True:
            for pid in _children():
                os.kill(pid, signal.SIGKILL)
            os.wait()


def _children() -> list[int]:
    found = []
    for name in os.listdir("/proc"):
        with suppress(OSError):
            if name.isdigit():
                with open(f"/proc/{name}/stat", "rb") as file:
                    parent = int(file.read().rpartition(b")")[2].split()[1])
                found += [int(name)] if parent == os.getpid() else []
    return found


def _tell(status_file: str, words: dict[str, int]) -> None:
    with open(status_file, "a", encoding="ascii") as file:
        file.write(json.dumps(words) + "\n")


if __name__ == "__main__":
    sys.exit(main())
