"""What of a build's log is kept, and what is shown of it first."""

from __future__ import annotations

import pytest
from grading.build_log import KEPT, first_error, kept_of

FIRST = "server.cpp:3:1: error: expected ';'"


@pytest.mark.parametrize("line", [
    FIRST, "/usr/bin/ld: main.o: undefined reference to `f'",
    "server.c:1:10: fatal error: x.h: No such file",
    "make: *** No rule to make target 'all'.  Stop.", "Makefile:3: *** missing separator.  Stop.",
    "sh: 1: gpp: not found", "/usr/bin/ld: cannot find -lproactor",
    "make: *** [Makefile:7: server] Error 127"])
def test_the_first_error_is_shown_with_what_follows(line: str) -> None:
    log = f"g++ -c server.cpp\nwarning: unused\n{line}\n   3 | int\n     |    ^\nlater: error: x\n"
    assert first_error(log, 2).splitlines() == [line, "   3 | int"]


@pytest.mark.parametrize("above", [
    "In file included from room.hpp:3,\n                 from server.cpp:1:",
    "server.cpp: In function 'int main()':",
    "map.h: In instantiation of 'f<T>':\nserver.cpp:9:4:   required from here",
])
def test_how_the_compiler_came_to_the_error_is_shown(above: str) -> None:
    log = f"g++ -c server.cpp\n{above}\n{FIRST}\nmore\n"
    assert first_error(log, 9) == f"{above}\n{FIRST}\nmore"


def test_without_an_error_the_end_is_shown() -> None:
    assert first_error("one\ntwo\nthree\n", 2) == "two\nthree"
    assert first_error("", 2) == ""


def test_a_short_log_is_kept_whole() -> None:
    assert kept_of(f"g++\n{FIRST}\nmore\n") == f"g++\n{FIRST}\nmore\n"


def test_of_a_long_log_the_first_error_is_kept_and_the_end() -> None:
    kept = kept_of("g++ -c server.cpp\n" + f"{FIRST}\n" + "note: candidate\n" * 5000 + "the end\n")
    assert kept.startswith(f"g++ -c server.cpp\n{FIRST}\n") and kept.endswith("the end\n")
    assert len(kept) < KEPT + 10


def test_of_a_long_log_without_an_error_the_end_is_kept() -> None:
    assert kept_of("x\n" * 9000 + "the end") == ("x\n" * 9000 + "the end")[-KEPT:]
    assert kept_of("x\n" * 9000 + f"{FIRST}\nend").endswith(f"{FIRST}\nend")
