"""Clients come and go at any time, in order or not, and nobody else notices."""

from contextlib import suppress

import pytest

from grading.chat_stage import ChatStage
from grading.line_client import LineClient
from grading.observe.deadline import Deadline
from grading.observe.freeze import Unstoppable, frozen
from grading.observe.receivers import receivers
from grading.shortfall import NotJudged, Shortfall
from grading.theatre import Theatre
from grading.transcript import readable
from grading.verdict import Verdict

from chat_limits import TALKATIVE
from full_sockets import keeps_open, one_who_does_not_read

TIME_TO_CLOSE = 2.0  # seconds: SPEC.md C4


def check_one_leaves_and_three_more_rounds(theatre: Theatre) -> None:
    """One client leaves; the others go on hearing each other, for three more rounds."""
    stage = theatre.stage()
    ann, bob, cid, dan = stage.join(4)
    bob.leave()
    for _ in range(3):
        for speaker in (ann, cid, dan):
            stage.say(speaker)


def check_a_reset_disturbs_nobody(theatre: Theatre) -> None:
    """A client whose connection breaks, in the middle of a line too, disturbs nobody."""
    stage = theatre.stage()
    ann, bob, cid, dan, eve = stage.join(5)
    bob.reset()
    three_rounds(stage, (ann, cid, dan, eve))
    cid.send(b"half a line and then")
    stage.settle()
    cid.reset()
    three_rounds(stage, (ann, dan, eve))
    dan.reading = False  # what he has not read turns his end into a reset as well
    stage.say(ann, [eve])
    dan.reset()
    ann.say("said while Dan's connection breaks")
    three_rounds(stage, (ann, eve))
    an_unnoticed_reset(stage, ann, eve)


def check_a_rejoin_hears_everything_once(theatre: Theatre) -> None:
    """Who leaves and comes back hears each line exactly once, and nobody else hears one twice."""
    stage = theatre.stage()
    ann, bob = stage.join(2)
    for _ in range(4):
        stage.say(ann)
        stage.say(bob)
        bob.leave()
        stage.settle()
        stage.say(ann, [])
        bob = stage.join()[0]
        stage.say(ann)
        stage.say(bob)
    # All leave before the first comes back, and nobody says a word meanwhile: whoever keeps those
    # that have gone on his list has several entries of one descriptor now.
    for _ in range(2):
        guests = stage.join(3)
        for guest in guests:
            guest.leave()
        stage.settle()
    stage.join(3)
    stage.say(ann)
    stage.say(bob)


@pytest.mark.plays(3)
def check_eight_join_at_once(theatre: Theatre) -> None:
    """Eight clients that join at the same moment are all in the chat."""
    stage = theatre.stage()
    for speaker in stage.join(8):
        stage.say(speaker)


@pytest.mark.plays(3)
def check_eight_leave_at_once(theatre: Theatre) -> None:
    """Eight clients that leave at the same moment disturb nobody who stays."""
    stage = theatre.stage()
    ann, bob, *leavers = stage.join(10)
    ann.say("all of you leave now")
    for number, leaver in enumerate(leavers):
        (leaver.leave if number % 2 else leaver.reset)()
    three_rounds(stage, (ann, bob))


def check_a_half_close_ends_the_visit(theatre: Theatre) -> None:
    """A client that shuts down its sending side has left, whether it reads or not:
    the server closes within 2 s, the others go on."""
    stage = theatre.stage(TALKATIVE)
    ann = stage.join()[0]
    deaf = one_who_does_not_read(stage, ann)
    if deaf:
        deaf.half_close()
    else:  # a server that waits for him cannot go on
        theatre.clear()
        stage = theatre.stage()
        ann = stage.join()[0]
    two_seconds = Deadline(TIME_TO_CLOSE, stage.program.pids)  # and meanwhile the chat goes on
    bob, cid = stage.join(2)
    last = stage.token()
    bob.say(f"{last} before I go")
    bob.half_close()
    if not stage.within(TIME_TO_CLOSE, lambda: bool(bob.ended)):
        bob.note("missing", b"<end of file>")
        raise Shortfall(f"{bob.name} shut down the sending side, and the server did not close its."
                        + stage.meanwhile(),
                        expected=f"{bob.name}'s connection is closed within 2 s",
                        actual="it stays open", verdict=Verdict.TIMEOUT)
    stage.must_hear([last], bob, [ann, cid])
    three_rounds(stage, (ann, cid))
    if deaf:
        must_be_closed(stage, deaf, two_seconds)


