"""Bulk grading: no submission stops another, and whoever calls it wrong is told in one line."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from fake_worker import FakeSandbox, submission
from grading import run_all, sandbox, workspace
from grading.report.result_json import read_result
from grading.report.wording import points
from grading.submission import Submission
from grading.verdict import Verdict
from sample_reports import GRADER, lab

ALL = ("part_a", "part_b", "part_c", "bonus")
AS_IT_IS = 'parts = ["part_a"]\n[part_a]\norder_is_kept = "FAIL"\n'


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeSandbox:
    return FakeSandbox(monkeypatch)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "submissions"


def grade(folder: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit status, and each result by the submission's name; every result fits the schema."""
    results = folder.parent / "results"
    status = run_all.main([str(folder), "-o", str(results), *arguments])
    schema = json.loads((GRADER / "schema" / "result-v1.json").read_text())
    for path in results.glob("*/result.json"):
        jsonschema.Draft202012Validator(schema).validate(json.loads(path.read_text()))
    return status, {path.parent.name: read_result(path) for path in results.glob("*/result.json")}


def test_grades_every_submission_whatever_the_scores(fake: FakeSandbox, folder: Path,
                                                     capsys: pytest.CaptureFixture[str]) -> None:
    submission(folder, "alice", *ALL)
    submission(folder, "bob", "part_a", plan="fail order_is_kept")
    (folder / ".hidden").mkdir()
    (folder / "readme.txt").write_text("not a submission")
    status, found = grade(folder)
    assert status == 0 and set(found) == {"alice", "bob"}
    assert (found["alice"].score, found["alice"].max_score) == (120_000, 100_000)
    assert found["alice"].environment["compiler"] == "g++ of the worker"
    assert found["alice"].build_logs == dict.fromkeys(ALL, "g++ ...")
    assert [row.name for row in found["alice"].rows] == [
        row.name for part in ALL for row, _ in lab().rows_of(part)]
    book = list(csv.DictReader((folder.parent / "results" / "gradebook.csv").open()))
    bob = points(40_000 - lab().checks["order_is_kept"].points["part_a"])
    assert [(line["submission"], line["score"], line["part_a"]) for line in book] == [
        ("alice", "120", "40"), ("bob", bob, bob)]
    shown = capsys.readouterr().out
    assert "Failed most often:" in shown and "2 graded in" in shown


def test_a_part_that_is_not_handed_in_fails_to_build(fake: FakeSandbox, folder: Path) -> None:
    submission(folder, "bob", "part_a")
    _, found = grade(folder)
    rows = {(row.target, row.name): row for row in found["bob"].rows}
    cause = rows["part_b", "builds"].cause
    assert rows["part_b", "builds"].verdict is Verdict.FAIL
    assert cause and cause.rationale == "part_b was not handed in (there is no folder part_b)."
    assert {row.verdict for row in rows.values() if row.part == "part_c"} == {
        Verdict.FAIL, Verdict.BLOCKED}
    assert all(row.cause and row.cause.blocked_by == "builds" for row in rows.values()
               if row.verdict is Verdict.BLOCKED)
    assert found["bob"].max_score == 100_000


def test_a_worker_that_dies_leaves_errors_of_the_grader(fake: FakeSandbox, folder: Path,
                                                        capsys: pytest.CaptureFixture[str]) -> None:
    submission(folder, "alice", *ALL)
    submission(folder, "bob", *ALL, plan="die")
    submission(folder, "carol", *ALL, plan="raise")
    status, found = grade(folder)
    assert status == 1
    assert found["alice"].score == 120_000
    bob = {row.verdict for row in found["bob"].rows if row.part == "part_a"}
    assert bob == {Verdict.PASS, Verdict.ERROR}, "what came before the end is kept"
    cause = found["bob"].rows[len(lab().rows_of("part_a")) - 1].cause
    assert cause and "ended with status 9" in cause.rationale
    assert "not your fault" in cause.rationale
    assert cause.detail == "the worker's last words"
    assert found["bob"].score > 70_000, "the other parts are graded"
    carol = [row for row in found["carol"].rows if row.part == "part_a"]
    assert {row.verdict for row in carol} == {Verdict.ERROR} and all(row.promise for row in carol)
    assert f"ERROR  carol: {len(carol)} rows" in capsys.readouterr().out


