"""What a server keeps for a client that does not read is bounded, and delays nobody."""

import time

from grading.chat_stage import ChatStage
from grading.line_client import LineClient
from grading.shortfall import Shortfall
from grading.theatre import Theatre

from chat_limits import KIB, MIB, TALKATIVE, TIME_TO_GO_S, filled, must_be_logged
from full_sockets import BATCH, LINE, SHORT, SMALL_WINDOW, in_kernel, say_a_batch, unread
from part_c import log_lines

# Of the 1 MiB in SPEC.md C6, less what a measurement may be wrong by, and for short lines less what
# a server may need to hold each of them, which is kept for the slow reader as well.
SURELY_KEPT = {LINE: 768 * KIB, SHORT: 320 * KIB}
SIPS, TURNS = 12, 4  # lines that are said while the late reader takes the first of what waits
MOST_KEPT, SLACK = 64 * MIB, 4 * MIB
LONG_ENOUGH_S = 8.0  # a server that has not taken so much by then is not shown to be wrong


def check_slow_reader_delays_nobody(theatre: Theatre) -> None:
    """A client that does not read never delays the others, and leaves nothing to the next one."""
    stage = theatre.stage(TALKATIVE)
    slow, ann, bob = slow_reader_and_two(stage)
    before, said = -1, set[bytes]()
    while stays(stage, slow) and in_kernel(slow) > before:  # until the kernel keeps no more
        before = in_kernel(slow)
        said.update(say_a_batch(stage, ann))
        stage.say(ann, [bob])
        bob.heard.clear()
    for _ in range(2):
        stage.say(ann, [bob])
        stage.say(bob, [ann])
    slow.reset()
    stage.settle()
    cid = stage.join()[0]
    stage.say(ann, [bob, cid])
    must_not_know(cid, said)


def check_slow_reader_is_bounded(theatre: Theatre) -> None:
    """1 MiB is kept for a client that reads late; one for whom 64 MiB wait has been disconnected,
    and it is logged."""
    stage = theatre.stage(TALKATIVE)
    slow, ann, bob = slow_reader_and_two(stage)
    bob.leave()
    must_have_heard_all(stage, ann, slow, say_until_much_waits(stage, ann, slow, SHORT))
    said = say_until_much_waits(stage, ann, slow, LINE)
    for _ in range(SIPS):  # so that the server gets rid of a part, and of a part again
        said += sip_while_talking(stage, slow, ann)
    must_have_heard_all(stage, ann, slow, said)
    logged = log_lines(stage)
    if not say_until_gone(stage, ann, slow):
        return
    must_be_logged(stage, logged, f"{slow.name} does not read")
    cid = stage.join()[0]
    stage.say(ann, [cid])
    stage.say(cid, [ann])


# -- steps ---------------------------------------------------------------------------------------

def slow_reader_and_two(stage: ChatStage) -> tuple[LineClient, LineClient, LineClient]:
    """One who has joined first and does not read, and two others."""
    slow = stage.connect(receive_buffer=SMALL_WINDOW)
    stage.settle()
    ann, bob = stage.join(2)
    stage.say(ann)
    slow.reading = False
    return slow, ann, bob


def sip_while_talking(stage: ChatStage, slow: LineClient, speaker: LineClient) -> list[bytes]:
    """There is room for the slow one again while new lines come: the program may find both
    at once."""
    lines = [filled(stage.token(), LINE - 1) for _ in range(TURNS)]
    for turn, line in enumerate(lines):
        speaker.say(line)
        if turn % 2:
            slow.sip()
    stage.settle()
    return lines


def say_until_much_waits(stage: ChatStage, ann: LineClient, slow: LineClient,
                         size: int) -> list[bytes]:
    """Ann talks until the server itself, the kernel aside, keeps much for the slow reader;
    her lines."""
    lines: list[bytes] = []
    slow.reading = False
    while (kept := len(lines) * size - in_kernel(slow)) < SURELY_KEPT[size]:
        lines += say_a_batch(stage, ann, size)
        is_taken(stage, ann, slow)
        stage.settle()
        if not stays(stage, slow):
            stage.settle()  # a program that is ending has closed its sockets already
            slow.note("missing", b"<still connected>")
            raise Shortfall(f"{slow.name}, who only reads late, was disconnected.",
                            expected=f"the server keeps at least 1 MiB for {slow.name}, "
                                     "kernel buffers aside",
                            actual=f"at most {(kept + BATCH[size] * size) // KIB} KiB waited "
                                   f"then, in lines of {size} bytes")
    return lines


