"""Without a sandbox one's own code is graded when one says so, and the result says so too."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sample_reports import GRADER
from test_sandbox_outer import alive

CHEAP = ("starts_and_says_where_it_listens", "fan_out_reaches_everyone_else", "sigint_ends_it",
         "default_port_is_9034", "client_ctrl_c")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A student's tree with a correct part A, and a bwrap that may do nothing."""
    root = tmp_path_factory.mktemp("tree")
    shutil.copytree(GRADER / "samples" / "beej_threads_c" / "part_a", root / "part_a")
    shutil.copytree(GRADER / "other_samples" / "one_server" / "poll_names" / "server",
                    root / "server")
    for folder in ("grading", "checks", "drivers", "sanitize"):
        shutil.copytree(GRADER / folder, root / "grader" / folder,
                        ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("lab.toml", "hints.toml"):
        shutil.copy(GRADER / name, root / "grader")
    bwrap = root / "grader" / "no" / "bwrap"
    bwrap.parent.mkdir()
    bwrap.write_text("#!/bin/sh\n"
                     "echo 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    bwrap.chmod(0o755)
    return root


def run(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`make test` where there is no sandbox."""
    return subprocess.run(
        (sys.executable, "-m", "grading.test_command", *arguments), text=True, cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree / "grader"), "PYTHONDONTWRITEBYTECODE": "1",
             "PATH": f"{tree / 'grader' / 'no'}:{os.environ['PATH']}"},
        capture_output=True, check=False, timeout=300)


def verdicts(tree: Path) -> dict[str, tuple[str, str]]:
    """Check -> its verdict and why."""
    result = json.loads((tree / "build" / "result.json").read_text())
    assert result["environment"]["sandbox"] == "none"
    return {row["name"]: (row["verdict"], row["cause"]["rationale"] if row["cause"] else "")
            for row in result["checks"]}


def grade(tree: Path, pattern: str, *more: str) -> dict[str, tuple[str, str]]:
    done = run(tree, "--tier", "D", "--allow-unsafe", "--check", pattern,
               *(more or ("--part", "part_a")))
    assert done.stdout.startswith("UNSANDBOXED (") and "accident protection" in done.stdout, done
    return verdicts(tree)


@pytest.fixture
def other_9034() -> Iterator[None]:
    """Somebody else's server on this machine."""
    with socket.create_server(("", 9034)):
        yield


def test_without_the_flag_nothing_is_run(tree: Path) -> None:
    done = run(tree, "--tier", "D", "--part", "part_a")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1 and "make test ARGS=--allow-unsafe" in done.stderr
    assert not (tree / "build").exists()


@pytest.mark.parametrize("check", CHEAP)
def test_a_correct_program_passes(tree: Path, check: str) -> None:
    assert grade(tree, check)[check][0] == "PASS"


def test_a_port_that_is_taken_is_nobodys_fault(tree: Path, other_9034: None) -> None:
    found = grade(tree, "*default*")
    assert {verdict for verdict, _ in found.values()} == {"NOT_JUDGED"}, found
    assert all("uses port 9034" in why for _, why in found.values())


def test_a_fixed_port_is_used_again_and_again_while_it_is_free(tree: Path) -> None:
    found = grade(tree, "*_ends_it", "--profile", "one_server")
    assert {verdict for verdict, _ in found.values()} == {"PASS"}, found


def test_a_fixed_port_that_is_taken_is_nobodys_fault(tree: Path, other_9034: None) -> None:
    found = grade(tree, "fan_out*", "--profile", "one_server")
    assert {verdict for verdict, _ in found.values()} == {"NOT_JUDGED"}, found


def test_nothing_is_left_running_or_lying_about(tree: Path, tmp_path: Path) -> None:
    """A build leaves a daemon in a session of its own, and waits until it lives."""
    own, token = tmp_path / "tree", secrets.token_hex(8)
    shutil.copytree(tree, own, ignore=shutil.ignore_patterns("build"))
    (own / "part_a" / "Makefile").write_text(
        f"all:\n\tmkfifo ready; setsid sh -c 'echo >ready; sleep 1000; : {token}' & "
        "read word <ready && echo it lives\n")
    assert grade(own, "builds")["builds"][0] == "FAIL"
    result = json.loads((own / "build" / "result.json").read_text())
    assert "it lives" in json.dumps(result) and not alive(token)
    boxes = own / "build" / "grader-cache" / "boxes"
    assert not [path for path in boxes.iterdir() if path.is_dir()]
