"""Who may include whom: the rules of the house, each with an include that breaks it."""

from __future__ import annotations

from pathlib import Path

import pytest
from lint_includes import complaint, complaints


@pytest.mark.parametrize("path, included", [
    ("part_a/session.cpp", "common/room.hpp"), ("part_a/tests/a_test.cpp", "part_a/session.hpp"),
    ("part_c/main.cpp", "part_b/proactor.h"), ("part_b/proactor_c.cpp", "common/room.hpp"),
    ("bonus/server.cpp", "common/error.hpp"), ("grader/drivers/d.c", "proactor.h")])
def test_what_is_allowed(tmp_path: Path, path: str, included: str) -> None:
    file = tmp_path / included
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("")
    assert complaint(path, included, tmp_path) == ""


@pytest.mark.parametrize("path, included, words", [
    ("common/room.cpp", "part_a/session.hpp", "common may not"),
    ("part_a/session.cpp", "part_c/session.hpp", "part_a may not"),
    ("part_c/main.cpp", "part_b/proactor.hpp", "part_c may not"),
    ("part_b/proactor.cpp", "common/room.hpp", "knows nothing of chat"),
    ("part_b/proactor.h", "part_b/session.hpp", "a facade includes nothing"),
    ("part_b/session.cpp", "../common/room.hpp", "climbs"),
    ("part_b/session.cpp", "part_b/nowhere.hpp", "no such file"),
    ("bonus/server.cpp", "common/room.hpp", "bonus may not"),
    ("grader/drivers/d.c", "part_b/proactor.hpp", "grader may not")])
def test_what_is_not(tmp_path: Path, path: str, included: str, words: str) -> None:
    for file in (tmp_path / "common/room.hpp", tmp_path / "part_b/session.hpp"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    assert words in complaint(path, included, tmp_path)


def test_each_complaint_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "common").mkdir()
    (tmp_path / "common" / "a.cpp").write_text('#include <vector>\n  #  include "part_a/x.hpp"\n')
    assert complaints(tmp_path) == ['common/a.cpp:2: "part_a/x.hpp": common may not include it']
