"""The system calls that no student program needs and that lead out of a sandbox."""

from __future__ import annotations

import errno
import importlib
from pathlib import Path
from typing import Any

from .mode import SandboxError

_NAMESPACES = ("unshare", "setns", "mount", "umount", "umount2", "pivot_root", "chroot",
               "move_mount", "open_tree", "fsopen", "fsconfig", "fsmount", "fspick",
               "mount_setattr", "open_by_handle_at")
_KERNEL = ("bpf", "perf_event_open", "userfaultfd", "keyctl", "add_key", "request_key", "syslog",
           "kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module",
           "pidfd_getfd", "process_madvise", "reboot", "swapon", "swapoff", "acct", "quotactl",
           "fanotify_init", "lookup_dcookie")
_IO_URING = ("io_uring_setup", "io_uring_enter", "io_uring_register")
_CLONE_NEW = (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)
_FAMILIES = {1, 2, 10, 16}  # UNIX, INET, INET6, NETLINK
_INT = 0xFFFFFFFF  # the kernel looks at the low half of an int argument only, and so must we
_FIRST = 1  # the process that holds a sandbox together
_REACHES_INTO = {"ptrace": 1, "process_vm_readv": 0, "process_vm_writev": 0, "kcmp": 0,
                 "move_pages": 0, "migrate_pages": 0}  # call -> which argument is the process
_PR_SET_DUMPABLE = 4
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C


def write_filter(target: Path, *, io_uring: bool = False) -> None:
    """Writes the filter as BPF, for `bwrap --seccomp`. Foreign system call tables are deadly."""
    try:
        seccomp: Any = importlib.import_module("seccomp")
    except ImportError as error:
        raise SandboxError("the Python module seccomp is missing (python3-seccomp)") from error
    rules = seccomp.SyscallFilter(defaction=seccomp.ALLOW)
    rules.set_attr(seccomp.Attr.ACT_BADARCH, seccomp.KILL_PROCESS)
    for name in _NAMESPACES + _KERNEL + (() if io_uring else _IO_URING):
        if seccomp.resolve_syscall(seccomp.Arch(), name) >= 0:
            rules.add_rule(seccomp.ERRNO(errno.EPERM), name)
    _restrict_arguments(rules, seccomp)
    with target.open("wb") as file:
        rules.export_bpf(file)


def _restrict_arguments(rules: Any, seccomp: Any) -> None:
    refuse = seccomp.ERRNO(errno.EPERM)
    for flag in _CLONE_NEW:
        rules.add_rule(refuse, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, flag, flag))
    # clone3 hides its flags behind a pointer: without it libc falls back to clone.
    rules.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")
    for family in set(range(max(_FAMILIES))) - _FAMILIES:
        rules.add_rule(seccomp.ERRNO(errno.EAFNOSUPPORT), "socket",
                       seccomp.Arg(0, seccomp.MASKED_EQ, _INT, family))
    rules.add_rule(seccomp.ERRNO(errno.EAFNOSUPPORT), "socket",
                   seccomp.Arg(0, seccomp.GT, max(_FAMILIES)))
    # A program that made itself undumpable would hide its descriptors from the grader.
    rules.add_rule(seccomp.ERRNO(0), "prctl",
                   seccomp.Arg(0, seccomp.MASKED_EQ, _INT, _PR_SET_DUMPABLE))
    # As an ordinary user the first process has the same uid, and no limits to its resources.
    for name, place in _REACHES_INTO.items():
        rules.add_rule(refuse, name, seccomp.Arg(place, seccomp.MASKED_EQ, _INT, _FIRST))
    for request in (_TIOCSTI, _TIOCLINUX):
        rules.add_rule(refuse, "ioctl", seccomp.Arg(1, seccomp.MASKED_EQ, _INT, request))
