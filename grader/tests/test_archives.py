"""Archives as submissions: no bad one stops the run, leaves its folder, or is believed."""

from __future__ import annotations

import gzip
import io
import os
import stat
import struct
import subprocess
import sys
import tarfile
import threading
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_worker import FakeSandbox, submission
from grading import run_all, sandbox
from grading.intake import looked_through
from grading.report.result_json import read_result
from grading.sandbox.safe_copy import CopyLimits, Rejected
from grading.target_worker import Order
from grading.unpacking import is_archive, outside, stem
from grading.unpacking.outside import unpack_confined
from grading.unpacking.unpack import unpack
from grading.verdict import Report
from sample_reports import GRADER, lab


ALL = ("part_a", "part_b", "part_c")
KINDS = ("zip", "tar", "tar.gz", "tar.bz2", "tar.xz")
Entry = tuple[str, bytes | str, int]  # name, content or the goal of a link, mode with its kind
FILE, LINK, FIFO = stat.S_IFREG | 0o644, stat.S_IFLNK | 0o777, stat.S_IFIFO | 0o644


def zipped(path: Path, *entries: Entry) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content, mode in entries:
            info = zipfile.ZipInfo(name)
            info.external_attr, info.compress_type = mode << 16, zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return path


def tarred(path: Path, *entries: Entry) -> Path:
    kinds = {stat.S_IFREG: tarfile.REGTYPE, stat.S_IFLNK: tarfile.SYMTYPE,
             stat.S_IFIFO: tarfile.FIFOTYPE, stat.S_IFCHR: tarfile.CHRTYPE, 0: tarfile.LNKTYPE}
    with tarfile.open(path, f"w:{path.suffix[1:]}" if path.suffix != ".tar" else "w") as archive:
        for name, content, mode in entries:
            info = tarfile.TarInfo(name)
            info.type, info.mode = kinds[stat.S_IFMT(mode)], mode & 0o777
            if isinstance(content, str):
                info.linkname = content
                archive.addfile(info)
            else:
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return path


def packed(path: Path, *entries: Entry) -> Path:
    return (zipped if path.suffix == ".zip" else tarred)(path, *entries)


def unpacked(archive: Path, limits: CopyLimits = CopyLimits()) -> tuple[dict[str, str], list[str]]:
    """Path -> content (or where a link leads), and the notes; nothing may be made outside."""
    into = archive.parent / "room" / "into"
    into.mkdir(parents=True)
    notes = unpack(archive, into, limits)
    assert os.listdir(into.parent) == ["into"]
    return {str(path.relative_to(into)): os.readlink(path) if path.is_symlink() else
            path.read_text() for path in sorted(into.rglob("*"))
            if path.is_symlink() or path.is_file()}, notes


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_in_an_archive_comes_out_of_it(tmp_path: Path, kind: str) -> None:
    archive = packed(tmp_path / f"a.{kind}", ("./p/x.c", b"int x;", FILE),
                     ("p/run.sh", b"#!/bin/sh", FILE | 0o111), ("p/link", "x.c", LINK))
    assert unpacked(archive) == ({"p/link": "x.c", "p/run.sh": "#!/bin/sh", "p/x.c": "int x;"}, [])
    assert os.access(tmp_path / "room/into/p/run.sh", os.X_OK)
    assert not os.access(tmp_path / "room/into/p/x.c", os.X_OK) or os.geteuid() == 0


@pytest.mark.parametrize("kind", ("zip", "tar"))
@pytest.mark.parametrize("name, words", [
    ("../x", "climbs out of it: ../x"), ("a/../../x", "climbs out of it"),
    ("/etc/x", "absolute path in it: /etc/x"), ("C:/x", "absolute path in it: C:/x"),
    ("a/" * 30 + "x", "nested deeper than 16"), ("../\x1b[31m", "climbs out of it: '../\\x1b[31m'")])
