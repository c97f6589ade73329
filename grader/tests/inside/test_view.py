"""What a student's program sees, reads and writes: its own box and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from programs import full_only

from grading.sandbox import RUN, Box, Finished, open_box

Run = Callable[..., Finished]
# Each exists for the worker, which the tests below make sure of.
OUT = os.environ["HOST_OUT"]
GRADERS = [f"{os.environ['HOST_GRADER']}/grading/__init__.py", f"{OUT}/secret",
           f"{os.environ['HOST_OTHER']}/secret", "/etc/shadow", "/etc/hostname"]


@pytest.mark.parametrize("path", [*GRADERS, os.environ["HOST_SECRET"], "/root", "/home/lab-host"])
def test_the_graders_files_cannot_be_read(box: Box, path: str) -> None:
    end = box.run(["head", "-c", "1", path], limits=RUN)
    assert end.stdout == b""


@pytest.mark.parametrize("path", GRADERS)
def test_those_files_do_exist_outside(path: str) -> None:
    assert os.path.lexists(path)


def test_a_secret_is_not_in_the_environment_of_any_process(box: Box) -> None:
    os.environ["PYTEST_SECRET"] = "hidden-word"
    end = box.run(["sh", "-c", "cat /proc/*/environ; env"], limits=RUN)
    assert b"hidden-word" not in end.stdout and b"LAB_SANDBOX" not in end.stdout


def test_the_environment_is_small_and_the_same_for_all(box: Box) -> None:
    end = box.run(["env"], limits=RUN, env={"SEED": "7"})
    names = {line.partition(b"=")[0] for line in end.stdout.splitlines()}
    assert names - {b"PWD", b"TMPDIR"} == {b"PATH", b"HOME", b"USER", b"LANG", b"TERM",
                                           b"MALLOC_ARENA_MAX", b"SEED"}


def test_no_descriptor_is_inherited(python: Run) -> None:
    end = python("import os; print(*[n for n in range(100) if os.path.exists(f'/proc/self/fd/{n}')"
                 " and not os.readlink(f'/proc/self/fd/{n}').startswith('/proc')])")
    assert end.stdout.split() == [b"0", b"1", b"2"]


@pytest.mark.parametrize("path", ["/new", "/usr/new", "/usr/bin/g++", "/etc/passwd", "/dev/new",
                                  "/run/new", "/opt", "new", "/tmp/../new",
                                  "/proc/sys/kernel/shmall", "/home/new", "/var/new"])
def test_nothing_outside_can_be_written(box: Box, path: str) -> None:
    end = box.run(["sh", "-c", 'echo 1 > "$1"', "sh", path], limits=RUN)
    assert end.status != 0


@pytest.mark.parametrize("path", ["${TMPDIR-/tmp}/new", "${TMPDIR-/var/tmp}/new", "/dev/shm/new",
                                  "$HOME/new"])
def test_its_own_folders_can_be_written(box: Box, path: str) -> None:
    assert box.run(["sh", "-c", f'echo x > "{path}"'], limits=RUN).status == 0


def test_work_is_writable_for_a_build_only(box: Box) -> None:
    assert box.run(["touch", "new"], limits=RUN, writable=True).status == 0
    assert (box.work / "new").exists()
    assert box.run(["touch", "newer"], limits=RUN).status != 0


def test_mounts_cannot_be_made_writable(python: Run) -> None:
    end = python("import ctypes; c = ctypes.CDLL(None, use_errno=True)\n"
                 "print(c.mount(None, b'/', None, 32, None), ctypes.get_errno())")
    assert end.stdout.split() == [b"-1", b"1"]


@full_only
def test_it_sees_only_its_own_processes(python: Run) -> None:
    end = python("import os; print(*[p for p in os.listdir('/proc') if p.isdigit()], os.getpid())")
    *seen, own = end.stdout.split()
    assert sorted(seen) == sorted([b"1", own])


def test_it_has_no_rights(box: Box) -> None:
    lines = box.run(["cat", "/proc/self/status"], limits=RUN).stdout.splitlines()
    status = {name: value for name, _, value in (line.partition(b":\t") for line in lines)}
    assert {int(status[b"Cap" + kind], 16) for kind in (b"Inh", b"Prm", b"Eff", b"Amb")} == {0}
    assert status[b"NoNewPrivs"] == b"1" and status[b"Seccomp"] == b"2"
    assert b"0" not in status[b"Uid"].split() and b"0" not in status[b"Gid"].split()


@full_only
def test_two_boxes_do_not_share_files(box: Box) -> None:
    with open_box() as other:
        other.run(["sh", "-c", "echo x > /tmp/x; echo x > /dev/shm/x"], limits=RUN)
        assert box.run(["ls", "/tmp", "/dev/shm"], limits=RUN).stdout.split() == [
            b"/dev/shm:", b"/tmp:"]


def test_the_graders_own_tools_can_be_shown(box: Box, tmp_path: Path) -> None:
    (tmp_path / "tool").write_text("wrench")
    tmp_path.chmod(0o755)
    shown = {tmp_path: "/opt/tools", tmp_path / "tool": "/opt/one-tool"}
    names = [box.shown(tmp_path, "/opt/tools") + "/tool",
             box.shown(tmp_path / "tool", "/opt/one-tool")]
    end = box.run(["cat", *names], limits=RUN, extra_read_only=shown)
    assert end.stdout == b"wrenchwrench"
    assert box.run(["sh", "-c", f"echo x >> {names[1]}"], limits=RUN, writable=True).status != 0


@pytest.mark.parametrize("place", ["/work/tools", "/usr/tools", "/opt/../work", "opt"])
def test_tools_are_not_shown_where_students_can_write(box: Box, tmp_path: Path,
                                                      place: str) -> None:
    with pytest.raises(ValueError, match="not a place"):
        box.command(["true"], limits=RUN, extra_read_only={tmp_path: place})


def test_a_planted_link_is_not_written_through(box: Box, tmp_path: Path) -> None:
    (tmp_path / "answer").write_text("overwritten")
    box.run(["ln", "-s", f"{OUT}/secret", "answer"], limits=RUN, writable=True)
    before = Path(OUT, "secret").read_text()
    with pytest.raises(FileExistsError):
        box.install(tmp_path)
    assert Path(OUT, "secret").read_text() == before


@full_only
def test_the_machine_is_called_lab(box: Box) -> None:
    assert box.run(["uname", "-n"], limits=RUN).stdout == b"lab\n"


def test_another_box_is_closed(box: Box) -> None:
    with open_box() as other:
        assert other.run(["sh", "-c", "echo mine > ~/x && cat ~/x"], limits=RUN).stdout == b"mine\n"
        file = other.work.parent / "home/x"
        assert file.exists() and box.run(["cat", str(file)], limits=RUN).stdout == b""


@full_only
def test_a_shared_folder_is_there_for_every_later_command(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with open_box() as first, open_box() as second, open_box() as third:
        for box in (first, second):
            box.share(tmp_path, "/shared")
        assert first.run(["sh", "-c", "echo kept >/shared/word"], limits=RUN).status == 0
        assert second.run(["cat", "/shared/word"], limits=RUN).stdout == b"kept\n"
        assert third.run(["cat", "/shared/word"], limits=RUN).status != 0
