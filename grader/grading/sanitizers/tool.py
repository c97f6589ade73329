"""The two tools that watch a program from inside: how they are built in and told what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from grading.sandbox import BUILD, Box, Limits

FOLDER = Path(__file__).resolve().parents[2] / "sanitize"
SHOWN = "/sanitize"  # how a build in the sandbox names that folder
SEED = "LAB_SEED"  # as sanitize/schedule.c calls it
REPORTS = ".sanitizer"  # in the box's tmp folder; the run's and the process's number follow


@dataclass(frozen=True)
class Sanitizer:
    """One of them. Every option that matters is set: a program's own defaults count for nothing."""

    name: str  # as in -fsanitize=
    title: str
    settings: Mapping[str, str]  # environment variable -> options
    mark: re.Pattern[str] = field(repr=False)  # of the functions that instrumented code calls

    @property
    def flags(self) -> str:
        """What every compiler is told last."""
        return f"-fsanitize={self.name} -g1 -O1 -fno-omit-frame-pointer -w -U_FORTIFY_SOURCE"

    @property
    def command(self) -> str:
        """How a student runs the same by hand."""
        return f"g++ -g -fsanitize={self.name}"

    @property
    def limits(self) -> Limits:
        """Of a build with the tool: what builds plainly has time enough with it."""
        return replace(BUILD.for_sanitizer(), wall=2 * BUILD.wall, cpu=4 * BUILD.cpu)

    def build(self, box: Box, command: tuple[str, ...]) -> tuple[str, ...]:
        """The build command with the tool in it."""
        return (f"{box.shown(FOLDER, SHOWN)}/build.sh", self.flags, *command)

    def variables(self, box: Box, run: int = 0, seed: int = 0) -> dict[str, str]:
        """What a program built so finds in its environment; each run in a box has its number.

        seed: of sanitize/schedule.c; 0: its threads run as they come.
        """
        log = f"{box.scratch}/{REPORTS}{run}"
        settings = {name: f"log_path={log}:{options}" for name, options in self.settings.items()}
        return settings | ({SEED: str(seed)} if seed else {})


ADDRESS = Sanitizer(
    "address", "AddressSanitizer",
    {"ASAN_OPTIONS": "exitcode=77:halt_on_error=1:detect_leaks=1:leak_check_at_exit=1:"
                     "handle_segv=1:handle_sigbus=1:allow_user_segv_handler=0:"
                     "alloc_dealloc_mismatch=1:new_delete_type_mismatch=1:replace_str=1:"
                     "replace_intrin=1:poison_heap=1:"
                     "suppressions=:detect_odr_violation=0:allocator_may_return_null=1:"
                     "symbolize=1:color=never:verbosity=0",
     # It says which threads it has looked at: who has switched it off is not believed.
     "LSAN_OPTIONS": "exitcode=77:suppressions=:report_objects=0:max_leaks=0:log_threads=1:"
                     "use_globals=1:use_stacks=1:use_registers=1:use_tls=1"},
    re.compile(r"__asan_(report_)?(load|store)"))
THREAD = Sanitizer(
    "thread", "ThreadSanitizer",
    # Data races and nothing else; no second of waiting for more at the end.
    {"TSAN_OPTIONS": "exitcode=66:halt_on_error=0:report_bugs=1:report_thread_leaks=0:"
                     "report_destroy_locked=0:report_mutex_bugs=0:report_signal_unsafe=0:"
                     "detect_deadlocks=0:report_atomic_races=1:enable_annotations=0:"
                     "ignore_interceptors_accesses=0:ignore_noninstrumented_modules=0:"
                     "suppressions=:history_size=7:atexit_sleep_ms=0:flush_memory_ms=0:"
                     "handle_segv=0:handle_sigbus=0:allocator_may_return_null=1:"
                     "symbolize=1:color=never:verbosity=0"},
    re.compile(r"__tsan_(func_entry|read|write|vptr)"))

EXIT_STATUS = {ADDRESS.name: 77, THREAD.name: 66}
HAS_LOOKED_FOR_LEAKS = "Processing thread"


def tool_files() -> list[Path]:
    """What a build with a tool depends on beside the tool."""
    return sorted(path for path in FOLDER.iterdir() if path.is_file())
