"""How a program ends, and that nothing of it is left."""

from __future__ import annotations

import gc
import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from programs import GRACEFUL, await_output, python, stopped

from grading.sandbox import RUN, Box, Exit, SandboxError, Tier, open_box, reading, tier

DAEMON = ("import os, socket, signal\n"
          "up, say_up = os.pipe()\n"
          "if os.fork(): {then}\n"
          "os.setsid()\n"
          "if os.fork(): os._exit(0)\n"
          "s = socket.create_server(('127.0.0.1', 9034)); print('up', flush=True)\n"
          "os.write(say_up, b'x')\n"
          "while True: signal.pause()\n")


@pytest.mark.parametrize("status", [0, 1, 3, 127, 255])
def test_exit_status(box: Box, status: int) -> None:
    end = box.run(["sh", "-c", f"exit {status}"], limits=RUN)
    assert end.status == status and end.limit_hit is None


@pytest.mark.parametrize("name", ["SEGV", "ABRT", "KILL", "TERM", "PIPE", "FPE"])
def test_signal(box: Box, name: str) -> None:
    number = getattr(signal, f"SIG{name}")
    end = box.run(["sh", "-c", f"kill -{name} $$"], limits=RUN)
    assert (end.signal, end.status, end.limit_hit) == (number, 128 + number, None)


def test_a_missing_program(box: Box) -> None:
    end = box.run(["./server"], limits=RUN)
    assert end.status == 127 and b"No such file" in end.stderr


def test_what_looks_like_a_failing_sandbox_is_the_students(box: Box) -> None:
    end = box.run(["sh", "-c", "echo bwrap: failed >&2; exit 1"], limits=RUN)
    assert (end.status, end.stderr) == (1, b"bwrap: failed\n")


def test_a_failing_sandbox_is_not_the_students(box: Box) -> None:
    with pytest.raises(SandboxError, match="missing-folder"):
        box.run(["true"], limits=RUN, cwd="/missing-folder")


def test_streams_apart_and_merged(box: Box) -> None:
    argv = ["sh", "-c", "echo out; echo err >&2"]
    end = box.run(argv, limits=RUN)
    assert (end.stdout, end.stderr) == (b"out\n", b"err\n")
    end = box.run(argv, limits=RUN, merge_stderr=True)
    assert (end.stdout, end.stderr) == (b"out\nerr\n", b"")


def test_output_written_just_before_the_end_is_kept(box: Box) -> None:
    for _ in range(20):
        assert box.run(["echo", "last words"], limits=RUN).stdout == b"last words\n"


def test_a_daemon_is_dead_after_kill_and_its_port_free(box: Box) -> None:
    with box.spawn(python(DAEMON.format(then="signal.pause()")), limits=RUN) as program:
        await_output(program, b"up\n")
        pids = program.processes()
        assert len(pids) >= 2
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    with socket.socket() as again:
        again.bind(("127.0.0.1", 9034))


def test_a_daemon_dies_with_the_program_that_left_it(box: Box) -> None:
    code = DAEMON.format(then="os.read(up, 1); os._exit(5)")
    assert box.run(python(code), limits=RUN).status == 5
    with socket.socket() as again:
        again.bind(("127.0.0.1", 9034))


@pytest.mark.parametrize("target", ["-1", "0", "1"])
@pytest.mark.parametrize("number", ["KILL", "STOP", "TERM"])
def test_signals_to_everybody_stay_inside(box: Box, target: str, number: str) -> None:
    with box.spawn(python(f"import os, signal; print('x', flush=True)\n"
                          f"os.kill({target}, signal.SIG{number})\n"
                          f"print('y', flush=True)"), limits=RUN) as program:
        while program.wait(0.01) is None and not stopped(program):
            pass
        assert b"x" in program.output()
    assert box.run(["echo", "works"], limits=RUN).stdout == b"works\n"


def test_the_worker_cannot_be_signalled(box: Box) -> None:
    end = box.run(python(f"import os; os.kill({os.getpid()}, 9)"), limits=RUN)
    refused = b"ProcessLookupError" in end.stderr or b"PermissionError" in end.stderr
    assert refused or end.signal == signal.SIGKILL


@pytest.mark.parametrize("command", ["env", "prlimit", "setpriv", "sh", "bwrap"])
def test_the_pid_is_the_students_program(box: Box, command: str) -> None:
    with open_box() as box:
        with box.spawn(["/bin/bash", "-c", f"exec -a {command} sleep 100"], limits=RUN) as program:
            pid = program.pid
            assert pid in program.processes()
            with reading(pid):
                assert os.readlink(f"/proc/{pid}/exe").rpartition("/")[2] in ("bash", "sleep")