def test_a_rejected_submission_stops_nobody(fake: FakeSandbox, folder: Path,
                                            monkeypatch: pytest.MonkeyPatch,
                                            capsys: pytest.CaptureFixture[str]) -> None:
    stage = workspace.stage

    def picky(source: Path, *arguments: Any, **named: Any) -> list[str]:
        if source.name == "bomb":
            raise workspace.Rejected("There are more than 2000 files.")
        if source.name == "gone":
            raise FileNotFoundError(2, "No such file or directory")
        return stage(source, *arguments, **named)

    monkeypatch.setattr(workspace, "stage", picky)
    for name in ("alice", "bomb", "gone"):
        submission(folder, name, *ALL)
    status, found = grade(folder)
    assert status == 1, "what could not be copied is an error of ours"
    assert {name: (report.status, report.score) for name, report in found.items()} == {
        "alice": ("graded", 120_000), "bomb": ("rejected", 0), "gone": ("error", 0)}
    assert found["bomb"].notes == ("There are more than 2000 files.",)
    assert {row.verdict for row in found["gone"].rows} == {Verdict.ERROR}
    assert "rejected: There are more than 2000 files." in capsys.readouterr().out


def test_parts_side_by_side_never_share_a_slot(fake: FakeSandbox, folder: Path) -> None:
    for number in range(8):
        submission(folder, f"s{number}", *ALL)
    assert grade(folder, "-j", "3")[0] == 0
    assert len(fake.used) == 8 * len(lab().targets)
    assert set(fake.used) <= {0, 1, 2} and not fake.slots


def test_one_part_and_some_checks(fake: FakeSandbox, folder: Path) -> None:
    submission(folder, "alice", *ALL)
    _, found = grade(folder, "--part", "part_a", "--check", "client_*")
    assert {row.part for row in found["alice"].rows} == {"part_a"}
    assert all(row.name.startswith("client_") for row in found["alice"].rows)


def test_ctrl_c_keeps_what_is_done(fake: FakeSandbox, folder: Path,
                                   capsys: pytest.CaptureFixture[str]) -> None:
    submission(folder, "alice", "part_a")
    submission(folder, "bob", "part_a", plan=f"interrupt {folder.parent}/results/alice/result.json")
    submission(folder, "carol", "part_a")
    status, found = grade(folder, "--part", "part_a", "-j", "1")
    assert status == 130 and set(found) == {"alice"}
    assert "alice" in (folder.parent / "results" / "gradebook.csv").read_text()
    assert "stopped; 1 of 3 were graded" in capsys.readouterr().err


@pytest.mark.parametrize("expected, status, words", [
    (AS_IT_IS, 0, ""),
    (AS_IT_IS.replace("FAIL", "CRASH|FAIL"), 0, ""),
    ('parts = ["part_a"]', 1, "bob: part_a: order_is_kept is FAIL, not PASS (It went wrong.)"),
    (AS_IT_IS + 'builds = "FAIL"', 1, "builds is PASS, not FAIL"),
    (AS_IT_IS + 'odour = "FAIL"', 1, "odour, which is no check"),
    (AS_IT_IS.replace("]", ', "part_b"]', 1), 1, "part_b: builds is FAIL, not PASS"),
    ("parts = [", 1, "bob: expected.toml cannot be read"),
    ("a = " + "[" * 50_000, 1, "bob: expected.toml cannot be read"),
    ("parts = 1", 1, "bob: expected.toml cannot be read"),
    ('parts = ["part_a"]\npart_a = 1', 1, "bob: expected.toml cannot be read"),
    ("#" * (64 << 10) + "\n", 1, "bob: expected.toml cannot be read: it has more than 64 KiB"),
])
def test_a_sample_must_end_as_it_says(fake: FakeSandbox, folder: Path, expected: str, status: int,
                                      words: str, capsys: pytest.CaptureFixture[str]) -> None:
    submission(folder, "bob", "part_a", plan="fail order_is_kept", expected=expected)
    submission(folder, "carol", "part_a", expected='parts = ["part_a"]')
    found = grade(folder, "--expected")
    assert found[0] == status and set(found[1]) == {"bob", "carol"}
    shown = capsys.readouterr().out
    assert words in shown and ("NOT AS EXPECTED" in shown) == bool(status)
    assert "NOT AS EXPECTED  carol" not in shown


def test_the_expected_toml_of_a_stranger_is_never_read(fake: FakeSandbox, folder: Path,
                                                       capsys: pytest.CaptureFixture[str]) -> None:
    submission(folder, "bob", *ALL, expected="parts = [")
    assert grade(folder)[0] == 0
    assert "expected.toml" not in capsys.readouterr().out


def test_the_samples_are_always_compared(fake: FakeSandbox, folder: Path,
                                         monkeypatch: pytest.MonkeyPatch,
                                         capsys: pytest.CaptureFixture[str]) -> None:
    samples = submission(folder / "grader" / "samples", "bob", *ALL, expected="parts = [").parent
    monkeypatch.setattr(run_all, "GRADER", samples.parent)
    assert grade(samples)[0] == 1
    assert "NOT AS EXPECTED  bob: expected.toml cannot be read" in capsys.readouterr().out


