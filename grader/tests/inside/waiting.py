"""Waiting for what a program prints."""

from __future__ import annotations

import select

from grading.sandbox import Confined


def await_output(program: Confined, text: bytes) -> None:
    """Waits until the program has printed this; fails if it ends before."""
    while text not in program.output():
        assert program.wait(0) is None, program.errors()
        select.select([program], [], [])