def test_a_path_that_leads_out_is_no_archives_to_have(tmp_path: Path, kind: str, name: str,
                                                      words: str) -> None:
    archive = packed(tmp_path / f"a.{kind}", ("good", b"", FILE), (name, b"", FILE))
    with pytest.raises(Rejected) as told:
        unpacked(archive)
    assert words in str(told.value) and "\n" not in str(told.value)
    assert os.listdir(tmp_path / "room") == ["into"]


@pytest.mark.parametrize("kind", ("zip", "tar"))
@pytest.mark.parametrize("entries, left, notes", [
    ([("l", "/etc/passwd", LINK)], {}, ["l: a link that leads outside, left out"]),
    ([("a/l", "../../x", LINK)], {}, ["a/l: a link that leads outside, left out"]),
    ([("l", "\x07", LINK)], {}, ["l: a link that leads outside, left out"]),
    # Written through the link, x would be beside the folder or in its parent.
    ([("d", "e", LINK), ("d/x", b"1", FILE)], {"d/x": "1"},
     ["d: a name that another member has, left out"]),
    ([("d", "e/f/g", LINK), ("d/l", "../x", LINK)], {"d": "e/f/g"},
     ["d/l: a name that another member has, left out"]),
    ([("f", FIFO, FIFO)], {}, ["f: neither a file nor a folder, left out"]),
    ([("a\x1bb", b"", FILE)], {},
     ["'a\\x1bb': a name with characters that cannot be shown, left out"]),
    ([("f", b"1", FILE), ("f/x", b"2", FILE)], {"f": "1"},
     ["f/x: a name that another member has, or that is too long, left out"]),
    ([("n" * 256, b"1", FILE)], {},
     [f"{'n' * 256}: a name that another member has, or that is too long, left out"]),
    ([("f", b"1", FILE), ("f", b"2", FILE)], {"f": "2"}, []),
    ([("big", b"x" * 1025, FILE), ("empty", b"", FILE)], {"empty": ""},
     ["big: larger than 0 MiB, left out"]),
])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_odd_member_is_left_out_with_a_note(tmp_path: Path, kind: str, entries: list[Entry],
                                               left: dict[str, str], notes: list[str]) -> None:
    entries = [(name, b"" if content is FIFO else content, mode) for name, content, mode in entries]
    archive = packed(tmp_path / f"a.{kind}", *entries)
    assert unpacked(archive, CopyLimits(file_bytes=1024)) == (left, notes)


def test_devices_and_hard_links_of_a_tar_are_left_out(tmp_path: Path) -> None:
    archive = tarred(tmp_path / "a.tar", ("null", b"", stat.S_IFCHR), ("hard", "/etc/passwd", 0))
    assert unpacked(archive) == ({}, [f"{name}: neither a file nor a folder, left out"
                                      for name in ("null", "hard")])


