"""Archives as submissions: no bad one stops the run, leaves its folder, or is believed."""

from __future__ import annotations

import sys
import threading
import zlib
from pathlib import Path

import pytest
from archives import FILE, KINDS, LINK, Entry, packed, tarred
from fake_worker import FakeSandbox, submission
from grading import run_all, sandbox
from grading.intake import looked_through
from grading.report.result_json import read_result
from grading.sandbox.safe_copy import Rejected
from grading.target_worker import Order
from grading.unpacking import is_archive, outside, stem
from grading.unpacking.outside import unpack_confined
from grading.verdict import Report
from sample_reports import GRADER, lab

ALL = ("part_a", "part_b", "part_c", "bonus")


@pytest.mark.parametrize("name, short", [
    ("bob.zip", "bob"), ("bob.tar.gz", "bob"), ("bob.TGZ", "bob"), ("b.o.b.tar.xz", "b.o.b"),
    ("bob.rar", "bob"), ("bob.txt", "bob.txt"), ("bob.gz", "bob.gz"), (".zip", ".zip")])
def test_names_of_archives(name: str, short: str) -> None:
    assert stem(name) == short and is_archive(name) == (short != name)


def test_a_nested_folder_is_looked_through(tmp_path: Path) -> None:
    (tmp_path / "lab" / "mine" / "part_a").mkdir(parents=True)
    (tmp_path / "README").write_text("")
    (tmp_path / "__MACOSX" / "lab").mkdir(parents=True)
    assert looked_through(tmp_path, ["part_a", "part_b"]) == tmp_path / "lab" / "mine"
    (tmp_path / "lab" / "other").mkdir()
    assert looked_through(tmp_path, ["part_a"]) == tmp_path / "lab" / "mine"
    (tmp_path / "lab" / "other" / "part_a").mkdir()
    assert looked_through(tmp_path, ["part_a"]) == tmp_path, "which of the two is meant?"
    (tmp_path / "part_a").mkdir()
    assert looked_through(tmp_path, ["part_a"]) == tmp_path


def test_no_link_is_looked_through(tmp_path: Path) -> None:
    (tmp_path / "else" / "part_a").mkdir(parents=True)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "lab").symlink_to(tmp_path / "else")
    assert looked_through(tmp_path / "mine", ["part_a"]) == tmp_path / "mine"


# -- through run_all -----------------------------------------------------------------------------

def grade(folder: Path, *arguments: str) -> tuple[int, dict[str, Report]]:
    results = folder.parent / "results"
    status = run_all.main([str(folder), "-o", str(results), *arguments])
    return status, {path.parent.name: read_result(path) for path in results.glob("*/result.json")}


MAKEFILES: tuple[Entry, ...] = tuple((f"lab/{part}/Makefile", b"all:\n", FILE) for part in ALL)


def test_archives_are_graded_beside_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
                                            capsys: pytest.CaptureFixture[str]) -> None:
    FakeSandbox(monkeypatch)
    folder = submission(tmp_path / "submissions", "alice", *ALL).parent
    for number, kind in enumerate(KINDS):
        packed(folder / f"s{number}.{kind}", *MAKEFILES)
    (folder / "bad.zip").write_bytes(b"PK and so on")
    (folder / "bob.rar").write_bytes(b"Rar!")
    status, found = grade(folder)
    assert status == 0, "what is wrong with an archive is no error of ours"
    assert {name: (report.status, report.score) for name, report in found.items()} == {
        "bad": ("rejected", 0), "bob": ("rejected", 0), "alice": ("graded", 120_000),
        **{f"s{number}": ("graded", 120_000) for number in range(len(KINDS))}}
    assert found["s0"].notes == ("Everything was in the folder lab.",)
    assert found["bob"].notes[0].startswith("This is no archive that can be unpacked here")
    assert "bob" in capsys.readouterr().out


def test_two_of_one_name_are_both_graded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
                                         capsys: pytest.CaptureFixture[str]) -> None:
    FakeSandbox(monkeypatch)
    folder = submission(tmp_path / "submissions", "alice", "part_a").parent
    for name in ("alice.zip", "bob.tar", "bob.zip", "carol.zip"):
        packed(folder / name, *MAKEFILES)
    status, found = grade(folder)
    assert status == 0
    assert set(found) == {"alice", "alice.zip", "bob.tar", "bob.zip", "carol"}
    assert found["alice"].score < found["alice.zip"].score == 120_000
    shown = capsys.readouterr().out
    for name in ("alice.zip", "bob.tar", "bob.zip"):
        assert f"{name} goes by its whole name: something else is called {stem(name)}\n" in shown


# -- in the sandbox ------------------------------------------------------------------------------

def confined(archive: Path, tier: sandbox.Tier = sandbox.Tier.FULL) -> tuple[Path, list[str]]:
    order = Order(lab(), GRADER, sys.executable, archive.parent, {}, {}, (), tier=tier)
    return unpack_confined(order, archive, archive.parent / "out", 0, threading.Event())


@pytest.mark.parametrize("tier", sandbox.Tier)
def test_it_is_unpacked_in_a_sandbox(tmp_path: Path, tier: sandbox.Tier) -> None:
    archive = packed(tmp_path / "a.tar.gz", *MAKEFILES, ("l", "/etc", LINK))
    tree, notes = confined(archive, tier)
    assert (tree / "lab" / "part_a" / "Makefile").read_text() == "all:\n"
    assert notes == ["l: a link that leads outside, left out"]


def test_memory_is_bounded_while_it_is_unpacked(tmp_path: Path) -> None:
    archive = tarred(tmp_path / "a.tar.xz", *MAKEFILES)
    data = bytearray(archive.read_bytes())
    assert data[14:16] == b"\x21\x01", "LZMA2, one byte of properties"
    data[16] = 40  # a dictionary of 4 GiB
    data[20:24] = zlib.crc32(data[12:20]).to_bytes(4, "little")
    archive.write_bytes(data)
    with pytest.raises(Rejected, match="The archive needs too much memory to be unpacked."):
        confined(archive)


def test_an_archive_that_is_too_large_is_not_even_read(tmp_path: Path) -> None:
    with open(tmp_path / "a.zip", "wb") as file:
        file.truncate(outside.MOST_PACKED + 1)
    with pytest.raises(Rejected, match="larger than 256 MiB"):
        confined(tmp_path / "a.zip")


@pytest.mark.parametrize("end, raised", [
    (sandbox.WorkerEnd(137, "", True), Rejected), (sandbox.WorkerEnd(152, "", False), Rejected),
    (sandbox.WorkerEnd(1, "no such option", False), sandbox.SandboxError)])
def test_who_is_to_blame_when_unpacking_ends_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                   end: sandbox.WorkerEnd,
                                                   raised: type[Exception]) -> None:
    monkeypatch.setattr(sandbox, "run_worker", lambda *_, **__: end)
    with pytest.raises(raised):
        confined(packed(tmp_path / "a.zip", *MAKEFILES))
