"""The grader's drivers are compiled as the sheets say, whatever lies in a library's folder."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from grading.driver_steps import DRIVER_FOLDER, STEPS, library_words
from sample_reports import GRADER, lab

HEADERS = {driver: next(file for file in target.products if file.endswith((".h", ".hpp")))
           for target in lab().targets.values() for driver in target.drivers}


def compiled(tmp_path: Path, driver: str,
             products: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    (tmp_path / DRIVER_FOLDER).mkdir()
    return subprocess.run(("sh", "-c", STEPS[driver][0]), cwd=tmp_path, capture_output=True,
                          text=True, check=False, env={**os.environ, **library_words(products),
                                                       "DRIVERS": str(GRADER / "drivers")})


@pytest.mark.parametrize("driver", STEPS)
def test_no_header_of_a_library_shadows_the_systems(tmp_path: Path, driver: str) -> None:
    folder = tmp_path / "the library"  # a blank in its name is no trouble either
    folder.mkdir()
    text = (GRADER.parent / HEADERS[driver]).read_text()
    (folder / "mine.h").write_text("#include <own.h>\n" + text)
    (folder / "own.h").write_text("")
    for name in ("stdio.h", "string.h", "map", "cstring"):
        (folder / name).write_text("#error a header of the library's, not the system's\n")
    done = compiled(tmp_path, driver, ("the library/mine.h", "the library/libx.so"))
    assert done.returncode == 0, done.stderr


def test_a_header_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    done = compiled(tmp_path, "handler", ("lib/other.hpp",))
    assert done.returncode and "other.hpp" in done.stderr


def test_what_the_steps_know_of_a_library() -> None:
    assert library_words(("lib/x.h", "lib/libx.a", "out/libx.so")) == {
        "INCLUDE": "lib", "HEADER": "x.h", "STATIC": "lib/libx.a", "SHARED_FOLDER": "out",
        "SHARED": "x"}
