"""What comes out of an archive: nothing outside, nothing odd, and nothing of a bad one."""

from __future__ import annotations

import gzip
import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from archives import (
    FIFO, FILE, KINDS, LINK, Entry, a_long_name_without_end, endless_list, many_files, overlapping,
    packed, tarred, truncated, with_password, zeros, zeros_in_a_member_that_is_left_out, zipped)
from grading.sandbox.safe_copy import CopyLimits, Rejected
from grading.unpacking.unpack import unpack


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
    ("a/" * 30 + "x", "nested deeper than 16"),
    ("../\x1b[31m", "climbs out of it: '../\\x1b[31m'")])
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
    ([("f", b"", FIFO)], {}, ["f: neither a file nor a folder, left out"]),
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


def test_one_megabyte_under_many_names_is_counted_each_time(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grading.unpacking.unpack.MOST_BYTES", 8 << 20)
    overlapping(tmp_path / "a.zip")
    with pytest.raises(Rejected, match="unpacks to more than 8 MiB|is damaged: Overlapped"):
        unpacked(tmp_path / "a.zip")
