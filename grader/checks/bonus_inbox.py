"""The bonus: an inbox that is full, and one that is left: nothing that was accepted is lost."""

import signal
import time
from collections.abc import Callable

from grading.message_stage import TALKATIVE, Member, MessageStage
from grading.shortfall import Shortfall
from grading.theatre import Theatre

from bonus_send import LONG_TEXT, must_have_arrived, must_say_goodbye

MOST_TO_FILL = 2000  # texts of 4,000 bytes; who takes more has an inbox without an end
FULL_S = 3.0  # "full for a second": an error comes after one
HELD_UP_S, MOST_LATE = 0.6, 3  # then there is room again, before the second is over


def check_a_full_inbox_is_an_error(theatre: Theatre) -> None:
    """When an inbox has been full for a second, who sends to it gets an error; others are not
    held up; and what was accepted arrives."""
    stage = theatre.message_stage(supply=TALKATIVE)
    ann, bob = stage.join(2, supply=TALKATIVE)
    cid, dan = stage.join(2)
    bob.program.signal(signal.SIGSTOP)
    texts = [f"{number} ".encode().ljust(LONG_TEXT, b".") for number in range(MOST_TO_FILL)]
    accepted = send_until_full(stage, ann, bob, texts, lambda: stage.send(cid, dan))
    bob.program.signal(signal.SIGCONT)
    stage.until(lambda: len(bob.heard(ann)) >= len(accepted))
    stage.settle()
    must_have_arrived(stage, ann, bob, accepted)
    bob.program.signal(signal.SIGSTOP)
    accepted += send_until_held_up(stage, ann, bob, texts)
    stage.until(lambda: len(bob.heard(ann)) >= len(accepted))
    stage.settle()
    must_have_arrived(stage, ann, bob, accepted)
    stage.send(ann, bob)


def check_what_was_accepted_is_printed(theatre: Theatre) -> None:
    """At the end of its input a client prints what was accepted for it, then `unregistered NAME`,
    and ends with status 0."""
    stage = theatre.message_stage()
    ann, bob = stage.join(2)
    bob.program.signal(signal.SIGSTOP)
    texts = send_until_full(stage, ann, bob, [b"number %d" % number for number in range(10)])
    bob.program.close_input()
    bob.program.signal(signal.SIGCONT)
    stage.must_end(bob, 0, "at the end of its input")
    must_have_arrived(stage, ann, bob, texts)
    must_say_goodbye(bob)


# -- steps -----------------------------------------------------------------------------------------


def send_until_full(stage: MessageStage, sender: Member, to: Member, texts: list[bytes],
                    meanwhile: Callable[[], object] | None = None) -> list[bytes]:
    """Sends them, one after the other, to somebody who has been stopped, until one is refused, or
    some have waited for room; those that were accepted. Raises Shortfall where there is no reply.

    meanwhile: what others do while the message is on its way that may be one too many.
    """
    late = 0
    for number, text in enumerate(texts):
        before, start = len(sender.replies()), time.monotonic()
        sender.program.tell(f"send {to.key} ".encode() + text)
        if meanwhile and number and number % 10 == 0:
            meanwhile()
        # Not until(): who tries again now and then, until the second is over, looks like at rest.
        stage.within(FULL_S, lambda: len(sender.replies()) > before)
        if len(sender.replies()) <= before:
            raise Shortfall(f"{to.name} does not take his messages, and {sender.name}'s next one "
                            f"gets no reply within {FULL_S:.0f} s.{stage.meanwhile()}",
                            expected="`sent` while there is room, then `error:` after a second",
                            actual=f"it has printed last: {sender.last_words()}",
                            detail=stage.program.last_words())
        if sender.replies()[-1].startswith(b"error:"):
            return texts[:number]
        late += time.monotonic() - start > HELD_UP_S
        if late == MOST_LATE:  # it says `sent`, and that has to be true
            return texts[:number + 1]
    return texts


def send_until_held_up(stage: MessageStage, sender: Member, to: Member,
                       texts: list[bytes]) -> list[bytes]:
    """The same, but the other one goes on while the last message waits for room; those that were
    accepted, that one too if there was room in time."""
    for number, text in enumerate(texts):
        before = len(sender.replies())
        sender.program.tell(f"send {to.key} ".encode() + text)
        if not stage.within(HELD_UP_S, lambda: len(sender.replies()) > before):
            to.program.signal(signal.SIGCONT)
            stage.within(FULL_S, lambda: len(sender.replies()) > before)
            in_time = any(reply.startswith(b"sent") for reply in sender.replies()[before:])
            return texts[:number + in_time]
    to.program.signal(signal.SIGCONT)
    return texts
