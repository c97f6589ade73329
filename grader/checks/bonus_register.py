"""The bonus: names, keys, and what a client is given and gives back."""

import re
from collections.abc import Callable

from grading.message_stage import Member, MessageStage
from grading.shortfall import Shortfall
from grading.theatre import Theatre
from grading.transcript import readable

LONGEST_NAME = "n" * 31  # SPEC.md M1
BAD_NAMES = ("n" * 32, "a b", "a/b", "a.b", "a:b")
TIME_TO_TIDY_S = 2.0
A_DIGIT = re.compile(rb"\d")


def check_registers_a_name(theatre: Theatre) -> None:
    """A new name, of 1 to 31 letters, digits, `_` or `-`, gets a key of its own: the client prints
    `registered NAME KEY`."""
    stage = theatre.message_stage()
    members = [stage.come(name) for name in ("a", LONGEST_NAME, "Z_9-", "0")]
    for member in members:
        stage.must_be_registered(member)
        if member.registered_as() != member.name.encode():
            raise Shortfall("The name that is registered is not the one that was asked for.",
                            expected=f"registered {member.name} KEY",
                            actual=f"the client has printed {member.last_words()}")
    keys = [member.key for member in members]
    if len(set(keys)) < len(keys):
        raise Shortfall("Two clients were given the same key.",
                        expected="a key of its own for each", actual=f"the keys {keys}")


def check_refuses_a_name(theatre: Theatre) -> None:
    """A name that is taken, or not allowed: a line that begins `error:`, and the client takes the
    next line of its input as a name. Without one, its exit status is 1."""
    stage = theatre.message_stage()
    ann = stage.join()[0]
    second = stage.client("--channel", stage.channel, ann.name, name="second")
    must_be_refused(stage, second, ann.name, "which is taken", 1)
    for number, bad in enumerate(BAD_NAMES, 2):
        second.program.tell(bad)
        must_be_refused(stage, second, bad, "which is not allowed", number)
    second.program.tell("second")
    stage.must_be_registered(second)
    stage.send(ann, second)
    third = stage.client("--channel", stage.channel, BAD_NAMES[0], name="third")
    must_be_refused(stage, third, BAD_NAMES[0], "which is not allowed", 1)
    third.program.close_input()
    stage.must_end(third, 1, "when its input ends before it has a name")


def check_asks_for_the_name(theatre: Theatre) -> None:
    """A client that is given no name takes the first line of its input as one."""
    stage = theatre.message_stage()
    ann = stage.client("--channel", stage.channel, name="ann")
    stage.settle()
    if ann.program.ended or ann.key is not None:
        raise Shortfall("A client without a name does not wait for one.",
                        expected="it takes the next line of its input as its name",
                        actual=f"{ann.program.how_it_ended}, it has printed {ann.last_words()}")
    ann.program.tell("ann")
    stage.must_be_registered(ann)
    if ann.registered_as() != b"ann":
        raise Shortfall("The name that was typed is not the one that is registered.",
                        expected="registered ann KEY", actual=f"it printed {ann.last_words()}")


def check_has_a_thread_for_each_client(theatre: Theatre) -> None:
    """The server has a worker thread for each client that is registered."""
    stage = theatre.message_stage()
    before = stage.program.threads()
    stage.join(4)
    now = stage.program.threads()
    if now < before + 4:
        raise Shortfall("The server has no worker thread for each client.",
                        expected=f"four more than the {before} threads it had before four clients "
                                 "were registered",
                        actual=f"{now} threads")


def check_gives_back_what_a_client_had(theatre: Theatre) -> None:
    """After a client has left, its channel, its thread and its descriptors are given back within
    2 s, and its name can be registered again."""
    stage = theatre.message_stage()
    stage.leave(stage.join()[0])  # what a server makes at its first client and keeps is no leak
    stage.settle()
    counts: dict[str, Callable[[], int]] = {
        "threads": stage.program.threads,
        "descriptors": lambda: len(stage.program.descriptors()),
        "segments in /dev/shm": lambda: len(theatre.box.segments())}
    before = {what: count() for what, count in counts.items()}
    for _ in range(2):
        members = [register_again(stage, name) for name in ("dora", "emil", "finn")]
        for sender, to in zip(members, [*members[1:], members[0]]):
            stage.send(sender, to)
        for member in members:
            stage.leave(member)
    for what, count in counts.items():
        stage.within(TIME_TO_TIDY_S, lambda: count() <= before[what])
        if (left := count() - before[what]) > 0:
            raise Shortfall(f"Six clients have left; 2 s later the server still has {left} {what} "
                            "of theirs.", expected=f"{before[what]} {what}, as before they came",
                            actual=f"{before[what] + left} {what}")


