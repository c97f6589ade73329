"""What `make check-docs` finds: each way a document can be untrue is named in one line."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from documents import clauses, commands, generated, labels, links, names
from documents.document import Document, Piece, read_documents
from grading.handout.contents import contents
from sample_reports import GRADER, lab

ROOT = GRADER.parent
SPEC = clauses.read_clauses((ROOT / "docs" / "SPEC.md").read_text(encoding="utf-8"))


def test_every_clause_has_a_check_and_every_check_its_clauses() -> None:
    assert not clauses.complaints(lab(), SPEC)


def test_a_clause_that_no_check_tests_is_named() -> None:
    untested = clauses.Clause("C99", "**C99** Poetry", "The chat")
    assert clauses.complaints(lab(), [*SPEC, untested]) == ["docs/SPEC.md: no check tests C99"]


def test_a_check_of_no_clause_is_named() -> None:
    known = [clause for clause in SPEC if clause.name != "C3"]
    assert ("grader/lab.toml: order_is_kept tests C3, which is no clause of docs/SPEC.md"
            in clauses.complaints(lab(), known))


def test_the_table_has_every_clause_and_every_visible_check() -> None:
    shown = clauses.table(lab(), SPEC)
    assert all(f"**{clause.name}**" in shown for clause in SPEC)
    assert all(f"`{name}`" in shown for name in lab().checks)


def test_a_hidden_check_is_not_named() -> None:
    checks = dict(lab().checks)
    checks["order_is_kept"] = replace(checks["order_is_kept"], visibility="hidden")
    assert "order_is_kept" not in clauses.table(replace(lab(), checks=checks), SPEC)


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


def test_the_rubric_of_a_sheet_counts_each_check_once() -> None:
    shown = clauses.rubric(lab(), SPEC, "part_b")
    assert shown.splitlines()[0] == "| clause | checks | libproactor | libst_proactor |"
    assert shown.splitlines()[-1] == "|  | together | 25 +0.35 | +4 |"
    assert shown.count("`bytes_pass_unchanged`") == 1


def test_only_what_is_between_the_marks_is_generated() -> None:
    marks = "<!-- rubric: made by make docs -->\n{}<!-- end of the rubric -->"
    before = "# Sheet\n" + marks.format("old\n") + "\nThe end.\n"
    after = "# Sheet\n" + marks.format("\nnew \\1\n\n") + "\nThe end.\n"
    assert generated.with_block(before, "new \\1") == after
    assert generated.with_block(after, "new \\1") == after


def test_a_document_is_taken_apart(tmp_path: Path) -> None:
    text = "# Head\none `a\nb` two\n\n- item\n  goes on\n- next\n```sh\nls\n\nps\n```\nlast\n"
    (tmp_path / "a.md").write_text(text)
    assert read_documents(tmp_path) == [Document("a.md", (
        Piece(1, "# Head one `a b` two"), Piece(5, "- item goes on"), Piece(7, "- next"),
        Piece(8, "ls\n\nps", "sh"), Piece(13, "last")))]


def document(tmp_path: Path, text: str) -> list[Document]:
    (tmp_path / "README.md").write_text(text)
    return read_documents(tmp_path)


@pytest.mark.parametrize("source, text, wrong", [
    ("x(); // LAB: here", "see `part_a/s.cpp (here)`", []),
    ("x(); // LAB: here\ny(); // LAB: too", "`part_a/s.cpp (here)`, and `(too)`", []),
    ("x();", "see `part_a/s.cpp (here)`", ["README.md:1: part_a/s.cpp has no // LAB: here"]),
    ("x(); // LAB: here", "a\n\nsee `(here)`", [
        "README.md:3: ? has no // LAB: here", "part_a/s.cpp: no document names its // LAB: here"]),
    ("x(); // LAB: here", "", ["part_a/s.cpp: no document names its // LAB: here"])])
def test_labels_are_named_and_there(tmp_path: Path, source: str, text: str,
                                    wrong: list[str]) -> None:
    (tmp_path / "part_a").mkdir()
    (tmp_path / "part_a" / "s.cpp").write_text(source)
    assert labels.complaints(tmp_path, document(tmp_path, text)) == wrong


@pytest.mark.parametrize("text, wrong", [
    ("[a](b/c.md#the-end) ![p](README.md) `c.md` `b/c.md (label)` [w](https://x.org/y)", []),
    ("[a](b/d.md)", ["README.md:1: the link b/d.md leads nowhere"]),
    ("[a](b/c.md#end)", ["README.md:1: b/c.md has no heading #end"]),
    ("[a](#end)", ["README.md:1: README.md has no heading #end"]),
    ("![](README.md)", ["README.md:1: the picture README.md has no words for who cannot see it"]),
    ("`d.md`", ["README.md:1: there is no file d.md"]),
    ("`a/c.md (label)`", ["README.md:1: there is no file a/c.md"])])
def test_links_lead_somewhere(tmp_path: Path, text: str, wrong: list[str]) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c.md").write_text("# The end\n")
    assert links.complaints(tmp_path, document(tmp_path, text)) == wrong


def test_a_picture_is_small_and_shown(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.png").write_bytes(b"small")
    assert not links.complaints(tmp_path, document(tmp_path, "![a](images/a.png)"))
    assert links.complaints(tmp_path, document(tmp_path, "")) == [
        "images/a.png: no document shows it"]
    (tmp_path / "images" / "a.png").write_bytes(b"large" * (1 << 16))
    assert links.complaints(tmp_path, document(tmp_path, "![a](images/a.png)")) == [
        "images/a.png: more than 150 KiB"]


def test_what_students_get_has_no_dead_links(tmp_path: Path) -> None:
    for name, file in contents(ROOT, lab()).files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(file.data)
    sheets = read_documents(tmp_path)
    assert "part_a/README.md" in [sheet.name for sheet in sheets]
    assert not links.complaints(tmp_path, sheets)


MAKEFILE = "all: a\na:\n\t@touch a\nfails:\n\t@echo oh no; false\n"


@pytest.mark.parametrize("text, wrong", [
    ("`make a`", []), ("`make PART=x a -j4`", []), ("`make it so`", [
        "README.md:1: make has no target it", "README.md:1: make has no target so"]),
    ("```console\n$ cd sub && make -C x; ./gone | cat # ; what\nanswer\n```", [
        "README.md:1: make -C x: there is no Makefile", "README.md:1: there is no program ./gone"]),
    ("```sh\nmake a\ntest -e a\n```", []),
    ("```sh\nmake fails\necho still\n```", ["README.md:1: status 2: "]),
    ("```sh\ncat\nexit 3\n```", ["README.md:1: status 3: nothing was said"])])
def test_commands_work(tmp_path: Path, text: str, wrong: list[str]) -> None:
    (tmp_path / "Makefile").write_text(MAKEFILE)
    (tmp_path / "sub").mkdir()
    found = commands.complaints(tmp_path, document(tmp_path, text))
    assert len(found) == len(wrong) and all(map(str.startswith, found, wrong))
    assert not (tmp_path / "a").exists(), "what is tried is tried in a copy"


@pytest.mark.parametrize("text, wrong", [
    ("`order_is_kept`, `send_all()`, `one_word`, `Not_ours`, `make test T=client_* PART=part_a`",
     []),
    ("`order_was_kept`", ["nothing is called order_was_kept"]),
    ("```console\n$ make test T=order_*_lost PART=part_z\n```", [
        "T=order_*_lost: there is none so called", "PART=part_z: there is none so called"]),
    ("`make rubric PROFILE=one_server`", []),
    ("`make rubric PROFILE=none`", ["PROFILE=none: there is none so called"])])
def test_names_are_names_of_something(tmp_path: Path, text: str, wrong: list[str]) -> None:
    (tmp_path / "grader").mkdir()
    shutil.copy(GRADER / "lab.toml", tmp_path / "grader")
    shutil.copy(GRADER / "hints.toml", tmp_path / "grader")
    (tmp_path / "common").mkdir()
    (tmp_path / "common" / "a.cpp").write_text("send_all(one_word);")
    found = names.complaints(tmp_path, lab(), document(tmp_path, text))
    assert found == [f"README.md:1: {words}" for words in wrong]


def test_a_tree_that_does_not_build_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("all:\n\t@echo broken >&2; false\n")
    assert len(commands.complaints(tmp_path, document(tmp_path, "```sh\nls\n```"))) == 1
