"""Which threads of a server wait for one client to say something."""

from __future__ import annotations

from collections.abc import Iterable

from grading.observe.sockets import tcp_sockets
from grading.observe.threads import RECEIVING, descriptors, sample_threads

STDIN = 0


def receivers(pids: Iterable[int], port: int, peer_port: int) -> list[int]:
    """The ids of the threads that are blocked in a receiving call on the connection between these
    two ports. None of a server that asks many sockets at once, or of one that is busy."""
    its = {f"socket:[{row.inode}]" for row in tcp_sockets()
           if row.port == port and row.peer_port == peer_port}
    numbers = {(pid, number) for pid in pids
               for number, what in descriptors(pid).items() if what in its}
    return [sample.tid for sample in sample_threads(pids) or ()
            if sample.call in RECEIVING and (sample.pid, sample.first_arguments[0]) in numbers]


def left_unread(pids: Iterable[int], port: int, peer_port: int) -> int:
    """Bytes from that client which lie in the program's socket, while no thread is about to
    receive them: of a program that has settled, nobody will."""
    unread = sum(row.unread for row in tcp_sockets()
                 if row.port == port and row.peer_port == peer_port and row.inode)
    return 0 if unread and receivers(pids, port, peer_port) else unread


def only_thread_reads(pids: Iterable[int]) -> str:
    """`socket` or `keyboard`, where a program's one and only thread is blocked in reading that."""
    samples = sample_threads(pids) or ()
    if len(samples) != 1 or samples[0].call not in RECEIVING:
        return ""
    number = samples[0].first_arguments[0]
    if descriptors(samples[0].pid).get(number, "").startswith("socket:"):
        return "socket"
    return "keyboard" if number == STDIN else ""
