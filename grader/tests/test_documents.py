"""What `make check-docs` finds: each way a document can be untrue is named in one line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from documents import clauses, generated
from sample_reports import GRADER, lab

ROOT = GRADER.parent
SPEC = clauses.read_clauses((ROOT / "docs" / "SPEC.md").read_text(encoding="utf-8"))


def test_every_clause_has_a_check_and_every_check_its_clauses() -> None:
    assert not clauses.complaints(lab(), SPEC)


def test_a_clause_that_no_check_tests_is_named() -> None:
    untested = clauses.Clause("C99", False, "**Poetry**: lines rhyme.", "The chat")
    assert clauses.complaints(lab(), [*SPEC, untested]) == ["docs/SPEC.md: no check tests C99"]


def test_a_check_of_no_clause_is_named() -> None:
    known = [clause for clause in SPEC if clause.name != "C3"]
    assert ("grader/lab.toml: order_is_kept tests C3, which is no clause of docs/SPEC.md"
            in clauses.complaints(lab(), known))


def test_the_table_has_every_clause_and_every_visible_check() -> None:
    shown = clauses.table(lab(), SPEC)
    assert all(f"**{clause.name}**" in shown for clause in SPEC)
    assert all(f"`{name}`" in shown for name in lab().checks)
    assert "| **M1** REGISTER name -> key" in shown and "| with the bonus |" in shown


def test_a_hidden_check_is_not_named() -> None:
    checks = dict(lab().checks)
    checks["order_is_kept"] = replace(checks["order_is_kept"], visibility="hidden")
    assert "order_is_kept" not in clauses.table(replace(lab(), checks=checks), SPEC)


@pytest.mark.parametrize("text, title", [
    ("**Order**: messages of one sender.", "Order"), ("`make -C part_a` builds.",) * 2,
    ("word " * 20, "word " * 11 + "word …"), ("a|b", "a\\|b"),
    ("The call `" + "x " * 40 + "` is long", "The call …")])
def test_a_clause_has_a_short_title(text: str, title: str) -> None:
    assert clauses.Clause("X1", False, text, "").title == title


def test_what_is_generated_is_complained_of_until_it_is_written(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "clauses.md"
    monkeypatch.setattr(generated, "made", lambda root: {file: "new"})
    words = ["clauses.md: not what its sources say now; make docs writes it anew"]
    assert generated.complaints(tmp_path) == words
    file.write_text("old")
    assert generated.complaints(tmp_path) == words
    generated.write(tmp_path)
    assert not generated.complaints(tmp_path)