def say_until_gone(stage: ChatStage, ann: LineClient, slow: LineClient) -> bool:
    """Ann talks until the slow reader has been disconnected;
    False if the server is too slow for that."""
    slow.reading = False
    said, deadline = 0, time.monotonic() + LONG_ENOUGH_S
    much = (filled("more", LINE - 1) + b"\n") * (2 * MIB // LINE)
    while stays(stage, slow):
        if time.monotonic() > deadline:
            return False
        if said - in_kernel(slow) > MOST_KEPT + SLACK:
            must_be_gone(stage, slow, said)
            return True
        ann.send(much)
        said += len(much)
        if not is_taken(stage, ann, slow):
            return False
    stage.settle()
    return True


def must_be_gone(stage: ChatStage, slow: LineClient, said: int) -> None:
    """Raises Shortfall if the slow reader stays connected after so many bytes."""
    if not stage.within(TIME_TO_GO_S, lambda: not stays(stage, slow)):
        slow.note("missing", b"<end of the connection>")
        raise Shortfall(f"{slow.name} does not read, and the server keeps more and more "
                        "of what the others say.",
                        expected=f"a disconnection when {MOST_KEPT // MIB} MiB wait, if not before",
                        actual=f"{(said - in_kernel(slow)) // MIB} MiB wait, "
                               f"and {slow.name} is still connected")


def is_taken(stage: ChatStage, ann: LineClient, slow: LineClient) -> bool:
    """Waits until the server has read all that Ann has said, or has disconnected the slow reader.

    False if it has not yet, but goes on reading. Raises Shortfall if it has stopped reading.
    """
    before = unread(ann)
    taken = stage.until(lambda: not unread(ann) or not stays(stage, slow), LONG_ENOUGH_S)
    if not taken and not (stage.restless and unread(ann) < before):
        raise Shortfall(f"The server no longer reads what {ann.name} says: "
                        f"it waits for {slow.name}, who never reads.",
                        expected=f"{ann.name} is not delayed",
                        actual=f"{unread(ann) // KIB} KiB are not read")
    return taken


def must_not_know(newcomer: LineClient, said: set[bytes]) -> None:
    """Raises Shortfall if somebody hears lines that were said before he came."""
    stale = [line for line in newcomer.lines() if line[-LINE + 1:] in said]
    if stale:
        newcomer.note("unexpected", stale[0][-LINE + 1:])
        raise Shortfall(f"{newcomer.name} hears what was said before {newcomer.name} came.",
                        expected="only what is said from then on",
                        actual=f"{len(stale)} old lines")


def must_have_heard_all(stage: ChatStage, ann: LineClient, slow: LineClient,
                        lines: list[bytes]) -> None:
    """The slow reader reads at last. Raises Shortfall unless each line is heard once, whole,
    in order."""
    slow.reading = True
    stage.say(ann, [slow])
    expected, length = set(lines), len(lines[0])
    heard = [line for line in (one[-length:] for one in slow.lines()) if line in expected]
    if heard != lines:
        wrong = next((number for number, (one, other) in enumerate(zip(heard, lines))
                      if one != other), len(heard))
        slow.note("missing", lines[min(wrong, len(lines) - 1)])
        raise Shortfall(f"{slow.name} has read late, and not every line is there, "
                        "whole and in its place.",
                        expected=f"{len(lines)} lines in their order",
                        actual=f"wrong from line {wrong + 1} on")
    stage.say(slow, [ann])
    slow.heard.clear()


def stays(stage: ChatStage, client: LineClient) -> bool:
    """True while the server has not ended this client's connection."""
    return client.port in stage.connections() and not client.ended
