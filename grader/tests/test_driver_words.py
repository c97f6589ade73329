"""What the drivers are told and answer, in words; odd answers are shown as they came."""

from __future__ import annotations

import re

import pytest
from grading.driver_words import answered, told
from sample_reports import GRADER


@pytest.mark.parametrize("command, kind, text", [
    ("create 9034", "calls", "proactor_create(9034)"),
    ("run 0", "calls", "proactor_thread(proactor 0) in a thread"),
    ("run", "calls", "runProactor() in a thread"),
    ("destroy 1", "calls", "proactor_destroy(proactor 1)"),
    ("destroy -1", "calls", "proactor_destroy(NULL)"),
    ("destroy", "calls", "destroyProactor()"),
    ("add 0 hold", "calls",
     "addFD2Proactor(descriptor 0, a handler that waits for the grader, then reads)"),
    ("addfd -1", "calls", "addFD2Proactor(-1)"),
    ("write 3 x", "note", 'the grader writes "x" to the other end of descriptor 3'),
    ("pair", "note", "the grader makes a pair of connected sockets"),
    ("dance 3", "note", "the driver is told: dance 3"),
    ("add 3", "note", "the driver is told: add 3"),
])
def test_what_is_told(command: str, kind: str, text: str) -> None:
    assert told(command) == (kind, text)


@pytest.mark.parametrize("line, kind, text", [
    ("created 0 9034 0", "returns", "proactor 0, on port 9034"),
    ("created -1 0 98", "returns", "NULL, errno: Address already in use"),
    ("joined 0 NULL", "returns", "NULL"), ("destroyed 0", "returns", ""),
    ("destroyed", "returns", ""),
    ("added 2 0 0", "returns", "0"), ("added 2 -1 17", "returns", "-1, errno: File exists"),
    ("running", "", ""),
    ("done 0 one", "note", 'the handler of descriptor 0 is done; it has read "one"'),
    ("created", "note", "the driver answers: created"),
    ("created -1 0 ²", "returns", "NULL, errno: ²"),
    ("", "note", "the driver answers: "), ("{0} {x}", "note", "the driver answers: {0} {x}"),
])
def test_what_is_answered(line: str, kind: str, text: str) -> None:
    assert answered(line) == (kind, text)


def test_every_command_and_answer_of_the_drivers_has_its_words() -> None:
    for source in (GRADER / "drivers").glob("*_driver.c*"):
        for command, answer in re.findall(r"^[ /*]+([a-z]+)(?: [A-Z]+)* +-> ([a-z]+)",
                                          source.read_text(), re.MULTILINE):
            said = told(f"{command} 0 x"), told(command)
            assert not all("the driver is told" in text for _, text in said), command
            assert "the driver answers" not in answered(f"{answer} 0 0 0")[1], answer
