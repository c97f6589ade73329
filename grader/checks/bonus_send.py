"""The bonus: messages go to whom they are for, once, in order, byte for byte, or not at all."""

from grading.message_stage import TALKATIVE, Member, MessageStage
from grading.shortfall import Shortfall
from grading.theatre import Theatre
from grading.transcript import readable

from bonus_register import an_unknown_key

LONG_TEXT = 4000  # bytes: SPEC.md M2
TOO_LONG = 200_000  # an implementation may take it; then it has to arrive
MANY, CROWD = 200, 20


def check_forwards_to_the_owner_of_the_key(theatre: Theatre) -> None:
    """`send KEY TEXT` brings the text to the client that owns the key, exactly once, and to nobody
    else: that client prints `from NAME: TEXT`."""
    stage = theatre.message_stage()
    ann, bob, cid = stage.join(3)
    for sender, to in ((ann, bob), (bob, ann), (bob, cid), (cid, cid)):
        before = {one.name: len(one.heard()) for one in (ann, bob, cid) if one is not to}
        text = stage.send(sender, to)
        for one in (ann, bob, cid):
            if one is not to and len(one.heard()) > before[one.name]:
                raise Shortfall(f"{one.name} got a message that was for {to.name}.",
                                expected=f"{to.name} alone prints it",
                                actual=f'{one.name} printed "from {sender.name}: '
                                       f'{readable(text)}"')


