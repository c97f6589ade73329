"""The students' handout: what is cut out, what stands there instead, and where it may be written."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from grading.handout import command
from grading.handout.contents import Contents, contents
from grading.handout.markers import HandoutError, cut, pieces
from grading.lab import Handout, read_lab
from sample_reports import GRADER, lab

ROOT = GRADER.parent
SOURCE = """// A file.
int given();
// BEGIN SOLUTION
int solved() { return 42; }
// END SOLUTION
int more();  // LAB: more
"""


@pytest.fixture(scope="module")
def made() -> Contents:
    return contents(ROOT, read_lab(GRADER / "lab.toml"))


def test_the_solution_is_cut_out_and_its_piece_put_in() -> None:
    done = cut(SOURCE, ["// STUDENT: solve it\n"], "x.cpp")
    assert done.given == "// A file.\nint given();\n// STUDENT: solve it\nint more();\n"
    assert done.solution == ("int solved() { return 42; }\n",)


def test_a_hole_needs_no_piece_and_leaves_no_gap() -> None:
    text = "one\n\n<!-- BEGIN SOLUTION -->\ntwo\n<!-- END SOLUTION -->\n\nthree\n"
    assert cut(text, [], "x.md").given == "one\n\nthree\n"


def test_each_hole_has_its_piece() -> None:
    text = "# BEGIN SOLUTION\na\n# END SOLUTION\nb\n# BEGIN SOLUTION\nc\n# END SOLUTION\n"
    assert cut(text, pieces("A\n# NEXT HOLE\nC\n"), "Makefile").given == "A\nb\nC\n"


@pytest.mark.parametrize(("text", "instead", "complaint"), [
    ("// BEGIN SOLUTION\n// BEGIN SOLUTION\n", [], "x:2: BEGIN SOLUTION does not belong here"),
    ("// END SOLUTION\n", [], "x:1: END SOLUTION does not belong here"),
    ("// BEGIN SOLUTION\n", [], "x: a BEGIN SOLUTION has no END SOLUTION"),
    (SOURCE, ["a", "b"], "x: 1 holes, but 2 pieces for them"),
    ("// NEXT HOLE\n", [], "x:1: NEXT HOLE does not belong here"),
])
def test_markers_that_do_not_fit_are_named(text: str, instead: list[str], complaint: str) -> None:
    with pytest.raises(HandoutError, match=f"^{complaint}$"):
        cut(text, instead, "x")


def test_a_source_that_nobody_has_spoken_of_is_not_given_away() -> None:
    all_given = lab()
    spoken = replace(all_given.handout, whole=tuple(
        word for word in all_given.handout.whole if word != "common/socket.*"))
    with pytest.raises(HandoutError, match="^common/socket.cpp: whole, withheld or with markers"):
        contents(ROOT, replace(all_given, handout=spoken))


def test_a_lab_without_a_handout_says_so() -> None:
    with pytest.raises(HandoutError, match="^lab.toml says nothing of a handout"):
        contents(ROOT, replace(lab(), handout=Handout()))


def test_a_place_that_is_taken_is_left_alone(tmp_path: Path,
                                             capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    (tmp_path / "twice.tar.gz").touch()
    for folder, why in (("", "say where to"), (str(ROOT / "build" / "x"), "lies in this tree"),
                        (str(tmp_path / "full"), "not an empty folder"),
                        (str(tmp_path / "full" / "mine"), "not an empty folder"),
                        (str(tmp_path / "twice"), "is there already; remove it")):
        assert command.main([folder]) == 2
        said = capsys.readouterr().err
        assert why in said and said.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] in (["full", "twice.tar.gz"],
                                                          ["twice.tar.gz", "full"])
    assert os.listdir(tmp_path / "full") == ["mine"]


def test_two_runs_are_the_same_byte_for_byte(tmp_path: Path) -> None:
    for run in ("1", "2"):
        (tmp_path / run).mkdir()
        subprocess.run([sys.executable, "-m", "grading.handout.command", tmp_path / run / "lab"],
                       check=True, env={**os.environ, "PYTHONPATH": str(GRADER), "TZ": f"X{run}",
                                        "PYTHONHASHSEED": run}, umask=int(run) * 0o11)
    assert subprocess.run(["diff", "-r", tmp_path / "1", tmp_path / "2"], check=False).returncode == 0
