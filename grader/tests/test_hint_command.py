"""`make hint`: one more hint each time, until the verdict changes."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from grading import hint_command
from grading.hint_command import steps
from grading.report.result_json import write_result
from grading.verdict import Cause, CheckResult, Verdict
from sample_reports import lab, report, row

FAN_OUT, ORDER, BUILDS = "fan_out_reaches_everyone_else", "order_is_kept", "builds"
WAITS = row(ORDER, Verdict.BLOCKED, cause=Cause("Not yet.", blocked_by=FAN_OUT))


@pytest.fixture
def result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "build" / "result.json"
    monkeypatch.setattr(hint_command, "RESULT", path)
    return path


def graded(result: Path, *rows: CheckResult) -> None:
    """The result file; what failed has the hints that the lab gives it."""
    known = lab().checks
    write_result(result, report(*(replace(one, cause=replace(
        one.cause, hints=known[one.name].hints)) if one.cause else one for one in rows)))


def hint(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What is shown, on one line; its exit status has to be 0."""
    assert hint_command.main(list(arguments)) == 0
    return " ".join(capsys.readouterr().out.split())


def test_each_call_gives_one_more_and_after_the_third_it_begins_again(
        result: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graded(result, row(BUILDS), row(FAN_OUT, Verdict.FAIL), WAITS)
    hints = lab().checks[FAN_OUT].hints
    first, second, third = (" ".join(" ".join(steps(one)).split()) for one in hints)
    for shown, hidden in (((first,), (second, third)), ((first, second), (third,)),
                          ((first, second, third), ()), ((first,), (second, third))):
        said = hint(capsys, "--check", FAN_OUT)
        assert all(one in said for one in shown) and not any(one in said for one in hidden)


def test_a_death_is_helped_with_whichever_check_has_seen_it(
        result: Path, capsys: pytest.CaptureFixture[str]) -> None:
    died = Cause("It ended.", actual="killed by SIGPIPE", hints=lab().deaths["SIGPIPE"])
    write_result(result, report(row(FAN_OUT, Verdict.CRASH, cause=died)))
    assert "MSG_NOSIGNAL" in hint(capsys, "--check", FAN_OUT, "--level", "2")


def test_without_a_name_it_is_the_first_thing_to_mend(result: Path,
                                                      capsys: pytest.CaptureFixture[str]) -> None:
    graded(result, row(ORDER, Verdict.FAIL, target="part_c"), row(FAN_OUT, Verdict.CRASH))
    assert hint(capsys).startswith(f"{ORDER} (part_c)")


def test_another_verdict_begins_again(result: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graded(result, row(FAN_OUT, Verdict.FAIL))
    hint(capsys)
    assert "Hint 2 of 3" in hint(capsys)
    graded(result, row(FAN_OUT, Verdict.CRASH))
    assert "Hint 2 of 3" not in hint(capsys)


def test_a_level_can_be_asked_for(result: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graded(result, row(FAN_OUT, Verdict.FAIL))
    assert "Hint 3 of 3" in hint(capsys, "--level", "3")
    assert "Hint 2 of 3" not in hint(capsys), "after the third it begins again"


@pytest.mark.parametrize("arguments, words", [
    (("--check", "nonsense"), "no check is named nonsense; make rubric lists them\n"),
    (("--check", "sigint_ends_it"),
     "has not played sigint_ends_it: make test T=sigint_ends_it does\n"),
    (("--check", "*", "--level", "1"), f"fits several, choose one:\n  {FAN_OUT}\n  builds\n"),
    (("--check", FAN_OUT, "--level", "4"), "LEVEL has to be a number from 1 to 3\n"),
    (("--check", FAN_OUT, "--level", "²"), "LEVEL has to be a number from 1 to 3\n"),
])
def test_what_cannot_be_is_told(result: Path, capsys: pytest.CaptureFixture[str],
                                arguments: tuple[str, ...], words: str) -> None:
    graded(result, row(FAN_OUT, Verdict.FAIL), WAITS, row(BUILDS, Verdict.FAIL))
    assert hint_command.main(list(arguments)) == 2
    assert capsys.readouterr().err.endswith(words)


def test_nothing_to_mend_is_good_news(result: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graded(result, row(BUILDS), WAITS, row("one_process", Verdict.NOT_JUDGED))
    assert "no check of the last make test has failed" in hint(capsys)
    assert "builds passes: nothing to mend" in hint(capsys, "--check", "builds")
    assert f"waits until {FAN_OUT} passes: make hint T={FAN_OUT}" in hint(capsys, "--check", ORDER)
    assert "was not judged: nothing to mend" in hint(capsys, "--check", "one_process")


@pytest.mark.parametrize("content", [None, "{", "[]", '{"checks": 3}'])
def test_without_a_result_it_says_what_to_do(result: Path, capsys: pytest.CaptureFixture[str],
                                             content: str | None) -> None:
    if content is not None:
        result.parent.mkdir()
        result.write_text(content)
    assert hint_command.main([]) == 2
    error = capsys.readouterr().err
    assert "make test" in error and error.count("\n") == 1


@pytest.mark.parametrize("content", ["{", "[1]", '{"a": 1}', '{"a": ["x", 2]}'])
def test_a_memory_that_cannot_be_read_is_an_empty_one(
        result: Path, capsys: pytest.CaptureFixture[str], content: str) -> None:
    graded(result, row(FAN_OUT, Verdict.FAIL))
    hint_command.memory_file(result).write_text(content)
    assert "Hint 1 of 3" in hint(capsys)
    assert "Hint 2 of 3" in hint(capsys)


def test_steps_stand_on_lines_of_their_own() -> None:
    assert steps("No numbers.") == ["No numbers."]
    assert steps("1. Take 4. 2. Do. 3. End, not as 1. or 2. says.") == [
        "1. Take 4.", "2. Do.", "3. End, not as 1. or 2. says."]


def test_no_hint_of_the_lab_is_cut_at_a_wrong_place() -> None:
    for name, check in lab().checks.items():
        for hint_given in check.hints:
            for step in steps(hint_given)[1:]:
                names_code = re.match(r"\d\. [`\w]*[(_`A-Z]", step)
                assert step[3:4].isupper() or names_code, f"{name}: {step}"
