"""lab.toml and the checks belong together: each row has its check, each check row and promise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from grading.lab import LabError, read_lab
from grading.report import rubric
from sample_reports import GRADER, lab

PROMISES = rubric.promises(GRADER)


def test_every_row_has_a_check_and_every_check_a_row() -> None:
    assert set(lab().checks) == set(PROMISES)


def test_every_check_makes_a_promise_that_a_student_can_read() -> None:
    short = {name: promise for name, promise in PROMISES.items()
             if len(promise) < 20 or not promise.endswith(".") or len(promise) > 300}
    assert not short


def test_the_points_are_a_hundred_and_ten_beside() -> None:
    assert (lab().max_score, lab().max_extra) == (100_000, 10_000)


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


@pytest.mark.parametrize("change, words", [
    ("hints = []", "at least one hint"), ("points = { nowhere = 1 }", "no target"),
    ('needs = ["nothing"]', "which is no check"), ("clauses = 3", "wrong kind")])
def test_a_mistake_in_lab_toml_is_named(tmp_path: Path, change: str, words: str) -> None:
    key = change.split(" ")[0]
    row = {"clauses": 'clauses = ["C1"]', "points": "points = { p = 1 }",
           "hints": 'hints = ["h"]', key: change}
    path = tmp_path / "lab.toml"
    path.write_text('name = "x"\n[parts.p]\ntitle = "t"\nfolder = "p"\nbuild = ["make"]\n'
                    '[targets.p]\npart = "p"\ntitle = "t"\n[checks.c]\n' + "\n".join(row.values()))
    with pytest.raises(LabError, match=words):
        read_lab(path)


def test_the_rubric_names_every_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert rubric.main([]) == 0
    words = capsys.readouterr().out.split()
    assert set(lab().checks) <= set(words)
    assert "Together 100 points, and 10 of extra credit." in " ".join(words)
    assert "576 threads and processes" in " ".join(words)


def test_the_rubric_of_one_part_in_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    assert rubric.main(["--markdown", "part_a"]) == 0
    shown = capsys.readouterr().out
    assert "**part_a/server and part_a/client**: 40 points" in shown
    assert f"| {PROMISES['one_process']} (`one_process`) | A2 | 0.5 |" in shown
    assert "part_c" not in shown


def test_the_rubric_of_an_unknown_part_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert rubric.main(["--part", "part_z"]) == 2
    assert "no part part_z; there are part_a" in capsys.readouterr().err
