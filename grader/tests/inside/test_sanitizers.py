"""The canaries tell right from wrong in the sandbox, and a tool that cannot is not trusted."""

from __future__ import annotations

from pathlib import Path

import pytest

from grading.sanitizers import canary
from grading.sanitizers.tool import ADDRESS, THREAD, Sanitizer


@pytest.mark.parametrize("tool", [THREAD, ADDRESS], ids=[THREAD.name, ADDRESS.name])
def test_the_canary_is_understood_and_remembered(tool: Sanitizer, tmp_path: Path) -> None:
    assert canary.why_not(tool, tmp_path) == ""
    (known,) = tmp_path.iterdir()
    assert known.name.startswith(f"canary-{tool.name}-")


@pytest.mark.parametrize(("kind", "expected", "words"), [
    ("locked", "data race", "data race it says nothing"),
    ("race", "", "nothing wrong it says data race")])
def test_a_tool_that_is_mistaken_does_not_judge(kind: str, expected: str, words: str,
                                                tmp_path: Path,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(canary.KINDS, THREAD.name, {kind: expected})
    assert words in canary.why_not(THREAD, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_compiler_without_the_tool_is_named(tmp_path: Path) -> None:
    assert "no-such-compiler cannot build" in canary.why_not(THREAD, tmp_path, "no-such-compiler")
