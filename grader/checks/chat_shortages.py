"""A server goes on when the system gives it no more descriptors or threads."""

from collections.abc import Callable

from grading.chat_stage import ChatStage
from grading.line_client import LineClient
from grading.observe.deadline import Deadline
from grading.programs import Supply
from grading.shortage import must_allow_files, no_new_thread
from grading.shortfall import Blocked, Shortfall
from grading.theatre import Theatre

from chat_cost import SHARE, busy_share, must_be_idle
from chat_visitors import AT_ONCE

# Most descriptors are taken when it begins: a few clients use up the rest.
NARROW = Supply(open_files=256, taken=256 - 40)
UNEASY_S = 0.1  # how long a program is given to meet a shortage, if it does not settle in it
MOMENT_S = 0.1  # enough to see a program that never rests
AGAIN_S = 6.0  # how long a program may take to find out that a shortage is over
SHORT_S = 0.005
DESCRIPTORS = "descriptors_are_given_back"


def check_survives_no_descriptors(theatre: Theatre) -> None:
    """With no descriptor left (EMFILE) the room goes on,
    and later new clients are accepted again, and the server rests again."""
    must_allow_files(NARROW.open_files)
    stage = theatre.stage(NARROW)
    *room, visitor = stage.join(4)
    visitor.leave()
    stage.settle()
    rested = busy_share(stage, MOMENT_S, stage.program) < SHARE  # else other checks tell
    guests = use_up_descriptors(stage)
    late = [stage.connect() for _ in range(2)]
    uneasily(stage, lambda: all(client.ended for client in late))
    for speaker in room:
        token = stage.token()
        speaker.say(f"{token} from {speaker.name}")
        must_be_heard(stage, speaker, room, token)
    leave_room(stage, guests)
    must_be_accepted_again(stage, room)
    if rested:
        must_be_idle(stage, "guests have left, and descriptors are no longer short")


def check_survives_no_threads(theatre: Theatre) -> None:
    """With no thread left (EAGAIN) nobody loses his place,
    and later new clients are accepted again."""
    stage = theatre.stage()
    ann, *others = room = stage.join(3)
    token = stage.token()
    with no_new_thread(stage.program.pid):
        stage.transcript.add("note", "server", "gets no new thread from here on")
        late = [stage.connect() for _ in range(2)]
        uneasily(stage, lambda: all(client.ended for client in late))
        ann.say(f"{token} while there is no thread")  # who needs one for a line relays it later
        uneasily(stage, lambda: all(client.count(token) for client in others))
    stage.transcript.add("note", "server", "gets threads again")
    must_be_heard(stage, ann, room, token)
    must_be_accepted_again(stage, room)


# -- steps ---------------------------------------------------------------------------------------

def use_up_descriptors(stage: ChatStage) -> list[LineClient]:
    """Clients join until the program has no descriptor left, or lets nobody in any more."""
    guests: list[LineClient] = []
    while (free := descriptors_left(stage)) > 0:
        newcomers = [stage.connect() for _ in range(min(AT_ONCE, free))]
        guests += newcomers
        if not stage.until(lambda: not descriptors_left(stage)
                           or all(map(stage.accepted, newcomers))):
            break
        if not all(client.here for client in newcomers):
            break
    stage.transcript.add("note", "server", "has no descriptor left")
    return guests


def descriptors_left(stage: ChatStage) -> int:
    """How many more descriptors the program can have."""
    return NARROW.open_files - len(stage.program.descriptors())


def leave_room(stage: ChatStage, guests: list[LineClient]) -> None:
    """The guests leave. Raises Blocked if their descriptors are not closed:
    then the shortage goes on."""
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


def must_be_heard(stage: ChatStage, speaker: LineClient, room: list[LineClient],
                  token: str) -> None:
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
