"""The probe says in one line what this machine allows, and what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grading.sandbox import SandboxError, Tier, probe
from test_sandbox_inside import ORDINARY_UID

GRADER = Path(__file__).resolve().parents[1]
ASK = (f"import sys; sys.path.insert(0, {str(GRADER)!r})\n"
       "from grading.sandbox import probe; print(probe())")


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


def fake_bwrap(folder: Path, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "bwrap"
    program.write_text(f"#!/bin/sh\necho '{says}' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_this_machine_has_the_full_sandbox() -> None:
    answer = probe()
    assert answer.tier is Tier.FULL, answer
    assert answer.advice == "" and "\n" not in answer.reason


@as_root
@pytest.mark.parametrize("prefix", [[], ["unshare", "-Ur"]], ids=["user", "root of a small userns"])
def test_an_ordinary_user_has_it_too(prefix: list[str]) -> None:
    who = ["setpriv", f"--reuid={ORDINARY_UID}", f"--regid={ORDINARY_UID}", "--clear-groups"]
    answer = subprocess.run([*who, *prefix, sys.executable, "-c", ASK], capture_output=True,
                            text=True, check=True).stdout
    assert "nested user namespaces" in answer


def test_without_bwrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    answer = probe()
    assert answer.tier is not Tier.FULL and "bwrap is not installed" in answer.reason
    assert answer.advice == "install the package bubblewrap"


@pytest.mark.parametrize("tool", ["prlimit", "setpriv"])
def test_without_a_tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str) -> None:
    for name in {"bwrap", "sh", "env", "prlimit", "setpriv"} - {tool}:
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert f"{tool} is not installed" in probe().reason


@pytest.mark.parametrize(("says", "meaning", "advice"), [
    ("bwrap: setting up uid map: Permission denied", "AppArmor", "--|apparmor_restrict"),
    ("bwrap: No permissions to create new namespace", "forbids user namespaces", "--|userns"),
    ("bwrap: Creating new namespace failed: Operation not permitted", "forbids new namespaces",
     "--cap-add|userns"),
    ("bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted", "network namespace",
     "--cap-add|userns"),
    ("bwrap: pivot_root: Operation not permitted", "new root folder", "--cap-add"),
    ("bwrap: Can'\"'\"'t mount proc on /newroot/proc: Operation not permitted", "parts of /proc",
     "systempaths"),
    ("bwrap: the Python module seccomp is missing", "library", "python3-seccomp"),
    ("bwrap: something new", "does not work here: bwrap: something new", ""),
])
def test_what_bwrap_says_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str,
                                      meaning: str, advice: str) -> None:
    fake_bwrap(tmp_path, says, monkeypatch)
    answer = probe()
    assert answer.tier is not Tier.FULL and meaning in answer.reason
    assert "\n" not in answer.reason + answer.advice
    assert not advice or any(word in answer.advice for word in advice.split("|"))


@pytest.mark.parametrize("wanted", [Tier.FULL, Tier.REDUCED])
def test_what_was_asked_for_is_never_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                              wanted: Tier) -> None:
    fake_bwrap(tmp_path, "bwrap: No permissions to create new namespace", monkeypatch)
    monkeypatch.setattr("os.geteuid", lambda: ORDINARY_UID)
    with pytest.raises(SandboxError, match=f"no {wanted.value} sandbox"):
        probe(wanted)


@as_root
def test_root_has_the_reduced_one_too() -> None:
    answer = probe(Tier.REDUCED)
    assert answer.tier is Tier.REDUCED and answer.reason.startswith("shared network")


def test_none_is_none_even_where_there_is_more() -> None:
    answer = probe(Tier.NONE)
    assert answer.tier is Tier.NONE and "Landlock" in answer.reason


def test_a_user_without_namespaces_is_told_what_is_left(tmp_path: Path,
                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    fake_bwrap(tmp_path, "bwrap: No permissions to create new namespace", monkeypatch)
    monkeypatch.setattr("os.geteuid", lambda: ORDINARY_UID)
    answer = probe()
    assert answer.tier is Tier.NONE and "Landlock" in answer.reason
    assert "forbids user namespaces" in answer.reason and "userns" in answer.advice
