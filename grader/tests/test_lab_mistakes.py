"""A mistake in lab.toml, hints.toml or a check is named in one line before anything is graded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from grading import run_all, run_options, test_command
from grading.lab import read_lab
from grading.lab_table import LabError
from grading.report import rubric
from sample_reports import GRADER, lab


GOOD = """name = "x"
leave_out = []
[parts.p]
title = "t"
folder = "p"
build = ["make"]
[targets.p]
part = "p"
title = "t"
command = ["p/main", "{port}"]
[checks.c]
clauses = ["C1"]
points = { p = 60 }
[checks.d]
clauses = ["C2"]
points = { p = 40.0 }
needs = ["c"]
"""


GOOD_HINTS = """[c]
first = "Where?"
second = "man 2 send"
third = "1. Send."
[d]
first = '''Which \\n
ends it?'''
second = "man 2 recv"
third = "1. Receive."
"""


def lab_file(tmp_path: Path, text: str | bytes, hints: str | bytes = GOOD_HINTS) -> Path:
    path = tmp_path / "lab.toml"
    (tmp_path / "hints.toml").write_bytes(hints if isinstance(hints, bytes) else hints.encode())
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_the_lab_that_the_mistakes_are_made_in_is_good(tmp_path: Path) -> None:
    assert read_lab(lab_file(tmp_path, GOOD)).checks["d"].worth("p") == 40_000


@pytest.mark.parametrize("old, new, words", [
    ('name = "x"', "", "the top of the file: name is missing"),
    ('name = "x"', "name = 1", "the top of the file: name is no string"),
    ("leave_out = []", 'leave_out = "docs"', "leave_out is no list of strings"),
    ("leave_out = []", "leave = []", "the top of the file: leave is no key that is known here"),
    ("[parts.p]", "[parts.p.q]", "part p: title is missing"),
    ("[parts.p]", "parts = 3\n[other]", "parts is no table"),
    ('title = "t"\nfolder', "folder", "part p: title is missing"),
    ('["make"]', '"make"', "part p: build is no list of strings"),
    ('build = ["make"]', 'build = ["make"]\nodd = 1', "part p: odd is no key"),
    ('part = "p"', "", "target p: part is missing"),
    ('part = "p"', 'part = "q"', "target p belongs to the unknown part q"),
    ('part = "p"', 'part = "p"\nodd = 1', "target p: odd is no key"),
    ('["p/main", "{port}"]', '"p/main"', "target p: command is no list of strings"),
    ("{port}", "{prot}", "target p: command has {prot}; only {port} and {channel} are known"),
    ('clauses = ["C1"]', "", "check c: clauses is missing"),
    ('clauses = ["C1"]', 'clauses = "C1"', "check c: clauses is no list of strings"),
    ('clauses = ["C1"]', "clauses = [1]", "check c: clauses is no list of strings"),
    ("points = { p = 60 }", "", "check c needs clauses and points"),
    ('needs = ["c"]', 'needs = "c"', "check d: needs is no list of strings"),
    ('needs = ["c"]', 'needs = ["e"]', "check d needs e, which is no check"),
    ('needs = ["c"]', 'needs = ["d"]', "checks that wait for themselves: d -> d"),
    ("[checks.d]", 'needs = ["d"]\n[checks.d]', "checks that wait for themselves: c -> d -> c"),
    ("[checks.d]", "hint = []\n[checks.d]", "check c: hint is no key that is known here"),
    ("[checks.d]", 'visibility = "secret"\n[checks.d]', "check c: visibility is none of visible"),
    ("[checks.d]", "extra = { p = 1 }\n[checks.d]", "check c gives both points and extra to p"),
    ("{ p = 60 }", "{ nowhere = 60 }", "check c gives points to nowhere, no target"),
    ("{ p = 60 }", "60", "check c: points is no table"),
    ("60", '"60"', "check c: points of p is no number from 0 to 100"),
    ("60", "true", "check c: points of p is no number from 0 to 100"),
    ("60", "nan", "check c: points of p is no number from 0 to 100"),
    ("60", "-1", "check c: points of p is no number from 0 to 100"),
    ("60", "1e99999999", "check c: points of p is no number from 0 to 100"),
    ("60", "0.0001", "check c: points of p has more than three decimals"),
    ("60", "59.5", "the points add up to 99.5, not to 100"),
    ("[checks.c]", "[checks.c", "line 11"),
    ("leave_out = []", "leave_out = " + "[" * 50_000, "recursion"),
])
def test_a_mistake_in_lab_toml_is_named_in_one_line(tmp_path: Path, old: str, new: str,
                                                    words: str) -> None:
    assert old in GOOD
    with pytest.raises(LabError) as told:
        read_lab(lab_file(tmp_path, GOOD.replace(old, new, 1)))
    assert words in str(told.value) and "\n" not in str(told.value)


def test_a_lab_toml_that_is_no_text_or_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="lab.toml: 'utf-8' codec can't decode byte 0xff"):
        read_lab(lab_file(tmp_path, b"name = '\xff'"))
    with pytest.raises(LabError, match="nowhere: No such file or directory$"):
        read_lab(tmp_path / "nowhere")


def test_hints_are_read_in_their_order_each_in_a_line(tmp_path: Path) -> None:
    rows = read_lab(lab_file(tmp_path, GOOD)).checks
    assert rows["c"].hints == ("Where?", "man 2 send", "1. Send.")
    assert rows["d"].hints[0] == r"Which \n ends it?"


@pytest.mark.parametrize("old, new, words", [
    ('second = "man 2 send"\n', "", "hints.toml: check c: second is missing"),
    ('"man 2 send"', '" "', "hints.toml: check c: second is empty"),
    ('"man 2 send"', '"Where?"', "hints.toml: check c: second says what an earlier level says"),
    ('"man 2 send"', '["send"]', "hints.toml: check c: second is no string"),
    ('[d]', 'fourth = "x"\n[d]', "hints.toml: check c: fourth is no key that is known here"),
    ("[d]", "[e]", "hints.toml: check d has no hints here"),
    ("[c]", "[e]\nfirst='1'\nsecond='2'\nthird='3'\n[c]",
     "hints for e, which is no check of lab.toml"),
    ("[c]", "c = 1\n[x]", "hints.toml: check c is no table"),
    ("[c]", "[c", "hints.toml: Expected"),
])
def test_a_mistake_in_hints_toml_is_named_in_one_line(tmp_path: Path, old: str, new: str,
                                                      words: str) -> None:
    assert old in GOOD_HINTS
    with pytest.raises(LabError) as told:
        read_lab(lab_file(tmp_path, GOOD, GOOD_HINTS.replace(old, new, 1)))
    assert words in str(told.value) and "\n" not in str(told.value)


def test_a_hints_toml_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = lab_file(tmp_path, GOOD)
    (tmp_path / "hints.toml").unlink()
    with pytest.raises(LabError, match="hints.toml: No such file or directory$"):
        read_lab(path)


def test_rows_and_functions_belong_together(tmp_path: Path) -> None:
    made = read_lab(lab_file(tmp_path, GOOD))
    rubric.prove_checks(made, {"c": "", "d": ""})
    with pytest.raises(LabError, match="a check d, but checks/ has no function check_d"):
        rubric.prove_checks(made, {"c": ""})
    with pytest.raises(LabError, match="function check_e, but it has no row in lab.toml"):
        rubric.prove_checks(made, {"c": "", "d": "", "e": ""})


@pytest.mark.parametrize("content, words", [
    (b"x = 1\ndef check_c(:\n", r"odd.py:2: "), (b"\xff", r"odd.py(:\d+)?: "),
    (b"x = '\0'", r"odd.py(:\d+)?: .*null bytes")])
def test_a_check_that_is_no_python_is_named_with_its_line(tmp_path: Path, content: bytes,
                                                          words: str) -> None:
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "odd.py").write_bytes(content)
    with pytest.raises(LabError, match=words) as told:
        rubric.promises(tmp_path)
    assert "\n" not in str(told.value)


def test_a_mistake_is_told_before_anything_is_graded(tmp_path: Path,
                                                     monkeypatch: pytest.MonkeyPatch,
                                                     capsys: pytest.CaptureFixture[str]) -> None:
    lab_file(tmp_path, GOOD)
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "new.py").write_text("def check_c(): ...\ndef check_d(): ...\n"
                                                "def check_new(): ...\n")
    monkeypatch.setattr(rubric, "GRADER", tmp_path)
    monkeypatch.setattr(run_options, "GRADER", tmp_path)
    words = "a function check_new, but it has no row in lab.toml\n"
    commands: tuple[tuple[Callable[[list[str]], int], list[str]], ...] = (
        (rubric.main, []), (run_all.main, []), (test_command.main, ["--check", "new"]))
    for command, arguments in commands:
        assert command(arguments) == 1
        error = capsys.readouterr().err
        assert error.endswith(words) and error.count("\n") == 1
