"""Programs on a terminal, as pexpect starts them."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pexpect
from programs import GRACEFUL, python

from grading.keyboard_program import KeyboardProgram
from grading.sandbox import RUN, Box, Command, reading
from grading.transcript import Transcript


def on_terminal(command: Command) -> pexpect.spawn:
    return pexpect.spawn(command.argv[0], command.argv[1:], timeout=10, encoding="utf-8")


def test_ctrl_c_lets_the_program_end_gracefully(box: Box) -> None:
    for _ in range(10):
        child = on_terminal(box.command(python(GRACEFUL), limits=RUN))
        child.expect_exact("ready\r\n")
        child.sendintr()
        child.expect_exact("bye\r\n")
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == 7


def test_the_environment_is_clean_on_a_terminal_too(box: Box) -> None:
    os.environ["PYTEST_SECRET"] = "hidden-word"
    child = on_terminal(box.command(["sh", "-c", "cat /proc/*/environ; env"], limits=RUN))
    said = child.read()
    assert "PATH=" in said and "hidden-word" not in said and "LAB_SANDBOX" not in said


def test_ctrl_c_ends_a_program_without_a_handler(box: Box) -> None:
    child = on_terminal(box.command(["sh", "-c", "echo ready; exec sleep 100"], limits=RUN))
    child.expect_exact("ready\r\n")
    child.sendintr()
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 128 + signal.SIGINT


def test_a_program_on_a_terminal_is_found_and_killed(box: Box) -> None:
    command = box.command(["sleep", "100"], limits=RUN)
    child = on_terminal(command)
    inside = command.namespace(child.isalive)
    with reading(inside.pid):
        assert os.readlink(f"/proc/{inside.pid}/exe").endswith("sleep")
    inside.kill()
    assert inside.gone and not Path(f"/proc/{inside.pid}").exists()
    inside.close()
    child.close(force=True)


def test_the_keyboard_may_be_a_terminal_and_the_screen_none(box: Box) -> None:
    command = python("import os; line = input(); print(os.isatty(0), os.isatty(1), line)")
    keyboard, its_end = os.openpty()
    program = KeyboardProgram(box.spawn(command, limits=RUN, stdin=its_end), command,
                              Transcript(), "client", keyboard)
    os.close(its_end)
    program.tell("typed")
    assert program.keys_under_way(strict=True) and not program.keys_under_way()
    assert program.wait(10.0) and program.output() == b"True False typed\n"
    program.stop()
