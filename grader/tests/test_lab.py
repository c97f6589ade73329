"""lab.toml and the checks belong together: each row has its check, each check row and promise."""

from __future__ import annotations

import json
import re

import pytest
from grading import run_all, test_command
from grading.hints import for_its_end
from grading.lab_types import is_chosen
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


def test_the_name_of_a_target_is_sent_to_its_part(capsys: pytest.CaptureFixture[str]) -> None:
    for command in (rubric.main, run_all.main, test_command.main):
        assert command(["--part", "handler_api"]) == 2
        assert "handler_api is no part, but graded with part_b\n" in capsys.readouterr().err


def test_a_pattern_may_mean_all_but_what_it_names() -> None:
    assert is_chosen("no_data_race", "no_*") and not is_chosen("order_is_kept", "no_*")
    assert is_chosen("order_is_kept", "!no_*") and not is_chosen("no_data_race", "!no_*")
    assert is_chosen("order_is_kept", "no_*,order*") and not is_chosen("builds", "no_*,order*")
    assert is_chosen("builds", "!no_*,order*") and not is_chosen("order_is_kept", "!no_*,order*")
