"""The bonus: whoever is killed, at whatever moment, takes nobody with him."""

import signal
from collections.abc import Callable

from grading.message_stage import Member, MessageStage
from grading.observe.call_by_call import CallByCall
from grading.shortfall import Shortfall
from grading.theatre import Theatre

import seccomp

from bonus_register import must_list, register_again

NOTICED_S = 2.0  # SPEC.md M5
KILLS = 4  # of each kind, spread over all the system calls that it takes
LOCKS = 8  # the first and the last of those at which it takes a lock, or wakes or awaits somebody
_OF_LOCKS = frozenset(seccomp.resolve_syscall(seccomp.Arch.NATIVE, name) for name in
                      ("futex", "fcntl", "flock", "semop", "semtimedop"))
MOST_CALLS, A_CALL_S = 400, 2.0  # who is not registered after so many, or in so long, is not
# Stops itself, so that it can be taken from its first system call on.
_STOPPED = ("bash", "-c", 'kill -STOP $$; exec "$@"', "bash")
SHARED = b"/dev/shm"


def check_who_is_killed_blocks_nobody(theatre: Theatre) -> None:
    """A client that is killed at any moment, while it registers or sends, holds nobody up for more
    than 2 s: others send, and newcomers are registered."""
    stage = theatre.message_stage()
    ann, bob = stage.join(2)
    for way in (while_it_registers, while_it_sends):
        calls = way(theatre, stage, bob, MOST_CALLS)
        must_go_on(stage, ann, bob, "when it was registered" if way is while_it_registers else
                   "when it had sent a message")
        for at in moments(calls):
            way(theatre, stage, bob, at)
            must_go_on(stage, ann, bob, f"{way.__name__.replace('_', ' ')}, "
                                        f"at system call {at} of {len(calls)}")


def check_name_of_a_killed_client_is_free(theatre: Theatre) -> None:
    """Within 2 s the name of a client that was killed can be registered again, and it is not in
    the list any more; also of one that was killed while it registered."""
    stage = theatre.message_stage()
    ann, bob, cid = stage.join(3)
    stage.send(bob, ann)
    kill(stage, bob)
    again = register_again(stage, bob.name)
    must_list(stage, ann, [ann, cid, again])
    stage.send(ann, again)
    stage.send(again, cid)
    names = []
    for at in moments(while_it_registers(theatre, stage, ann, MOST_CALLS)):
        names.append(next_victim(stage))
        while_it_registers(theatre, stage, ann, at)
    for name in names:
        stage.leave(register_again(stage, name))


def check_clients_notice_a_killed_server(theatre: Theatre) -> None:
    """When the server is killed, each client says so on stderr within 2 s, whether anything is
    typed or not, and ends with status 1."""
    stage = theatre.message_stage()
    members = stage.join(3)
    stage.may_end = True
    stage.program.signal(signal.SIGKILL)
    must_notice(stage, members, "The server was killed")


def check_starts_over_what_a_killed_server_left(theatre: Theatre) -> None:
    """A new server starts on the channel of one that was killed, and serves clients."""
    stage = theatre.message_stage()
    stage.join(2)
    stage.may_end = True
    stage.program.signal(signal.SIGKILL)
    stage.program.wait(NOTICED_S)
    again = theatre.message_stage(stage.channel)
    ann, bob = again.join(2)
    again.send(ann, bob)
    again.send(bob, ann)


# -- steps -----------------------------------------------------------------------------------------


