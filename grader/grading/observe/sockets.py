"""The TCP sockets of a scene, as /proc/net/tcp and tcp6 tell of them."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass

from grading.sandbox import descendants, unsafe

ESTABLISHED, LISTEN = 0x01, 0x0A
ANY_ADDRESS = ("00000000", "0" * 32)


@dataclass(frozen=True)
class Socket:
    """One row of the table. For a listener, `unread` counts connections not accepted yet."""

    address: str  # as the table writes it: hexadecimal, host byte order
    port: int
    peer_port: int
    state: int
    unsent: int  # bytes not sent, or not acknowledged
    unread: int  # bytes the program has not read
    inode: int

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
    """Those of this network namespace: the scene's, and without a sandbox everybody's."""
    rows: list[Socket] = []
    for table in ("/proc/thread-self/net/tcp", "/proc/thread-self/net/tcp6"):
        try:
            with open(table, encoding="ascii") as file:
                next(file)
                rows += [_parse(line) for line in file]
        except FileNotFoundError:  # a host without IPv6
            continue
    return tuple(rows)


def _parse(line: str) -> Socket:
    _, local, remote, state, queues, _, _, _, _, inode, *_ = line.split()
    address, port = local.rsplit(":", 1)
    unsent, unread = queues.split(":")
    return Socket(address, int(port, 16), int(remote.rsplit(":", 1)[1], 16), int(state, 16),
                  int(unsent, 16), int(unread, 16), int(inode))


def _of_the_scene(rows: tuple[Socket, ...]) -> tuple[Socket, ...]:
    """Those this worker or a program of its own has, and those nobody has whose port is one of theirs."""
    inodes = {inode for pid in (os.getpid(), *descendants(os.getpid())) for inode in _inodes(pid)}
    ports = {port for row in rows if row.inode in inodes for port in (row.port, row.peer_port)}
    return tuple(row for row in rows if row.inode in inodes
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
