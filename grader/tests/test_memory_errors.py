"""What no_memory_error_or_leak finds in a server's ordinary session, and what is not its job."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from grading.grade import grade_all
from grading.run_options import GRADER, cores, make_order
from grading.submission import Submission
from grading.verdict import CheckResult, Verdict

SAMPLE = GRADER / "samples" / "leaks_on_reset" / "part_a"
BROKEN = "leave_list(c);\n            close(c->fd);\n            return NULL;"
MENDED = BROKEN.replace("return", "free(c);\n            return")
LEAVES = "leave_list(c);\n    close(c->fd);\n    free(c);\n"
TELLS = "tell_others(c, c->line, whole);"

# name -> what stands in the mended server instead, and what is said of it; nothing: it passes
MISTAKES: dict[str, tuple[str, str, str]] = {
    "none": ("", "", ""),
    "overflow_by_one": (TELLS, "char *copy = malloc(whole);\nmemcpy(copy, c->line, whole);\n"
                        "copy[whole] = 0;\ntell_others(c, copy, whole);\nfree(copy);",
                        "heap-buffer-overflow"),
    "use_after_free_on_leaving": (LEAVES, "close(c->fd);\nfree(c);\nleave_list(c);\n",
                                  "Memory is used after it was freed"),
    "leak_on_reset": (MENDED, BROKEN, "Memory is lost"),
    "leak_per_line": (TELLS, "tell_others(c, strndup(c->line, whole), whole);", "Memory is lost"),
    # MemorySanitizer's job, which would need an instrumented C++ library
    "uninitialised": (TELLS, "char *old = malloc(8);\nif (*(volatile char *)old == 'x')\nputs(old);"
                      "\nfree(old);\n" + TELLS, ""),
}


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CheckResult]:
    """The row of each server."""
    folder = tmp_path_factory.mktemp("mistakes")
    trees = [Submission(name, make(folder / name, *MISTAKES[name][:2])) for name in MISTAKES]
    order = make_order("part_a", "no_memory_error_or_leak")
    return {report.submission: report.rows[0] for report in grade_all(order, trees, cores())}


def make(tree: Path, right: str, wrong: str) -> Path:
    """The sample's server without its own mistake, and with this one."""
    shutil.copytree(SAMPLE, tree / "part_a")
    source = tree / "part_a" / "server.c"
    text = source.read_text()
    assert BROKEN in text and right in text.replace(BROKEN, MENDED)
    source.write_text(text.replace(BROKEN, MENDED).replace(right or "\0", wrong))
    return tree


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_called_by_its_name(rows: dict[str, CheckResult], name: str) -> None:
    row, words = rows[name], MISTAKES[name][2]
    assert row.verdict is (Verdict.FAIL if words else Verdict.PASS), row.cause
    assert not words or row.cause and words in row.cause.rationale, row.cause
