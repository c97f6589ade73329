"""A worker: what it may write, what is told about it, and that nothing of it survives."""

from __future__ import annotations

import itertools
import os
import secrets
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from grading.sandbox import Box, SandboxError, WorkerEnd, WorkerSpec, run_worker
from grading.sandbox.ready import readable

GRADER = Path(__file__).resolve().parents[1]


def spec(code: str, out: Path, *, slot: int = 0, wall: float = 30) -> WorkerSpec:
    return WorkerSpec(("/bin/sh", "-c", code), read_only={GRADER: Path("/run/grader")},
                      writable={out: Path("/run/out")}, slot=slot, wall_seconds=wall,
                      env={"WORD": "told"})


def alive(token: str) -> list[int]:
    """The processes of this machine that have the token on their command lines."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with suppress(OSError):
                if token.encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
    return found


def test_status_lines_and_environment(tmp_path: Path) -> None:
    lines: list[str] = []
    end = run_worker(spec("echo one; echo $WORD >&2; printf end; exit 7", tmp_path), lines.append)
    assert (end.status, end.timed_out) == (7, False)
    assert lines == ["one", "told", "end"] and end.output_tail == "one\ntold\nend"


def test_a_signal_is_a_status(tmp_path: Path) -> None:
    assert run_worker(spec("kill -SEGV $$", tmp_path)).status == 128 + signal.SIGSEGV


def test_results_leave_through_the_bound_folder_only(tmp_path: Path) -> None:
    end = run_worker(spec("echo x > /run/out/r; for f in /x /etc/x /run/grader/x /home/x; do "
                          "echo x > $f && echo wrote $f; done; true", tmp_path))
    assert (tmp_path / "r").read_text() == "x\n" and "wrote" not in end.output_tail


def test_the_hosts_tmp_and_environment_are_hidden(tmp_path: Path,
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "hidden-word")
    (tmp_path / "file").touch()
    end = run_worker(spec(f"env; ls {tmp_path.parent} /tmp", tmp_path))
    assert "hidden-word" not in end.output_tail and tmp_path.name not in end.output_tail.split()


def test_a_flood_costs_the_tail_only(tmp_path: Path) -> None:
    longest = 0

    def on_line(line: str) -> None:
        nonlocal longest
        longest = max(longest, len(line))
    end = run_worker(spec("head -c 30000000 /dev/zero; echo; echo last", tmp_path), on_line)
    assert end.output_tail.endswith("\nlast\n") and len(end.output_tail) <= 1 << 16
    assert longest <= 1 << 15


def test_time_is_up_and_all_is_dead(tmp_path: Path) -> None:
    token = secrets.token_hex(8)
    end = run_worker(spec(f"setsid sh -c 'sleep 1000; : {token}' & sleep 1000", tmp_path,
                          wall=0.3))
    assert end.timed_out and end.status == 137 and not alive(token)


def test_what_a_worker_leaves_running_dies_with_it(tmp_path: Path) -> None:
    token = secrets.token_hex(8)
    end = run_worker(spec(f"setsid sh -c 'sleep 1000; : {token}' >/dev/null 2>&1 & exit 3",
                          tmp_path))
    assert end.status == 3 and not alive(token)


def test_closed_output_is_not_the_end(tmp_path: Path) -> None:
    end = run_worker(spec("exec >&- 2>&-; read x < /proc/uptime; echo $x > /run/out/r; exit 4",
                          tmp_path))
    assert end.status == 4 and (tmp_path / "r").exists()


def test_an_interrupt_kills_everything(tmp_path: Path) -> None:
    token = secrets.token_hex(8)

    def interrupted(line: str) -> None:
        raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        run_worker(spec(f"echo up; sleep 1000; : {token}", tmp_path), interrupted)
    assert not alive(token)


def test_another_thread_can_stop_it(tmp_path: Path) -> None:
    token, stop = secrets.token_hex(8), threading.Event()
    end = run_worker(spec(f"echo up; sleep 1000; : {token}", tmp_path),
                     lambda line: stop.set(), stop)
    assert end.status == 137 and not end.timed_out and not alive(token)


def test_when_the_orchestrator_is_killed_everything_dies(tmp_path: Path) -> None:
    token = secrets.token_hex(8)
    code = (f"import sys; sys.path.insert(0, {str(GRADER)!r})\n"
            "from grading.sandbox import WorkerSpec, run_worker\n"
            f"argv = ('/bin/sh', '-c', 'echo up; sleep 1000; : {token}')\n"
            "run_worker(WorkerSpec(argv, {}, {}, 0), lambda line: print(line, flush=True))\n")
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as orchestrator:
        assert orchestrator.stdout is not None and orchestrator.stdout.readline() == b"up\n"
        ends = [os.pidfd_open(pid) for pid in alive(token) if pid != orchestrator.pid]
        assert ends
        orchestrator.kill()
    for end in ends:
        assert readable(end, 10)
        os.close(end)
    assert not alive(token)


@pytest.mark.parametrize("count", [3])
def test_workers_side_by_side_have_a_port_9034_each(tmp_path: Path, count: int) -> None:
    """Each keeps its port until all of them have one."""
    code = ("/usr/bin/python3 -c \"import os, socket\n"
            "s = socket.create_server(('127.0.0.1', 9034)); print('up', flush=True)\n"
            "os.read(os.open('/run/out/go', os.O_RDONLY), 1)\"")
    os.mkfifo(tmp_path / "go")
    go, numbers = os.open(tmp_path / "go", os.O_RDWR), itertools.count(1)

    def up(line: str) -> None:
        if next(numbers) == count:
            os.write(go, b"x" * count)
    with ThreadPoolExecutor(count) as pool:
        ends: list[WorkerEnd] = list(pool.map(
            lambda slot: run_worker(spec(code, tmp_path, slot=slot), up), range(count)))
    os.close(go)
    assert [end.status for end in ends] == [0] * count, ends


@pytest.mark.parametrize("slot", [-1, 184])
def test_a_slot_out_of_range(tmp_path: Path, slot: int) -> None:
    with pytest.raises(SandboxError, match=f"slot {slot} is not in"):
        run_worker(spec("true", tmp_path, slot=slot))


def test_a_missing_folder_is_one_clear_line(tmp_path: Path) -> None:
    end = run_worker(spec("true", tmp_path / "missing"))
    assert end.status == 1 and "missing: No such file or directory" in end.output_tail


def test_boxes_exist_in_workers_only() -> None:
    with pytest.raises(SandboxError, match="not inside a worker"):
        Box()
