"""`make test`: what the shell and the student hear."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_worker import FakeSandbox, submission
from grading import hint_command, sandbox, test_command
from grading.report.result_json import read_result

ALL = ("part_a", "part_b", "part_c", "bonus")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeSandbox:
    return FakeSandbox(monkeypatch)


def this_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plan: str = "") -> Path:
    root = submission(tmp_path, "tree", *ALL, plan=plan)
    monkeypatch.setattr(test_command, "ROOT", root)
    monkeypatch.setattr(test_command, "RESULT", root / "build" / "result.json")
    return root


def test_full_marks(fake: FakeSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                    capsys: pytest.CaptureFixture[str]) -> None:
    root = this_tree(tmp_path, monkeypatch)
    (root / "part_a" / "server").write_bytes(b"\x7fELF")
    assert test_command.main([]) == 0
    shown = capsys.readouterr().out
    assert "★ Full marks ★" in shown and "100 of 100, and 20 of 20 extra" in shown
    assert "left out" not in shown, "what was built here is no news"
    assert read_result(root / "build" / "result.json").score == 120_000


def test_something_to_mend(fake: FakeSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                           capsys: pytest.CaptureFixture[str]) -> None:
    this_tree(tmp_path, monkeypatch, plan="fail order_is_kept")
    assert test_command.main([]) == 1
    assert "Mend this first: order_is_kept" in capsys.readouterr().out
    assert test_command.main(["--check", "builds"]) == 0
    assert "in the checks chosen" in capsys.readouterr().out


def test_make_hint_goes_on_where_the_card_ends(fake: FakeSandbox, tmp_path: Path,
                                               monkeypatch: pytest.MonkeyPatch,
                                               capsys: pytest.CaptureFixture[str]) -> None:
    root = this_tree(tmp_path, monkeypatch, plan="fail order_is_kept")
    monkeypatch.setattr(hint_command, "RESULT", root / "build" / "result.json")
    for level in (2, 3):
        test_command.main([])
        capsys.readouterr()
        assert hint_command.main([]) == 0
        assert f"Hint {level} of 3" in capsys.readouterr().out


def test_extra_credit_counts_only_when_asked_for(fake: FakeSandbox, tmp_path: Path,
                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    root = this_tree(tmp_path, monkeypatch)
    (root / "part_b" / "plan").write_text("fail errors_are_minus_one")
    assert test_command.main([]) == 0
    assert test_command.main(["--strict"]) == 1


def test_an_error_of_the_grader_is_no_success(fake: FakeSandbox, tmp_path: Path,
                                              monkeypatch: pytest.MonkeyPatch,
                                              capsys: pytest.CaptureFixture[str]) -> None:
    this_tree(tmp_path, monkeypatch, plan="die")
    assert test_command.main([]) == 1
    assert "That is not your fault." in capsys.readouterr().out


def test_says_why_it_cannot_grade(fake: FakeSandbox, capsys: pytest.CaptureFixture[str]) -> None:
    assert test_command.main(["--check", "nonsense"]) == 2
    assert "`make rubric` lists them" in capsys.readouterr().err
    fake.tier = sandbox.Tier.NONE
    assert test_command.main([]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "user namespaces are forbidden" in said
    assert "your OWN code can run without one: make test ARGS=--allow-unsafe" in said
