"""A network and an ipc namespace for the next check: no port, segment or TIME_WAIT is left over."""

from __future__ import annotations

import os
import socket
import struct
from contextlib import suppress
from pathlib import Path

from . import libc
from .mode import unsafe

# A table of connections of its own: /proc/net/tcp walks through the whole of it, and the machine's,
# which networks share by default, has so many rows that each look costs milliseconds.
_CHILD_TABLE = Path("/proc/sys/net/ipv4/tcp_child_ehash_entries")
_TABLE_ENTRIES = 1024

_LO = 1  # the loopback interface is always the first of its namespace
_LOOPBACK = socket.inet_aton("127.0.0.1")
_SHARED_MEMORY_PAGES = (64 << 20) // os.sysconf("SC_PAGE_SIZE")

# From linux/netlink.h, linux/rtnetlink.h and linux/if.h.
_RTM_NEWLINK, _RTM_NEWROUTE, _NLMSG_ERROR = 16, 24, 2
_REQUEST_ACK, _REPLACE_CREATE = 0x1 | 0x4, 0x100 | 0x400
_IFF_UP = 1
_RTA_DST, _RTA_OIF, _RTA_PREFSRC, _RTA_METRICS, _RTAX_QUICKACK = 1, 4, 7, 8, 15
_TABLE_LOCAL, _PROTO_KERNEL, _SCOPE_HOST, _TYPE_LOCAL = 255, 2, 254, 2


def fresh_network() -> None:
    """Moves this thread, and what it starts from now on, into a new network with only loopback.

    Sockets and programs that exist already stay in the network they were made in. Without a
    sandbox there is but one network.
    """
    if unsafe():
        return
    with suppress(OSError):  # a kernel before 6.1 is merely slower
        _CHILD_TABLE.write_text(str(_TABLE_ENTRIES))
    libc.unshare(libc.CLONE_NEWNET)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as netlink:
        _ask(netlink, _RTM_NEWLINK, 0, struct.pack("BxHiII", 0, 0, _LO, _IFF_UP, _IFF_UP))
        _ask(netlink, _RTM_NEWROUTE, _REPLACE_CREATE, _quickack_route())


def fresh_ipc() -> None:
    """The same for System V and POSIX ipc, with 64 MiB of shared memory (no rlimit counts it)."""
    if unsafe():
        return
    libc.unshare(libc.CLONE_NEWIPC)
    Path("/proc/sys/kernel/shmall").write_text(str(_SHARED_MEMORY_PAGES))


def _quickack_route() -> bytes:
    """Acknowledge at once: Nagle's wait for a delayed acknowledgement costs 40 ms per message."""
    return (struct.pack("BBBBBBBBI", socket.AF_INET, 32, 0, 0, _TABLE_LOCAL, _PROTO_KERNEL,
                        _SCOPE_HOST, _TYPE_LOCAL, 0)
            + _attribute(_RTA_DST, _LOOPBACK) + _attribute(_RTA_PREFSRC, _LOOPBACK)
            + _attribute(_RTA_OIF, struct.pack("I", _LO))
            + _attribute(_RTA_METRICS, _attribute(_RTAX_QUICKACK, struct.pack("I", 1))))


def _attribute(kind: int, payload: bytes) -> bytes:
    return struct.pack("HH", 4 + len(payload), kind) + payload


def _ask(netlink: socket.socket, kind: int, flags: int, body: bytes) -> None:
    """Sends one request and waits for the kernel's answer, which is an error number."""
    netlink.send(struct.pack("IHHII", 16 + len(body), kind, _REQUEST_ACK | flags, 1, 0) + body)
    _, answer, _, _, _, error = struct.unpack_from("IHHIIi", netlink.recv(4096))
    if answer != _NLMSG_ERROR or error:
        raise OSError(-error, f"netlink request {kind}: {os.strerror(-error)}")
