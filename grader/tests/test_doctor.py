"""`make doctor`: one friendly page, and a status that tells whether anything can be graded."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from grading import sandbox
from grading.keeper import landlock
from grading.report import doctor
from grading.sandbox import Probe, Tier
from sample_reports import GRADER


def page(capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    status = doctor.main()
    return status, " ".join(capsys.readouterr().out.split())


def test_the_page_of_this_machine() -> None:
    done = subprocess.run([sys.executable, "-m", "grading.report.doctor"], capture_output=True,
                          text=True, check=False, timeout=60,
                          env={**os.environ, "PYTHONPATH": str(GRADER), "COLUMNS": "80"})
    assert done.returncode == 0, done
    for word in ("sandbox", "Landlock", "memory", "g++", "thread, address", "IPv6", "Python"):
        assert word in done.stdout
    assert "can be graded here" in done.stdout and max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize(("tier", "status", "words"), [
    (Tier.FULL, 0, "full (A): because"), (Tier.REDUCED, 0, "reduced (C): because → ask root"),
    (Tier.NONE, 1, "none (D): because → ask root; your own code can be tried")])
def test_each_sandbox(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
                      tier: Tier, status: int, words: str) -> None:
    monkeypatch.setattr(sandbox, "probe", lambda: Probe(tier, "because", "ask root"))
    said = page(capsys)
    assert said[0] == status and words in said[1]
    assert ("mended: sandbox." in said[1]) == bool(status)


def test_without_a_compiler(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
                            tmp_path: Path) -> None:
    (tmp_path / "make").symlink_to(str(shutil.which("make")))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sandbox, "probe", lambda: Probe(Tier.FULL, "because", ""))
    status, said = page(capsys)
    assert status == 1 and "g++ not found → make bootstrap" in said
    assert "no run-time library for thread, address, undefined" in said
    assert "install netcat-openbsd telnet binutils" in said


@pytest.mark.parametrize(("version", "words"), [
    (0, "not there"), (3, "without rules for TCP and signals and abstract sockets"),
    (5, "version 5, without rules for signals"), (6, "version 6 ")])
def test_each_landlock(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
                       version: int, words: str) -> None:
    monkeypatch.setattr(landlock, "abi", lambda: version)
    assert words in page(capsys)[1]


def test_a_port_that_is_taken(monkeypatch: pytest.MonkeyPatch,
                              capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(doctor, "FIXED_PORT", server.getsockname()[1])
        assert "somebody has it" in page(capsys)[1]
    assert "free" in page(capsys)[1]
