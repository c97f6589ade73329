"""`make replay`: which scene is played, and what is said when it ends otherwise than before."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import asdict
from pathlib import Path

import pytest
from fake_worker import FakeSandbox, submission
from grading import replay, replay_command
from grading.lab import Lab
from grading.report.result_json import write_result
from grading.run_options import GRADER, make_order
from grading.source_files import source_files
from grading.submission import find_submissions
from grading.target_worker import Order, TargetResult
from grading.transcript import SCENES
from grading.verdict import CheckResult, Event, Verdict
from sample_reports import SCENE, lab, report, row

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib  # type: ignore[no-redef]

# Scenes of one sample that are played: each takes a second or two.
MOST_OF_ONE = 1 if os.environ.get("LAB_QUICKLY") else 4
ORDER, FAN_OUT = "order_is_kept", "fan_out_reaches_everyone_else"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This tree, graded by a fake sandbox in which everything passes."""
    FakeSandbox(monkeypatch)
    root = submission(tmp_path, "tree", "part_a", "part_b", "part_c")
    monkeypatch.setattr(replay_command, "ROOT", root)
    monkeypatch.setattr(replay_command, "RESULT", root / "build" / "result.json")
    return root


def graded(root: Path, *rows: CheckResult) -> None:
    """The last result, newer than every file of the tree."""
    for path in source_files(root, lab()):
        os.utime(root / path, ns=(0, 0))
    write_result(root / "build" / "result.json", report(*rows))


def replayed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert replay_command.main([*arguments, "--pace", "0"]) == 0
    return capsys.readouterr().out