def check_an_unfinished_last_line(theatre: Theatre) -> None:
    """What a leaving client said without a \\n is delivered as a line of its own, or not at all."""
    stage = theatre.stage()
    ann, bob, cid = stage.join(3)
    for cut in (None, 30):  # in one packet, or the unfinished line in two
        whole, last, end, behind = (stage.token() for _ in range(4))
        text = f"{whole} a line\n{last} unfinished {end}".encode()
        bob.send(text[:cut])
        stage.settle()
        if cut:
            bob.send(text[cut:])
            stage.settle()
        bob.leave()
        stage.settle()
        cid.say(f"{behind} the next line")
        stage.must_hear([whole], bob, [ann])
        stage.must_hear([behind], cid)
        bob = stage.join()[0]  # may sit where the first Bob sat
        new = stage.say(bob)
        must_be_whole_or_dropped(ann, last, end, [behind, new])


def an_unnoticed_reset(stage: ChatStage, ann: LineClient, eve: LineClient) -> None:
    """A connection breaks, and the thread that waits for its client is slow to notice: what is
    sent there meanwhile fails, the second time with a SIGPIPE if that is not declined."""
    fay = stage.join()[0]
    slow = receivers(stage.program.pids(), stage.port, fay.port)
    tokens = [stage.token() for _ in range(3)]
    with suppress(NotJudged, Unstoppable), frozen(slow):
        fay.reset()
        for token in tokens:
            ann.say(f"{token} while Fay's connection breaks")
            stage.settle()
    stage.must_hear(tokens, ann, [eve])
    three_rounds(stage, (ann, eve))


def three_rounds(stage: ChatStage, speakers: tuple[LineClient, ...]) -> None:
    """Everybody of them says three lines; everybody else has to hear each."""
    for _ in range(3):
        for speaker in speakers:
            stage.say(speaker)


def must_be_closed(stage: ChatStage, deaf: LineClient, two_seconds: Deadline) -> None:
    """Raises Shortfall if the server then still keeps its side of this connection open."""
    while keeps_open(stage, deaf) and not two_seconds.passed:
        stage.pump(0.01)
        stage.must_live()
    if keeps_open(stage, deaf):
        deaf.note("missing", b"<end of file>")
        raise Shortfall(f"{deaf.name} did not read what waited, and shut down the sending side; "
                        "the server does not close its side.",
                        expected="the connection is closed within 2 s, read or not",
                        actual=f"it stays open for as long as {deaf.name} likes",
                        verdict=Verdict.TIMEOUT)


def must_be_whole_or_dropped(listener: LineClient, last: str, end: str, others: list[str]) -> None:
    """Raises Shortfall unless the unfinished line was heard whole, as a line of its own, once,
    or nothing of it."""
    text = f"{last} unfinished {end}".encode()
    parts = (last.encode(), end.encode())
    heard = [line for line in listener.lines() if any(part in line for part in parts)]
    unended = bytes(listener.heard).rpartition(b"\n")[2]
    if not heard and not any(part in unended for part in parts):
        return
    if len(heard) == 1 and heard[0].endswith(text) and listener.count(last) == 1 == (
            listener.count(end)) and not any(other.encode() in heard[0] for other in others):
        return
    wrong = heard[-1] if heard else unended
    listener.note("unexpected", wrong)
    raise Shortfall("The unfinished last line was delivered neither whole nor dropped.",
                    expected=f'"{readable(text)}\\n" as a line of its own, or nothing of it',
                    actual=f'"{readable(wrong)}"')
