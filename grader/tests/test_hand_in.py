"""`make submission`: what is packed, what is said of it, and that it is tried."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from grading import hand_in
from sample_reports import GRADER, lab

MAKEFILE = "all:\n\t{}\n"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A student's tree with one part, and with what is not to be handed in."""
    root = tmp_path / "tree"
    for folder in ("part_a/build", "common", "grader"):
        (root / folder).mkdir(parents=True)
    (root / "part_a" / "Makefile").write_text(MAKEFILE.format("test -f ../common/helper.h"))
    (root / "part_a" / "server").write_bytes(b"\x7fELF")
    (root / "part_a" / "build" / "server.o").touch()
    (root / "part_a" / "away").symlink_to("/etc/passwd")
    (root / "common" / "helper.h").touch()
    (root / "grader" / "lab.toml").write_text((GRADER / "lab.toml").read_text())
    (root / "grader" / "hints.toml").write_text((GRADER / "hints.toml").read_text())
    (root / "server").symlink_to("part_a/server")
    monkeypatch.setattr(hand_in, "ROOT", root)
    return root


def names(archive: Path) -> list[str]:
    with tarfile.open(archive) as packed:
        return packed.getnames()


def test_holds_the_sources_and_builds(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):  # the second time beside an archive
        assert hand_in.main(["--name", "ann"]) == 0
        assert names(tree / "submission-ann.tar.gz") == ["ann/common/helper.h",
                                                         "ann/part_a/Makefile"]
    said = capsys.readouterr().out
    assert "part_a: unpacked in an empty place, it builds" in said
    assert "part_b: not in it" in said
    assert "left out: part_a/away" in said and "server.o" not in said


def test_is_the_same_byte_for_byte(tree: Path) -> None:
    archives = []
    for _ in range(2):
        archives.append(hand_in.pack(tree, "ann", lab()).read_bytes())
    assert archives[0] == archives[1]


def test_says_that_a_part_does_not_build(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "part_a" / "Makefile").write_text(MAKEFILE.format("echo oh dear; false"))
    assert hand_in.main(["--name", "ann"]) == 1
    said = capsys.readouterr().out
    assert "part_a: make -C part_a FAILS" in said and "oh dear" in said
    assert (tree / "submission-ann.tar.gz").exists()


@pytest.mark.parametrize("name", ["", "../ann", "an n", "-x"])
def test_wants_a_name(tree: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert hand_in.main([f"--name={name}"]) == 2
    assert "make submission NAME=your_name" in capsys.readouterr().err
    assert not list(tree.glob("submission-*"))


def test_nothing_is_nothing(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / "part_a").rename(tree / "mine")
    assert hand_in.main(["--name", "ann"]) == 2
    assert "there is nothing to hand in" in capsys.readouterr().err