def check_list_names_everybody(theatre: Theatre) -> None:
    """`list` brings the name and the key of everybody who is registered, and nobody else's, then
    `end of list`."""
    stage = theatre.message_stage()
    ann, *others = stage.join(4)
    must_list(stage, ann, [ann, *others])
    gone = others.pop()
    stage.leave(gone)
    must_list(stage, ann, [ann, *others])
    must_list(stage, others[0], [ann, *others])


def check_logs_every_action(theatre: Theatre) -> None:
    """The server logs every action: the time, the client's name and the result."""
    stage = theatre.message_stage()
    ann = stage.come("annabella")
    must_be_logged(stage, "annabella", "registering", lambda: stage.must_be_registered(ann))
    bob = stage.join()[0]
    sent = must_be_logged(stage, "annabella", "a message that is accepted",
                          lambda: stage.must_be_accepted(ann, bob, b"hello"))
    nobody = an_unknown_key(ann, bob)
    refused = must_be_logged(
        stage, "annabella", "a message that is refused",
        lambda: stage.must_be_refused(ann, f"send {nobody} hello", "an unknown key"))
    if without_numbers(sent) == without_numbers(refused):
        raise Shortfall("The log does not tell the result of a request.",
                        expected="a message that was accepted and one that was refused "
                                 "look different",
                        actual=f'"{readable(sent)}" and "{readable(refused)}"')
    must_be_logged(stage, "annabella", "asking for the list", lambda: stage.list_of(ann))
    must_be_logged(stage, "annabella", "unregistering", lambda: stage.leave(ann))


# -- steps -----------------------------------------------------------------------------------------


def must_be_refused(stage: MessageStage, member: Member, name: str, why: str,
                    errors: int) -> None:
    """Raises Shortfall unless the client has printed so many errors, and is not registered."""
    expected = "a line that begins `error:`, and the next line of its input is the next name"
    stage.until(lambda: len(member.errors()) >= errors or member.key is not None
                or member.program.ended)
    if len(member.errors()) < errors or member.key is not None or member.program.ended:
        raise Shortfall(f'The name "{name}", {why}, is not refused as it should be.',
                        expected=expected,
                        actual=f"{member.program.how_it_ended}; the client has printed "
                               f"{member.last_words()}", detail=stage.program.last_words())


def register_again(stage: MessageStage, name: str) -> Member:
    """A client with this name is registered; until 2 s have passed, it may take some tries."""
    member = stage.come(name)
    tries = 0

    def is_registered() -> bool:
        nonlocal member, tries
        if member.program.ended:  # on being refused: another check tells that it should not
            member, tries = stage.come(name), 0
        elif len(member.errors()) > tries:
            tries = len(member.errors())
            member.program.tell(name)
        return member.key is not None

    if not stage.within(TIME_TO_TIDY_S, is_registered):
        raise Shortfall(f"{name} has gone, and 2 s later the name cannot be registered again.",
                        expected=f"registered {name} KEY",
                        actual=f"the client has printed {member.last_words()}",
                        detail=stage.program.last_words())
    return member


def must_list(stage: MessageStage, member: Member, expected: list[Member]) -> None:
    """Raises Shortfall unless the list is exactly these, now or when who has left is forgotten."""
    right = {one.name.encode(): one.key for one in expected}
    listed = stage.list_of(member)
    if listed != right and right.items() <= listed.items():
        stage.within(TIME_TO_TIDY_S, lambda: stage.list_of(member) == right)
        listed = member.lists()[-1]
    if listed != right:
        raise Shortfall("The list is not that of those who are registered.",
                        expected=words_of(right), actual=words_of(listed))


def words_of(listed: dict[bytes, int | None] | dict[bytes, int]) -> str:
    """A list as it is printed."""
    return ", ".join(f"{key} {name.decode()}" for name, key in sorted(listed.items())) or "nobody"


def an_unknown_key(*members: Member) -> int:
    """A number that is nobody's key."""
    key = 7654321
    while key in [member.key for member in members]:
        key += 1
    return key


def must_be_logged(stage: MessageStage, name: str, what: str, act: Callable[[], object]) -> bytes:
    """Raises Shortfall unless the server has logged a line with this name; the line."""
    before = len(stage.program.output()), len(stage.program.errors())

    def logged() -> list[bytes]:
        new = stage.program.output()[before[0]:], stage.program.errors()[before[1]:]
        return [line for text in new for line in text.split(b"\n")[:-1] if name.encode() in line]

    act()
    if not stage.until(lambda: bool(logged())):
        raise Shortfall(f"The server does not log {what}.",
                        expected=f"a line with the time, {name}, and the result",
                        actual=f'it logged "{readable(stage.program.output()[before[0]:])}"')
    line = logged()[-1]
    if not A_DIGIT.search(line.replace(name.encode(), b"")):
        raise Shortfall("The log does not tell when something happened.",
                        expected="the time, the client's name and the result",
                        actual=f'"{readable(line)}"')
    return line


def without_numbers(line: bytes) -> bytes:
    """The line as it would be at another time, of another key."""
    return re.sub(rb"[\d.:]+", b"0", line)
