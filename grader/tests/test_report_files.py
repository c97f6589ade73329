"""The files and the table of a class: exact, safe in a spreadsheet, and as their schema says."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from grading.report.class_table import class_table, failed_most, print_class
from grading.report.gradebook import gradebook
from grading.report.result_json import read_result, write_result, write_whole
from grading.report.wording import points, printable
from grading.verdict import Cause, Report, Verdict
from rich.console import Console
from sample_reports import GRADER, HOSTILE, SCENE, lab, report, row

ALICE = report(row("builds", worth=1500), row("talk", Verdict.FAIL, worth=250, scene=SCENE),
               row("more", worth=333, extra=True, target="handler_api"),
               notes=("server: a program, left out",))


def schema() -> jsonschema.Draft202012Validator:
    text = (GRADER / "schema" / "result-v1.json").read_text()
    return jsonschema.Draft202012Validator(json.loads(text))


@pytest.mark.parametrize("thousandths, shown", [
    (0, "0"), (1, "0.001"), (250, "0.25"), (100_000, "100"), (87_500, "87.5"), (-1500, "-1.5")])
def test_points_are_exact_and_short(thousandths: int, shown: str) -> None:
    assert points(thousandths) == shown


def test_printable_writes_out_what_a_terminal_obeys() -> None:
    assert printable("a\tb\x1b[0m\u202e\udc80\x9b") == "a\\tb\\x1b[0m\\u202e\\udc80\\x9b"
    assert printable("grüße → 😀") == "grüße → 😀"


def test_a_result_survives_the_file_and_fits_its_schema(tmp_path: Path) -> None:
    cause = Cause(HOSTILE, HOSTILE, HOSTILE, "builds", HOSTILE, (HOSTILE,))
    nasty = report(*(row("talk", verdict, cause=None if verdict is Verdict.PASS else cause)
                     for verdict in Verdict), name=HOSTILE)
    for number, each in enumerate((ALICE, nasty, report())):
        path = tmp_path / "deep" / f"{number}.json"
        write_result(path, each)
        assert read_result(path) == each
        schema().validate(json.loads(path.read_text()))


@pytest.mark.parametrize("change", [
    {"score": 1.5}, {"bonus": 1}, {"schema": "v2"}, {"status": "fine"}])
def test_the_schema_is_strict(change: dict[str, object]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        schema().validate({**ALICE.to_json(), **change})


def test_the_schema_wants_a_cause_exactly_where_a_check_did_not_pass() -> None:
    passed, failed = report(row("talk")).to_json(), report(row("talk", Verdict.FAIL)).to_json()
    passed["checks"][0]["cause"] = failed["checks"][0]["cause"]
    failed["checks"][0]["cause"] = None
    for wrong in (passed, failed):
        assert not schema().is_valid(wrong)


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path,
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_whole(path, "old")
    monkeypatch.setattr("os.replace", lambda *names: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError):
        write_whole(path, "new")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_the_gradebook_has_exact_decimals_and_a_column_for_each_target() -> None:
    book = list(csv.DictReader(io.StringIO(gradebook(lab(), [ALICE]))))
    assert book == [{"submission": "alice", "status": "graded", "score": "1.833",
                     "max_score": "1.75", "part_a": "1.5", "part_b": "0", "part_c": "0",
                     "handler_api": "0.333", "st_proactor": "0", "bonus": "0",
                     "extra": "0.333", "failing checks": "part_a/talk"}]


@pytest.mark.parametrize("name", [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\n=1", " =1", "＝1", '",=1'])
def test_no_cell_of_the_gradebook_is_a_formula(name: str) -> None:
    text = gradebook(lab(), [replace(ALICE, submission=name)])
    [cell] = [line["submission"] for line in csv.DictReader(io.StringIO(text))]
    assert not cell.lstrip().startswith(("=", "+", "-", "@", "\t", "＝"))
    assert len(text.splitlines()) == 2


def test_the_class_table_shows_scores_and_the_first_failing_check() -> None:
    bob = Report("bob", "rejected", (row("builds", Verdict.FAIL), row("talk", Verdict.BLOCKED)), {})
    eve = report(row("builds"), row("talk", Verdict.ERROR), name="a very long name of a submission")
    table = class_table([ALICE, bob, eve, report(row("talk"))])
    assert [line.plain.rstrip() for line in table] == [
        " submission            score  part_a  extra    s  first failing",
        " alice                 1.833     1.5  0.333  1.5  talk",
        " bob                       0       0      0  1.0  rejected",
        " a very long name of…      1       1      0  1.0  ERROR talk",
        " alice                     1       1      0  0.5  –"]


def test_what_failed_most_comes_first_and_blocked_says_nothing() -> None:
    reports = [report(row("builds"), row("talk", Verdict.FAIL), row("stop", Verdict.BLOCKED)),
               report(row("builds"), row("talk", Verdict.CRASH), row("stop", Verdict.FAIL)),
               report(row("builds"), row("talk", Verdict.ERROR), row("stop"))]
    assert failed_most(reports) == [("part_a", "talk", 0, 2), ("part_a", "stop", 1, 2)]


def test_the_class_table_survives_hostile_names() -> None:
    console = Console(width=80, color_system=None)
    with console.capture() as captured:
        print_class(console, [replace(ALICE, submission=HOSTILE)])
    assert all(char == "\n" or char.isprintable() for char in captured.get())
