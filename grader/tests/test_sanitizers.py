"""A race or a leak is found however a part is built; keeping the tools out is no way round."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from grading.grade import grade_all
from grading.run_options import GRADER, cores, make_order
from grading.submission import Submission
from grading.verdict import CheckResult, Verdict

SAMPLES = GRADER / "samples"
CXX = "all: server\nserver: server.cpp\n\t{} -std=c++17 -O2 -pthread -o $@ $<\n"
CC = "all: server\nserver: server.c\n\tgcc -std=gnu11 -O2 -pthread -o $@ $<\n"
RACES, LEAKS = "half_locked", "leaks_on_reset"
SEEN = "Two threads use the same data"
LOST = "Memory is lost"
KEPT_OUT = "ThreadSanitizer could not be built into part_a/server"
TOLD = "Sanitizer what not to see"

# name -> sample, its Makefile (empty: its own), text behind its includes, what has to be said
VARIANTS: dict[str, tuple[str, str, str, str]] = {
    "by_full_path_stripped": (RACES, "", "", SEEN),
    "static": (RACES, CXX.format("g++ -static -s -Werror -D_FORTIFY_SOURCE=2"), "", SEEN),
    "with_clang": (RACES, CXX.format("clang++"), "", SEEN),
    "with_a_sanitizer_of_its_own": (RACES, CXX.format("g++ -fsanitize=undefined"), "", SEEN),
    "stripped_behind": (RACES, CXX.format("c++") + "\t/usr/bin/strip $@\n", "", SEEN),
    "by_steps": (RACES, "all: server\nserver: libs.so main.o\n"
                 "\tg++ -o $@ main.o -L. -l:libs.so -Wl,-rpath,'$$ORIGIN' -pthread\n"
                 "libs.so: server.cpp\n\tg++ -std=c++17 -fPIC -Dmain=serve_all -c -o s.o $<\n"
                 "\tld -shared -soname libs.so -o $@ s.o\n"
                 "main.o:\n\techo 'int serve_all(int, char**); int main(int n, "
                 "char** w) { return serve_all(n, w); }' | g++ -x c++ -c -o $@ -\n", "", SEEN),
    "with_a_path_of_its_own": (RACES, "export PATH := /usr/bin:/bin\n" + CXX.format("g++"), "",
                               KEPT_OUT),
    "looks_away": (RACES, "", '__attribute__((no_sanitize("thread"))) '
                   "void serve(int fd, int seat);\n", TOLD),
    "suppresses": (RACES, "", 'extern "C" const char* __tsan_default_suppressions() '
                   '{ return "race:*"; }\n', TOLD),
    "leaks": (LEAKS, CC, "", LOST),
    "switches_leaks_off": (LEAKS, CC, "int __lsan_is_turned_off(void) { return 1; }\n", TOLD),
    "has_options_of_its_own": (LEAKS, CC, 'const char *__asan_default_options(void) '
                               '{ return "detect_leaks=0"; }\n', TOLD),
    "ends_behind_the_tools_back": (LEAKS, CC, "#include <sys/syscall.h>\n#define _exit(n) "
                                   "syscall(SYS_exit_group, n)\n",
                                   "kept LeakSanitizer from looking"),
}


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, CheckResult]]:
    """Every variant's row: of the check for races, or of the one for memory."""
    folder = tmp_path_factory.mktemp("variants")
    found: dict[str, CheckResult] = {}
    for sample, check in ((RACES, "no_data_race"), (LEAKS, "no_memory_error_or_leak")):
        names = [name for name, variant in VARIANTS.items() if variant[0] == sample]
        trees = [Submission(name, make(folder / name, *VARIANTS[name][:3])) for name in names]
        for report in grade_all(make_order("part_a", check), trees, cores()):
            (found[report.submission],) = report.rows
    yield found


def make(tree: Path, sample: str, makefile: str, more: str) -> Path:
    """The sample's server with these changes, and without its client."""
    part = tree / "part_a"
    shutil.copytree(SAMPLES / sample / "part_a", part)
    (source,) = part.glob("server.c*")
    text = source.read_text()
    last = text.index("\n", text.rindex("#include")) + 1
    source.write_text(text[:last] + more + text[last:])
    (part / "Makefile").write_text(makefile or (part / "Makefile").read_text())
    return tree


@pytest.mark.parametrize("name", VARIANTS)
def test_nothing_hides_it(rows: dict[str, CheckResult], name: str) -> None:
    row = rows[name]
    assert row.verdict is Verdict.FAIL and row.cause, row
    assert VARIANTS[name][3] in row.cause.rationale, row.cause


def test_a_race_is_told_by_both_places_in_the_students_own_files(
        rows: dict[str, CheckResult]) -> None:
    cause = rows["by_full_path_stripped"].cause
    assert cause and cause.actual.count("part_a/server.cpp:") >= 2, cause
    assert "Table::" in cause.actual, cause
    assert "/work" not in cause.actual + cause.detail


def test_a_leak_is_told_by_where_it_was_allocated(rows: dict[str, CheckResult]) -> None:
    cause = rows["leaks"].cause
    assert cause and "allocated in part_a/server.c:" in cause.actual, cause
    assert "(main)" in cause.actual, cause
