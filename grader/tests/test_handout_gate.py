"""The gate: the handout builds, earns what it states, can be solved, and gives nothing away."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from grading import sandbox
from grading.handout.command import write
from grading.handout.contents import Contents, contents
from grading.handout.markers import cut
from grading.report.result_json import read_result
from grading.verdict import Report, Verdict
from sample_reports import GRADER, lab

ROOT = GRADER.parent
TARGETS = {"all", "part_a", "part_b", "part_c", "bonus", "unit", "test", "hint", "replay", "watch",
           "rubric", "doctor", "submission", "bootstrap", "clean", "help"}
SOURCES = (".c", ".cpp", ".h", ".hpp")
NEEDS_LIBEDIT = re.compile("line_editor|terminal_console")  # the students' Makefiles do without it
OVERLAID = {path.relative_to(GRADER / "handout" / "files").as_posix()
            for path in (GRADER / "handout" / "files").rglob("*") if path.is_file()}
# Then it is enough that its programs build.
QUICKLY = bool(os.environ.get("LAB_QUICKLY"))
TRIVIAL = 25  # characters: a line of fewer says nothing


@pytest.fixture(scope="module")
def made() -> Contents:
    return contents(ROOT, lab())


@pytest.fixture(scope="module")
def texts(made: Contents) -> dict[str, str]:
    return {name: file.data.decode(errors="replace") for name, file in made.files.items()}


def written(made: Contents, place: Path) -> Path:
    """The handout on disk, with the builds of earlier runs."""
    write(made, place)
    (ROOT / "build" / "grader-cache").mkdir(parents=True, exist_ok=True)
    (place / "build").mkdir()
    (place / "build" / "grader-cache").symlink_to(ROOT / "build" / "grader-cache")
    return place


def clean_environment() -> dict[str, str]:
    """Without what the `make` around this test passes on."""
    return {key: value for key, value in os.environ.items()
            if not key.startswith(("MAKE", "MFLAGS"))}


def build(place: Path, *words: str) -> None:
    """Has make build something there."""
    made_it = subprocess.run(["make", "-j2", *words], cwd=place, check=False, text=True,
                             env=clean_environment(), stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
    assert made_it.returncode == 0, made_it.stdout[-3000:]


def graded(place: Path) -> Report:
    """What `make test` says there."""
    if sandbox.probe().tier is sandbox.Tier.NONE:
        pytest.skip("no sandbox on this machine")
    subprocess.run(["make", "test", "ARGS=--keep-objects"], cwd=place, check=False,
                   capture_output=True, timeout=1500, env=clean_environment())
    report = read_result(place / "build" / "result.json")
    slow = [line for line in causes(report) if "wall time" in line]
    assert not slow, f"a limit was met, so nothing is known; is the machine busy? {slow}"
    return report


def causes(report: Report) -> list[str]:
    """Each row in a line: how it ended, and why."""
    return [f"{row.target}/{row.name}: {row.verdict.value}"
            f" {row.cause.rationale + ' ' + row.cause.actual if row.cause else ''}"
            for row in report.rows]


def test_an_untouched_handout_earns_what_it_states(made: Contents, texts: dict[str, str],
                                                   tmp_path: Path) -> None:
    report = graded(written(made, tmp_path / "lab"))
    got = sum(row.points for row in report.rows if not row.extra)
    assert got == lab().handout.starting_score, "\n".join(causes(report))
    ends = {row.verdict for row in report.rows}
    assert ends <= {Verdict.PASS, Verdict.FAIL, Verdict.BLOCKED}, "it hangs, or it dies"
    assert f"worth {lab().handout.starting_score / 1000:g} points" in texts["README.md"]


@pytest.mark.skipif(QUICKLY, reason="`make check` plays and tests these sources elsewhere")
def test_the_reference_laid_over_it_earns_everything(made: Contents, tmp_path: Path) -> None:
    place = written(made, tmp_path / "lab")
    lay_the_reference_over(place, made)
    report = graded(place)
    assert not [line for row, line in zip(report.rows, causes(report))
                if row.verdict not in (Verdict.PASS, Verdict.NOT_JUDGED)]


def lay_the_reference_over(place: Path, made: Contents) -> None:
    for name in made.solution:
        if name.endswith(SOURCES) and not NEEDS_LIBEDIT.search(name):
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place / name)


def test_it_builds_without_a_warning_and_so_does_the_reference(made: Contents,
                                                               tmp_path: Path) -> None:
    """The same files are built once: the mark of an earlier run is enough."""
    facts = hashlib.sha256()
    for name, file in made.files.items():
        if not name.startswith("grader/"):
            facts.update(name.encode() + b"\0" + file.data + b"\0")
    for name in sorted(made.solution):
        facts.update(name.encode() + b"\0" + (ROOT / name).read_bytes() + b"\0")
    mark = ROOT / "build" / "handout-check" / facts.hexdigest()[:24]
    if mark.exists():
        return
    place = written(made, tmp_path / "lab")
    tests = [f"{folder}/build/plain/unit_tests" for folder in ("common", "part_a", "part_b")
             if not QUICKLY]
    flags = ["CXXFLAGS=-O0 -Werror", "CFLAGS=-O0 -Werror"]
    build(place, *flags, "all")
    for test in tests:
        build(place, *flags, "-C", Path(test).parts[0], "/".join(Path(test).parts[1:]))
    assert (place / "server").resolve() == place / "part_a" / "server"
    lay_the_reference_over(place, made)
    build(place, *flags, "all")
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()


# ---- nothing is given away ---------------------------------------------------------------------


def normal(line: str) -> str:
    """A line without its blanks and labels."""
    return re.sub(r"// LAB: .*|\s", "", line)


def hidden(line: str) -> str:
    """What stands for a line where lines are compared, so that no report shows one by accident."""
    return hashlib.sha256(normal(line).encode()).hexdigest()


def test_no_line_of_the_solution_is_in_it(made: Contents, texts: dict[str, str]) -> None:
    """Signatures, which stand at the left, and what stands outside of the markers, are given."""
    public = {normal(line) for name in texts
              if name.endswith(SOURCES) and (ROOT / name).is_file() and name not in OVERLAID
              for line in cut((ROOT / name).read_text(), [], name).given.splitlines()}
    given = {hidden(line): name for name, text in texts.items() for line in text.splitlines()
             if normal(line) not in public}
    leaks = [f"{name}: {line.strip()} (in {given[hidden(line)]})"
             for name, lines in made.solution.items() if name.endswith(SOURCES) for line in lines
             if line.startswith((" ", "//")) and len(normal(line)) >= TRIVIAL
             and hidden(line) in given]
    assert not leaks, "\n".join(leaks)


def test_no_sentence_of_the_solution_is_in_the_sheets(made: Contents,
                                                      texts: dict[str, str]) -> None:
    given = {normal(line) for text in texts.values() for line in text.splitlines()}
    assert not [line for name, lines in made.solution.items() if name.endswith(".md")
                for line in lines if len(normal(line)) >= TRIVIAL and normal(line) in given]


def test_it_has_no_marker_no_label_and_no_path_of_this_machine(texts: dict[str, str]) -> None:
    private = [str(ROOT), "BEGIN SOLUTION", "END SOLUTION", "NEXT HOLE"]
    assert not [(name, word) for name, text in texts.items() for word in private if word in text]
    assert not [name for name, text in texts.items()
                if not name.startswith("grader/") and "LAB: " in text]


def test_it_has_nothing_for_maintainers(made: Contents, texts: dict[str, str]) -> None:
    shown = set(re.findall(r"^([a-z_-]+):.*  ## ", texts["Makefile"], re.MULTILINE))
    assert shown <= TARGETS and {"all", "test", "submission", "help"} <= shown
    inner = ("grader/tests", "grader/samples", "grader/corpus", "grader/handout", "bench", ".ci",
             "grader/grading/handout")
    assert not [name for name in made.files if name.startswith(inner) or "hidden" in name]


def test_what_a_skeleton_names_is_there(made: Contents, texts: dict[str, str]) -> None:
    """Checks by their names in lab.toml, files by their paths, links in the sheets."""
    known = set(lab().checks)
    for name, text in texts.items():
        if name.endswith((".cpp", ".hpp")):
            flowing = re.sub(r"\n\s*// *", " ", text)
            for said in re.findall(r"Checks?: ([^.]*)\.", flowing):
                unknown = set(re.findall(r"[a-z0-9]+(?:_[a-z0-9]+)+", said)) - known
                assert not unknown, f"{name} names {unknown}"
            for path in re.findall(r"(?:common|part_[abc])/[a-z_]+\.[ch](?:pp)?", text):
                assert path in made.files or path in ("part_a/client.c", "part_a/server.c"), \
                    f"{name} names {path}"
        if name.endswith(".md"):
            for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
                target = os.path.normpath(Path(name).parent / link)
                assert target in made.files or any(path.startswith(f"{target}/") for path in
                                                   made.files), f"{name} links to {link}"
