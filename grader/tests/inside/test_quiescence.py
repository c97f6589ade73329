"""Inside a worker: a server that answers late, in whatever way, has not settled before."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest
from programs import full_only
from grading.chat_stage import ChatStage
from grading.program import Program
from grading.sandbox import RUN, Box, fresh_network, open_box
from grading.transcript import Transcript

# Relays a line to everybody else after a delay that it spends in one of several ways. That a
# program lets time pass is what is tested here; the tests wait for what the stage says.
SERVER = r"""
import select, socket, sys, threading, time
how, delay = sys.argv[1], float(sys.argv[2])
listener = socket.create_server(("", 9034)); clients = []
def spend():
    if how == "sleep": time.sleep(delay)
    if how == "select": select.select([], [], [], delay)
    if how == "compute":
        end = time.monotonic() + delay
        while time.monotonic() < end: pass
    if how == "thread":
        worker = threading.Thread(target=time.sleep, args=(delay,)); worker.start(); worker.join()
if how in ("tick", "postman"):
    waiting = []
    pause = threading.Event().wait if how == "tick" else time.sleep
    def relay():
        while True:
            pause(max(delay, 0.001))
            while waiting:
                me, line = waiting.pop(0)
                for other in clients:
                    if other is not me: other.sendall(line)
    threading.Thread(target=relay, daemon=True).start()
def serve(me):
    for line in me.makefile("rb"):
        if how in ("tick", "postman"):
            waiting.append((me, line))
            continue
        spend()
        for other in clients:
            if other is not me and how != "silent": other.sendall(line)
if how == "housekeeping":
    def tidy():
        while True: time.sleep(0.02)
    threading.Thread(target=tidy, daemon=True).start()
while True:
    client, _ = listener.accept(); clients.append(client)
    threading.Thread(target=serve, args=(client,), daemon=True).start()
"""


@pytest.fixture
def box() -> Iterator[Box]:
    fresh_network()
    with open_box() as made:
        yield made


def _stage(box: Box, how: str, delay: float) -> ChatStage:
    transcript = Transcript()
    command = ("python3", "-c", SERVER, how, str(delay))
    program = Program(box.spawn(command, limits=RUN), command, transcript)
    stage = ChatStage(program, transcript)
    assert stage.until(lambda: 9034 in program.listening_ports())
    stage.port = 9034
    return stage


@pytest.mark.parametrize("how", ["sleep", "select", "compute", "thread", "housekeeping", "tick"])
@pytest.mark.parametrize("delay", [0.0, 0.03, 0.15])
def test_what_comes_late_is_waited_for(box: Box, how: str, delay: float) -> None:
    stage = _stage(box, how, delay)
    clients = stage.join(3)
    for speaker in clients:
        stage.say(speaker)
    stage.close()


def test_a_queue_that_is_looked_into_now_and_then_is_waited_for(box: Box) -> None:
    """The relaying thread waits in a call with a time limit, and nobody wakes it before."""
    stage = _stage(box, "tick", 0.6)
    stage.say(stage.join(2)[0])
    stage.close()


def test_who_was_idle_for_long_may_have_found_work(box: Box) -> None:
    """The relaying thread sleeps again and again with nothing to do, before there is a line."""
    stage = _stage(box, "postman", 0.05)
    ann, bob = stage.join(2)
    for speaker in (ann, bob):
        assert not stage.until(lambda: False)  # it has woken, and done nothing
        stage.say(speaker)
    stage.close()


@pytest.mark.parametrize("how", ["silent", "sleep"])
def test_what_never_comes_is_not_waited_for_by_the_clock(box: Box, how: str) -> None:
    """The stage says so as soon as nothing can come any more: long before its fence."""
    stage = _stage(box, how, 0.0)
    ann, _ = stage.join(2)
    ann.say("a line")
    assert not stage.until(lambda: False)
    assert not stage.restless
    stage.close()


@full_only
def test_a_busy_server_is_judged_by_sentinels(box: Box) -> None:
    stage = _stage(box, "compute", 0.0)
    stage.close()
    spinning = SERVER.replace("while True:\n    client",
                              "threading.Thread(target=lambda: [None for _ in iter(int, 1)],"
                              " daemon=True).start()\nwhile True:\n    client")
    fresh_network()
    transcript = Transcript()
    program = Program(box.spawn(("python3", "-c", spinning, "plain", "0"), limits=RUN,
                                stdin=subprocess.DEVNULL), ("python3",), transcript)
    busy = ChatStage(program, transcript)
    assert busy.until(lambda: 9034 in program.listening_ports())
    busy.port = 9034
    ann, bob = busy.join(2)
    assert busy.restless
    busy.say(ann)
    busy.say(bob)
    busy.close()
