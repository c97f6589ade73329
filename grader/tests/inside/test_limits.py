"""Each kind of hog costs its limit, is named, and leaves nothing behind."""

from __future__ import annotations

import errno
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from programs import await_fact, await_output, full_only, own_uid_only, shared_only
from programs import python as python_command

from grading.sandbox import BUILD, RUN, Box, Exit, Finished, open_box
from grading.sandbox.box import NR_INODES, SIZE
from grading.sandbox.limits import MIB
from grading.sandbox.namespace import Namespace

Run = Callable[..., Finished]
FORK_UNTIL_REFUSED = """
import os, signal
n = 0
try:
    while True:
        if os.fork() == 0:
            signal.pause()
        n += 1
except OSError:
    print(n, flush=True)
signal.pause()
"""
RACY_AND_LEAKY = """
#include <pthread.h>
#include <stdlib.h>
int x;
void *run(void *nothing) { ++x; return nothing; }
int main(void) {
    pthread_t t[2];
    if (!malloc(77)) return 1;
    for (int i = 0; i < 2; ++i) pthread_create(&t[i], 0, run, 0);
    for (int i = 0; i < 2; ++i) pthread_join(t[i], 0);
}
"""
SHARE = """
import os
x = bytearray(b'x') * 30_000_000
for n in range(8):
    if os.fork() == 0:
        os.read(0, 1)
        os._exit(0)
print('ready', flush=True)
for n in range(8):
    os.wait()
"""
FILL = """
import os
try:
    for n in range(10**6):
        with open(f'{folder}/{{n}}', 'wb') as file:
            file.write(bytes({size}))
except OSError as error:
    print(n, error.errno)
"""


@own_uid_only
def test_a_fork_bomb_meets_the_process_limit_and_dies(box: Box) -> None:
    limits = replace(RUN, nproc=64)
    with box.spawn(["/usr/bin/python3", "-c", FORK_UNTIL_REFUSED], limits=limits) as bomb:
        await_output(bomb, b"\n")
        assert 50 <= int(bomb.output()) <= 64
        assert 50 <= len(bomb.processes()) <= 64
        pids = bomb.processes()
    assert not any(exists(pid) for pid in pids)


