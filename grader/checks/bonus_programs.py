"""The bonus: how the programs start, what they refuse, what they cost, and how they end."""

import signal

from grading.message_stage import END_OF_LIST, Member, MessageStage
from grading.shortfall import Shortfall
from grading.stage import FENCE_S
from grading.theatre import Theatre
from grading.transcript import readable

from bonus_faults import kill, must_notice
from bonus_register import TIME_TO_TIDY_S, an_unknown_key
from chat_cost import must_be_idle
from chat_start import must_end, must_refuse

BAD_CHANNELS = ("", "n" * 32, "a b", "a/b")


def check_says_its_channel(theatre: Theatre) -> None:
    """When clients can come, the server prints `Listening on channel: [NAME]`; without an argument
    the channel is `lab`."""
    for channel in (None, ""):
        theatre.clear()
        theatre.live_together()
        name = theatre.target.channel if channel == "" else theatre.some_channel()
        program = theatre.start_server(*(theatre.target.arguments(name) if channel is None else ()))
        line = b"\n" + theatre.target.ready_at(name).encode()
        if not theatre.stage_for(program).until(lambda: line in b"\n" + program.output()):
            raise Shortfall("The server has not printed on stdout where it can be found.",
                            expected=f"a line that begins: {readable(line[1:])}",
                            actual=f'{program.how_it_ended}; stdout: '
                                   f'"{readable(program.output())}"',
                            detail=program.last_words())


def check_refuses_a_bad_channel(theatre: Theatre) -> None:
    """A bad channel name, or too many arguments: usage on stderr, exit status 2."""
    theatre.live_together()
    for bad in BAD_CHANNELS:
        must_refuse(theatre, (bad,), 2, f'the channel "{bad}"', "usage")
    must_refuse(theatre, ("one", "two"), 2, "the arguments one two", "usage")


def check_one_server_on_a_channel(theatre: Theatre) -> None:
    """A server on a channel that has one already: the reason on stderr, exit status 1; the first
    goes on. Another channel is another room."""
    stage = theatre.message_stage()
    ann, bob = stage.join(2)
    must_refuse(theatre, theatre.target.arguments(stage.channel), 1,
                "a channel that has a server", "the reason")
    stage.send(ann, bob)
    other = theatre.message_stage()
    namesake = other.come(ann.name)
    other.must_be_registered(namesake)
    newcomer = stage.join()[0]
    stage.send(ann, newcomer)
    if namesake.heard() or len(other.list_of(namesake)) != 1:
        raise Shortfall("Two servers on two channels have something in common.",
                        expected=f"{namesake.name} is alone on the second channel",
                        actual=f"its client has printed {namesake.last_words()}")


def check_client_finds_the_default_channel(theatre: Theatre) -> None:
    """Without `--channel` the client looks for a server on the channel `lab`."""
    stage = theatre.message_stage("")
    ann, bob = (stage.client(name, name=name) for name in ("ann", "bob"))
    for member in (ann, bob):
        stage.must_be_registered(member)
    stage.send(ann, bob)


def check_says_that_there_is_no_server(theatre: Theatre) -> None:
    """Where no server is on the channel, the client says why it ends on stderr: exit status 1."""
    theatre.live_together()
    client = theatre.start_client("--channel", theatre.some_channel(), "ann", name="ann")
    theatre.stage_for(client).until(lambda: client.ended)
    if client.exit_status != 1 or not client.errors().strip():
        raise Shortfall("Without a server the client does not end as it should.",
                        expected="the reason on stderr, exit status 1",
                        actual=f'{client.how_it_ended}, stderr: "{readable(client.errors())}"')


def check_goes_on_after_an_error(theatre: Theatre) -> None:
    """After a command that it does not know, the client prints a line that begins `error:`, and
    goes on; `help` brings a line or more."""
    stage = theatre.message_stage()
    ann, bob = stage.join(2)
    stage.must_be_refused(ann, "frobnicate", "an unknown command")
    stage.must_be_refused(ann, f"send {an_unknown_key(ann, bob)} hello", "an unknown key")
    before = len(ann.lines())
    ann.program.tell("help")
    if not stage.until(lambda: len(ann.lines()) > before):
        raise Shortfall("`help` brings nothing.", expected="a line of help, or more",
                        actual="nothing is printed")
    stage.settle()
    stage.send(ann, bob)


