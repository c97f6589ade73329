"""The TCP sockets of a scene: who listens, who is connected, how many bytes are under way."""

from __future__ import annotations

import functools
import os
import struct
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import takewhile

from grading.observe import socket_diag
from grading.sandbox import STUDENT_UIDS, Tier, descendants, tier, unsafe

ESTABLISHED, LISTEN, TIME_WAIT, CLOSE_WAIT = 0x01, 0x0A, 0x06, 0x08
# FIN_WAIT1, LAST_ACK, CLOSING: the other end has not confirmed the end.
_ENDING = {0x04, 0x09, 0x0B}
_MAPPED = bytes(10) + b"\xff\xff"  # what stands in front of an IPv4 address in an IPv6 socket
_TABLES = ("/proc/thread-self/net/tcp", "/proc/thread-self/net/tcp6")
_PAGE = 4096
ANY_ADDRESS = ("00000000", "0" * 32)


@dataclass(frozen=True)
class Socket:
    """One row of the table. For a listener, `unread` counts connections not accepted yet."""

    address: str  # as the table writes it: hexadecimal, host byte order
    port: int
    peer_port: int
    state: int
    unsent: int  # bytes that the other end's kernel does not have; or that it has not acknowledged
    unread: int  # bytes the program has not read
    inode: int
    uid: int

    @property
    def listens(self) -> bool:
        return self.state == LISTEN

    @property
    def listens_everywhere(self) -> bool:
        """True for a listener on 0.0.0.0 or [::]."""
        return self.listens and self.address in ANY_ADDRESS


def tcp_sockets() -> tuple[Socket, ...]:
    """Every TCP socket of the scene; one moment, as far as /proc gives one."""
    return _of_the_scene(every_tcp_socket()) if unsafe() else every_tcp_socket()


def every_tcp_socket() -> tuple[Socket, ...]:
    """Those of this network namespace: the scene's, and where the network is shared everybody's."""
    if unsafe() and socket_diag.answers():
        return _exact(socket_diag.dump())
    rows: list[Socket] = []
    for table in _TABLES:
        with suppress(FileNotFoundError), open(table, "rb", buffering=0) as file:
            rows += map(_parse, file.readall().splitlines()[1:])  # a host may be without IPv6
    return tuple(rows)


def waiting_to_be_accepted(port: int) -> int:
    """Connections in the listen queue of a port. The tables begin with the listeners: a look at
    their first page is enough, however many connections there are."""
    waiting = 0
    for table in _TABLES:
        with suppress(FileNotFoundError), open(table, "rb", buffering=_PAGE) as file:
            next(file)
            rows = (_parse(line) for line in file)
            waiting += sum(row.unread for row in takewhile(lambda row: row.listens, rows)
                           if row.port == port)
    return waiting


@functools.lru_cache(maxsize=4096)  # from look to look most stay the same
def _parse(line: bytes) -> Socket:
    _, local, remote, state, queues, _, _, uid, _, inode, *_ = line.split()
    address, port = local.rsplit(b":", 1)
    unsent, unread = queues.split(b":")
    return Socket(address.decode(), int(port, 16), int(remote.rsplit(b":", 1)[1], 16),
                  int(state, 16), int(unsent, 16), int(unread, 16), int(inode), int(uid))


def _exact(rows: Sequence[socket_diag.Row]) -> tuple[Socket, ...]:
    """A delayed acknowledgement takes 40 ms, and says no more than the
    other end's count of bytes."""
    ends = {_ends(row): row for row in rows}
    return tuple(Socket(_as_proc_writes(row.address), row.port, row.peer_port, row.state,
                        _under_way(row, ends.get(_ends(row)[::-1])), row.unread, row.inode, row.uid)
                 for row in rows)


def _ends(row: socket_diag.Row) -> tuple[tuple[bytes, int], tuple[bytes, int]]:
    return ((row.address.removeprefix(_MAPPED), row.port),
            (row.peer.removeprefix(_MAPPED), row.peer_port))


def _under_way(row: socket_diag.Row, other: socket_diag.Row | None) -> int:
    if row.state == LISTEN:
        return 0  # the kernel tells the length of the queue there
    if other is None:
        return row.unacknowledged
    unconfirmed = min(row.unacknowledged, 1) if row.state in _ENDING else 0
    return max(row.not_sent + max(0, row.sent - other.received), unconfirmed)


def _as_proc_writes(address: bytes) -> str:
    return "".join(f"{word:08X}" for word, in struct.iter_unpack("=I", address))


def _of_the_scene(rows: tuple[Socket, ...]) -> tuple[Socket, ...]:
    """Those this worker or a program of its own has, and those nobody has
    whose port is one of theirs."""
    pids = [os.getpid(), *(descendants(os.getpid()) if tier() is Tier.NONE else ())]
    inodes = {inode for pid in pids for inode in _inodes(pid)}
    mine = {row for row in rows if row.inode in inodes or (row.inode and row.uid in STUDENT_UIDS)}
    ports = {port for row in mine for port in (row.port, row.peer_port)}
    return tuple(row for row in rows if row in mine
                 or (row.inode == 0 and row.port in ports and row.peer_port in ports | {0}))


def _inodes(pid: int) -> set[int]:
    found = set()
    with suppress(OSError):  # a process that has ended
        for name in os.listdir(f"/proc/{pid}/fd"):
            with suppress(OSError):
                what = os.readlink(f"/proc/{pid}/fd/{name}")
                if what.startswith("socket:["):
                    found.add(int(what[8:-1]))
    return found


def listeners() -> dict[int, Socket]:
    """Port -> listening socket."""
    return {row.port: row for row in tcp_sockets() if row.listens}