def check_texts_pass_unchanged(theatre: Theatre) -> None:
    """A text is any bytes but a newline, at least 4,000 of them: what follows the one blank behind
    the key arrives as it was typed."""
    stage = theatre.message_stage()
    ann, bob = stage.join(2)
    every = bytes(number for number in range(256) if number != ord("\n"))
    for text in (b"  two blanks in front, and behind  ", b"send 1 from bob: x", b"\ttab\r",
                 every, b"zero\0inside", b"y" * (LONG_TEXT // 4), b"z" * LONG_TEXT):
        stage.send(ann, bob, text)


def check_messages_keep_their_order(theatre: Theatre) -> None:
    """Messages of one sender arrive in the order in which they were sent, each exactly once, also
    while others send."""
    stage = theatre.message_stage(supply=TALKATIVE)
    *senders, bob = stage.join(4)
    texts = {sender.name: [f"{sender.name} says {number}".encode() for number in range(MANY)]
             for sender in senders}
    for sender in senders:
        lines = [f"send {bob.key} ".encode() + text for text in texts[sender.name]]
        sender.program.tell(b"\n".join(lines))
    stage.until(lambda: all(len(sender.replies()) >= MANY for sender in senders)
                and len(bob.heard()) >= len(senders) * MANY)
    stage.settle()
    for sender in senders:
        accepted = [text for text, reply in zip(texts[sender.name], sender.replies())
                    if reply.startswith(b"sent")]
        must_have_arrived(stage, sender, bob, accepted, at_least=MANY)


def check_every_request_gets_one_reply(theatre: Theatre) -> None:
    """Every request gets exactly one reply, in its turn, also when many are typed at once; and
    lines stay whole while messages arrive."""
    stage = theatre.message_stage()
    ann, bob = stage.join(2)
    nobody = an_unknown_key(ann, bob)
    texts = [b"meanwhile %d" % number for number in range(MANY)]
    wanted = [(f"send {bob.key} number {number}", b"sent") if number % 3 else
              (f"send {nobody} number {number}", b"error:") for number in range(MANY)]
    bob.program.tell(b"\n".join(f"send {ann.key} ".encode() + text for text in texts))
    ann.program.tell("\n".join([*(line for line, _ in wanted), "list"]))
    stage.until(lambda: bool(ann.lists()) and len(ann.heard()) >= MANY or ann.program.ended)
    stage.settle()
    replies = [b"sent" if reply.startswith(b"sent") else b"error:" for reply in ann.replies()]
    if replies != [reply for _, reply in wanted]:
        place = next((n for n, (one, (_, other)) in enumerate(zip(replies, wanted))
                      if one != other), min(len(replies), MANY))
        raise Shortfall(f"{MANY} requests in a row do not get one reply each, in their turn, in a "
                        "line of its own.",
                        expected=f"error:, sent, sent, and so on, {MANY} in all",
                        actual=f"{len(replies)} replies; the first that is not as it should be is "
                               f"number {place}{a_mixed_line(ann, texts)}")
    must_have_arrived(stage, bob, ann, texts, at_least=MANY)


def check_refuses_an_unknown_key(theatre: Theatre) -> None:
    """A key that nobody has, or whose owner has gone, or that is no number: an error, nothing is
    sent, and the client goes on."""
    stage = theatre.message_stage()
    ann, bob, cid = stage.join(3)
    nobody, of_cid = an_unknown_key(ann, bob, cid), cid.key
    stage.leave(cid)
    newcomer = stage.join()[0]
    for key in (str(nobody), "0x1", f"{bob.key}x", "bob", "-1", "99999999999999999999999",
                *([str(of_cid)] if newcomer.key != of_cid else [])):
        stage.must_be_refused(ann, f"send {key} hello", f'the key "{key}"')
    stage.settle()
    for one in (ann, bob, newcomer):
        if one.heard():
            raise Shortfall(f"{one.name} got a message that was refused.",
                            expected="nobody gets it", actual=f"it printed {one.last_words()}")
    stage.send(ann, bob)


def check_refuses_too_long_a_text(theatre: Theatre) -> None:
    """A text that is too long: an error, nothing of it is sent, and both clients go on."""
    stage = theatre.message_stage(supply=TALKATIVE)
    ann, bob = stage.join(2, supply=TALKATIVE)
    text = b"t" * TOO_LONG
    if stage.reply_to(ann, f"send {bob.key} ".encode() + text).startswith(b"sent"):
        stage.until(lambda: bool(bob.heard()))
    stage.settle()
    if bob.heard() not in ([text], []) or (bob.heard() == []) is ann.replies()[-1].startswith(
            b"sent"):
        lengths = ", ".join(str(len(heard)) for heard in bob.heard())
        raise Shortfall(f"A text of {TOO_LONG} bytes is neither refused nor sent whole.",
                        expected="an error, and nothing arrives; or it arrives whole",
                        actual=f"the reply {readable(ann.replies()[-1])}, "
                               f"and messages of {lengths or 'no'} bytes")
    if len(ann.replies()) != 1:
        raise Shortfall("A long text has brought more than one reply.", expected="one reply",
                        actual=f"{len(ann.replies())} replies")
    stage.send(ann, bob)


def check_quit_unregisters(theatre: Theatre) -> None:
    """`quit` and the end of the input: the client prints `unregistered NAME` and ends with
    status 0."""
    stage = theatre.message_stage()
    ann, bob = stage.join(2)
    stage.leave(ann)
    must_say_goodbye(ann)
    bob.program.close_input()
    stage.must_end(bob, 0, "at the end of its input")
    must_say_goodbye(bob)


def check_serves_twenty_clients(theatre: Theatre) -> None:
    """Twenty clients that come at once are all registered, and a message goes from each to the
    next."""
    stage = theatre.message_stage()
    members = stage.join(CROWD)
    if len({member.key for member in members}) < CROWD:
        raise Shortfall("Two clients were given the same key.", expected=f"{CROWD} keys",
                        actual=", ".join(f"{one.key} {one.name}" for one in members))
    for sender, to in zip(members, [*members[1:], members[0]]):
        sender.program.tell(f"send {to.key} {sender.name} to {to.name}")
    stage.until(lambda: all(member.heard() for member in members))
    stage.settle()
    for sender, to in zip(members, [*members[1:], members[0]]):
        must_have_arrived(stage, sender, to, [f"{sender.name} to {to.name}".encode()])


# -- steps -----------------------------------------------------------------------------------------


def must_have_arrived(stage: MessageStage, sender: Member, to: Member, texts: list[bytes], *,
                      at_least: int = 0) -> None:
    """Raises Shortfall unless exactly these have come from the sender, in this order."""
    heard = to.heard(sender)
    if heard == texts and len(texts) >= at_least:
        return
    place = next((n for n, (one, other) in enumerate(zip(heard, texts)) if one != other),
                 min(len(heard), len(texts)))
    lost = [text for text in texts if text not in heard]
    what = (f"{len(lost)} of {len(texts)} messages of {sender.name} never came" if lost else
            f"messages of {sender.name} came more than once (was it asked for twice, or put in "
            "twice? the server's log tells)" if len(heard) > len(texts) else
            f"messages of {sender.name} were refused" if len(texts) < at_least else
            f"messages of {sender.name} did not come in their order")
    stage.transcript.add("missing" if lost else "unexpected", to.name,
                         f"from {sender.name}: {readable((lost or heard[place:] or [b''])[0])}")
    raise Shortfall(f"{what[:1].upper()}{what[1:]}, as {to.name} heard it.{stage.meanwhile()}",
                    expected=f"{max(len(texts), at_least)} messages, in order, exactly once",
                    actual=f"{len(heard)} messages; the first that is not as it should be is "
                           f"number {place}; {to.name}'s client: {to.program.how_it_ended}",
                    detail=stage.program.last_words())


def a_mixed_line(member: Member, texts: list[bytes]) -> str:
    """What to say of a message that was printed as nobody sent it."""
    mixed = next((text for text in member.heard() if text not in texts), None)
    return "" if mixed is None else (
        f'; {member.name} printed a line that mixes two: "from bob: {readable(mixed)}"')


def must_say_goodbye(member: Member) -> None:
    """Raises Shortfall unless the client's last word is that it is unregistered."""
    goodbye = f"unregistered {member.name}".encode()
    lines = member.lines()
    last = max((n for n, line in enumerate(lines) if line.startswith(b"from ")), default=-1)
    if goodbye not in lines or lines.index(goodbye) < last:
        raise Shortfall(f"{member.name}'s client does not say that it has unregistered.",
                        expected=f"{goodbye.decode()}, after the last message",
                        actual=f"it has printed last: {member.last_words()}")


