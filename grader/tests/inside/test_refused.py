"""System calls and networks that a student's program does not get."""

from __future__ import annotations

import errno
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from programs import await_output, full_only, shared_only

from grading.sandbox import RUN, Box, Finished, fresh_ipc, fresh_network, open_box, reading

Run = Callable[..., Finished]
CALL = """
import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
result = libc.syscall(*[ctypes.c_ulong(int(word)) for word in {arguments!r}.split()])
print(0 if result >= 0 else ctypes.get_errno())
"""
# x86-64 numbers; the arguments would do, or fail differently, without the filter.
REFUSED = {
    "unshare_user": "272 268435456", "unshare_net": "272 1073741824", "setns": "308 0 0",
    "mount": "165 0 0 0 0 0", "umount2": "166 0 0", "pivot_root": "155 0 0", "chroot": "161 0",
    "clone_newuser": "56 268435473 0 0 0 0", "clone_newnet_high_half": "56 5368709137 0 0 0 0",
    "open_tree": "428 0 0 0", "fsopen": "430 0 0", "mount_setattr": "442 0 0 0 0 0",
    "io_uring_setup": "425 8 0", "io_uring_enter": "426 0 0 0 0 0 0", "keyctl": "250 0 -3 0",
    "add_key": "248 0 0 0 0 0", "request_key": "249 0 0 0 0", "bpf": "321 0 0 0",
    "perf_event_open": "298 0 0 -1 -1 0", "userfaultfd": "323 1", "syslog": "103 10 0 0",
    "open_by_handle_at": "304 0 0 0", "tiocsti": "16 0 21522 0", "ptrace_seize": "101 16902 1 0 0",
    "ptrace_attach_high_half": "101 16 4294967297 0 0", "process_vm_readv": "310 1 0 0 0 0 0",
    "process_vm_writev": "311 1 0 0 0 0 0", "pidfd_getfd": "438 0 0 0",
    "tiocsti_high_half": "16 0 4294988818 0",
}
on_x86_64 = pytest.mark.skipif(os.uname().machine != "x86_64", reason="numbers are x86-64's")


@on_x86_64
@pytest.mark.parametrize("arguments", REFUSED.values(), ids=REFUSED.keys())
def test_refused_with_eperm(python: Run, arguments: str) -> None:
    assert int(python(CALL.format(arguments=arguments)).stdout) == errno.EPERM


@on_x86_64
@pytest.mark.parametrize("arguments", ["39", "157 3 0 0 0 0", "101 0 0 0 0"],
                         ids=["getpid", "prctl", "ptrace"])
def test_ordinary_calls_are_not_refused(python: Run, arguments: str) -> None:
    assert int(python(CALL.format(arguments=arguments)).stdout) == 0


@on_x86_64
def test_clone3_is_unknown(python: Run) -> None:
    assert int(python(CALL.format(arguments="435 0 0")).stdout) == errno.ENOSYS


@on_x86_64
def test_the_x32_system_call_table_is_deadly(python: Run) -> None:
    assert python(CALL.format(arguments=str(39 + (1 << 30)))).signal == signal.SIGSYS


@full_only
@pytest.mark.parametrize("name", ["mem", "environ", "maps", "root", "fd", "task/1/mem"])
def test_the_first_process_is_out_of_reach(python: Run, name: str) -> None:
    end = python(f"import os; print(os.listdir('/proc/1')); os.open('/proc/1/{name}', os.O_RDONLY)")
    assert end.stdout == b"[]\n" and b"FileNotFoundError" in end.stderr


@on_x86_64
@full_only
def test_io_uring_is_admitted_on_request() -> None:
    with open_box(io_uring=True) as box:
        end = box.run(["/usr/bin/python3", "-c", CALL.format(arguments="425 8 0")], limits=RUN)
    assert int(end.stdout) == errno.EFAULT


@pytest.mark.parametrize("how", ["socket.AF_PACKET, socket.SOCK_RAW", "socket.AF_INET, "
                                 "socket.SOCK_RAW, 1", "socket.AF_VSOCK, socket.SOCK_STREAM",
                                 "socket.AF_ALG, socket.SOCK_SEQPACKET", "17 + (1 << 31), 3"])
