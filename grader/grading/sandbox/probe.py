"""Finds out what sandbox this machine allows, by running the real chain once."""

from __future__ import annotations

import enum
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from .mode import MAX_SLOTS, Mode, SandboxError
from .outer import WorkerSpec, run_worker

_GRADER = Path(__file__).resolve().parents[2]
_SECONDS = 30
_TOOLS = {"bwrap": "bubblewrap", "env": "coreutils", "sh": "dash", "prlimit": "util-linux",
          "choom": "util-linux", "setpriv": "util-linux"}
_CONTAINER = ("run it outside the container, or with --cap-add SYS_ADMIN --cap-add NET_ADMIN "
              "--security-opt seccomp=unconfined --security-opt apparmor=unconfined")
_USERNS = ("run as root, or have an administrator allow user namespaces "
           "(kernel.apparmor_restrict_unprivileged_userns=0, kernel.unprivileged_userns_clone=1, "
           "user.max_user_namespaces above 0)")
# What bwrap says, what that means, what to do about it as an ordinary user.
_MEANINGS = (
    ("o permissions to create", "this machine forbids user namespaces", _USERNS),
    ("reating new namespace failed", "this machine forbids new namespaces", _USERNS),
    ("setting up uid map", "this machine restricts user namespaces (AppArmor does so)", _USERNS),
    ("RTM_NEWADDR", "a new network namespace may not be set up here", _USERNS),
    ("pivot_root", "a container's filter forbids a new root folder", _CONTAINER),
    ("mount proc", "a container hides parts of /proc",
     "add --security-opt systempaths=unconfined to the container"),
    ("seccomp is missing", "a library is missing", "install the package python3-seccomp"),
)


class Tier(enum.Enum):
    """How well a student's program is confined."""

    FULL = "full"
    NONE = "none"


@dataclass(frozen=True)
class Probe:
    """The answer: `reason` is one line; `advice`, empty if all is well, says what to do."""

    tier: Tier
    reason: str
    advice: str


def probe() -> Probe:
    """Takes about a quarter of a second."""
    for tool, package in _TOOLS.items():
        if shutil.which(tool) is None:
            return Probe(Tier.NONE, f"{tool} is not installed", f"install the package {package}")
    inside = Path("/run/grader")
    spec = WorkerSpec((sys.executable, "-m", "grading.sandbox.rehearsal"),
                      read_only={_GRADER: inside}, writable={}, slot=MAX_SLOTS - 1,
                      env={"PYTHONPATH": str(inside)}, wall_seconds=_SECONDS)
    try:
        end = run_worker(spec)
    except (SandboxError, OSError) as error:
        return _explained(str(error))
    if end.timed_out:
        return Probe(Tier.NONE, f"the sandbox did not answer within {_SECONDS} s", "")
    if end.status:
        lines = end.output_tail.strip().splitlines()
        return _explained(lines[-1] if lines else f"bwrap ended with status {end.status}")
    return Probe(Tier.FULL, "separate namespaces and uids (started by root)"
                 if Mode.of_this_process(0).root else "separate, nested user namespaces", "")


def _explained(message: str) -> Probe:
    for part, meaning, advice in _MEANINGS:
        if part in message:
            root_advice = _CONTAINER if advice is _USERNS and os.geteuid() == 0 else advice
            return Probe(Tier.NONE, f"{meaning}: {message}", root_advice)
    return Probe(Tier.NONE, f"the sandbox does not work here: {message}", "")