def test_a_signal_reaches_the_program(box: Box) -> None:
    with box.spawn(python(GRACEFUL), limits=RUN) as program:
        await_output(program, b"ready\n")
        program.signal(signal.SIGINT)
        assert program.wait(5) == Exit(7, None)
        assert program.output() == b"ready\nbye\n"


def test_an_early_signal_is_not_lost_on_us(box: Box) -> None:
    with box.spawn(["sleep", "100"], limits=RUN) as program:
        program.signal(signal.SIGINT)
        assert program.wait(5) == Exit(130, signal.SIGINT)


def test_input_and_its_end(box: Box) -> None:
    with box.spawn(["cat"], limits=RUN) as program:
        program.write_stdin(b"one\n")
        await_output(program, b"one\n")
        program.write_stdin(b"x" * 500_000)
        program.close_stdin()
        assert program.wait(5) == Exit(0, None)
        assert len(program.output()) == 500_004


def test_input_for_a_program_that_never_reads(box: Box) -> None:
    with box.spawn(["sleep", "0.1"], limits=RUN) as program:  # it cannot know when the pipe is full
        program.write_stdin(b"x" * 500_000)
        assert program.wait(5) == Exit(0, None)
        program.close_stdin()


def test_kill_at_once_and_again(box: Box) -> None:
    for _ in range(5):
        program = box.spawn(["sleep", "100"], limits=RUN)
        program.kill()
        program.kill()
        assert program.wait(0) == Exit(137, signal.SIGKILL)
        assert program.processes() == [] and program.filenos() == []


def test_a_closed_box_takes_its_programs_with_it() -> None:
    with open_box() as box:
        program = box.spawn(["sleep", "100"], limits=RUN)
        pid = program.pid
    assert not Path(f"/proc/{pid}").exists()


def test_no_process_descriptor_or_mount_is_left(box: Box) -> None:
    gc.collect()  # so that no descriptor of an earlier test is closed meanwhile
    processes, number, folders = running(), len(os.listdir("/proc/self/fd")), []
    for _ in range(3):
        with open_box() as other:
            folders.append(str(other.work.parent))
            other.run(["true"], limits=RUN)
            other.spawn(["sleep", "100"], limits=RUN).pid
    assert running() <= processes
    assert len(os.listdir("/proc/self/fd")) == number
    mounts = Path("/proc/self/mounts").read_text()
    assert not any(folder in mounts for folder in folders)


def running() -> set[int]:
    """Every process but the orphans that have ended: the first process reaps those some time."""
    found = set()
    for pid in (int(name) for name in os.listdir("/proc") if name.isdigit()):
        with suppress(OSError):
            stat = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
            if stat[0] not in "ZX" or int(stat[1]) == os.getpid():
                found.add(pid)
    return found


def test_a_makefile_that_kills_everybody_harms_nobody(box: Box, tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("all:\n\t@setsid sleep 1000 & kill -9 -1\n")
    box.install(tmp_path)
    assert box.run(["make"], limits=RUN, writable=True).signal == signal.SIGKILL


LEAVE_A_TREE = """
import os
os.chdir({place!r})
for n in range({depth}):
    os.mkdir('d')
    os.chdir('d')
os.makedirs({place!r} + '/closed/in_it')
os.chmod({place!r} + '/closed', 0)
print('made')
"""


@pytest.mark.parametrize("depth", [10, 1500, 3000])  # more than Python calls, than a path has
def test_a_deep_or_closed_tree_can_be_removed(depth: int) -> None:
    with open_box() as box:
        place = "/dev/shm" if tier() is Tier.REDUCED else box.scratch  # nobody else's folder
        code = LEAVE_A_TREE.format(place=place, depth=depth)
        assert box.run(python(code), limits=RUN).stdout == b"made\n"
        box.empty()
        left = Path("/dev/shm") if place == "/dev/shm" else box.tmp
        assert not list(left.iterdir())


def test_what_it_costs(box: Box) -> None:
    def median(act: Callable[[], object]) -> float:
        times = []
        for _ in range(15):
            start = time.monotonic()
            act()
            times.append(time.monotonic() - start)
        return sorted(times)[7] * 1000

    def start_and_kill() -> None:
        with box.spawn(["sleep", "100"], limits=RUN) as program:
            assert program.pid
    costs = {"run /bin/true": median(lambda: box.run(["/bin/true"], limits=RUN)),
             "spawn, find, kill": median(start_and_kill), "box": median(lambda: open_box().close())}
    line = ", ".join(f"{name} {cost:.1f} ms" for name, cost in costs.items())
    Path(os.environ["HOST_OUT"], "costs").write_text(line)
    assert max(costs.values()) < 500, line