def moments(calls: list[int]) -> list[int]:
    """After how many of these system calls a client is to be killed: some, spread over all of
    them, and those where it has a lock, or is about to take or to leave one."""
    spread = {1 + number * len(calls) // KILLS for number in range(KILLS)}
    locks = [place for place, call in enumerate(calls, 1) if call in _OF_LOCKS]
    return sorted(spread.union(locks[:LOCKS], locks[-LOCKS:]))


def while_it_registers(theatre: Theatre, stage: MessageStage, _: Member,
                       calls: int) -> list[int]:
    """A client is killed after so many system calls from the first for shared memory on, or as
    soon as it is registered; those it has made."""
    name = next_victim(stage)
    victim = Member(theatre.start_client("--channel", stage.channel, name, name=name,
                                         before=_STOPPED))
    stage.also(victim.program)
    with CallByCall(victim.program.thread_ids(), lambda: end(victim)) as traced:
        victim.program.signal(signal.SIGCONT)
        while traced.step(A_CALL_S) and not traced.text_at(first_path(traced)).startswith(SHARED):
            pass
        return calls_made(stage, traced, calls, lambda: victim.key is not None)


def while_it_sends(theatre: Theatre, stage: MessageStage, to: Member, calls: int) -> list[int]:
    """A client is killed after so many of the system calls that it makes to send, or when it has
    sent; those it has made."""
    name = next_victim(stage)
    victim = stage.come(name)
    stage.must_be_registered(victim)
    stage.settle()
    with CallByCall(victim.program.thread_ids(), lambda: end(victim)) as traced:
        victim.program.tell(f"send {to.key} the last words of {name}")
        return calls_made(stage, traced, calls, lambda: bool(victim.replies()))


def calls_made(stage: MessageStage, traced: CallByCall, calls: int,
               done: Callable[[], bool]) -> list[int]:
    """Lets it make so many calls, or until it is done; those it has made, each as it was entered
    and as it was left."""
    made: list[int] = []
    while len(made) < calls and not done() and traced.step(A_CALL_S):
        made.append(traced.call()[0])
        stage.pump()
    return made


def end(victim: Member) -> None:
    """It is killed where it stands."""
    victim.program.signal(signal.SIGKILL)


def first_path(traced: CallByCall) -> int:
    """Where the path lies that an openat(2), or a call like it, is given."""
    _, arguments = traced.call()
    return arguments[1] if len(arguments) > 1 else 0


def next_victim(stage: MessageStage) -> str:
    """A name for somebody who does not live long."""
    return f"victim-{len(stage.bystanders)}"


def must_go_on(stage: MessageStage, ann: Member, bob: Member, when: str) -> None:
    """Raises Shortfall unless a message and a newcomer pass within 2 s."""
    newcomer, replies = stage.come(), len(ann.replies())
    ann.program.tell(f"send {bob.key} is anybody there")
    facts: dict[str, Callable[[], bool]] = {
        "ann's message to bob got no reply": lambda: len(ann.replies()) > replies,
        "a newcomer was not registered": lambda: newcomer.key is not None}
    if not stage.within(NOTICED_S, lambda: all(fact() for fact in facts.values())):
        missing = next(what for what, fact in facts.items() if not fact())
        raise Shortfall(f"A client was killed {when}; for 2 s after that {missing}."
                        + stage.meanwhile(),
                        expected="nobody is held up for more than 2 s",
                        actual=f"nothing after {NOTICED_S:.0f} s",
                        detail=stage.program.last_words())
    stage.leave(newcomer)


def kill(stage: MessageStage, member: Member) -> None:
    """It is killed, and gone."""
    member.program.signal(signal.SIGKILL)
    stage.until(lambda: member.program.ended)


def must_notice(stage: MessageStage, members: list[Member], what: str) -> None:
    """Raises Shortfall unless each has ended within 2 s, with status 1 and a word on stderr."""
    stage.within(NOTICED_S, lambda: all(member.program.ended for member in members))
    for member in members:
        program = member.program
        if not program.ended or program.exit_status != 1 or not program.errors().strip():
            words = "something" if program.errors().strip() else "nothing"
            raise Shortfall(f"{what}, and {member.name}'s client does not end as it should.",
                            expected="within 2 s a word on stderr, exit status 1",
                            actual=f"{program.how_it_ended}, {words} on stderr")
