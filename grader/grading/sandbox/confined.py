"""A running student command: what it prints, its limits, and its certain end."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from types import TracebackType

from .command import Command
from .ending import Exit, Finished
from .limits import Limits
from .mode import SandboxError
from .namespace import Namespace
from .outputs import Outputs
from .ready import readable, readable_or_writable
from .watch import TICK, Watch


class Confined:
    """Made by Box.spawn(), used by one thread, which pumps whenever fileno() is readable.

    fileno() ticks 20 times a second, so that limits are kept while the program is silent.
    When the student's process ends, everything it has started ends too.
    """

    def __init__(self, command: Command, limits: Limits, stdin: int, merge_stderr: bool) -> None:
        self.limit_hit: str | None = None
        self._find, self._watch = command.find, Watch(limits)
        self._exit: Exit | None = None
        self._found: Namespace | None = None
        nothing: dict[str, str] = {}
        self._monitor = subprocess.Popen(
            command.argv, stdin=stdin, stdout=subprocess.PIPE, cwd="/", env=nothing, bufsize=0,
            stderr=subprocess.STDOUT if merge_stderr else subprocess.PIPE, start_new_session=True)
        self._monitor_fd = os.pidfd_open(self._monitor.pid)
        self._outputs = Outputs([pipe for pipe in (self._monitor.stdout, self._monitor.stderr)
                                 if pipe],
                                limits.output, self._monitor_fd, TICK)

    def __enter__(self) -> Confined:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.kill()

    # What it is.

    @property
    def pid1(self) -> int:
        """The first process of its pid namespace (ours: it reaps orphans)."""
        return self._namespace().pid1

    @property
    def pid(self) -> int:
        """The student's process, after the exec of the student's program; 0 if never seen."""
        return self._namespace().pid

    def processes(self) -> list[int]:
        """All its processes, without pid 1."""
        return [] if self._exit else self._namespace().processes()

    def _namespace(self) -> Namespace:
        """Waits until the sandbox is up: some milliseconds after the start, once."""
        if self._found is None:
            self._found = self._find(lambda: self._monitor.poll() is None)
        if self._found is None:
            self._close()
            raise self._no_sandbox()
        return self._found

    # What it says and hears.

    def fileno(self) -> int:
        """To be polled for reading; when it is readable, pump() has something to do."""
        return self._outputs.fileno()

    def filenos(self) -> list[int]:
        """The same as a list, empty after the end."""
        return [] if self._outputs.closed else [self._outputs.fileno()]

    def output(self) -> bytes:
        """All it has printed to stdout so far (and to stderr, if they are merged)."""
        return self._outputs.text(0)

    def errors(self) -> bytes:
        """All it has printed to stderr so far."""
        return self._outputs.text(1)

    def pump(self) -> bool:
        """Takes what is printed, keeps the limits, notices the end. True if there was output."""
        if self._exit is not None:
            return False
        ended = self._monitor.poll() is not None
        heard = self._outputs.take()
        if ended:
            self._conclude()
        elif limit := self._watch.met(self._outputs.full, self._namespace):
            self.limit_hit = limit
            self._conclude()
        return heard

    def watch(self, also: Callable[[], str | None]) -> None:
        """One more limit: `also` names it as soon as it is met."""
        self._watch.also = also

    def write_stdin(self, data: bytes) -> None:
        """Returns when all is taken, pumping meanwhile; a program that is gone takes nothing."""
        stdin = self._monitor.stdin
        if self.wait(0) is not None:
            return
        if stdin is None or stdin.closed:
            raise ValueError("this program has no open standard input")
        os.set_blocking(stdin.fileno(), False)
        view = memoryview(data)
        while view and self.wait(0) is None:
            try:
                view = view[os.write(stdin.fileno(), view):]
            except BlockingIOError:
                readable_or_writable(self.fileno(), stdin.fileno())
            except BrokenPipeError:
                return

    def close_stdin(self) -> None:
        """The end of its standard input; may be repeated."""
        if self._monitor.stdin is not None:
            self._monitor.stdin.close()

    # How it ends.

    def signal(self, number: int) -> None:
        """To the student's process alone."""
        if self._exit is None:
            self._namespace().signal(number)

    def wait(self, timeout: float | None = None) -> Exit | None:
        """Pumps until the student's process has ended; None if it has not after so long."""
        deadline = time.monotonic() + (self._watch.limits.wall * 2 if timeout is None else timeout)
        self.pump()
        while self._exit is None and (left := deadline - time.monotonic()) > 0:
            readable(self.fileno(), left)
            self.pump()
        return self._exit

    def kill(self) -> None:
        """SIGKILL to everything; returns when the last process is gone. May be repeated."""
        if self._exit is None:
            self._conclude()

    def finish(self) -> Finished:
        """Waits for the end, which the limit on wall time brings at the latest."""
        while (end := self.wait()) is None:
            pass
        return Finished(end.status, end.signal, self.output(), self.errors(),
                        self._watch.seconds, self.limit_hit)

    def _conclude(self) -> None:
        """Kills what is left, takes the last words, and settles how it ended."""
        by_itself = self._monitor.poll()
        if self._found is None:
            # A monitor killed while it starts could leave its child behind: wait for the child.
            self._found = self._find(lambda: self._monitor.poll() is None)
        if self._found is not None:
            self._found.kill()
        self._close()
        code = self._found.exit_code if self._found is not None else None
        if code is None and by_itself is not None and by_itself >= 0:
            raise self._no_sandbox()
        self._exit = Exit.from_code(128 + signal.SIGKILL if code is None else code)
        if self.limit_hit is None and by_itself is not None:
            self.limit_hit = self._watch.behind(self._exit.signal)

    def _close(self) -> None:
        """Gives back every descriptor and reaps the monitor; the text stays."""
        self._monitor.kill()
        self._monitor.wait()
        if not self._outputs.closed:
            self._outputs.close()
            os.close(self._monitor_fd)
        if self._found is not None:
            self._found.close()
        for pipe in (self._monitor.stdin, self._monitor.stdout, self._monitor.stderr):
            if pipe is not None:
                pipe.close()

    def _no_sandbox(self) -> SandboxError:
        self._exit = Exit(1, None)  # nothing is left: kill() has nothing more to do
        said = (self.errors() or self.output()).decode(errors="replace").strip().splitlines()
        return SandboxError(f"the inner sandbox failed: {said[-1] if said else 'no message'}")
