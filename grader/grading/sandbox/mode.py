"""As whom the two sandboxes run: by root without user namespaces, by anyone else with them."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FIRST_UID = 61000
MAX_SLOTS = 184  # above FIRST_UID + 184 systemd gives out uids of its own
_VARIABLE = "LAB_SANDBOX"
_UNSAFE = "unsafe:"


class SandboxError(RuntimeError):
    """The sandbox itself failed: the grader's fault, never the student's."""


def unsafe() -> bool:
    """True in a worker for one's own code that runs without a sandbox, because there is none."""
    return os.environ.get(_VARIABLE, "").startswith(_UNSAFE)


def unsafe_boxes() -> Path:
    """Where such a worker makes its boxes."""
    return Path(os.environ[_VARIABLE].removeprefix(_UNSAFE))


def unsafe_environment(boxes: Path) -> Mapping[str, str]:
    """What tells a worker that it has no sandbox."""
    return {_VARIABLE: f"{_UNSAFE}{boxes}"}


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
        if not self.root:
            return
        try:
            name = pwd.getpwuid(self.student).pw_name
        except KeyError:
            return
        raise SandboxError(f"uid {self.student}, meant for student programs, belongs to {name}")

    def outer_arguments(self) -> list[str]:
        if self.root:
            return ["--cap-add", "ALL"]
        # CAP_SETFCAP: without it uid 0 of a user namespace may not map itself into the next one.
        return ["--unshare-user", "--uid", "0", "--gid", "0", "--cap-drop", "ALL",
                "--cap-add", "CAP_SYS_ADMIN", "--cap-add", "CAP_NET_ADMIN",
                "--cap-add", "CAP_SETFCAP"]

    def inner_arguments(self, *, disable_userns: bool) -> list[str]:
        if self.root:
            return ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID",
                    "--cap-add", "CAP_SETPCAP"]
        return ["--unshare-user", *(["--disable-userns"] if disable_userns else []),
                "--uid", str(self.student), "--gid", str(self.student), "--cap-drop", "ALL"]

    def become_student(self) -> list[str]:
        """In front of the student's command: as root the uid has still to be given up."""
        if not self.root:
            return []
        return ["setpriv", f"--reuid={self.student}", f"--regid={self.student}", "--clear-groups",
                "--inh-caps=-all", "--bounding-set=-all"]


def _is_mapped(uid: int) -> bool:
    """In a small user namespace (a rootless container) even root may have no other uid."""
    lines = Path("/proc/self/uid_map").read_text().splitlines()
    ranges = (map(int, line.split()) for line in lines)
    return any(first <= uid < first + count for first, _, count in ranges)
