"""lab.toml and the checks belong together: each row has its check, each check row and promise."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from grading import run_all, run_options, test_command
from grading.hints import for_its_end
from grading.lab import read_lab
from grading.lab_types import is_chosen
from grading.lab_table import LabError
from grading.report import rubric
from sample_reports import GRADER, lab

PROMISES = rubric.promises(GRADER)


def test_every_row_has_a_check_and_every_check_a_row() -> None:
    assert set(lab().checks) == set(PROMISES)


def test_every_check_makes_a_promise_that_a_student_can_read() -> None:
    short = {name: promise for name, promise in PROMISES.items()
             if len(promise) < 20 or not promise.endswith(".") or len(promise) > 300}
    assert not short


def test_the_points_are_a_hundred_and_twenty_beside() -> None:
    assert (lab().max_score, lab().max_extra) == (100_000, 20_000)


def test_every_part_has_a_check_that_it_builds() -> None:
    for target in lab().targets:
        assert target in lab().checks["builds"].targets


def test_a_need_stands_before_what_needs_it_and_has_the_same_targets() -> None:
    names = list(lab().checks)
    for check in lab().checks.values():
        for need in check.needs:
            assert names.index(need) < names.index(check.name), f"{check.name} stands before {need}"


def test_every_clause_is_one_that_the_schema_can_hold() -> None:
    schema = json.loads((GRADER / "schema" / "result-v1.json").read_text())
    item = schema["$defs"]["check"]["properties"]
    for check in lab().checks.values():
        assert all(len(clause) <= 3 and clause[0].isupper() for clause in check.clauses)
        assert check.visibility in item["visibility"]["enum"]


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


def test_every_check_has_three_different_hints_that_a_student_can_use() -> None:
    """A question or a direction, then something to read about or to try, then steps."""
    helps = {**{name: row.hints for name, row in lab().checks.items()}, **lab().deaths}
    for name, hints in helps.items():
        first, second, third = hints
        assert len({first, second, third}) == 3
        useful = re.search(r"\(\d\)|`|std::", second)
        assert useful, f"{name}: the second names nothing to read or to try"
        assert third.startswith("1. ") and " 2. " in third, f"{name}: the third has no steps"
        assert len(first) < 250, f"{name}: the first says too much"


@pytest.mark.parametrize("actual, said, death", [
    ("killed by SIGPIPE (it wrote …)", "", "SIGPIPE"),
    ("killed by SIGABRT", "terminate called without an active exception",
     "terminate called without an active exception"),
    ("killed by SIGABRT", "what():  Resource deadlock avoided", "Resource deadlock avoided"),
    ("killed by SIGABRT", "", "SIGABRT")])
def test_a_death_has_its_own_hints_whichever_check_has_seen_it(actual: str, said: str,
                                                               death: str) -> None:
    deaths = lab().deaths
    assert for_its_end(("a", "b", "c"), deaths, actual, said) == deaths[death]


@pytest.mark.parametrize("actual, said", [
    ("exit status 141", "killed by SIGPIPE"), ("never", "SIGSEGV"), ("killed by SIGKILL", "")])
def test_without_a_known_death_a_check_gives_its_own_hints(actual: str, said: str) -> None:
    assert for_its_end(("a", "b", "c"), lab().deaths, actual, said) == ("a", "b", "c")


def test_no_two_checks_share_a_hint() -> None:
    said = [hint for row in lab().checks.values() for hint in row.hints]
    said += [hint for hints in lab().deaths.values() for hint in hints]
    assert len(said) == len(set(said))


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


def test_the_name_of_a_target_is_sent_to_its_part(capsys: pytest.CaptureFixture[str]) -> None:
    for command in (rubric.main, run_all.main, test_command.main):
        assert command(["--part", "handler_api"]) == 2
        assert "handler_api is no part, but graded with part_b\n" in capsys.readouterr().err


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


def test_a_pattern_may_mean_all_but_what_it_names() -> None:
    assert is_chosen("no_data_race", "no_*") and not is_chosen("order_is_kept", "no_*")
    assert is_chosen("order_is_kept", "!no_*") and not is_chosen("no_data_race", "!no_*")
    assert is_chosen("order_is_kept", "no_*,order*") and not is_chosen("builds", "no_*,order*")
    assert is_chosen("builds", "!no_*,order*") and not is_chosen("order_is_kept", "!no_*,order*")
