"""The command line that runs one student command in the inner sandbox."""

from __future__ import annotations

import functools
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .limits import Limits
from .mode import Mode, SandboxError
from .household import Company
from .namespace import CHAIN_MARK, Guest, Namespace

_HOME = "/home/student"
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": _HOME, "USER": "student",
                "LANG": "C.UTF-8", "TERM": "dumb", "MALLOC_ARENA_MAX": "2"}
# Fd 9 and 8 are opened by name, so that a caller who closes every descriptor (pexpect) may exec it.
# Where memory is short, the kernel ends students' programs first, not the grader.
_OPEN_FILES = ('exec 9<"$1" 8>"$2"; shift 2; echo 1000 >/proc/self/oom_score_adj || exit; '
               'exec "$@"')
_JOIN = 'exec 7<"$1"; shift; exec "$@"', 'exec 7<"$1" 6<"$2" 5<"$3"; shift 3; exec "$@"'
# Ctrl-C reaches the whole foreground group, bwrap first: only the student's program may obey it.
DEAF = "--ignore-signal=INT,QUIT,TSTP,HUP,TERM,TTIN,TTOU"


@dataclass(frozen=True)
class View:
    """What a command sees: folders of the box, and further ones by their inside name."""

    folder: Path
    writable: bool
    extra_read_only: Mapping[Path, str]
    shared: Mapping[Path, str]
    cwd: str

    def arguments(self) -> list[str]:
        box, work = str(self.folder), "--bind" if self.writable else "--ro-bind"
        extra = [word for host, inside in self.extra_read_only.items()
                 for word in ("--ro-bind", str(host), inside)]
        extra += [word for host, inside in self.shared.items()
                  for word in ("--bind", str(host), inside)]
        return ["--ro-bind", f"{box}/root", "/", "--ro-bind", "/usr", "/usr",
                "--ro-bind-try", "/etc/alternatives", "/etc/alternatives",
                "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache",
                "--ro-bind-try", "/etc/services", "/etc/services",
                "--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys",
                # An ordinary user's first process, bwrap, is his own too, and knows no rlimits.
                "--tmpfs", "/proc/1", "--remount-ro", "/proc/1",
                "--dev", "/dev", "--bind", f"{box}/shm", "/dev/shm", "--remount-ro", "/dev",
                "--bind", f"{box}/tmp", "/tmp", "--bind", f"{box}/tmp", "/var/tmp",
                "--bind", f"{box}/home", _HOME, work, f"{box}/work", "/work",
                *extra, "--chdir", self.cwd]


@dataclass(frozen=True)
class Command:
    """Something to exec as it is, by Popen or by pexpect, once; and how to find what it became."""

    argv: list[str]
    status_file: Path
    guest: bool = False  # it lives in the pid namespace of another: see household.py

    def namespace(self, alive: Callable[[], bool]) -> Namespace:
        """For pexpect: `command.namespace(child.isalive)`. Blocks until the sandbox is up."""
        namespace = self.find(alive)
        if namespace is None:
            raise SandboxError("the sandbox of a student command did not start")
        return namespace

    def find(self, alive: Callable[[], bool]) -> Namespace | None:
        """Waits until the sandbox is up; None if it ended before."""
        return (Guest if self.guest else Namespace).wait_for(self.status_file, alive)


def command_line(view: View, mode: Mode, argv: Sequence[str], limits: Limits,
                 env: Mapping[str, str], files: tuple[Path, Path],
                 household: Company | None = None) -> list[str]:
    """`files` are the syscall filter and the status file bwrap writes."""
    variables = [word for name, value in {**ENVIRONMENT, **env}.items()
                 for word in ("--setenv", name, value)]
    joined = household.files() if household else []
    join = ["/bin/sh", "-c", _JOIN[len(joined) > 1], "sh", *joined] if joined else []
    apart = ["--die-with-parent", *mode.inner_arguments(disable_userns=_can_disable_userns())]
    if household:  # a guest dies with its household: bwrap cannot tell it that its parent has died
        apart = household.arguments(apart, mode.inner_arguments_of_a_guest())
    return [*join, "/bin/sh", "-c", _OPEN_FILES, "sh", *map(str, files),
            # env -i in front: /proc/1/environ of the sandbox is bwrap's own environment.
            "/usr/bin/env", "-i", DEAF, "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
            _bwrap(),
            "--unshare-cgroup-try", *apart,
            *variables, *view.arguments(), "--json-status-fd", "8", "--seccomp", "9", "--",
            *mode.become_student(), *limits.prlimit(), "env", CHAIN_MARK, *argv]


@functools.cache
def _bwrap() -> str:
    if (found := shutil.which("bwrap")) is None:
        raise SandboxError("bubblewrap (bwrap) is not installed")
    return found


@functools.cache
def _can_disable_userns() -> bool:
    """Since bubblewrap 0.8."""
    usage = subprocess.run([_bwrap(), "--help"], capture_output=True, text=True, check=False)
    return "--disable-userns" in usage.stdout + usage.stderr
