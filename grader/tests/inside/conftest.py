"""What the tests inside a worker share: a fresh box, and programs made in it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from grading.sandbox import (  # noqa: E402
    BUILD, RUN, Box, Finished, Limits, fresh_ipc, fresh_network, open_box)

PYTHON = ("/usr/bin/python3", "-I", "-S", "-c")


@pytest.fixture
def box() -> Iterator[Box]:
    fresh_network()
    fresh_ipc()
    with open_box() as box:
        yield box


@pytest.fixture
def python(box: Box) -> Callable[..., Finished]:
    """Runs Python code as a student's program, to its end."""
    def run(code: str, limits: Limits = RUN, writable: bool = False) -> Finished:
        return box.run([*PYTHON, code], limits=limits, writable=writable)
    return run


@pytest.fixture
def compiled(box: Box, tmp_path: Path) -> Callable[[str], list[str]]:
    """Compiles C code in the box; gives the command that runs it."""
    def build(source: str) -> list[str]:
        tree = tmp_path / "tree"
        tree.mkdir()
        (tree / "program.c").write_text(source)
        box.install(tree)
        end = box.run(["gcc", "-pthread", "-o", "program", "program.c"], limits=BUILD,
                      writable=True)
        assert end.status == 0, end.stderr
        return ["./program"]
    return build
