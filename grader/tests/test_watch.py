"""`make watch`: what makes it grade again, which parts, and what it shows."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest
from fake_worker import FakeSandbox, submission
from grading import test_command, watch_command
from grading.report.result_json import read_result
from grading.source_files import source_files
from grading.target_worker import Order
from grading.verdict import Report
from grading.watch_command import parts_of
from rich.console import Console
from sample_reports import GRADER, lab

Step = Callable[[], object]
LOST = lab().checks["order_is_kept"].points["part_a"] / 1000  # what the tree loses in these tests


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeSandbox:
    return FakeSandbox(monkeypatch)


@pytest.fixture
def root(tmp_path: Path, fake: FakeSandbox, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree in which everything passes."""
    made = submission(tmp_path, "tree", "part_a", "part_b", "part_c", "bonus")
    for module in (watch_command, test_command):
        monkeypatch.setattr(module, "ROOT", made)
        monkeypatch.setattr(module, "RESULT", made / "build" / "result.json")
    return made


def watched(capsys: pytest.CaptureFixture[str], *steps: Step) -> list[str]:
    """What is shown before the first step and after each; the last look is followed by Ctrl-C."""
    shown: list[str] = []
    left: Iterator[Step] = iter(steps)

    def rest(seconds: float) -> None:
        if seconds != watch_command.LOOK_S:
            return
        shown.append(capsys.readouterr().out)
        step = next(left, None)
        if step is None:
            raise KeyboardInterrupt
        step()

    assert watch_command.main([], rest) == 0
    assert capsys.readouterr().out == "\nmake watch: ended\n"
    return shown


def writes(path: Path, text: str) -> Step:
    return lambda: path.write_text(text)


def test_everything_is_graded_first_and_then_the_part_that_changes(
        root: Path, fake: FakeSandbox, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = watched(capsys, writes(root / "part_a" / "plan", "fail order_is_kept"))
    assert "100 of 100" in first and all(target in first for target in lab().targets)
    assert "part_a/plan changed" in second and "part_c" not in second
    assert " ✗ passes no more: order_is_kept\n" in second
    assert f"{100 - LOST:g} of 100, and 20 of 20 extra  (-{LOST:g})" in second
    assert "make hint T=order_is_kept\n" in second
    assert len(read_result(root / "build" / "result.json").rows) == sum(
        len(row.targets) for row in lab().checks.values()), "the others' rows are kept"


def test_what_is_mended_is_told(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "part_a" / "plan").write_text("fail order_is_kept")
    _, second = watched(capsys, (root / "part_a" / "plan").unlink)
    assert " ✓ passes now: order_is_kept\n" in second and f"(+{LOST:g})" in second


def test_the_library_takes_part_c_along(root: Path, fake: FakeSandbox,
                                        capsys: pytest.CaptureFixture[str]) -> None:
    _, second = watched(capsys, writes(root / "part_b" / "Makefile", "all: it\n"))
    assert "part_c" in second and "part_a " not in second


@pytest.mark.parametrize("name", [
    ".server.cpp.swp", "server.cpp~", "#server.cpp#", ".#server.cpp", "4913", "server.cpp.bak",
    "server.o", "libproactor.a", "libproactor.so", "server.d", "README.md"])
def test_what_editors_and_builds_leave_is_no_change(root: Path, capsys: pytest.CaptureFixture[str],
                                                    name: str) -> None:
    _, second = watched(capsys, writes(root / "part_a" / name, "x"))
    assert second == ""


def test_what_lies_in_build_folders_or_is_a_program_is_no_change(
        root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def builds() -> None:
        (root / "part_a" / "build").mkdir()
        (root / "part_a" / "build" / "made.cpp").write_text("x")
        (root / "part_a" / "server").write_bytes(b"\x7fELF....")
        (root / "part_a" / "server").chmod(0o755)
        (root / "server").symlink_to("part_a/server")

    assert watched(capsys, builds)[1] == ""


def test_a_script_that_can_be_run_is_a_source(root: Path) -> None:
    (root / "part_a" / "generate.sh").write_text("#!/bin/sh\n")
    (root / "part_a" / "generate.sh").chmod(0o755)
    assert "part_a/generate.sh" in source_files(root, lab())


def test_a_result_that_is_up_to_date_is_not_graded_again(
        root: Path, fake: FakeSandbox, capsys: pytest.CaptureFixture[str]) -> None:
    for path in source_files(root, lab()):
        os.utime(root / path, ns=(0, 0))
    test_command.main([])
    played = len(fake.used)
    assert "the last result is up to date" in watched(capsys)[0]
    assert len(fake.used) == played


def test_a_change_while_it_is_graded_begins_again(root: Path, fake: FakeSandbox,
                                                  monkeypatch: pytest.MonkeyPatch,
                                                  capsys: pytest.CaptureFixture[str]) -> None:
    grade = test_command.grade_tree
    calls: list[Order] = []

    def changed_meanwhile(order: Order, console: Console, tree: Path,
                          look: Callable[[], None]) -> Report:
        calls.append(order)
        if len(calls) == 1:
            (root / "part_a" / "plan").write_text("fail order_is_kept")
            look()
        return grade(order, console, tree, look)

    monkeypatch.setattr(watch_command, "grade_tree", changed_meanwhile)
    (first,) = watched(capsys)
    assert len(calls) == 2 and f"{100 - LOST:g} of 100" in first


def test_a_file_of_no_part_belongs_to_all() -> None:
    known = lab()
    assert parts_of(known, ["common/room.cpp"]) == {"part_a", "part_b", "part_c", "bonus"}
    assert parts_of(known, ["part_a/server.cpp"]) == {"part_a"}
    assert parts_of(known, ["part_b/proactor.cpp"]) == {"part_b", "part_c"}
    assert parts_of(known, ["part_c/main.cpp"]) == {"part_c"}


def test_what_cannot_be_is_told(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert watch_command.main(["--part", "part_z"]) == 2
    assert "no part part_z" in capsys.readouterr().err


def test_ctrl_c_is_for_the_program_and_not_for_make(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(
        "from grading.foreground import alone_in_front\n"
        "import signal\n"
        "try:\n"
        "    with alone_in_front():\n"
        "        print('ready', flush=True)\n"
        "        signal.pause()\n"
        "except KeyboardInterrupt:\n"
        "    print('ended')\n")
    (tmp_path / "Makefile").write_text(
        f"it:\n\t@PYTHONPATH={GRADER} {sys.executable} {tmp_path}/program.py; echo after\n")
    make = pexpect.spawn("make", ["-C", str(tmp_path), "-s", "it"], timeout=20, encoding="utf-8")
    make.expect("ready")
    make.sendcontrol("z")  # nothing happens
    make.sendcontrol("c")
    make.expect(pexpect.EOF)
    make.close()
    assert make.exitstatus == 0 and make.before.split()[-1] == "after" and "ended" in make.before
