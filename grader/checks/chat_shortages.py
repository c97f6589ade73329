"""A server uses all that the system gives it, and goes on when the system gives it no more."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from grading.chat_stage import ChatStage
from grading.line_client import LineClient
from grading.observe.deadline import Deadline
from grading.observe.freeze import Unstoppable, frozen
from grading.observe.sockets import waiting_to_be_accepted
from grading.programs import Supply
from grading.shortage import must_allow_files, must_allow_threads, no_new_thread
from grading.shortfall import Blocked, Shortfall
from grading.theatre import Theatre

CROWD, AT_ONCE = 300, 4  # clients in all, and how many of them knock at the same moment
SLOW_KNOCK_S = 0.5  # a connection took so long: the listen queue was full, and the kernel tried again
# Most descriptors are taken when it begins: a few clients reach numbers beyond FD_SETSIZE, and use up the rest.
WIDE = Supply(open_files=4096, taken=1024 - CROWD // 2)
NARROW = Supply(open_files=256, taken=256 - 40)
UNEASY_S = 0.1  # how long a program is given to meet a shortage, if it does not settle in it
AGAIN_S = 6.0  # how long a program may take to find out that a shortage is over
SHORT_S = 0.005
DESCRIPTORS = "descriptors_are_given_back"


def check_serves_hundreds_of_clients(theatre: Theatre) -> None:
    """Three hundred clients chat at once: no table has a fixed size."""
    must_allow_files(WIDE.open_files)
    stage = theatre.stage(WIDE)
    try:
        crowd = let_in_a_crowd(stage)
        for speaker in (crowd[0], crowd[-1]):
            speaker.say("a first line, which nobody judges")
            stage.say(speaker)
    except Shortfall:
        must_allow_threads(2 * CROWD)  # or the machine falls short
        raise


def check_serves_ipv6(theatre: Theatre) -> None:
    """Clients that come by IPv6 are in the same chat as those that come by IPv4."""
    theatre.must_have_ipv6()
    stage = theatre.stage()
    ann, bob = stage.join(2)
    eve = stage.connect("::1")
    if not stage.until(lambda: stage.accepted(eve)):
        raise Shortfall("A client that came by IPv6 is not accepted.", expected="it is in the chat",
                        actual="it waits in the listen queue")
    stage.settle()
    eve.say("a first line, which nobody judges")
    for speaker in (eve, ann, bob):
        stage.say(speaker)


def check_survives_interruptions(theatre: Theatre) -> None:
    """A call that is interrupted (EINTR) is no reason to end: neither a client's visit nor the program."""
    stage = theatre.stage()
    room = stage.join(3)
    for _ in range(3):
        interrupt(stage)
        stage.settle()
        for speaker in room:
            stage.say(speaker)
        room += stage.join()


def check_a_reset_before_accept_disturbs_nobody(theatre: Theatre) -> None:
    """A client that resets its connection before it is accepted disturbs nobody."""
    stage = theatre.stage()
    ann, bob = stage.join(2)
    with standing_still(stage):
        passers_by = [stage.connect() for _ in range(3)]
        passers_by[1].say("a line, and away")
        for client in passers_by:
            client.reset()
        stage.connect()
    stage.settle()
    cid = stage.join()[0]
    for speaker in (ann, bob, cid):
        stage.say(speaker)


def check_survives_no_descriptors(theatre: Theatre) -> None:
    """With no descriptor left (EMFILE) the room goes on, and later new clients are accepted again."""
    must_allow_files(NARROW.open_files)
    stage = theatre.stage(NARROW)
    room = stage.join(3)
    guests = use_up_descriptors(stage)
    late = [stage.connect() for _ in range(2)]
    uneasily(stage, lambda: all(client.ended for client in late))
    for speaker in room:
        token = stage.token()
        speaker.say(f"{token} from {speaker.name}")
        must_be_heard(stage, speaker, room, token)
    leave_room(stage, guests)
    must_be_accepted_again(stage, room)


def check_survives_no_threads(theatre: Theatre) -> None:
    """With no thread left (EAGAIN) nobody loses his place, and later new clients are accepted again."""
    stage = theatre.stage()
    ann, *others = room = stage.join(3)
    token = stage.token()
    with no_new_thread(stage.program.pid):
        late = [stage.connect() for _ in range(2)]
        uneasily(stage, lambda: all(client.ended for client in late))
        ann.say(f"{token} while there is no thread")  # who needs one for a line relays it later
        uneasily(stage, lambda: all(client.count(token) for client in others))
    must_be_heard(stage, ann, room, token)
    must_be_accepted_again(stage, room)


# -- steps ---------------------------------------------------------------------------------------

