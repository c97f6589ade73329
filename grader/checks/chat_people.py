"""Clients come and go at any time, in order or not, and nobody else notices."""

import pytest

from grading.chat_stage import ChatStage
from grading.line_client import LineClient
from grading.shortfall import Shortfall
from grading.theatre import Theatre
from grading.transcript import readable
from grading.verdict import Verdict

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
    """A client that shuts down its sending side has left: the server closes within 2 s, the others go on."""
    stage = theatre.stage()
    ann, bob, cid = stage.join(3)
    last = stage.token()
    bob.say(f"{last} before I go")
    bob.half_close()
    if not stage.until(lambda: bool(bob.ended), TIME_TO_CLOSE) and not bob.ended:
        bob.note("missing", b"<end of file>")
        raise Shortfall("Bob shut down his sending side, and the server did not close its side.",
                        expected="Bob's connection is closed within 2 s",
                        actual="it stays open", verdict=Verdict.TIMEOUT)
    stage.must_hear([last], bob, [ann, cid])
    three_rounds(stage, (ann, cid))


def check_an_unfinished_last_line(theatre: Theatre) -> None:
    """What a leaving client said without a \\n is delivered as a line of its own, or not at all."""
    stage = theatre.stage()
    ann, bob, cid = stage.join(3)
    last, behind = stage.token(), stage.token()
    bob.send(f"{last} unfinished".encode())
    stage.settle()
    bob.leave()
    stage.settle()
    cid.say(f"{behind} the next line")
    stage.must_hear([behind], cid)
    for line in ann.lines():
        if last.encode() in line and not line.endswith(f"{last} unfinished".encode()):
            raise_mixed(ann, line, last)
        if behind.encode() in line and last.encode() in line:
            raise_mixed(ann, line, last)
    if ann.count(last) > 1 or last.encode() in bytes(ann.heard).rpartition(b"\n")[2]:
        raise_mixed(ann, bytes(ann.heard[-80:]), last)


def three_rounds(stage: ChatStage, speakers: tuple[LineClient, ...]) -> None:
    """Everybody of them says three lines; everybody else has to hear each."""
    for _ in range(3):
        for speaker in speakers:
            stage.say(speaker)


def raise_mixed(listener: LineClient, heard: bytes, token: str) -> None:
    """The unfinished line went wrong."""
    listener.note("unexpected", heard)
    raise Shortfall("The unfinished last line was delivered neither whole nor dropped.",
                    expected=f'"{token} unfinished\\n" as a line of its own, or nothing of it',
                    actual=f'"{readable(heard)}"')