def test_without_a_name_the_first_thing_to_mend_is_played(
        tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graded(tree, row("builds"), row(ORDER, Verdict.FAIL, target="part_c", scene=SCENE))
    assert f" {ORDER} on part_c\n" in replayed(capsys)


def test_of_several_targets_the_failing_one_is_played_unless_asked_otherwise(
        tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert f" {ORDER} on part_a\n" in replayed(capsys, "--check", ORDER)
    graded(tree, row(ORDER), row(ORDER, Verdict.FAIL, target="st_proactor"))
    assert f" {ORDER} on st_proactor\n" in replayed(capsys, "--check", ORDER)
    assert f" {ORDER} on part_c\n" in replayed(capsys, "--check", ORDER, "--part", "part_c")
    assert f" {ORDER} on part_b\n" in replayed(capsys, "--check", ORDER, "--part", "part_b")


def test_a_scene_that_failed_before_and_passes_now_is_shown_as_recorded(
        tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graded(tree, row(ORDER, Verdict.FAIL, scene=SCENE))
    shown = replayed(capsys, "--check", ORDER)
    assert f"✓ {ORDER} passes." in shown and "FLAKY: it failed in the last make test" in shown
    assert "Cid       never came: <1f2e> from Ann" in shown


def test_what_was_changed_since_is_no_chance(tree: Path,
                                             capsys: pytest.CaptureFixture[str]) -> None:
    graded(tree, row(ORDER, Verdict.FAIL, scene=SCENE))
    os.utime(tree / "part_a" / "Makefile", ns=(2**62, 2**62))
    shown = replayed(capsys, "--check", ORDER)
    assert "you have changed part_a/Makefile since" in shown and "never came" not in shown


@pytest.mark.parametrize("arguments, words", [
    ((), "nothing has been graded yet: make test does it\n"),
    (("--check", "nonsense"), "no check is named nonsense; make rubric lists them\n"),
    (("--check", "sig*_it"),
     "sig*_it fits several, choose one:\n  sigint_ends_it\n  sigterm_ends_it\n"),
    (("--check", ORDER, "--part", "part_z"),
     "no part part_z; there are part_a, part_b, part_c, bonus\n"),
    (("--check", "one_process", "--part", "part_c"),
     "one_process is not asked of part_c, but of part_a\n"),
    (("--check", ORDER, "--seed", "5"),
     "SEED says how threads take turns in no_data_race; order_is_kept has no seed\n"),
    (("--submission", "/nowhere"), "/nowhere is no folder\n"),
    (("--submission", "/usr"), "say with T=name what to play of another folder\n"),
])
def test_what_cannot_be_is_told(tree: Path, capsys: pytest.CaptureFixture[str],
                                arguments: tuple[str, ...], words: str) -> None:
    assert replay_command.main(list(arguments)) == 2
    assert capsys.readouterr().err == f"make replay: {words}"


@pytest.mark.parametrize("pace", ["x", "-1", "nan", "61"])
def test_a_pace_that_is_none_is_told(tree: Path, capsys: pytest.CaptureFixture[str],
                                     pace: str) -> None:
    with pytest.raises(SystemExit) as end:
        replay_command.main(["--check", ORDER, f"--pace={pace}"])
    assert end.value.code == 2
    assert "PACE has to be a number of seconds from 0 to 60" in capsys.readouterr().err


def test_a_seed_that_is_none_is_told(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        replay_command.main(["--check", "no_data_race", "--seed=-1"])
    assert end.value.code == 2
    assert "SEED has to be a whole number" in capsys.readouterr().err


def test_a_part_that_is_not_there_is_told(tree: Path, tmp_path: Path,
                                          capsys: pytest.CaptureFixture[str]) -> None:
    other = submission(tmp_path, "other", "part_a")
    assert replay_command.main(["--submission", str(other), "--check", "works_from_c"]) == 2
    assert "part_b was not handed in" in capsys.readouterr().err


def test_the_scene_does_not_wait_for_whoever_looks_on(monkeypatch: pytest.MonkeyPatch,
                                                      tmp_path: Path) -> None:
    """The check has ended while its first event is still being shown:
    no pace can change its end."""
    ended = threading.Event()

    def plays(order: Order, target: str, staged: Path, folder: Path, slot: int,
              stop: threading.Event) -> TargetResult:
        (folder / target).mkdir()
        events = "".join(json.dumps(asdict(event)) + "\n" for event in SCENE)
        (folder / target / SCENES).write_text(events)
        ended.set()
        return TargetResult([row(ORDER)])

    monkeypatch.setattr(replay, "play_target", plays)
    seen: list[Event] = []

    def slowly(event: Event, more: int) -> None:
        assert more == len(SCENE) - len(seen) - 1
        assert ended.wait(20), "the scene waits for the view"
        seen.append(event)

    root = submission(tmp_path, "tree", "part_a")
    result = replay.play(make_order("", "*"), root, ORDER, "part_a", slowly)
    assert tuple(seen) == SCENE and result.rows == [row(ORDER)]


# ---- with programs -----------------------------------------------------------------------------


def failing_in_samples() -> list[tuple[str, str, str]]:
    """(sample, target, check): some for each sample, each check once, by its expected.toml."""
    known: Lab = lab()
    found: dict[str, tuple[str, str, str]] = {}
    for sample in find_submissions(GRADER / "samples")[0]:
        expected = tomllib.loads((sample.root / "expected.toml").read_text())
        if expected.get("profile"):
            continue
        for target, rows in expected.items():
            for check, verdict in rows.items() if target in known.targets else ():
                here = sum(sample.name == other for other, _, _ in found.values())
                if verdict not in ("BLOCKED", "PASS") and here < MOST_OF_ONE:
                    found.setdefault(check, (sample.name, target, check))
    return list(found.values())


@pytest.mark.parametrize("sample, target, check", failing_in_samples())
def test_the_scene_of_a_failing_sample_can_be_seen(capsys: pytest.CaptureFixture[str], sample: str,
                                                   target: str, check: str) -> None:
    shown = replayed(capsys, "--submission", str(GRADER / "samples" / sample), "--check", check,
                     "--part", target)
    scene, _, verdict = shown.partition(f": {check}\n")
    assert f"{target}, " in verdict, "the verdict follows the scene"
    if "What the build said" in scene:
        assert check.startswith("builds") or "error: " in scene, scene
    else:
        assert len([line for line in scene.splitlines() if line[4:5] == "."]) >= 2, scene
