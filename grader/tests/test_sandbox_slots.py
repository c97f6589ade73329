"""Two graders on one machine never run students' programs under the same uid."""

import os
import signal
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest
from grading.sandbox.folder_box import FolderBox
from grading.sandbox.mode import FIRST_UID, MAX_SLOTS, SandboxError
from grading.sandbox.shared_boxes import alone
from grading.sandbox.slots import free_slot, slot_of_its_own, taken

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives away uids")


def test_the_slot_wished_for_is_given_while_it_is_free(tmp_path: Path) -> None:
    for _ in range(2):
        with slot_of_its_own(5, tmp_path) as slot:
            assert slot == 5


def test_a_second_grader_is_given_the_next(tmp_path: Path) -> None:
    with slot_of_its_own(5, tmp_path) as first, slot_of_its_own(5, tmp_path) as second:
        assert (first, second) == (5, 6)


def test_behind_the_last_comes_the_first(tmp_path: Path) -> None:
    with slot_of_its_own(MAX_SLOTS - 1, tmp_path), slot_of_its_own(MAX_SLOTS - 1, tmp_path) as slot:
        assert slot == 0


def test_when_all_are_taken_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grading.sandbox.slots.MAX_SLOTS", 1)
    with slot_of_its_own(0, tmp_path), pytest.raises(SandboxError, match="in use"):
        with slot_of_its_own(0, tmp_path):
            pass


def test_a_slot_can_be_taken_once_until_it_is_given_back(tmp_path: Path) -> None:
    first = taken(7, tmp_path)
    assert first is not None and taken(7, tmp_path) is None
    os.close(first)
    again = taken(7, tmp_path)
    assert again is not None
    os.close(again)


def test_two_folders_of_boxes_have_no_uid_in_common(tmp_path: Path,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    uids = []
    with ExitStack() as boxes:
        for name in ("one", "other"):
            monkeypatch.setenv("LAB_SANDBOX", f"reduced:{tmp_path / name}")
            uids.append(boxes.enter_context(FolderBox()).work.stat().st_uid)
    assert len(set(uids)) == 2


@pytest.mark.parametrize("in_use", [False, True])
def test_what_a_killed_run_has_left_is_ended_unless_another_has_its_uid(tmp_path: Path,
                                                                        in_use: bool) -> None:
    slot, lock = free_slot(range(MAX_SLOTS // 2, 0, -1))
    uid = FIRST_UID + slot
    work = tmp_path / "boxes" / "1" / "work"
    work.mkdir(parents=True)
    os.chown(work, uid, uid)
    with subprocess.Popen(("cat",), user=uid, group=uid, extra_groups=(), cwd="/",
                          stdin=subprocess.PIPE) as left_over:
        if not in_use:
            os.close(lock)
        with alone(tmp_path / "boxes", 10):
            assert not work.exists()
    assert left_over.returncode == (0 if in_use else -signal.SIGKILL)
    if in_use:
        os.close(lock)