def test_unusual_sockets_are_refused(python: Run, how: str) -> None:
    end = python(f"import socket; socket.socket({how})")
    assert end.status == 1 and b"Error" in end.stderr


@full_only
def test_there_is_only_loopback(box: Box) -> None:
    lines = box.run(["cat", "/proc/net/dev"], limits=RUN).stdout.splitlines()[2:]
    assert [line.split(b":")[0].strip() for line in lines] == [b"lo"]


@full_only
def test_outside_is_unreachable(python: Run) -> None:
    end = python("import socket; socket.create_connection(('192.0.2.1', 80), 5)")
    assert b"Network is unreachable" in end.stderr


@full_only
def test_a_port_of_the_host_cannot_be_reached(python: Run) -> None:
    port = int(os.environ["HOST_PORT"])
    end = python(f"import socket; socket.create_connection(('127.0.0.1', {port}), 5)")
    assert b"Connection refused" in end.stderr


def test_an_abstract_socket_of_the_host_cannot_be_reached(python: Run) -> None:
    name = os.environ["HOST_SOCKET"]
    end = python(f"import socket; socket.socket(socket.AF_UNIX).connect('\\0' + {name!r})")
    assert b"Connection refused" in end.stderr or b"Operation not permitted" in end.stderr


def test_the_workers_loopback_can_be_reached(python: Run) -> None:
    with socket.create_server(("127.0.0.1", 9034)) as server:
        end = python("import socket; socket.create_connection(('localhost', 9034), 5)")
        assert end.status == 0, end.stderr
        server.accept()[0].close()


def test_the_worker_reaches_a_program(box: Box) -> None:
    code = ("import socket; server = socket.create_server(('127.0.0.1', 9034))\n"
            "print('up', flush=True); print(server.accept()[0].makefile().readline(), flush=True)")
    with box.spawn(["/usr/bin/python3", "-c", code], limits=RUN) as program:
        await_output(program, b"up\n")
        with socket.create_connection(("127.0.0.1", 9034)) as connection:
            connection.sendall(b"hello\n")
            await_output(program, b"hello\n")


@full_only
def test_a_fresh_network_has_no_time_wait() -> None:
    fresh_network()
    with socket.socket() as server:
        server.bind(("127.0.0.1", 9034))
        server.listen()
        with socket.create_connection(("127.0.0.1", 9034)):
            server.accept()[0].close()
    with socket.socket() as again, pytest.raises(OSError):
        again.bind(("127.0.0.1", 9034))
    fresh_network()
    with socket.socket() as again:
        again.bind(("127.0.0.1", 9034))


@full_only
def test_fresh_ipc_forgets_segments(box: Box) -> None:
    box.run(["ipcmk", "-M", "100"], limits=RUN)
    assert len(Path("/proc/sysvipc/shm").read_text().splitlines()) == 2
    fresh_ipc()
    assert len(Path("/proc/sysvipc/shm").read_text().splitlines()) == 1


def test_a_program_cannot_hide_its_descriptors(box: Box, compiled: Callable[[str], list[str]]
                                               ) -> None:
    program = compiled("#include <stdio.h>\n#include <sys/prctl.h>\n#include <unistd.h>\n"
                       "int main(void) { prctl(PR_SET_DUMPABLE, 0); puts(\"hidden\");"
                       " fflush(stdout); pause(); }")
    with box.spawn(program, limits=RUN) as hidden:
        await_output(hidden, b"hidden\n")
        with reading(hidden.pid):
            assert len(os.listdir(f"/proc/{hidden.pid}/fd")) == 3


@shared_only
def test_a_build_gets_no_connection(python: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        connect = f"import socket; socket.create_connection({address})"
        assert b"Permission denied" in python(connect, writable=True).stderr
        assert python(connect).status == 0


@shared_only
def test_the_grader_cannot_be_traced(python: Run) -> None:
    attach = f"import ctypes; c = ctypes.CDLL(None); print(c.ptrace(16, {os.getpid()}, 0, 0))"
    assert python(attach).stdout == b"-1\n"
