"""Reports as the tools have written them: what is read of them, and what a student is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from grading.sanitizers.reports import SanitizerReport, distinct, parse
from grading.sanitizers.tool import ADDRESS, THREAD
from grading.sanitizers.words import lines, shortfall

REPORTS = Path(__file__).parent / "reports"


def read(name: str) -> list[SanitizerReport]:
    return distinct(parse((REPORTS / f"{name}.txt").read_text(), "/work"))


@pytest.mark.parametrize(("name", "kind", "told"), [
    ("use_after_free", "heap-use-after-free", [
        "written in part_a/server.cpp:8 (use) by thread T1",
        "freed in part_a/server.cpp:10 (main) by the main thread",
        "allocated in part_a/server.cpp:7 (make)"]),
    ("double_free", "attempting double-free", [
        "freed again in part_a/server.cpp:11 (main)",
        "freed in part_a/server.cpp:11 (main) by the main thread",
        "allocated in part_a/server.cpp:7 (make)"]),
    ("stack_overflow", "stack-buffer-overflow", [
        "written by memset() in part_a/server.cpp:12 (main) by the main thread"]),
    ("null_pointer", "SEGV", ["SEGV in part_a/server.cpp:13 (main)"]),
    ("leaks", "memory leaks", [
        "72 bytes in 3 blocks, allocated in part_a/server.cpp:7 (make)",
        "32 bytes in 1 block, allocated in part_a/server.cpp:15 (main)",
        "101 bytes in 1 block, allocated in part_a/server.cpp:15 (main), "
        "reached only through a block that is lost, too"]),
])
def test_a_memory_error_is_told_by_its_places(name: str, kind: str, told: list[str]) -> None:
    (report,) = read(name)
    assert (report.kind, lines(report)) == (kind, told)


def test_a_race_is_told_by_both_places_and_what_it_is_about() -> None:
    assert [lines(report) for report in read("races")] == [[
        "read in part_a/server.cpp:6 (Room::~Room) by the main thread, without a lock",
        "written in part_a/server.cpp:7 (Room::join) by thread T3, without a lock",
        "allocated in part_a/server.cpp:10 (main)",
    ], [
        "freed in part_a/server.cpp:14 (main) by the main thread, without a lock",
        "written in part_a/server.cpp:7 (Room::join) by thread T3, without a lock",
    ], [
        "closed in part_a/server.cpp:14 (main) by the main thread, without a lock",
        "read by recv() in part_a/server.cpp:11 (operator()) by thread T1, without a lock",
        "it is file descriptor 3, made in part_a/server.cpp:10 (main)",
    ]]


def test_the_same_two_places_are_one_report() -> None:
    text = (REPORTS / "races.txt").read_text()
    assert len(parse(text, "/work")) == 5
    assert len(read("races")) == len(distinct(parse(text + text, "/work"))) == 3


def test_the_card_shows_one_error_and_counts_the_others() -> None:
    cause = shortfall(THREAD, read("races"), "part_a/server").cause(())
    assert cause.expected.startswith("part_a/server ") and "Room::join" in cause.actual
    assert cause.detail.splitlines() == [
        "also: data race (part_a/server.cpp:14, part_a/server.cpp:7)",
        "also: data race (part_a/server.cpp:11, part_a/server.cpp:14)"]
    assert "freed" in shortfall(ADDRESS, read("use_after_free"), "x").rationale


def test_what_the_run_time_makes_for_a_thread_is_no_leak() -> None:
    text = """==2==ERROR: LeakSanitizer: detected memory leaks

Direct leak of 272 byte(s) in 1 object(s) allocated from:
    #0 0x7f in __interceptor_calloc ../asan_malloc_linux.cpp:77
    #1 0x7f in allocate_dtv ../elf/dl-tls.c:375
    #2 0x7f in __GI__dl_allocate_tls ../elf/dl-tls.c:634
    #3 0x7f in main /work/part_a/server.c:80

"""
    assert distinct(parse(text, "/work")) == []
    own = text.replace("allocate_dtv", "make_it").replace("__GI__dl_allocate_tls", "and_that")
    assert [report.places for report in distinct(parse(own, "/work"))] == [("part_a/server.c:80",)]


def test_a_report_that_was_cut_short_still_counts() -> None:
    text = (REPORTS / "use_after_free.txt").read_text().partition("previously allocated")[0]
    (report,) = parse(text, "/work")
    assert report.places == ("part_a/server.cpp:10", "part_a/server.cpp:8")


@pytest.mark.parametrize("text", [
    "", "==7==Processing thread 5.\n", "hello from Ann\n    #0 main /work/a.c:1\n",
    "I say: WARNING: ThreadSanitizer: data race\n"])
def test_what_is_no_report_is_none(text: str) -> None:
    assert parse(text, "/work") == ()
