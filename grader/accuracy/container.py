"""A container as Docker makes it: root without namespaces to give away, or an ordinary user."""

from __future__ import annotations

import errno
import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# What Docker leaves to root, and what it forbids everybody.
CAPABILITIES = ("chown", "dac_override", "fsetid", "fowner", "mknod", "net_raw", "setgid", "setuid",
                "setfcap", "setpcap", "net_bind_service", "sys_chroot", "kill", "audit_write")
FORBIDDEN = ("unshare", "setns", "mount", "umount2", "pivot_root", "move_mount", "open_tree",
             "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr", "bpf", "perf_event_open",
             "keyctl", "add_key", "request_key", "userfaultfd", "io_uring_setup")
NEW_NAMESPACES = (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)


def in_container(command: Sequence[str], folder: Path, uid: int | None = None) -> list[str]:
    """What root has to exec to run it in one, as this uid; the folder is for the filter."""
    rules = folder / "container.bpf"
    _write_filter(rules)
    capabilities = [word for name in CAPABILITIES for word in ("--cap-add", f"CAP_{name.upper()}")]
    bounding = ",".join(("-all", *(f"+{name}" for name in CAPABILITIES)))
    who = [] if uid is None else [f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
    return ["sh", "-c", 'exec 9<"$1"; shift; exec "$@"', "sh", str(rules),
            "bwrap", "--die-with-parent", "--unshare-pid", "--unshare-net", "--unshare-ipc",
            "--unshare-uts", "--bind", "/", "/", "--proc", "/proc", "--dev", "/dev",
            "--perms", "1777", "--tmpfs", "/dev/shm", "--mqueue", "/dev/mqueue",
            "--cap-drop", "ALL", *capabilities, "--seccomp", "9", "--",
            "setpriv", "--inh-caps=-all", "--bounding-set", bounding, *who, *command]


def _write_filter(target: Path) -> None:
    seccomp: Any = importlib.import_module("seccomp")
    rules = seccomp.SyscallFilter(defaction=seccomp.ALLOW)
    for name in FORBIDDEN:
        rules.add_rule(seccomp.ERRNO(errno.EPERM), name)
    for flag in NEW_NAMESPACES:
        rules.add_rule(seccomp.ERRNO(errno.EPERM), "clone",
                       seccomp.Arg(0, seccomp.MASKED_EQ, flag, flag))
    rules.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")
    with target.open("wb") as file:
        rules.export_bpf(file)
