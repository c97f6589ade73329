"""The corpus is whole, and what the grader says of it is compared as it should be."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from accuracy import flake, page, races
from accuracy.choice import FOR_EACH_CLAUSE, cover, quick_choice
from accuracy.corpus import CONFORMING, DEFECTS, CorpusError, Entry, assemble, read_corpus
from accuracy.judged import judge
from accuracy.matrix import Matrix
from accuracy.record import record
from accuracy.run import CORPUS, ROOT
from grading.verdict import Cause, Verdict
from sample_reports import lab, report, row

ENTRIES = read_corpus(CORPUS, lab())
DEFECT = Entry(DEFECTS, "mute", Path("mute"), "says nothing", ("part_a",), ("part_a",), clause="C2",
               breaks=("C2",), cause="Nothing is sent.",
               expected={"part_a": {"talk": "FAIL|CRASH"}})


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.name for entry in ENTRIES])
def test_every_change_fits_its_base(entry: Entry, tmp_path: Path) -> None:
    assemble(entry, CORPUS, ROOT, tmp_path / "whole", lab())
    for part in entry.parts:
        assert (tmp_path / "whole" / lab().parts[part].folder / "Makefile").is_file()


def test_a_change_that_does_not_fit_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "base" / "b").mkdir(parents=True)
    (tmp_path / "base" / "b" / "f").write_text("one\n")
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "change.diff").write_text("--- a/f\n+++ b/f\n@@ -1 +1 @@\n-two\n+three\n")
    entry = dataclasses.replace(DEFECT, folder=tmp_path / "d", base="b")
    with pytest.raises(CorpusError, match="does not fit its base b"):
        assemble(entry, tmp_path, ROOT, tmp_path / "whole", lab())


@pytest.mark.parametrize("text, words", [
    ("", "KeyError"), ('title = "t"\nparts = ["part_z"]', "no part part_z"),
    ('title = "t"\nparts = ["part_a"]\nbase = "b"', "go together"),
    ('title = "t"\nparts = ["part_a"]', "says its clause"),
    ('title = "t"\nparts = ["part_a"]\nclause = "C2"\nbreaks = ["C2"]\ncause = "c"\n'
     '[part_a]\nnobody = "FAIL"', "nobody is no check of part_a"),
    ('title = "t"\nparts = ["part_a"]\nclause = "C2"\nbreaks = ["C2"]\ncause = "c"\n'
     '[part_a]\nsigint_ends_it = "FAIL"', "none of them is in `breaks`"),
    ('title = "t"\nparts = ["part_a"]\nclause = "C2"\nbreaks = ["C2"]\ncause = "c"\n'
     '[part_a]\nfan_out_reaches_everyone_else = "LOST"', "LOST is no verdict")])
def test_what_is_wrong_with_an_entry_is_said(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "defects" / "d").mkdir(parents=True)
    (tmp_path / "defects" / "d" / "expected.toml").write_text(text)
    with pytest.raises(CorpusError, match="defects/d/expected.toml: .*" + words):
        read_corpus(tmp_path, lab())


def test_a_conforming_program_may_lose_starred_checks_alone(tmp_path: Path) -> None:
    (tmp_path / "conforming" / "c").mkdir(parents=True)
    file = tmp_path / "conforming" / "c" / "expected.toml"
    head = 'title = "t"\nparts = ["part_a"]\n[part_a]\n'
    file.write_text(f'{head}serves_ipv6 = "FAIL"\n')
    assert [entry.name for entry in read_corpus(tmp_path, lab())] == ["c"]
    file.write_text(f'{head}sigint_ends_it = "FAIL"\n')
    with pytest.raises(CorpusError, match="nothing but starred checks and"):
        read_corpus(tmp_path, lab())


def test_what_is_as_expected_is_no_trouble() -> None:
    waits = row("order", Verdict.BLOCKED, cause=Cause("It waits.", blocked_by="talk"))
    unknown = row("race", Verdict.NOT_JUDGED)
    builds, talk = row("builds", Verdict.PASS), row("talk", Verdict.CRASH)
    one = judge(DEFECT, report(builds, talk, waits, unknown))
    assert one.right and one.caught and [its.name for its in one.failed] == ["talk"]


def test_a_defect_that_is_missed_and_a_check_that_should_have_passed_are_troubles() -> None:
    one = judge(DEFECT, report(row("talk", Verdict.PASS), row("order", Verdict.FAIL)))
    assert not one.right and len(one.troubles) == 2
    assert "mute: part_a/talk is PASS, not FAIL|CRASH" in one.troubles[0]
    assert "mute: part_a/order is FAIL, not PASS" in one.troubles[1]


def test_a_row_that_waits_for_an_unexpected_failure_is_a_trouble() -> None:
    waits = row("order", Verdict.BLOCKED, cause=Cause("It waits.", blocked_by="builds"))
    assert not judge(DEFECT, report(row("talk", Verdict.FAIL), waits)).right


def test_the_matrix_counts() -> None:
    right = Entry(CONFORMING, "fine", Path("fine"), "right", ("part_a",), ("part_a",))
    matrix = Matrix(lab(), [judge(DEFECT, report(row("talk", Verdict.FAIL))),
                            judge(right, report(row("talk", Verdict.FAIL)))])
    assert len(matrix.exact) == 1 and [one.entry.name for one in matrix.wronged] == ["fine"]
    assert [one.entry.name for one in matrix.killers("talk")] == ["mute"]
    assert "sigint_ends_it" in matrix.untested
    text = page.matrix_section(matrix, {"compiler": "g++"}, "1 min")
    assert "| right programs that lost something | 1 of 1 |" in text
    assert "fine: part_a/talk is FAIL, not PASS" in text


def test_a_section_is_written_anew_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "accuracy.md"
    page.put(path, "flake", "first")
    page.put(path, "matrix", "second")
    page.put(path, "flake", "third")
    text = path.read_text()
    assert "first" not in text and text.index("second") < text.index("third")


def test_verdicts_are_recorded_below_what_the_author_wrote(tmp_path: Path) -> None:
    entry = dataclasses.replace(DEFECT, folder=tmp_path)
    text = 'title = "t"\nparts = ["part_a"]\n\n[part_a]\nold = "FAIL"\n'
    (tmp_path / "expected.toml").write_text(text)
    record(judge(entry, report(row("talk", Verdict.FAIL), row("order", Verdict.TIMEOUT))))
    assert (tmp_path / "expected.toml").read_text() == (
        'title = "t"\nparts = ["part_a"]\n\n[part_a]\ntalk = "FAIL|CRASH"\norder = "TIMEOUT"\n')


def test_the_bound_is_the_rule_of_three() -> None:
    assert flake.bound(0, 6000) == ": below 0.05% with 95 % confidence"
    assert flake.bound(1, 6000) == ""


def test_the_quick_choice_has_a_defect_for_every_fifth_clause() -> None:
    clauses = {entry.clause for entry in ENTRIES if entry.kind == DEFECTS and not entry.race}
    chosen = [entry.clause for entry in quick_choice(ENTRIES) if entry.kind == DEFECTS]
    assert len(chosen) == len(set(chosen)) == -(-len(clauses) // 5) and clauses.issuperset(chosen)


def test_the_cover_leaves_no_check_and_no_clause_out() -> None:
    chosen = cover(ENTRIES)
    defects = [entry for entry in chosen if entry.kind == DEFECTS]
    failed = {check for entry in defects for its in entry.expected.values()
              for check, verdict in its.items() if "PASS" not in verdict.split("|")}
    assert {*lab().checks} <= failed and len(defects) >= 80
    for clause in {entry.clause for entry in ENTRIES if entry.kind == DEFECTS}:
        there = sum(entry.clause == clause for entry in ENTRIES)
        its = sum(entry.clause == clause for entry in defects)
        assert its >= min(there, FOR_EACH_CLAUSE), clause
    assert len(chosen) - len(defects) >= 25


def test_races_are_counted_for_defects_and_right_programs_apart() -> None:
    raced = dataclasses.replace(DEFECT, name="racy", race=True, breaks=("C13",))
    tally = races.Tally([raced, dataclasses.replace(raced, name="hidden")], seeds=2, plays=1)
    failed = report(row(races.CHECK, Verdict.FAIL))
    tally.seeded["racy"] += races.races(failed)
    assert not races.races(report(row(races.CHECK))) and not tally.good
    assert tally.found == ["racy"] and "1 of 2 defects found within 2 seeds" in tally.words
    tally.seeded["hidden"] += 1
    assert tally.good and "| hidden | 1 | 0 |" in races.section(tally)
    tally.as_played["reference"] += races.races(failed)
    assert tally.accused == ["reference"] and not tally.good
