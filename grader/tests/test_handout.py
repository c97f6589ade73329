"""The students' handout: what is cut out, what stands there instead, where it may be written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from grading.handout import command
from grading.handout.contents import Contents, contents
from grading.handout.markers import HandoutError, cut, pieces
from grading.lab import HUNDRED, Handout, read_lab
from grading.likely_cause import KnownCause, read_causes, written
from grading.report import rubric
from grading.report.wording import points
from rich.console import Console
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


def test_a_list_is_counted_without_the_gap_of_a_cut() -> None:
    text = "1. a\n<!-- BEGIN SOLUTION -->\n2. b\n<!-- END SOLUTION -->\n3. c\n\n1. other\n"
    assert cut(text, [], "x.md").given == "1. a\n2. c\n\n1. other\n"


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


HIDDEN = "messages_leave_no_thread"


def tree_with_a_hidden_check(place: Path, file: str, needed_by: str = "") -> Path:
    """A copy of this tree whose author has hidden a check, its function in the file so named."""
    made = lab().handout
    place.mkdir()
    for name in {word.split("/")[0] for word in made.give}:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, place / name, ignore=shutil.ignore_patterns(
                "build", "samples", "tests", "__pycache__"))
        else:
            shutil.copy(source, place / name)
    checks, rows = place / "grader" / "checks", place / "grader" / "lab.toml"
    text = (checks / "part_c.py").read_text()
    start = text.index(f"def check_{HIDDEN}")
    end = text.find("\n\n\n", start)
    body, rest = (text[start:end], text[end:]) if end > 0 else (text[start:], "\n")
    (checks / "part_c.py").write_text(text[:start].rstrip() + rest)
    (checks / file).write_text(body + "\n")
    (place / "grader" / "causes.json").write_text(written([
        KnownCause("a_leak", "Why.", frozenset({f"{HIDDEN} FAIL", "builds FAIL"})),
        KnownCause("unseen", "Why not.", frozenset({HIDDEN}))]))
    row = f"[checks.{HIDDEN}]\n"
    config = rows.read_text().replace(row, f'{row}visibility = "hidden"\n')
    if needed_by:
        config = config.replace(f"[checks.{needed_by}]\n",
                                f'[checks.{needed_by}]\nneeds = ["{HIDDEN}"]\n')
    rows.write_text(config)
    return place


def test_a_hidden_check_is_not_in_it_but_what_it_is_worth(tmp_path: Path) -> None:
    root = tree_with_a_hidden_check(tmp_path / "tree", "hidden_threads.py")
    real = read_lab(root / "grader" / "lab.toml")
    made = contents(root, real)
    assert not [name for name, file in made.files.items()
                if name.startswith("grader/") and HIDDEN.encode() in file.data]
    command.write(made, tmp_path / "lab")
    (cause,) = read_causes(tmp_path / "lab" / "grader" / "causes.json")
    assert (cause.name, set(cause.signs)) == ("a_leak", {"builds FAIL"})
    given = read_lab(tmp_path / "lab" / "grader" / "lab.toml")
    rubric.prove_checks(given, rubric.promises(tmp_path / "lab" / "grader"))
    worth = real.checks[HIDDEN].points["part_c"]
    assert (given.max_score, given.hidden) == (HUNDRED, {"part_c": worth})
    console = Console(width=100)
    with console.capture() as shown:
        rubric.print_rubric(console, given, rubric.promises(tmp_path / "lab" / "grader"))
    assert f"{points(worth)} on part_c are for checks that are not shown here" in shown.get()


@pytest.mark.parametrize(("file", "needed_by", "complaint"), [
    ("seen.py", "", f"check {HIDDEN} is hidden, so its function belongs into a file named hidden_"),
    ("hidden_threads.py", "builds_the_client", "check builds_the_client is visible, but needs the"),
])
def test_what_would_give_a_hidden_check_away_is_refused(tmp_path: Path, file: str, needed_by: str,
                                                        complaint: str) -> None:
    root = tree_with_a_hidden_check(tmp_path / "tree", file, needed_by)
    with pytest.raises(HandoutError, match=f"^{complaint}"):
        contents(root, read_lab(root / "grader" / "lab.toml"))


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
    compared = subprocess.run(["diff", "-r", tmp_path / "1", tmp_path / "2"], check=False)
    assert compared.returncode == 0
