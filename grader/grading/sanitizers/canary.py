"""Does a sanitizer tell a wrong program from a right one on this machine? Asked first."""

from __future__ import annotations

import hashlib
import platform
from pathlib import Path

from grading.build import compiler_version
from grading.sandbox import BUILD, RUN, Box, open_box, unsafe
from grading.sanitizers.reports import parse
from grading.sanitizers.run import plainly, written
from grading.sanitizers.tool import ADDRESS, FOLDER, SHOWN, THREAD, Sanitizer, tool_files

# Each way of running the canary, and what the tool has to say about it.
KINDS = {THREAD.name: {"locked": "", "race": "data race"},
         ADDRESS.name: {"tidy": "", "overflow": "heap-buffer-overflow", "leak": "memory leaks"}}
LAST_WORDS = 200  # characters of a compiler's or a program's that a reason keeps


def why_not(tool: Sanitizer, cache: Path, compiler: str = "gcc") -> str:
    """Why the tool cannot judge on this machine; empty where it can, which is remembered."""
    known = cache / f"canary-{tool.name}-{_key(tool, compiler)}"
    if known.exists():
        return ""
    with open_box() as box:
        reason = _ask(tool, box, compiler)
    if not reason:
        known.touch()
    return reason


def _ask(tool: Sanitizer, box: Box, compiler: str) -> str:
    source = f"{box.shown(FOLDER, SHOWN)}/canary.c"
    made = box.run(tool.build(box, (compiler, source, "-o", "canary", "-pthread")),
                   limits=BUILD.for_sanitizer(), writable=True, merge_stderr=True,
                   extra_read_only={FOLDER: SHOWN})
    if made.status != 0:
        return f"{compiler} cannot build a program with {tool.title} here: {_tail(made.stdout)}"
    for kind, expected in KINDS[tool.name].items():
        if wrong := _mistaken(tool, box, kind, expected):
            return wrong
    return ""


def _mistaken(tool: Sanitizer, box: Box, kind: str, expected: str) -> str:
    box.empty()
    end = box.run(plainly(box, ("./canary", kind)), limits=RUN.for_sanitizer(),
                  env=tool.variables(box), merge_stderr=True)
    said = {report.kind for report in parse(written(box), box.home)}
    if said == ({expected} if expected else set()) and (end.status == 0) == (not expected):
        return ""
    found = ", ".join(sorted(said)) or "nothing"
    return (f"{tool.title} does not work here: of a program with {expected or 'nothing wrong'} "
            f"it says {found} ({_tail(end.stdout) or f'status {end.status}'})")


def _key(tool: Sanitizer, compiler: str) -> str:
    """Everything the answer depends on."""
    words = (tool.flags, repr(sorted(tool.settings.items())), compiler, compiler_version(),
             platform.release(), str(unsafe()), _shuffling(), repr(KINDS))
    key = hashlib.sha256(repr(words).encode())
    for file in tool_files():
        key.update(file.read_bytes() + b"\0")
    return key.hexdigest()[:24]


def _shuffling() -> str:
    """How widely this kernel shuffles memory."""
    try:
        return Path("/proc/sys/vm/mmap_rnd_bits").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _tail(said: bytes) -> str:
    return " ".join(said.decode("utf-8", "replace").split())[-LAST_WORDS:]
