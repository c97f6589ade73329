"""bootstrap.sh: finds a Python that will do, installs what is missing, else explains itself."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from sample_reports import GRADER

TOOLS = ("g++", "make", "bwrap", "ip", "nc", "telnet")
CHMOD = shutil.which("chmod")
BASICS = ("bash", "env", "id", "sh")


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """bootstrap.sh with this folder for a PATH, no terminal, and a clean environment."""
    return subprocess.run((str(GRADER / "bootstrap.sh"), *arguments), stdin=subprocess.DEVNULL,
                          env={"PATH": str(folder), **environment}, text=True,
                          capture_output=True, check=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A folder of programs: everything that is asked for, each doing nothing."""
    for name in TOOLS:
        program(tmp_path, name, "exit 0")
    for name in BASICS:
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    return tmp_path


def program(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_prints_the_interpreter_and_nothing_else(path: Path) -> None:
    done = run(path)
    assert (done.stdout, done.stderr, done.returncode) == ("/usr/bin/python3\n", "", 0)


def test_installs_what_is_missing_and_says_what(path: Path) -> None:
    (path / "nc").unlink()
    log = path / "log"
    program(path, "apt-get", f'echo "$@" >>{log}; echo >{path}/nc; {CHMOD} +x {path}/nc')
    if os.geteuid():
        program(path, "sudo", 'shift; exec "$@"')
    done = run(path)
    assert done.returncode == 0 and done.stdout == "/usr/bin/python3\n"
    assert "Not installed yet: netcat-openbsd" in done.stderr
    assert log.read_text().splitlines() == [
        "update -q", "install -y --no-install-recommends netcat-openbsd"]


def test_asks_for_the_maintainers_tools_only_when_told(path: Path) -> None:
    done = run(path, "check")
    assert done.returncode == 1
    assert "shellcheck" in done.stderr and "mypy" in done.stderr
    assert "shellcheck" not in run(path).stderr


def test_asks_for_what_takes_pictures_only_when_told(path: Path) -> None:
    assert "librsvg2-bin pngquant" in run(path, "images").stderr
    assert "librsvg2-bin" not in run(path).stderr


def test_asks_for_no_sandbox_where_one_does_without(path: Path) -> None:
    for name in ("bwrap", "ip", "nc", "telnet"):
        (path / name).unlink()
    assert run(path, "unsafe").returncode == 0
    assert run(path).returncode == 1


def test_says_so_where_there_is_no_apt(path: Path) -> None:
    (path / "bwrap").unlink()
    done = run(path)
    assert (done.stdout, done.returncode) == ("", 1)
    assert "Not installed yet: bubblewrap\nbootstrap: no apt-get here" in done.stderr


def test_gives_the_command_where_installing_fails(path: Path) -> None:
    (path / "make").unlink()
    program(path, "apt-get", "exit 100")
    program(path, "sudo", "exit 1")
    done = run(path)
    assert (done.stdout, done.returncode) == ("", 1)
    assert ("as root, type: apt-get update && "
            "apt-get install -y --no-install-recommends make") in done.stderr


def test_says_so_where_what_is_installed_is_not_on_the_path(path: Path) -> None:
    (path / "make").unlink()
    program(path, "apt-get", "exit 0")
    if os.geteuid():
        program(path, "sudo", 'shift; exec "$@"')
    done = run(path)
    assert (done.stdout, done.returncode) == ("", 1)
    assert done.stderr.endswith(
        f"bootstrap: installed, but no folder of PATH has what make brings; PATH is {path}\n")