def check_works_on_a_terminal(theatre: Theatre) -> None:
    """The client works on a terminal as well: commands, messages that arrive, Ctrl-D."""
    stage = theatre.message_stage()
    ann = stage.join()[0]
    command = (f"./{theatre.target.client}", "--channel", stage.channel, "bob")
    screen = theatre.on_terminal(command)
    stage.also(screen)

    def must_show(what: bytes) -> None:
        if not stage.until(lambda: what in screen.screen()):
            raise Shortfall(f'On the terminal "{readable(what)}" does not appear.',
                            expected=f'"{readable(what)}"',
                            actual=f'the screen ends with "{readable(screen.screen()[-100:])}"')

    must_show(b"registered bob ")
    screen.type_line("list")
    must_show(END_OF_LIST)
    key = stage.list_of(ann)[b"bob"]
    token = stage.token()
    ann.program.tell(f"send {key} {token}")
    must_show(f"from ann: {token}".encode())
    screen.press_ctrl_d()
    must_show(b"unregistered bob")
    if not stage.until(lambda: screen.ended) or screen.how_it_ended != "exit status 0":
        raise Shortfall("After Ctrl-D the client does not end with status 0.",
                        expected="exit status 0", actual=screen.how_it_ended)


def check_segments_are_private(theatre: Theatre) -> None:
    """Only the same user can open the segments: what lies in /dev/shm has the mode 0600."""
    stage = theatre.message_stage()
    stage.join(2)
    found = theatre.box.segments()
    if not found:
        raise Shortfall("There is no POSIX shared memory.", expected="a segment in /dev/shm",
                        actual="nothing in /dev/shm")
    for name, mode in found.items():
        if mode & 0o077:
            raise Shortfall("Other users can open a segment.", expected="mode 0600",
                            actual=f"/dev/shm/{name} has mode {mode:04o}")


def check_idle_messengers_cost_nothing(theatre: Theatre) -> None:
    """While nothing is asked and nothing arrives, the server and each client use under 1 % of one
    core."""
    stage = theatre.message_stage()
    ann, *_, victim = stage.join(6)
    must_be_idle(stage, "six clients are registered")
    must_be_idle(stage, "nothing is typed, nothing arrives", ann.program)
    kill(stage, victim)
    must_be_idle(stage, "one of six was killed")


def check_sigint_leaves_nothing_behind(theatre: Theatre) -> None:
    """SIGINT ends the server with status 0 and nothing in /dev/shm, also with clients registered;
    these say so on stderr within 2 s, and end with status 1."""
    must_stop(theatre, signal.SIGINT)


def check_sigterm_leaves_nothing_behind(theatre: Theatre) -> None:
    """SIGTERM ends the server as SIGINT does."""
    must_stop(theatre, signal.SIGTERM)


# -- steps -----------------------------------------------------------------------------------------


def must_stop(theatre: Theatre, number: signal.Signals) -> None:
    """Raises Shortfall unless the signal ends the server, its clients, and its segments."""
    for clients in (0, 3):
        theatre.clear()
        before = set(theatre.box.segments())
        stage = theatre.message_stage()
        members = stage.join(clients)
        if members:
            stage.send(members[0], members[1])
            kill(stage, members.pop())
        must_end(stage, number, f"{clients} clients have come", FENCE_S)
        must_notice(stage, members, "The server has ended")
        nothing_may_be_left(theatre, stage, before, members)


def nothing_may_be_left(theatre: Theatre, stage: MessageStage, before: set[str],
                     members: list[Member]) -> None:
    """Raises Shortfall if the server has left shared memory behind."""
    stage.within(TIME_TO_TIDY_S, lambda: set(theatre.box.segments()) <= before)
    if left := sorted(set(theatre.box.segments()) - before):
        raise Shortfall("The server has ended, and left shared memory behind.",
                        expected="nothing in /dev/shm",
                        actual=f"{', '.join(left)} ({len(members)} clients were registered)")