def exists(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat"):
            return True
    except OSError:
        return False


def test_one_process_that_holds_too_much_memory(python: Run) -> None:
    end = python("import time\nx = bytearray(10**6)\nwhile True: x += bytes(10**6)",
                 replace(RUN, memory=100 * MIB))
    assert (end.limit_hit, end.signal) == ("memory", signal.SIGKILL)


def test_many_processes_that_hold_too_much_together(python: Run) -> None:
    end = python("import os, signal\nfor n in range(8):\n if os.fork() == 0:\n"
                 "  x = bytearray(b'x') * 20_000_000\n  signal.pause()\nsignal.pause()",
                 replace(RUN, memory=100 * MIB))
    assert end.limit_hit == "memory"


def test_shared_pages_are_counted_once(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    count = Namespace.memory

    def look(namespace: Namespace, limit: int) -> int:
        looks.append(count(namespace, limit))
        return looks[-1]
    monkeypatch.setattr(Namespace, "memory", look)
    with box.spawn(python_command(SHARE), limits=replace(RUN, memory=100 * MIB)) as program:
        await_output(program, b"ready\n")
        looks.clear()
        await_fact(program, lambda: bool(looks))
        program.close_stdin()
        assert program.wait(5) == Exit(0, None) and program.limit_hit is None
    assert 30_000_000 < looks[0] < 100 * MIB


def test_a_single_huge_allocation_fails_inside_the_program(python: Run) -> None:
    end = python("bytearray(10**11)")
    assert end.status == 1 and b"MemoryError" in end.stderr


def test_a_sanitizer_may_reserve_what_it_likes(python: Run) -> None:
    reserve = "import mmap; mmap.mmap(-1, 1 << 44, flags=mmap.MAP_PRIVATE | 0x4000)"
    assert python(reserve, RUN.for_sanitizer()).status == 0
    assert python(reserve).status == 1


@pytest.mark.parametrize(("sanitizer", "finding"), [("thread", b"data race"), ("address", b"leak")])
def test_sanitizers_work(box: Box, tmp_path: Path, sanitizer: str, finding: bytes) -> None:
    (tmp_path / "p.c").write_text(RACY_AND_LEAKY)
    box.install(tmp_path)
    assert box.run(["gcc", f"-fsanitize={sanitizer}", "-pthread", "-o", "p", "p.c"], limits=BUILD,
                   writable=True).status == 0
    end = box.run(["./p"], limits=RUN.for_sanitizer())
    assert finding in end.stderr and end.limit_hit is None


def test_500_threads_are_no_reason_to_stop(box: Box, compiled: Callable[[str], list[str]]) -> None:
    program = compiled("#include <pthread.h>\n#include <stdlib.h>\n#include <unistd.h>\n"
                       "void *run(void *x) { free(malloc(1000)); pause(); return x; }\n"
                       "int main(void) { for (int i = 0; i < 500; ++i) { pthread_t t;"
                       " if (pthread_create(&t, 0, run, 0)) return 1; } return 0; }")
    assert box.run(program, limits=RUN).status == 0


def test_a_megabyte_on_the_stack_is_no_reason_to_stop(box: Box,
                                                      compiled: Callable[[str], list[str]]) -> None:
    program = compiled("int main(int n, char **v) { volatile char x[4 << 20];"
                       " for (int i = 0; i < (int)sizeof x; i += 4096) x[i] = n;"
                       " return x[0] - n; }")
    assert box.run(program, limits=RUN).status == 0


@full_only
@pytest.mark.parametrize("folder", ["/tmp", "/dev/shm", "/home/student", "/work"])
def test_a_disk_filler_fills_its_own_box_only(folder: str) -> None:
    with Box(size=4 * MIB) as box:
        end = box.run(["/usr/bin/python3", "-c", FILL.format(folder=folder, size=500_000)],
                      limits=RUN, writable=True)
        files, number = map(int, end.stdout.split())
        assert number == errno.ENOSPC and files <= 8
        assert box.run(["echo", "works"], limits=RUN).stdout == b"works\n"


@full_only
def test_an_inode_filler_meets_the_quota() -> None:
    with Box(nr_inodes=300) as box:
        end = box.run(["/usr/bin/python3", "-c", FILL.format(folder="/tmp", size=0)], limits=RUN)
        files, number = map(int, end.stdout.split())
        assert number == errno.ENOSPC and files < 300
        assert box.run(["echo", "works"], limits=RUN).stdout == b"works\n"


def test_a_file_that_grows_too_large(box: Box) -> None:
    end = box.run(["sh", "-c", "exec dd if=/dev/zero of=$HOME/x bs=1M"],
                  limits=replace(RUN, fsize=MIB))
    assert (end.signal, end.limit_hit) == (signal.SIGXFSZ, "file size")


@pytest.mark.parametrize("command", ["yes", "yes >&2", "cat /dev/zero"])
def test_a_flood_of_output_is_cut_off(box: Box, command: str) -> None:
    end = box.run(["sh", "-c", command], limits=RUN)
    assert end.limit_hit == "output"
    assert len(end.stdout + end.stderr) == RUN.output


def test_output_up_to_the_cap_is_kept(box: Box) -> None:
    end = box.run(["head", "-c", str(RUN.output), "/dev/zero"], limits=RUN)
    assert end.limit_hit is None and len(end.stdout) == RUN.output


def test_a_sleeper_costs_its_wall_time(box: Box) -> None:
    end = box.run(["sh", "-c", "trap '' TERM INT; sleep 1000"], limits=replace(RUN, wall=0.3))
    assert end.limit_hit == "wall time" and 0.3 <= end.seconds < 3


@pytest.mark.parametrize("ignore", ["pass", "signal.signal(signal.SIGXCPU, signal.SIG_IGN)"])
def test_a_burner_costs_its_cpu_time(python: Run, ignore: str) -> None:
    end = python(f"import signal; {ignore}\nwhile True: pass", replace(RUN, cpu=1))
    assert end.limit_hit == "cpu time"


def test_open_files_are_limited(python: Run) -> None:
    end = python("import os\ntry:\n while True: n = os.dup(0)\nexcept OSError: print(n)")
    assert int(end.stdout) == RUN.nofile - 1


def test_a_limit_cannot_be_raised(python: Run) -> None:
    end = python("import resource as r; r.setrlimit(r.RLIMIT_NOFILE, (9999, 9999))")
    assert b"ValueError" in end.stderr or b"PermissionError" in end.stderr


@full_only
def test_shared_memory_is_limited(box: Box) -> None:
    assert box.run(["ipcmk", "-M", str(32 * MIB)], limits=RUN).status == 0
    assert box.run(["ipcmk", "-M", str(48 * MIB)], limits=RUN).status != 0


@own_uid_only
def test_beside_a_fork_bomb_another_program_starts(box: Box) -> None:
    limits = replace(RUN, nproc=64)
    with box.spawn(["/usr/bin/python3", "-c", FORK_UNTIL_REFUSED], limits=limits) as bomb:
        await_output(bomb, b"\n")
        with open_box() as other:
            assert other.run(["echo", "works"], limits=RUN).stdout == b"works\n"


@shared_only
@pytest.mark.parametrize(("size", "nr_inodes", "each"), [
    (4 * MIB, NR_INODES, 100_000), (SIZE, 300, 0)], ids=["bytes", "files"])
@pytest.mark.parametrize("folder", ["tmp", "home", "work"])
def test_who_fills_the_disk_is_stopped(size: int, nr_inodes: int, each: int, folder: str) -> None:
    with open_box(size=size, nr_inodes=nr_inodes) as box:
        fill = FILL.format(folder=box.work.parent / folder, size=each)
        end = box.run(["/usr/bin/python3", "-c", fill + "import signal; signal.pause()"],
                      limits=RUN, writable=True)
        assert (end.limit_hit, end.signal) == ("disk space", signal.SIGKILL)
