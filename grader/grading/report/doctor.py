"""`make doctor`: what this machine can judge, and what to do about the rest."""

from __future__ import annotations

import enum
import os
import platform
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grading import sandbox
from grading.build import compiler_version
from grading.keeper import landlock
from grading.observe.sockets import every_tcp_socket
from grading.report.wording import printable, terminal
from grading.run_options import TOOLS, cores
from grading.sandbox import RUN, Tier

WIDEST = 100  # columns
TCP_RULES, SCOPES = 4, 6  # versions of Landlock that brought them
SANITIZERS = {"thread": "libtsan.so", "address": "libasan.so", "undefined": "libubsan.so"}
OPTIONAL = {"nc": "netcat-openbsd", "telnet": "telnet", "nm": "binutils"}
FIXED_PORT = 9034


class Mark(enum.Enum):
    """How well it is."""

    GOOD = ("●", "green")
    LESS = ("○", "yellow")  # something cannot be judged, or less well
    BAD = ("✗", "red")  # nothing can be graded


@dataclass(frozen=True)
class Finding:
    """One line of the page; `advice` says what can be done about it."""

    name: str
    mark: Mark
    words: str
    advice: str = ""


def main() -> int:
    """0: submissions can be graded here; 1: they cannot."""
    findings = [look() for look in LOOKS]
    print_page(terminal(), findings)
    return 1 if any(finding.mark is Mark.BAD for finding in findings) else 0


def print_page(console: Console, findings: list[Finding]) -> None:
    """The page: a line for each finding, its advice below."""
    console.width = min(console.width, WIDEST)
    table = Table(box=None, padding=(0, 1), show_header=False)
    for finding in findings:
        sign, colour = finding.mark.value
        words = Text(printable(finding.words))
        if finding.advice:
            words.append(f"\n→ {printable(finding.advice)}", colour)
        table.add_row(Text(sign, colour), Text(finding.name, "bold"), words)
    console.print(Text("\n What this machine can judge\n", "bold"))
    console.print(table)
    bad = [finding.name for finding in findings if finding.mark is Mark.BAD]
    verdict = (f"Nothing can be graded here before that is mended: {', '.join(bad)}." if bad else
               "Submissions can be graded here.")
    console.print(Padding(Text(verdict, "red" if bad else "green"), (1, 1)))


def _sandbox() -> Finding:
    found = sandbox.probe()
    if found.tier is Tier.FULL:
        return Finding("sandbox", Mark.GOOD, f"full (A): {found.reason}")
    if found.tier is Tier.REDUCED:
        return Finding("sandbox", Mark.LESS, f"reduced (C): {found.reason}", found.advice)
    advice = "; ".join(word for word in (
        found.advice, "your own code can be tried: make test ARGS=--allow-unsafe") if word)
    return Finding("sandbox", Mark.BAD, f"none (D): {found.reason}", advice)


def _landlock() -> Finding:
    version = landlock.abi()
    if not version:
        return Finding("Landlock", Mark.LESS, "not there: needed where there are no namespaces",
                       "a kernel from 5.13 on, "
                       "with landlock in its list of security modules (lsm=)")
    rules = (("TCP", TCP_RULES), ("signals and abstract sockets", SCOPES))
    lacking = " and ".join(what for what, since in rules if version < since)
    words = f"version {version}" + (f", without rules for {lacking}" if lacking else "")
    return Finding("Landlock", Mark.GOOD, words)


def _memory() -> Finding:
    return Finding("memory", Mark.GOOD,
                   f"{RUN.memory >> 20} MiB for a program, watched by the grader: "
                   "it may be overrun for some tenths of a second")


def _compiler() -> Finding:
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        return Finding("compiler", Mark.BAD, f"{' and '.join(missing)} not found", "make bootstrap")
    return Finding("compiler", Mark.GOOD, compiler_version())


def _sanitizers() -> Finding:
    there = [name for name, library in SANITIZERS.items() if _has_library(library)]
    missing = [name for name in SANITIZERS if name not in there]
    if missing:
        return Finding("sanitizers", Mark.LESS, f"no run-time library for {', '.join(missing)}: "
                       "races or memory errors are not judged",
                       "install libtsan, libasan and libubsan of this compiler "
                       "(with gcc from the distribution they come along)")
    return Finding("sanitizers", Mark.GOOD, f"{', '.join(there)}; each run tries first "
                   "whether they find what they should on this kernel")


def _has_library(name: str) -> bool:
    """The compiler prints a path where it finds the library,
    and the bare name where it does not."""
    try:
        said = subprocess.run(["g++", f"-print-file-name={name}"], capture_output=True, text=True,
                              check=False).stdout
    except OSError:
        return False
    return os.path.isabs(said.strip())


def _tools() -> Finding:
    missing = {tool: package for tool, package in OPTIONAL.items() if not shutil.which(tool)}
    if missing:
        return Finding("tools", Mark.LESS,
                       f"{', '.join(missing)} not found: what needs them is not judged",
                       f"install {' '.join(missing.values())}")
    return Finding("tools", Mark.GOOD, ", ".join(OPTIONAL))


def _network() -> Finding:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError as error:
        return Finding("IPv6", Mark.LESS,
                       f"not on this machine ({error.strerror}): "
                       "clients that come that way may not be judged",
                       "sysctl net.ipv6.conf.all.disable_ipv6=0")
    return Finding("IPv6", Mark.GOOD, "yes")


def _port() -> Finding:
    if any(row.listens and row.port == FIXED_PORT for row in every_tcp_socket()):
        return Finding(f"port {FIXED_PORT}", Mark.LESS,
                       "somebody has it: with a full sandbox that does not matter, "
                       "else what needs it is not judged",
                       f"ss -ltnp 'sport = :{FIXED_PORT}' tells who")
    return Finding(f"port {FIXED_PORT}", Mark.GOOD, "free")


def _python() -> Finding:
    return Finding("Python", Mark.GOOD, f"{platform.python_version()} ({sys.executable})")


def _machine() -> Finding:
    return Finding("machine", Mark.GOOD, f"Linux {platform.release()} on {platform.machine()}, "
                   f"{cores()} processors")


LOOKS: tuple[Callable[[], Finding], ...] = (
    _sandbox, _landlock, _memory, _compiler, _sanitizers, _tools, _network, _port, _python,
    _machine)

if __name__ == "__main__":
    sys.exit(main())
