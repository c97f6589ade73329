"""One who does not read, until the kernel keeps no more for him and the server itself has to."""

from grading.chat_stage import ChatStage
from grading.line_client import LineClient
from grading.observe.sockets import CLOSE_WAIT, tcp_sockets

from chat_limits import KIB, filled

LINE, SHORT = 1000, 64  # bytes: what passes in any chat, and what people say
BATCH = {LINE: 240, SHORT: 1000}  # how many such lines are said at once
AT_ONCE = 4  # so many batches: less than the 1 MiB that a server keeps for a client (SPEC.md C6)
SURELY_QUEUED = 128 * KIB  # so much the server itself keeps, and what it sends is blocked
SMALL_WINDOW = 64 * KIB  # of the reader that does not read: the kernel shall keep little for him


def one_who_does_not_read(stage: ChatStage, speaker: LineClient) -> LineClient | None:
    """A newcomer for whom the speaker's lines wait, in the kernel and in the server itself.

    None where the server has ended his connection, or waits for him: SPEC.md C6 is an advanced
    clause, and no condition for others.
    """
    deaf = stage.connect(receive_buffer=SMALL_WINDOW)
    stage.until(lambda: stage.accepted(deaf))
    stage.settle()
    deaf.reading = False
    said, before = 0, -1
    while before < in_kernel(deaf) > said - SURELY_QUEUED:
        before = in_kernel(deaf)
        for _ in range(AT_ONCE):
            said += LINE * len(say_a_batch(stage, speaker))
        stage.until(lambda: not unread(speaker))
        stage.settle()
        if unread(speaker) or deaf.port not in stage.connections():
            return None
    return deaf


def say_a_batch(stage: ChatStage, speaker: LineClient, size: int = LINE) -> list[bytes]:
    """Many lines at once, no two of them alike."""
    token = stage.token()
    lines = [filled(f"{token} {number:06}", size - 1) for number in range(BATCH[size])]
    speaker.send(b"\n".join([*lines, b""]))
    return lines


def keeps_open(stage: ChatStage, client: LineClient) -> bool:
    """True while the server keeps its side of a connection open whose other side has ended."""
    return any(row.inode and row.state == CLOSE_WAIT for row in tcp_sockets()
               if row.port == stage.port and row.peer_port == client.port)


def in_kernel(reader: LineClient) -> int:
    """Bytes that the kernel keeps for this client, on both sides."""
    return sum(row.unsent if row.peer_port == reader.port else row.unread for row in tcp_sockets()
               if reader.port in (row.port, row.peer_port))


def unread(speaker: LineClient) -> int:
    """Bytes that this client has said and the server has not read."""
    return speaker.unsent + sum(
        row.unread if row.peer_port == speaker.port else row.unsent
        for row in tcp_sockets() if speaker.port in (row.port, row.peer_port))
