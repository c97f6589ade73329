"""Two graders on one machine never run students' programs under the same uid."""

import os
from pathlib import Path

import pytest
from grading.sandbox.mode import MAX_SLOTS, SandboxError
from grading.sandbox.slots import slot_of_its_own

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