def let_in_a_crowd(stage: ChatStage) -> list[LineClient]:
    """Many clients connect, no more at once than a short listen queue holds. Raises Shortfall unless all
    are let in."""
    crowd: list[LineClient] = []
    at_once = AT_ONCE
    while len(crowd) < CROWD:
        start = time.monotonic()
        crowd += [stage.connect() for _ in range(min(at_once, CROWD - len(crowd)))]
        if time.monotonic() - start > SLOW_KNOCK_S:
            at_once = 1
        stage.until(lambda: not waiting_to_be_accepted(stage.port))
    if not stage.until(lambda: {client.port for client in crowd} <= stage.connections()):
        there = len(stage.connections())
        raise Shortfall(f"Of {CROWD} clients only {there} were let in.",
                        expected="as many clients as the system has descriptors and threads for",
                        actual=f"{there} clients are connected", detail=stage.program.last_words())
    stage.settle()  # the last one is accepted, and may not be on the program's list yet
    return crowd


def interrupt(stage: ChatStage) -> None:
    """Stops every thread for a moment and lets it go on, as Ctrl-Z and fg do: signal(7) tells which
    calls fail with EINTR then."""
    stage.transcript.add("note", "server", "is stopped for a moment, and goes on")
    with standing_still(stage):
        stage.mark()


@contextmanager
def standing_still(stage: ChatStage) -> Generator[None, None, None]:
    """No thread of the program runs within the block."""
    try:
        with frozen(stage.program.thread_ids()):
            yield
    except Unstoppable as thread:
        raise Shortfall(f"A thread of the program cannot be stopped by a signal: {thread}.",
                        expected="threads that wait in calls a signal can interrupt",
                        actual="it sleeps in the kernel") from thread


def use_up_descriptors(stage: ChatStage) -> list[LineClient]:
    """Clients join until the program has no descriptor left, or lets nobody in any more."""
    guests: list[LineClient] = []
    while (free := descriptors_left(stage)) > 0:
        newcomers = [stage.connect() for _ in range(min(AT_ONCE, free))]
        guests += newcomers
        if not stage.until(lambda: not descriptors_left(stage) or all(map(stage.accepted, newcomers))):
            break
        if not all(client.here for client in newcomers):
            break
    stage.transcript.add("note", "server", "has no descriptor left")
    return guests


def descriptors_left(stage: ChatStage) -> int:
    """How many more descriptors the program can have."""
    return NARROW.open_files - len(stage.program.descriptors())


def leave_room(stage: ChatStage, guests: list[LineClient]) -> None:
    """The guests leave. Raises Blocked if their descriptors are not closed: then the shortage goes on."""
    before = len(stage.program.descriptors())
    for client in guests:
        client.leave()
    if not comes_true(stage, lambda: len(stage.program.descriptors()) <= before - len(guests) // 2):
        raise Blocked(DESCRIPTORS, "The descriptors of clients that have left are not closed.")


def uneasily(stage: ChatStage, fact: Callable[[], bool]) -> None:
    """Waits for a fact that need not come true, from a program that need not settle meanwhile."""
    stage.until(fact, UNEASY_S)
    stage.restless = False


def comes_true(stage: ChatStage, fact: Callable[[], bool]) -> bool:
    """Waits for a fact, longer than any timer may run that a program sets itself in a shortage."""
    deadline = Deadline(AGAIN_S, stage.program.pids)
    while not fact() and not deadline.passed and not stage.program.ended:
        stage.pump(SHORT_S)
    return fact()


def must_be_heard(stage: ChatStage, speaker: LineClient, room: list[LineClient], token: str) -> None:
    """Raises Shortfall unless everybody in the room hears it, and once."""
    comes_true(stage, lambda: all(client.count(token) for client in room if client is not speaker))
    stage.must_live()
    for client in room:
        if client is not speaker:
            stage.must_have_heard_once(client, token, speaker)


def must_be_accepted_again(stage: ChatStage, room: list[LineClient]) -> None:
    """Raises Shortfall unless a new client is let in, and chats with the room."""
    newcomer = stage.connect()
    comes_true(stage, lambda: stage.accepted(newcomer))
    stage.must_live()
    if not stage.accepted(newcomer) or newcomer.ended:
        newcomer.note("missing", b"<a place in the chat>")
        raise Shortfall("The shortage is over, and a new client is not let in.",
                        expected="new clients are accepted again",
                        actual=newcomer.ended or "it waits in the listen queue")
    stage.settle()
    newcomer.say("a first line, which nobody judges")
    for speaker in (newcomer, *room):
        stage.say(speaker, [*room, newcomer])
