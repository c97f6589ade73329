"""Inside a worker: what scenes rely on: real shortages, threads let go, listeners that count."""

from __future__ import annotations

import signal
import socket
import subprocess

import pytest
from grading.chat_stage import ChatStage
from grading.observe.freeze import frozen
from grading.observe.sockets import waiting_to_be_accepted
from grading.observe.threads import thread_ids, thread_ids_inside
from grading.program import Program
from grading.sandbox import RUN, Box, Confined
from grading.shortage import must_allow_files, must_allow_threads, no_new_thread
from grading.shortfall import NotJudged, Shortfall
from grading.transcript import Transcript
from programs import await_output, python

STARTS_THREADS = """
import sys, threading
for line in sys.stdin:
    try:
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        print("started", flush=True)
    except RuntimeError: print("refused", flush=True)
"""
SHOWS_THE_DOOR = """
import socket
listener = socket.create_server(("", 9034))
while True: listener.accept()[0].close()
"""


def start(box: Box, code: str) -> Confined:
    return box.spawn(python(code), limits=RUN, stdin=subprocess.PIPE)


def test_threads_are_refused_for_a_while(box: Box) -> None:
    with start(box, STARTS_THREADS) as program:
        with no_new_thread(program.pid):
            program.write_stdin(b"one\n")
            await_output(program, b"refused\n")
        program.write_stdin(b"two\n")
        await_output(program, b"started\n")


def test_a_program_may_die_of_the_shortage(box: Box) -> None:
    with start(box, STARTS_THREADS) as program, no_new_thread(program.pid):
        program.kill()


def test_who_is_killed_while_it_stands_still_ends(box: Box) -> None:
    with start(box, STARTS_THREADS) as program:
        program.write_stdin(b"one\ntwo\n")
        await_output(program, b"started\nstarted\n")
        with frozen(thread_ids([program.pid])):
            program.signal(signal.SIGKILL)
        assert program.wait(5) is not None


def test_threads_are_known_by_what_they_call_themselves(box: Box) -> None:
    says = "import sys, threading\nprint(threading.get_native_id(), flush=True)\nsys.stdin.read()"
    with start(box, says) as program:
        await_output(program, b"\n")
        own = int(program.output())
        assert own in thread_ids_inside([program.pid])


def test_what_the_machine_cannot_give_is_not_judged() -> None:
    must_allow_files(100)
    must_allow_threads(4)
    with pytest.raises(NotJudged, match="open files"):
        must_allow_files(1 << 40)


def test_the_listen_queue_is_counted(box: Box) -> None:
    with socket.create_server(("", 0)) as listener:
        port = listener.getsockname()[1]
        clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
        assert waiting_to_be_accepted(port) == 3
        listener.accept()[0].close()
        assert waiting_to_be_accepted(port) == 2
        for client in clients:
            client.close()


def test_who_was_thrown_out_has_not_heard(box: Box) -> None:
    """A server that ends every connection keeps no promise about those who are connected."""
    program = Program(start(box, SHOWS_THE_DOOR), ("server",), Transcript())
    stage = ChatStage(program, Transcript())
    stage.until(lambda: bool(program.listening_ports()))
    stage.port = 9034
    ann, _ = stage.join(2, greet=False)
    with pytest.raises(Shortfall, match="ended (Ann|Bob)'s connection"):
        stage.say(ann)
    stage.close()