def test_a_surprise_in_one_submission_stops_nobody(fake: FakeSandbox, folder: Path,
                                                   monkeypatch: pytest.MonkeyPatch,
                                                   capsys: pytest.CaptureFixture[str]) -> None:
    def surprised(bob: Submission, *_: Any) -> list[str]:
        if bob.name == "bob":
            raise ArithmeticError("a surprise")
        return []

    monkeypatch.setattr(run_all, "differences", surprised)
    for name in ("alice", "bob", "carol"):
        submission(folder, name, "part_a")
    (folder.parent / "results").mkdir()
    (folder.parent / "results" / "carol").write_text("in the way")
    (folder.parent / "results" / "gradebook.csv").mkdir()
    assert grade(folder, "--expected", "--part", "part_a")[0] == 1
    shown = capsys.readouterr().out
    assert "3 graded in" in shown and "ERROR  bob: ArithmeticError: a surprise" in shown
    assert "ERROR  carol: FileExistsError" in shown
    assert "ERROR  gradebook.csv cannot be written: Is a directory" in shown


def test_what_is_no_submission_is_named(fake: FakeSandbox, folder: Path,
                                        capsys: pytest.CaptureFixture[str]) -> None:
    submission(folder, "alice", "part_a")
    for name in ("me.doc", "b", "c", "d"):
        (folder / name).write_text("")
    (folder / ".hidden").mkdir()
    assert grade(folder, "--part", "part_a")[0] == 0
    assert "no submissions: .hidden, b, c, d, me.doc\n" in capsys.readouterr().out
    (folder / "e").write_text("")
    assert grade(folder, "--part", "part_a")[0] == 0
    assert "no submissions: .hidden, b, c, d, e, … and 1 more\n" in capsys.readouterr().out


def test_a_part_that_is_no_folder_is_called_that(fake: FakeSandbox, folder: Path) -> None:
    root = submission(folder, "bob", "part_a")
    (root / "part_b").write_text("a file")
    (root / "part_c").symlink_to(folder.parent)
    rows = {row.target: row for row in grade(folder)[1]["bob"].rows if row.name == "builds"}
    for target, words in (("part_b", "part_b is no folder."), ("part_c", "part_c is no folder.")):
        cause = rows[target].cause
        assert rows[target].verdict is Verdict.FAIL and cause and cause.rationale == words


def test_whoever_calls_it_wrong_is_told_in_one_line(fake: FakeSandbox, tmp_path: Path,
                                                    capsys: pytest.CaptureFixture[str]) -> None:
    good = submission(tmp_path / "good", "alice", *ALL).parent
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    for arguments, words in (
            ((str(tmp_path / "nowhere"),), "nowhere: No such file or directory"),
            ((str(tmp_path / "file"),), "file: Not a directory"),
            ((str(tmp_path / "empty"),), "no submissions in it"),
            (("",), "an empty word names no folder"),
            ((str(good), "-o", ""), "an empty word names no folder"),
            ((str(good / "alice"),), "alice looks like one submission (it has a folder part_a); "
                                     "give the folder that holds it"),
            ((str(good), "-o", str(good)), "good lies in the folder of submissions"),
            ((str(good), "-o", str(good / "new" / "deep")), "lies in the folder of submissions"),
            ((str(good), "-j", "0"), "a number from 1 to"),
            ((str(good), "-j", "1000"), "a number from 1 to"),
            ((str(good), "-o", str(tmp_path / "file" / "results")), "cannot be written"),
            ((str(good), "-o", str(tmp_path / "file")), "cannot be written"),
            ((str(good), "--part", "part_z"), "no part part_z; there are part_a, part_b, part_c"),
            ((str(good), "--check", "nonsense*"), "no check of any part is named nonsense*")):
        assert run_all.main(["-o", str(tmp_path / "results"), *arguments]) == 2
        error = capsys.readouterr().err
        assert words in error and error.count("\n") == 1, arguments
    assert not list(tmp_path.glob("results/*")) and not fake.used, "nothing was graded"


def test_a_number_that_is_none_is_a_usage_error(fake: FakeSandbox) -> None:
    with pytest.raises(SystemExit) as end:
        run_all.main(["-j", "many"])
    assert end.value.code == 2


def test_without_a_sandbox_strangers_code_is_refused(fake: FakeSandbox, folder: Path,
                                                     capsys: pytest.CaptureFixture[str]) -> None:
    submission(folder, "alice", *ALL)
    fake.tier = sandbox.Tier.NONE
    assert grade(folder) == (1, {})
    assert ("no sandbox, so nothing was graded: user namespaces are forbidden; what to do: "
            "ask for them") in capsys.readouterr().err
    assert not fake.used


def test_a_missing_compiler_is_named(fake: FakeSandbox, folder: Path,
                                     monkeypatch: pytest.MonkeyPatch,
                                     capsys: pytest.CaptureFixture[str]) -> None:
    submission(folder, "alice", *ALL)
    monkeypatch.setenv("PATH", "/nowhere")
    assert grade(folder) == (1, {})
    words = "make and g++ not found in any folder of PATH, which is /nowhere"
    assert words in capsys.readouterr().err
