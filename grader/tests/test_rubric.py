"""`make rubric`: every check, and what it promises."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from grading.report import rubric
from sample_reports import GRADER, lab

PROMISES = rubric.promises(GRADER)


def test_the_rubric_names_every_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert rubric.main([]) == 0
    words = capsys.readouterr().out.split()
    assert set(lab().checks) <= set(words)
    assert "Together 100 points, and 20 of extra credit." in " ".join(words)
    assert "576 threads and processes" in " ".join(words)


def test_the_rubric_of_one_part(capsys: pytest.CaptureFixture[str]) -> None:
    assert rubric.main(["--part", "part_a"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "part_a/server and part_a/client: 40 points" in shown
    assert f"0.5 {PROMISES['one_process']} A2 one_process" in shown
    assert "part_c" not in shown


def test_the_rubric_of_an_unknown_part_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert rubric.main(["--part", "part_z"]) == 2
    assert "no part part_z; there are part_a" in capsys.readouterr().err


def test_a_reader_who_leaves_early_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)  # as `head` does when it has seen enough
    with os.fdopen(writing, "wb") as gone:
        done = subprocess.run((sys.executable, "-m", "grading.report.rubric"), stdout=gone,
                              stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(GRADER)},
                              check=False)
    assert (done.returncode, done.stderr) == (0, b"")
