"""A course with names of its own throughout: folders, programs, library, header, port."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sample_reports import GRADER, lab

NAMED = {  # the checks that name a folder, a program, a library or a port
    "builds", "builds_the_client", "starts_and_says_where_it_listens", "default_port_is_9034",
    "fan_out_reaches_everyone_else", "no_asynchronous_io", "client_finds_the_default_server",
    "client_ctrl_c", "works_from_c", "uses_the_library", "part_a_clients_can_chat"}
PROFILE = f"""
[profiles.renamed]
grades = ["part_a", "part_b", "part_c"]
without = {json.dumps([name for name in lab().checks if name not in NAMED])}
[profiles.renamed.parts]
part_a = {{ folder = "1", build = ["make", "-C", "1", "chats"] }}
part_b = {{ folder = "lib", build = ["make", "-C", "lib"] }}
part_c = {{ folder = "3", build = ["make", "-C", "3"] }}
[profiles.renamed.targets.part_a]
command = ["1/chat_server", "{{port}}"]
client = "1/chat"
port = 8080
[profiles.renamed.targets.part_b]
products = ["lib/reactor.h", "lib/libreactor.a", "lib/libreactor.so"]
[profiles.renamed.targets.part_c]
command = ["3/proact_server", "{{port}}"]
port = 8080
"""
FOLDERS = {"part_a": "1", "part_b": "lib", "part_c": "3"}
WORDS = {"9034": "8080", "../part_b": "../lib", "libproactor": "libreactor",
         "proactor.h": "reactor.h",
         "all: server client": "chats: server client\n\tmv server chat_server\n\tmv client chat",
         "\t$(MAKE) main": "\t$(MAKE) main\n\tmv main proact_server"}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The library's sample and the grader, under other names."""
    shutil.copytree(GRADER / "samples" / "poll_loop_library", tmp_path, dirs_exist_ok=True)
    for path in [*tmp_path.rglob("*.[ch]"), *tmp_path.rglob("Makefile")]:
        text = path.read_text()
        for old, new in WORDS.items():
            text = text.replace(old, new)
        path.write_text(text)
    (tmp_path / "part_b" / "proactor.h").rename(tmp_path / "part_b" / "reactor.h")
    for old, new in FOLDERS.items():
        (tmp_path / old).rename(tmp_path / new)
    for name in ("grading", "checks", "drivers"):
        shutil.copytree(GRADER / name, tmp_path / "grader" / name)
    shutil.copy(GRADER / "hints.toml", tmp_path / "grader")
    (tmp_path / "grader" / "lab.toml").write_text((GRADER / "lab.toml").read_text() + PROFILE)
    return tmp_path


def test_no_name_of_the_stock_is_needed(tree: Path) -> None:
    done = subprocess.run(
        (sys.executable, "-m", "grading.test_command", "--profile", "renamed"), cwd=tree, text=True,
        env={**os.environ, "PYTHONPATH": str(tree / "grader"), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True, check=False, timeout=300)
    result = json.loads((tree / "build" / "result.json").read_text())
    found = [row["name"] for row in result["checks"] if row["verdict"] != "PASS"]
    assert not found, done.stdout
    assert {row["name"] for row in result["checks"]} == NAMED
    assert (result["score"], result["environment"]["profile"]) == (100_000, "renamed")
