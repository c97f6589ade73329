"""What a server keeps of its clients is bounded: long lines, lines without an end, readers that do not read."""

import time

from grading.chat_stage import ChatStage
from grading.line_client import LineClient
from grading.observe.sockets import tcp_sockets
from grading.programs import Supply
from grading.shortfall import Shortfall
from grading.theatre import Theatre
from grading.transcript import readable

from part_c import log_lines

KIB, MIB = 1 << 10, 1 << 20
TALKATIVE = Supply(output=160 * MIB)  # a server may log every byte of what follows
ENDLESS = 16 * MIB  # far more than the 1 MiB after which the visit has to end: SPEC.md C5
LINE, BATCH = 1000, 240  # bytes that pass in any chat, and how many such lines are said at once
SMALL_WINDOW = 64 * KIB  # of the reader that does not read: the kernel shall keep little for him
SURELY_KEPT = 768 * KIB  # of the 1 MiB in SPEC.md C6, less what a measurement may be wrong by
MOST_KEPT, SLACK = 64 * MIB, 4 * MIB
NUMBERS = b" ".join(b"%06d" % number for number in range(MIB // 100))
LONG_ENOUGH_S = 8.0  # a server that has not taken so much by then is not shown to be wrong


def check_long_lines_pass_whole(theatre: Theatre) -> None:
    """A line of 64 KiB passes whole."""
    stage = theatre.stage(TALKATIVE)
    ann, bob, cid = stage.join(3)
    for speaker, listener in ((ann, bob), (cid, ann)):
        token = stage.token()
        line = filled(token, 64 * KIB - 1)
        speaker.say(line)
        stage.must_hear([token], speaker)
        must_have_heard(listener, token, line)
    stage.say(bob)


def check_endless_line_ends_one_visit(theatre: Theatre) -> None:
    """A line of more than 1 MiB without its end ends that one client's visit, with a word in the log."""
    stage = theatre.stage(TALKATIVE)
    ann, bob, eve = stage.join(3)
    logged = log_lines(stage)
    eve.send(b"e" * ENDLESS)
    if not stage.until(lambda: bool(eve.ended)):
        eve.note("missing", b"<end of the connection>")
        raise Shortfall(f"{eve.name} has sent {ENDLESS // MIB} MiB without a line end, and is still connected.",
                        expected="the server ends the connection of a client whose line gets longer than 1 MiB",
                        actual=f"it holds {stage.program.memory_bytes()[0] // MIB} MiB of memory, and waits for more")
    eve.reset()
    must_be_logged(stage, logged, f"{eve.name}'s line was too long")
    stage.say(ann, [bob])
    stage.say(bob, [ann])


def check_nul_bytes_pass(theatre: Theatre) -> None:
    """NUL bytes in a line pass like any other byte."""
    stage = theatre.stage()
    ann, bob, cid = stage.join(3)
    for pattern in (b"%s in the \0 middle", b"%s at the end \0", b"\0\0 at the beginning %s"):
        token = stage.token()
        line = pattern.replace(b"%s", token.encode())
        ann.say(line)
        stage.must_hear([token], ann)
        must_have_heard(bob, token, line)
        must_have_heard(cid, token, line)


def check_slow_reader_delays_nobody(theatre: Theatre) -> None:
    """A client that does not read never delays the others."""
    stage = theatre.stage(TALKATIVE)
    slow, ann, bob = slow_reader_and_two(stage)
    before = -1
    while stays(stage, slow) and in_kernel(slow) > before:  # until the kernel keeps no more
        before = in_kernel(slow)
        say_a_batch(stage, ann)
        stage.say(ann, [bob])
        bob.heard.clear()
    for _ in range(2):
        stage.say(ann, [bob])
        stage.say(bob, [ann])


def check_slow_reader_is_bounded(theatre: Theatre) -> None:
    """1 MiB is kept for a client that reads late; one for whom 64 MiB wait has been disconnected, and it is logged."""
    stage = theatre.stage(TALKATIVE)
    slow, ann, bob = slow_reader_and_two(stage)
    bob.leave()
    said = say_until_much_waits(stage, ann, slow)
    slow.reading = True
    stage.say(ann, [slow])
    must_have_heard_all(slow, said)
    slow.reading = False
    logged = log_lines(stage)
    if not say_until_gone(stage, ann, slow):
        return
    must_be_logged(stage, logged, f"{slow.name} does not read")
    cid = stage.join()[0]
    stage.say(ann, [cid])
    stage.say(cid, [ann])


# -- steps ---------------------------------------------------------------------------------------

def filled(token: str, length: int) -> bytes:
    """A line of so many bytes in which every place looks different."""
    return (token.encode() + b" " + NUMBERS)[:length]


def must_have_heard(listener: LineClient, token: str, line: bytes) -> None:
    """Raises Shortfall unless the line that holds the token ends with exactly this."""
    heard = next((one for one in listener.lines() if token.encode() in one), b"")
    if not heard.endswith(line):
        listener.note("unexpected", heard)
        raise Shortfall(f"The line that {listener.name} heard is not the line that was said.",
                        expected=f'{len(line)} bytes: "{readable(line)}\\n", with at most a prefix before it',
                        actual=f'{len(heard)} bytes: "{readable(heard)}"')


def must_be_logged(stage: ChatStage, before: int, what: str) -> None:
    """Raises Shortfall unless the log has got another line since."""
    if not stage.until(lambda: log_lines(stage) > before):
        raise Shortfall(f"The server has ended a connection without a word: {what}.",
                        expected="a line on stdout or stderr, in any words, flushed",
                        actual=f"no new line after {before} lines")


def slow_reader_and_two(stage: ChatStage) -> tuple[LineClient, LineClient, LineClient]:
    """One who has joined first and does not read, and two others."""
    slow = stage.connect(receive_buffer=SMALL_WINDOW)
    stage.settle()
    ann, bob = stage.join(2)
    stage.say(ann)
    slow.reading = False
    return slow, ann, bob


def say_a_batch(stage: ChatStage, speaker: LineClient) -> list[bytes]:
    """Many lines at once, no two of them alike."""
    token = stage.token()
    lines = [filled(f"{token} {number:06}", LINE - 1) for number in range(BATCH)]
    speaker.send(b"\n".join([*lines, b""]))
    return lines


def say_until_much_waits(stage: ChatStage, ann: LineClient, slow: LineClient) -> list[bytes]:
    """Ann talks until the server itself, the kernel aside, keeps much for the slow reader; her lines."""
    lines: list[bytes] = []
    while (kept := len(lines) * LINE - in_kernel(slow)) < SURELY_KEPT:
        lines += say_a_batch(stage, ann)
        is_taken(stage, ann, slow)
        stage.settle()
        if not stays(stage, slow):
            slow.note("missing", b"<still connected>")
            raise Shortfall(f"{slow.name}, who only reads late, was disconnected.",
                            expected=f"the server keeps at least 1 MiB for {slow.name}, kernel buffers aside",
                            actual=f"at most {(kept + BATCH * LINE) // KIB} KiB waited then")
    return lines


def say_until_gone(stage: ChatStage, ann: LineClient, slow: LineClient) -> bool:
    """Ann talks until the slow reader has been disconnected; False if the server is too slow for that."""
    said, deadline = 0, time.monotonic() + LONG_ENOUGH_S
    much = (filled("more", LINE - 1) + b"\n") * (2 * MIB // LINE)
    while stays(stage, slow):
        if time.monotonic() > deadline:
            return False
        if said - in_kernel(slow) > MOST_KEPT + SLACK:
            stage.settle()
            must_be_gone(stage, slow, said)
            return True
        ann.send(much)
        said += len(much)
        if not is_taken(stage, ann, slow):
            return False
    return True


def must_be_gone(stage: ChatStage, slow: LineClient, said: int) -> None:
    """Raises Shortfall if the slow reader is still connected after so many bytes."""
    if stays(stage, slow):
        slow.note("missing", b"<end of the connection>")
        raise Shortfall(f"{slow.name} does not read, and the server keeps more and more of what the others say.",
                        expected=f"a disconnection when {MOST_KEPT // MIB} MiB wait, if not before",
                        actual=f"{(said - in_kernel(slow)) // MIB} MiB wait, and {slow.name} is still connected")


def is_taken(stage: ChatStage, ann: LineClient, slow: LineClient) -> bool:
    """Waits until the server has read all that Ann has said, or has disconnected the slow reader.

    False if it has not yet, but goes on reading. Raises Shortfall if it has stopped reading.
    """
    before = unread(ann)
    taken = stage.until(lambda: not unread(ann) or not stays(stage, slow), LONG_ENOUGH_S)
    if not taken and not (stage.restless and unread(ann) < before):
        raise Shortfall(f"The server no longer reads what {ann.name} says: it waits for {slow.name}, who never reads.",
                        expected=f"{ann.name} is not delayed", actual=f"{unread(ann) // KIB} KiB are not read")
    return taken


def must_have_heard_all(slow: LineClient, lines: list[bytes]) -> None:
    """Raises Shortfall unless the slow reader, who has read late, has heard each line once, whole, in order."""
    expected = set(lines)
    heard = [line for line in (one[-LINE + 1:] for one in slow.lines()) if line in expected]
    if heard != lines:
        wrong = next((number for number, pair in enumerate(zip(heard, lines)) if pair[0] != pair[1]), len(heard))
        slow.note("missing", lines[min(wrong, len(lines) - 1)])
        raise Shortfall(f"{slow.name} has read late, and not every line is there, whole and in its place.",
                        expected=f"{len(lines)} lines in their order", actual=f"wrong from line {wrong + 1} on")


def stays(stage: ChatStage, client: LineClient) -> bool:
    """True while the server has not ended this client's connection."""
    return client.port in stage.connections() and not client.ended


def in_kernel(reader: LineClient) -> int:
    """Bytes that the kernel keeps for this client, on both sides."""
    return sum(row.unsent if row.peer_port == reader.port else row.unread for row in tcp_sockets()
               if reader.port in (row.port, row.peer_port))


def unread(speaker: LineClient) -> int:
    """Bytes that this client has said and the server has not read."""
    return speaker.unsent + sum(row.unread if row.peer_port == speaker.port else row.unsent
                                for row in tcp_sockets() if speaker.port in (row.port, row.peer_port))
