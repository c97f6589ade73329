"""What a program has left on a machine that it shares is gone before the next scene."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from programs import await_fact, await_output, own_uid_only, python, shared_only

from grading.keeper import sweep
from grading.observe.freeze import frozen
from grading.observe.threads import descriptors, sample_threads
from grading.sandbox import RUN, Box, Tier, descendants, open_box, tier

LEAVE = """
import ctypes, os
c = ctypes.CDLL(None, use_errno=True)
made = [c.shmget(0, 100, 0o1600), c.semget(0, 1, 0o1600), c.msgget(0, 0o1600)]
open("/dev/shm/left", "w").write("x")
os.mkdir("/dev/shm/folder"); os.mkdir("/dev/shm/folder/in_it")
if os.path.isdir("/dev/mqueue"):
    made.append(c.mq_open(b"/left", os.O_CREAT | os.O_RDWR, 0o600, None))
assert min(made) >= 0, (made, ctypes.get_errno())
"""
pytestmark = shared_only


@own_uid_only
def test_objects_and_files_are_swept_away(box: Box) -> None:
    end = box.run(python(LEAVE), limits=RUN)
    uid = box.work.stat().st_uid
    assert end.status == 0 and sweep.anything_left(uid), end.stderr
    assert Path("/dev/shm/left").exists()
    box.empty()
    assert not sweep.anything_left(uid)


@own_uid_only
def test_whoever_forks_faster_than_one_can_kill_is_killed_too(box: Box) -> None:
    """Each child forks the next and ends: no list of processes is ever up to date."""
    with box.spawn(python("import os\nwhile True:\n if os.fork(): os._exit(0)\n os.setsid()"),
                   limits=RUN) as program:
        program.wait(5)
    uid = box.work.stat().st_uid
    box.empty()
    assert not sweep.anything_left(uid)


@own_uid_only
def test_a_process_whose_main_thread_has_ended_is_still_there(
        box: Box, compiled: Callable[[str], list[str]]) -> None:
    program = compiled("#include <pthread.h>\n#include <unistd.h>\npthread_t first;\n"
                       "void *run(void *x) { pthread_join(first, 0); write(1, \"up\", 2); pause();"
                       " return x; }\n"
                       "int main(void) { pthread_t t; first = pthread_self();"
                       " pthread_create(&t, 0, run, 0); pthread_exit(0); }")
    uid = box.work.stat().st_uid
    with box.spawn(program, limits=RUN) as running:
        await_output(running, b"up")
        assert sweep.anything_left(uid)
    assert not sweep.anything_left(uid)


def test_a_box_leaves_no_folder_and_no_process() -> None:
    before = set(descendants(os.getpid()))
    with open_box() as box:
        folder = box.work.parent
        box.spawn(["sleep", "1000"], limits=RUN)
        assert folder.exists()
    assert not folder.exists() and set(descendants(os.getpid())) <= before


def test_a_program_can_be_watched_and_stopped(box: Box) -> None:
    with box.spawn(["sleep", "1000"], limits=RUN) as program:
        def asleep() -> bool:
            samples = sample_threads([program.pid]) or ()
            return bool(samples) and all(sample.asleep for sample in samples)
        await_fact(program, asleep)  # until then it has its libraries open
        assert set(descriptors(program.pid)) == {0, 1, 2}
        with frozen([program.pid]):
            assert "t" in Path(f"/proc/{program.pid}/stat").read_text().rpartition(")")[2]


@own_uid_only
def test_each_box_has_a_uid_of_its_own(box: Box) -> None:
    with open_box() as other:
        assert box.work.stat().st_uid != other.work.stat().st_uid
    assert tier() is Tier.REDUCED
