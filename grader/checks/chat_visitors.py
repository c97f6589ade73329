"""A server takes whoever comes: hundreds at once, by IPv6, while it is stopped, or gone again."""

import time
from collections.abc import Generator
from contextlib import contextmanager

from grading.chat_stage import ChatStage
from grading.line_client import LineClient
from grading.observe.deadline import Deadline
from grading.observe.freeze import Unstoppable, frozen
from grading.observe.sockets import waiting_to_be_accepted
from grading.programs import Supply
from grading.shortage import must_allow_files, must_allow_threads
from grading.shortfall import Shortfall
from grading.theatre import Theatre

from chat_cost import TIME_TO_TIDY

CROWD, AT_ONCE = 300, 4  # clients in all, and how many of them knock at the same moment
SLOW_KNOCK_S = 0.5  # a connection took so long: the listen queue was full, the kernel tried again
# Most descriptors are taken when it begins: half of the crowd reaches numbers beyond FD_SETSIZE.
WIDE = Supply(open_files=4096, taken=1024 - CROWD // 2)


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
    """A call that is interrupted (EINTR) is no reason to end:
    neither a client's visit nor the program."""
    stage = theatre.stage()
    room = stage.join(3)
    for _ in range(3):
        interrupt(stage, in_a_library=not theatre.target.command)
        stage.settle()
        for speaker in room:
            stage.say(speaker)
        room += stage.join()


def check_a_reset_before_accept_disturbs_nobody(theatre: Theatre) -> None:
    """A client that resets its connection before it is accepted disturbs nobody,
    and nothing is kept for it."""
    stage = theatre.stage()
    ann, bob = stage.join(2)
    before = kept(stage)
    tidy = gives_back_what_visits_cost(stage, before)
    with standing_still(stage):
        passers_by = [stage.connect() for _ in range(3)]
        passers_by[1].say("a line, and away")
        for client in passers_by:
            client.reset()
        guest = stage.connect()
    stage.settle()
    cid = stage.join()[0]
    for speaker in (ann, bob, cid):
        stage.say(speaker)
    guest.leave()
    cid.leave()
    if tidy:
        must_keep_no_more(stage, before)


# -- steps ---------------------------------------------------------------------------------------

def let_in_a_crowd(stage: ChatStage) -> list[LineClient]:
    """Many clients connect, no more at once than a short listen queue holds.
    Raises Shortfall unless all are let in."""
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


def kept(stage: ChatStage) -> dict[str, int]:
    """What the program has of that which a client may cost."""
    return {"descriptors": len(stage.program.descriptors()), "threads": stage.program.threads()}


def gives_back_what_visits_cost(stage: ChatStage, before: dict[str, int]) -> bool:
    """True if nothing is kept of clients that have been accepted; if not, other checks say so."""
    eve, fay = stage.join(2)
    eve.leave()
    fay.reset()
    return comes_back(stage, before)


def comes_back(stage: ChatStage, before: dict[str, int]) -> bool:
    """True once the program has no more than this; False if not within 2 s."""
    deadline = Deadline(TIME_TO_TIDY, stage.program.pids)
    while any(now > before[what] for what, now in kept(stage).items()):
        if deadline.passed:
            return False
        stage.pump(0.01)
    return True


def must_keep_no_more(stage: ChatStage, before: dict[str, int]) -> None:
    """Raises Shortfall unless the program has no more than this within 2 s."""
    if not comes_back(stage, before):
        now = kept(stage)
        raise Shortfall("Clients have reset their connections before they were accepted, others "
                        "have left; 2 s later the server still has something of theirs.",
                        expected=", ".join(f"{number} {what}" for what, number in before.items()),
                        actual=", ".join(f"{number} {what}" for what, number in now.items()))


def interrupt(stage: ChatStage, in_a_library: bool) -> None:
    """Stops every thread for a moment and lets it go on, as Ctrl-Z and fg do: signal(7) tells which
    calls fail with EINTR then. In a library's thread a signal handler runs, too, as a program that
    uses the library may have one."""
    if in_a_library:
        stage.transcript.add("note", "server", "a signal handler runs on the proactor's thread")
        stage.program.tell("interrupt 0")
        stage.settle()
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
