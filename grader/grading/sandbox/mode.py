"""How well this machine confines a student's program, and as whom the sandbox runs it."""

from __future__ import annotations

import enum
import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FIRST_UID = 61000
MAX_SLOTS = 184  # above FIRST_UID + 184 systemd gives out uids of its own
STUDENT_UIDS = range(FIRST_UID, FIRST_UID + MAX_SLOTS)
_VARIABLE = "LAB_SANDBOX"
_TO_BECOME_SOMEBODY = ("--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID",
                       "--cap-add", "CAP_SETPCAP")


class SandboxError(RuntimeError):
    """The sandbox itself failed: the grader's fault, never the student's."""


class Tier(enum.Enum):
    """FULL: namespaces of its own. REDUCED: another uid, Landlock, a filter; the machine's network.
    NONE: one's own uid, and what walls there are: for one's own code, when one has said so."""

    FULL = "full"
    REDUCED = "reduced"
    NONE = "none"


def tier() -> Tier:
    """What this worker has."""
    kind = os.environ.get(_VARIABLE, "").partition(":")[0]
    return Tier(kind) if kind in ("reduced", "none") else Tier.FULL


def unsafe() -> bool:
    """True in a worker whose programs share the machine's network."""
    return tier() is not Tier.FULL


def boxes() -> Path:
    """Where a worker that may not mount makes its boxes."""
    return Path(os.environ[_VARIABLE].partition(":")[2])


def shared_environment(of: Tier, boxes_folder: Path) -> Mapping[str, str]:
    """What tells a worker that it has no namespaces."""
    return {_VARIABLE: f"{of.value}:{boxes_folder}"}


def uid_of_slot(slot: int) -> int:
    """As whom programs in a reduced worker's box run."""
    uid = FIRST_UID + slot
    if not _is_mapped(uid):
        raise SandboxError(f"uid {uid}, meant for student programs, does not exist here")
    _check_is_nobody(uid)
    return uid


@dataclass(frozen=True)
class Mode:
    """Who starts the worker, and which of the parallel workers it is."""

    root: bool
    slot: int

    @staticmethod
    def of_this_process(slot: int) -> Mode:
        if not 0 <= slot < MAX_SLOTS:
            raise SandboxError(f"slot {slot} is not in 0..{MAX_SLOTS - 1}")
        return Mode(os.geteuid() == 0 and _is_mapped(FIRST_UID + slot), slot)

    @staticmethod
    def of_this_worker() -> Mode:
        """Inside the outer sandbox everybody is uid 0, so the mode is told, not guessed."""
        kind, _, slot = os.environ.get(_VARIABLE, "").partition(":")
        if kind not in ("root", "user"):
            raise SandboxError("not inside a worker: boxes exist only below run_worker()")
        return Mode(kind == "root", int(slot))

    def environment(self) -> Mapping[str, str]:
        return {_VARIABLE: f"{'root' if self.root else 'user'}:{self.slot}"}

    @property
    def student(self) -> int:
        """The uid (and gid) student commands have, as they see it themselves."""
        return FIRST_UID + self.slot if self.root else 1000

    def check_student_is_nobody(self) -> None:
        """A real account with the slot's uid would lend its files to strangers."""
        if self.root:
            _check_is_nobody(self.student)

    def outer_arguments(self) -> list[str]:
        if self.root:
            return ["--cap-add", "ALL"]
        # CAP_SETFCAP: without it uid 0 of a user namespace may not map itself into the next one.
        return ["--unshare-user", "--uid", "0", "--gid", "0", "--cap-drop", "ALL",
                "--cap-add", "CAP_SYS_ADMIN", "--cap-add", "CAP_NET_ADMIN",
                "--cap-add", "CAP_SETFCAP"]

    def inner_arguments(self, *, disable_userns: bool) -> list[str]:
        if self.root:
            return ["--unshare-pid", *_TO_BECOME_SOMEBODY]
        return ["--unshare-pid", "--unshare-user",
                *(["--disable-userns"] if disable_userns else []),
                "--uid", str(self.student), "--gid", str(self.student), "--cap-drop", "ALL"]

    def inner_arguments_of_a_guest(self) -> list[str]:
        """The same for a command that lives in namespaces which are there already."""
        return [*_TO_BECOME_SOMEBODY] if self.root else ["--cap-drop", "ALL"]

    def become_student(self) -> list[str]:
        """In front of the student's command: as root the uid has still to be given up."""
        if not self.root:
            return []
        return ["setpriv", f"--reuid={self.student}", f"--regid={self.student}", "--clear-groups",
                "--inh-caps=-all", "--bounding-set=-all"]


def _check_is_nobody(uid: int) -> None:
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        return
    raise SandboxError(f"uid {uid}, meant for student programs, belongs to {name}")


def _is_mapped(uid: int) -> bool:
    """In a small user namespace (a rootless container) even root may have no other uid."""
    lines = Path("/proc/self/uid_map").read_text().splitlines()
    ranges = (map(int, line.split()) for line in lines)
    return any(first <= uid < first + count for first, _, count in ranges)
