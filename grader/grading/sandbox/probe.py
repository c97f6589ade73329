"""Finds out what sandbox this machine allows, by running the real chain once."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from grading.keeper import landlock

from .mode import MAX_SLOTS, Mode, SandboxError, Tier
from .outer import WorkerSpec, run_worker

_GRADER = Path(__file__).resolve().parents[2]
_SECONDS = 30
_REHEARSAL = (sys.executable, "-m", "grading.sandbox.rehearsal")
_TOOLS = {"bwrap": "bubblewrap", "env": "coreutils", "sh": "dash", "prlimit": "util-linux",
          "setpriv": "util-linux"}
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


@dataclass(frozen=True)
class Probe:
    """The answer: `reason` is one line; `advice`, empty if all is well,
    says what to do for more."""

    tier: Tier
    reason: str
    advice: str


def probe(wanted: Tier | None = None) -> Probe:
    """Takes about a quarter of a second. `wanted`: tries this tier only,
    and raises if it does not hold."""
    answers = []
    for tier, rehearse in ((Tier.FULL, _full), (Tier.REDUCED, _reduced)):
        if wanted in (None, tier):
            answers.append(rehearse())
            if answers[-1].tier is tier:
                better = answers[0]
                return answers[-1] if better is answers[-1] else Probe(
                    tier, f"{answers[-1].reason} ({better.reason})", better.advice)
    if wanted in (Tier.FULL, Tier.REDUCED):
        raise SandboxError(f"this machine has no {wanted.value} sandbox: {answers[0].reason}")
    reason = answers[0].reason if answers else "asked for"
    return Probe(Tier.NONE, f"{reason}; {_walls_left()}", answers[0].advice if answers else "")


def _full() -> Probe:
    for tool, package in _TOOLS.items():
        if shutil.which(tool) is None:
            return Probe(Tier.NONE, f"{tool} is not installed", f"install the package {package}")
    inside = Path("/run/grader")
    failure = _rehearse(WorkerSpec(_REHEARSAL, read_only={_GRADER: inside}, writable={},
                                   slot=MAX_SLOTS - 1, env={"PYTHONPATH": str(inside)},
                                   wall_seconds=_SECONDS))
    return _explained(failure) if failure else Probe(
        Tier.FULL, "separate namespaces and uids (started by root)"
        if Mode.of_this_process(0).root else "separate, nested user namespaces", "")


def _reduced() -> Probe:
    if os.geteuid() != 0:
        return Probe(Tier.NONE, "only root can give students' programs another uid", "")
    failure = _rehearse(WorkerSpec(_REHEARSAL, read_only={}, writable={}, slot=0,
                                   env={"PYTHONPATH": str(_GRADER)}, wall_seconds=_SECONDS,
                                   tier=Tier.REDUCED))
    return Probe(Tier.NONE, failure, "") if failure else Probe(
        Tier.REDUCED, f"shared network: another uid, Landlock {landlock.abi()}, "
        "a system call filter, one target after the other", "")


def _rehearse(spec: WorkerSpec) -> str:
    """What went wrong when the real chain was run once; empty if nothing did."""
    try:
        end = run_worker(spec)
    except (SandboxError, OSError) as error:
        return str(error)
    if end.timed_out:
        return f"the sandbox did not answer within {_SECONDS} s"
    lines = end.output_tail.strip().splitlines()
    return (lines[-1] if lines else f"it ended with status {end.status}") if end.status else ""


def _walls_left() -> str:
    version = landlock.abi()
    return (f"what is left: Landlock {version} and a system call filter" if version else
            "this kernel has no Landlock either")


def _explained(message: str) -> Probe:
    for part, meaning, advice in _MEANINGS:
        if part in message:
            root_advice = _CONTAINER if advice is _USERNS and os.geteuid() == 0 else advice
            return Probe(Tier.NONE, f"{meaning}: {message}", root_advice)
    return Probe(Tier.NONE, f"the sandbox does not work here: {message}", "")
