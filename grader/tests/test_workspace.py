"""A stranger's folder is copied without following, running or overwriting anything."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from grading.sandbox.safe_copy import printable, stays_inside
from grading.workspace import CopyLimits, Rejected, content_hash, copy_built, stage


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "handed-in"
    (folder / "part_a").mkdir(parents=True)
    (folder / "part_a" / "server.cpp").write_text("int main() {}\n")
    (folder / "Makefile").write_text("all:\n")
    return folder


@pytest.fixture
def staged(tmp_path: Path) -> Path:
    return tmp_path / "staged"


def listing(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


PLAIN = ["Makefile", "part_a", "part_a/server.cpp"]


def test_an_ordinary_folder_is_copied_as_it_is(source: Path, staged: Path) -> None:
    (source / "run.sh").write_text("#!/bin/sh\n")
    (source / "run.sh").chmod(0o4755)
    assert stage(source, staged) == []
    assert listing(staged) == [*PLAIN, "run.sh"]
    assert (staged / "part_a/server.cpp").read_text() == "int main() {}\n"
    assert (staged / "run.sh").stat().st_mode & 0o7777 == 0o755
    assert (staged / "Makefile").stat().st_mode & 0o7777 == 0o644


def test_all_times_are_equal(source: Path, staged: Path) -> None:
    os.utime(source / "Makefile", (4_000_000_000, 4_000_000_000))
    stage(source, staged)
    assert len({path.stat().st_mtime_ns for path in [staged, *staged.rglob("*")]}) == 1


@pytest.mark.parametrize("name", [
    "conftest.py", "part_a/pytest.ini", ".gdbinit", "part_a/.valgrindrc", ".clang-tidy",
    "sitecustomize.py", "a.gcda", "server.o", "libproactor.a", "lib.so", "lib.so.1.2", "server.d",
    "results/r.xml", "part_a/build/server.cpp"])
def test_left_out_with_a_note(source: Path, staged: Path, name: str) -> None:
    (source / name).parent.mkdir(exist_ok=True)
    (source / name).write_text("x")
    notes = stage(source, staged)
    assert len(notes) == 1 and notes[0].startswith(name.split("/")[0])
    assert not (staged / name).exists()


def test_left_out_without_a_note(source: Path, staged: Path) -> None:
    for folder in (".git", "part_a/.svn", "grader"):
        (source / folder).mkdir()
        (source / folder / "config").touch()
    assert stage(source, staged, leave_out={"grader"}) == []
    assert listing(staged) == PLAIN


@pytest.mark.parametrize("head", [b"\x7fELF\x02", b"!<arch>\nx", b"MZ\x90\0"])
def test_a_built_program_is_left_out(source: Path, staged: Path, head: bytes) -> None:
    (source / "part_a/server").write_bytes(head + bytes(100))
    assert stage(source, staged) == [
        "part_a/server: a program that is already built, left out"]
    assert listing(staged) == PLAIN


def test_the_build_folder_itself_is_kept(source: Path, staged: Path) -> None:
    (source / "part_a/build").mkdir()
    stage(source, staged)
    assert (staged / "part_a/build").is_dir()


@pytest.mark.parametrize("goal", ["/etc/shadow", "../outside", "part_a/../../x", "..", "a/../b",
                                  "part_a/x\ny"])
def test_a_link_that_leads_outside_is_left_out(source: Path, staged: Path, goal: str) -> None:
    (source / "link").symlink_to(goal)
    assert stage(source, staged) == ["link: a link that leads outside, left out"]
    assert listing(staged) == PLAIN


def test_a_link_that_stays_inside_is_kept_as_a_link(source: Path, staged: Path) -> None:
    (source / "part_a/Makefile").symlink_to("../Makefile")
    assert stage(source, staged) == []
    assert os.readlink(staged / "part_a/Makefile") == "../Makefile"


@pytest.mark.parametrize(("prefix", "goal", "inside"), [
    ("", "a", True), ("", "./a/b", True), ("", "..", False), ("a/", "..", True),
    ("a/", "../b", True), ("a/", "../../b", False), ("a/b/", "../../c", True),
    ("a/b/", ".././../c", True), ("a/b/", ".././../../c", False), ("", "a/..", False),
    ("a/b/", "c/../d", False), ("a/", ".hidden/../x", False), ("", "...", True),
    ("a/", "..b/c", True), ("", "/a", False), ("a/", "..//../b", False), ("a/", "b//../..", False)])
def test_stays_inside(prefix: str, goal: str, inside: bool) -> None:
    assert stays_inside(prefix, goal) is inside


def test_fifo_socket_and_device_do_not_hang(source: Path, staged: Path) -> None:
    os.mkfifo(source / "fifo")
    with socket.socket(socket.AF_UNIX) as local:
        local.bind(str(source / "socket"))
        if os.geteuid() == 0:
            os.mknod(source / "zero", 0o20666, os.makedev(1, 5))
        notes = stage(source, staged)
    assert len(notes) == 2 + (os.geteuid() == 0)
    assert all("neither a file nor a folder" in note for note in notes)
    assert listing(staged) == PLAIN


@pytest.mark.parametrize("name", ["bad\nname", "bad\x1b[2Jname", b"bad\xffname"])
def test_a_name_that_cannot_be_shown(source: Path, staged: Path, name: str | bytes) -> None:
    Path(source, os.fsdecode(name)).touch()
    (note,) = stage(source, staged)
    assert note.isprintable() and "cannot be shown" in note
    assert listing(staged) == PLAIN


def test_an_unreadable_file(source: Path, staged: Path) -> None:
    (source / "Makefile").chmod(0)
    notes = stage(source, staged)
    assert notes == ([] if os.geteuid() == 0 else ["Makefile: cannot be read, left out"])


def test_a_sparse_terabyte_is_left_out(source: Path, staged: Path) -> None:
    (source / "huge").touch()
    os.truncate(source / "huge", 1 << 40)
    assert stage(source, staged) == ["huge: larger than 16 MiB, left out"]


def test_too_many_files(source: Path, staged: Path) -> None:
    for number in range(11):
        (source / str(number)).touch()
    with pytest.raises(Rejected, match="more than 10 files"):
        stage(source, staged, CopyLimits(files=10))


def test_too_many_entries_even_if_none_is_copied(source: Path, staged: Path) -> None:
    for number in range(11):
        (source / f"{number}.o").touch()
    with pytest.raises(Rejected, match="more than 10 files and folders"):
        stage(source, staged, CopyLimits(entries=10))


def test_too_many_bytes(source: Path, staged: Path) -> None:
    for number in range(3):
        (source / str(number)).write_bytes(bytes(1 << 20))
    with pytest.raises(Rejected, match="larger than 2 MiB"):
        stage(source, staged, CopyLimits(bytes=2 << 20))


def test_too_deep(source: Path, staged: Path) -> None:
    (source / "/".join("d" * 20)).mkdir(parents=True)
    with pytest.raises(Rejected, match="deeper than 16"):
        stage(source, staged)


def test_what_was_handed_in_must_be_a_folder(source: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(source)
    for number, place in enumerate((source / "Makefile", tmp_path / "link")):
        with pytest.raises(Rejected, match="not a folder"):
            stage(place, tmp_path / f"staged{number}")


def test_many_notes_are_cut_short(source: Path, staged: Path) -> None:
    for number in range(150):
        (source / f"{number}.o").touch()
    notes = stage(source, staged)
    assert len(notes) == 101 and notes[-1] == "and 50 more"


def test_the_hash_knows_content_name_and_exec_bit(source: Path, tmp_path: Path) -> None:
    def hashed(number: int) -> str:
        stage(source, tmp_path / str(number))
        return content_hash(tmp_path / str(number))
    first = hashed(0)
    assert hashed(1) == first
    seen = {first}
    changes: list[Callable[[], object]] = [
        lambda: (source / "Makefile").chmod(0o755),
        lambda: (source / "Makefile").write_text("all: x\n"),
        lambda: (source / "Makefile").rename(source / "makefile"),
        lambda: (source / "link").symlink_to("makefile"),
        lambda: (source / "empty").mkdir()]
    for number, change in enumerate(changes):
        change()
        seen.add(hashed(2 + number))
    assert len(seen) == 6


def test_a_build_is_kept_with_its_times_and_links(source: Path, tmp_path: Path) -> None:
    (source / "part_a/server").write_bytes(b"\x7fELF")
    (source / "part_a/server").chmod(0o755)
    os.utime(source / "part_a/server", ns=(5, 5))
    (source / "server").symlink_to("part_a/server")
    (source / "evil").symlink_to("/etc/shadow")
    kept = tmp_path / "cache" / "abc"
    assert copy_built(source, kept) == ["evil: a link that leads outside, left out"]
    assert listing(kept) == ["Makefile", "part_a", "part_a/server", "part_a/server.cpp", "server"]
    assert (kept / "part_a/server").stat().st_mtime_ns == 5
    assert (kept / "part_a/server").stat().st_mode & 0o777 == 0o755
    assert os.listdir(kept.parent) == ["abc"]


def test_a_build_that_is_already_kept_stays(source: Path, tmp_path: Path) -> None:
    kept = tmp_path / "abc"
    copy_built(source, kept)
    (source / "Makefile").write_text("other")
    copy_built(source, kept)
    assert (kept / "Makefile").read_text() == "all:\n"


def test_a_failed_copy_leaves_nothing(tmp_path: Path, source: Path) -> None:
    with pytest.raises(OSError):
        copy_built(source / "missing", tmp_path / "cache" / "abc")
    assert os.listdir(tmp_path / "cache") == []


def test_printable() -> None:
    assert printable("größe.cpp") == "größe.cpp"
    assert "\x1b" not in printable("a\x1b[2J")