def test_a_sparse_terabyte_is_not_unpacked(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with open(tmp_path / "mine" / "huge", "wb") as file:
        file.truncate(1 << 40)
    (tmp_path / "mine" / "small").write_text("1")
    subprocess.run(("tar", "cSf", "a.tar", "mine"), cwd=tmp_path, check=True, timeout=60)
    assert unpacked(tmp_path / "a.tar") == ({"mine/small": "1"},
                                            ["mine/huge: larger than 16 MiB, left out"])


def test_what_windows_packs_has_folders_too(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", ("p/x.c", b"int x;", FILE))
    data = archive.read_bytes().replace(b"p/x.c", b"p\\x.c")
    at = data.rindex(b"PK\x01\x02")
    archive.write_bytes(data[:at + 5] + b"\0" + data[at + 6:])  # made on Windows
    assert unpacked(archive) == ({"p/x.c": "int x;"}, [])


def many_files(path: Path) -> None:
    zipped(path, *((f"f{number}", b"", FILE) for number in range(20)))


def zeros(path: Path) -> None:
    zipped(path, *((f"f{number}", b"\0" * (15 << 20), FILE) for number in range(3)))


def zeros_in_a_member_that_is_left_out(path: Path) -> None:
    with gzip.open(path, "wb", 1) as stream:
        info = tarfile.TarInfo("big")
        info.size = 64 << 20
        stream.write(info.tobuf())
        for _ in range(64):
            stream.write(b"\0" * (1 << 20))


def a_long_name_without_end(path: Path) -> None:
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 1 << 30
    with gzip.open(path, "wb", 1) as stream:
        stream.write(info.tobuf() + b"\0" * (64 << 20))


def overlapping(path: Path) -> None:
    """Three hundred members that are one and the same compressed megabyte."""
    zipped(path, ("f000", os.urandom(1 << 20), FILE))
    data = path.read_bytes()
    at = data.rindex(b"PK\x01\x02")
    entry, end = data[at:data.rindex(b"PK\x05\x06")], data[data.rindex(b"PK\x05\x06"):]
    many = b"".join(entry for _ in range(300))
    path.write_bytes(data[:at] + many + end[:8] + struct.pack("<HHL", 300, 300, len(many))
                     + end[16:])


def endless_list(path: Path) -> None:
    entry = (b"PK\x01\x02" + struct.pack("<BBHHHHHLLLHHHHHLL", 20, 3, 20, 0, 0, 0, 0, 0, 0, 0, 1,
                                         0, 0, 0, 0, FILE << 16, 0) + b"x")
    many = entry * 300_000
    path.write_bytes(many + b"PK\x05\x06" + struct.pack(
        "<HHHHLLH", 0, 0, 65535, 65535, len(many), 0, 0))


def with_password(path: Path) -> None:
    data = bytearray(zipped(path, ("x", b"secret", FILE)).read_bytes())
    data[6] |= 1
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)


def truncated(kind: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        whole = packed(path.with_name(f"whole.{kind}"), ("x", os.urandom(100_000), FILE))
        path.write_bytes(whole.read_bytes()[:50_000])
        whole.unlink()
    return make


@pytest.mark.parametrize("make, words", [
    (many_files, "There are more than 15 files and folders."),
    (zeros, "The archive unpacks to more than 200 times its own size."),
    (zeros_in_a_member_that_is_left_out, "The archive unpacks to more than 200 times"),
    (a_long_name_without_end, "The archive unpacks to more than 200 times"),
    (endless_list, "There are too many files in the archive."),
    (with_password, "The archive has a password: hand it in without one."),
    *((truncated(kind), "The archive is damaged") for kind in KINDS),
    (lambda path: path.write_bytes(b""), "This is no archive that can be unpacked here"),
    (lambda path: path.write_bytes(b"Rar!\x1a\x07\x01\0"), "This is no archive"),
    (lambda path: path.write_bytes(b"PK\x05\x06" + b"\0" * 18), "The archive is empty."),
    (lambda path: path.write_bytes(b"PK\x03\x04 and so on"), "The archive is damaged"),
    (lambda path: path.write_bytes(b"\x1f\x8b and so on"), "The archive is damaged"),
    (lambda path: path.write_bytes(b"BZh9 and so on"), "The archive is damaged"),
    (lambda path: path.write_bytes(b"\xfd7zXZ and so on"), "The archive is damaged"),
    (lambda path: path.write_bytes(gzip.compress(b"one file")), "The archive is damaged"),
])
def test_a_bad_archive_is_rejected_with_a_sentence(tmp_path: Path, make: Callable[[Path], object],
                                                   words: str) -> None:
    make(tmp_path / "a.zip")
    with pytest.raises(Rejected, match=words) as told:
        unpacked(tmp_path / "a.zip", CopyLimits(entries=15))
    sentence = str(told.value)
    assert sentence.endswith(".") and "\n" not in sentence and sentence.isprintable()


def test_one_megabyte_under_many_names_is_counted_each_time(tmp_path: Path,
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grading.unpacking.unpack.MOST_BYTES", 8 << 20)
    overlapping(tmp_path / "a.zip")
    with pytest.raises(Rejected, match="unpacks to more than 8 MiB|is damaged: Overlapped"):
        unpacked(tmp_path / "a.zip")


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
        "bad": ("rejected", 0), "bob": ("rejected", 0), "alice": ("graded", 110_000),
        **{f"s{number}": ("graded", 110_000) for number in range(len(KINDS))}}
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
    assert found["alice"].score < found["alice.zip"].score == 110_000
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
