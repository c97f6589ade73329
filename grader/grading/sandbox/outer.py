"""The outer sandbox: one trusted worker per submission, in namespaces of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import site
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from grading.keeper.keep import END

from .mode import Mode, SandboxError, Tier, shared_environment
from .ready import readable
from .shared_boxes import alone
from .slots import slot_of_its_own
from .walls import kept

_LINE = 16 << 10
_TAIL = 64 << 10


@dataclass(frozen=True)
class WorkerSpec:
    """What to run, and which host folders it sees under which names (all below /run)."""

    argv: tuple[str, ...]
    read_only: Mapping[Path, Path]
    writable: Mapping[Path, Path]
    slot: int
    env: Mapping[str, str] = field(default_factory=dict)
    wall_seconds: float = 600
    tier: Tier = Tier.FULL  # below that every folder is where it is, and boxes are made here
    boxes: Path = Path("/var/lib/proactor-lab")


@dataclass(frozen=True)
class WorkerEnd:
    """How a worker ended: exit status (128 + n after signal n) and the last 64 KiB it said."""

    status: int
    output_tail: str
    timed_out: bool


def run_worker(spec: WorkerSpec, on_line: Callable[[str], None] | None = None,
               stop: threading.Event | None = None) -> WorkerEnd:
    """Runs one worker to its end and returns when nothing of it is left.

    Blocks, and must be called from a thread that lives that long: the kernel kills a sandbox
    whose starting thread has ended. `stop`, set by another thread, ends the worker early;
    KeyboardInterrupt and every other exception end it too. Lines may come cut at 16 KiB.
    """
    if spec.tier is not Tier.FULL:
        with alone(spec.boxes, spec.wall_seconds) if spec.tier is Tier.REDUCED else nullcontext():
            return _run(_KeptWorker(spec), on_line, stop)
    with slot_of_its_own(spec.slot) as slot:
        return _run(_Worker(replace(spec, slot=slot)), on_line, stop)


def _run(worker: _Worker, on_line: Callable[[str], None] | None,
         stop: threading.Event | None) -> WorkerEnd:
    try:
        timed_out = worker.listen(on_line or (lambda line: None), stop)
    finally:
        status = worker.end()
    return WorkerEnd(status, worker.tail.decode(errors="replace"), timed_out)


class _Worker:
    """The running bwrap, the pidfd of its namespace's first process, and what it printed."""

    _fatal = signal.SIGKILL  # what ends the first process and everything below it

    def __init__(self, spec: WorkerSpec) -> None:
        self.tail = self._line = b""
        self._deadline = time.monotonic() + spec.wall_seconds
        self._start(spec)
        assert self._process.stdout is not None
        self._output = self._process.stdout.fileno()

    def _start(self, spec: WorkerSpec) -> None:
        info, info_writer = os.pipe()
        try:
            self._process = subprocess.Popen(
                _command_line(spec, info_writer), stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=_environment(spec),
                start_new_session=True, pass_fds=(info_writer,))
        finally:
            os.close(info_writer)
        try:
            with os.fdopen(info, "rb") as reader:
                self._first = _open_first(reader.read())
        except BaseException:
            self._process.kill()  # an interrupt this early: bwrap takes the rest with it
            raise

    def listen(self, on_line: Callable[[str], None], stop: threading.Event | None) -> bool:
        """Hands on lines until the worker ends; true if its time was up before that."""
        talking = True  # in steps of 0.1 s, for an Event has no descriptor to wait for as well
        while (left := self._deadline - time.monotonic()) > 0:
            if stop is not None and stop.is_set():
                return False
            if not talking and self._over(min(left, 0.1)):
                return False
            if talking and readable(self._output, min(left, 0.1)):
                talking = self._hear(on_line)
        return True

    def _hear(self, on_line: Callable[[str], None]) -> bool:
        """Takes some output; false at its end."""
        data = os.read(self._output, _LINE)
        self.tail = (self.tail + data)[-_TAIL:]
        *whole, self._line = (self._line + data).split(b"\n")
        if self._line and (not data or len(self._line) >= _LINE):
            whole, self._line = [*whole, self._line], b""
        for line in whole:
            on_line(line.decode(errors="replace"))
        return bool(data)

    def _over(self, seconds: float) -> bool:
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def end(self) -> int:
        """Kills what is left, waits until it is gone, and returns the exit status."""
        assert self._process.stdout is not None
        gone = True
        if self._first is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._first, self._fatal)
            gone = readable(self._first, 10)
            os.close(self._first)
        # Most often it is over by now. A monitor that was stopped needs the signal.
        self._process.kill()
        self._process.stdout.close()
        status = self._process.wait()
        if not gone:
            raise SandboxError("a worker could not be killed within 10 seconds")
        return status if status >= 0 else 128 - status


class _KeptWorker(_Worker):
    """A worker without namespaces: a keeper in the place of bwrap, and of the first process too."""

    _fatal = END

    def _start(self, spec: WorkerSpec) -> None:
        self._process = subprocess.Popen(
            kept(spec.argv, folder=Path("/"), status_file=os.devnull, walls=None),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True, umask=0o077 if spec.tier is Tier.REDUCED else -1,
            env={**_trusted_environment(spec), **shared_environment(spec.tier, spec.boxes)})
        self._first = os.pidfd_open(self._process.pid)


def _open_first(info: bytes) -> int | None:
    """A pidfd of the namespace's first process, or None if bwrap did not get that far."""
    try:
        return os.pidfd_open(int(json.loads(info)["child-pid"]))
    except (ValueError, KeyError, ProcessLookupError):
        return None


def _environment(spec: WorkerSpec) -> dict[str, str]:
    return {**_trusted_environment(spec), **Mode.of_this_process(spec.slot).environment()}


def _trusted_environment(spec: WorkerSpec) -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": "/tmp", "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUSERBASE": site.getuserbase(),
            **spec.env}


def _command_line(spec: WorkerSpec, info_fd: int) -> list[str]:
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise SandboxError("bubblewrap (bwrap) is not installed")
    mode = Mode.of_this_process(spec.slot)
    mode.check_student_is_nobody()
    binds = [argument for option, folders in (("--ro-bind", spec.read_only),
                                              ("--bind", spec.writable))
             for host, inside in folders.items()
             for argument in (option, str(host.absolute()), str(inside))]
    return [bwrap, "--die-with-parent", "--new-session", *mode.outer_arguments(),
            "--unshare-net", "--unshare-ipc", "--unshare-pid", "--unshare-uts",
            "--unshare-cgroup-try", "--hostname", "lab", "--info-fd", str(info_fd),
            "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp",
            "--tmpfs", "/run", "--dir", "/run/box", *binds, "--chdir", "/", "--", *spec.argv]
