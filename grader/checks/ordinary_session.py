"""An ordinary session of a chat, for the sanitizers: talk, every way of leaving, all at once."""

from collections.abc import Callable

from grading.chat_stage import ChatStage
from grading.line_client import LineClient
from grading.shortfall import Blocked, Shortfall
from grading.verdict import Verdict

LIKE_BUFFERS = (256, 512, 1024, 2048, 4096, 8192)  # bytes
LONG_LINE = 900  # bytes: SPEC.md C1
ROUNDS = 3  # of coming and going at once: what is a matter of luck gets three chances


def chat(stage: ChatStage) -> None:
    """Joins, lines, every way of leaving, and all at once. What is heard is judged elsewhere."""
    steps: tuple[tuple[str, Callable[[ChatStage], None]], ...] = (
        ("fan_out_reaches_everyone_else", some_talk),
        ("lines_do_not_depend_on_packets", lines_in_pieces),
        ("long_lines_pass_whole", lines_like_buffers),
        ("one_leaves_and_three_more_rounds", one_leaves),
        ("a_reset_disturbs_nobody", one_resets),
        ("a_half_close_ends_the_visit", one_half_closes),
        ("eight_leave_at_once", all_at_once))
    for check, step in steps:
        with_blame(check, lambda: step(stage))


def some_talk(stage: ChatStage) -> None:
    """Three clients, who all speak at once."""
    talk(stage, stage.join(3))


def lines_in_pieces(stage: ChatStage) -> None:
    """A line in two packets, three lines in one, a long one."""
    ann, bob, *_ = present(stage, 2)
    ann.send(b"the first half")
    stage.settle()
    ann.send(b" and the second\nanother\nand another\n")
    bob.say("x" * LONG_LINE)
    stage.settle()


def lines_like_buffers(stage: ChatStage) -> None:
    """Lines that just fit into a buffer of a usual size, or just do not.

    A guest says them: who is sent away for his long lines (C1 promises 1,000 bytes) is not missed.
    """
    guest, *_ = stage.join(1)
    for size in LIKE_BUFFERS:
        for length in (size - 2, size - 1, size):
            guest.say("y" * length)
    stage.settle()
    guest.leave()
    stage.settle()


def one_leaves(stage: ChatStage) -> None:
    """One closes while nothing happens, another while everybody speaks."""
    present(stage, 1)[0].leave()
    stage.settle()
    newcomer, *_ = stage.join(1)
    newcomer.leave()
    talk(stage, stage.here())


def one_resets(stage: ChatStage) -> None:
    """The same with resets, in the middle of a line.

    Who resets while somebody sends to him is often seen by that send() alone.
    """
    for _ in range(ROUNDS):
        newcomer, *_ = stage.join(1)
        newcomer.send(b"half a line and then")
        stage.settle()
        newcomer.reset()
        stage.settle()
    newcomer, *_ = stage.join(1)
    newcomer.send(b"half a line and then")
    newcomer.reset()
    talk(stage, stage.here())


def one_half_closes(stage: ChatStage) -> None:
    """One shuts down his sending side behind an unfinished line, and waits for the server's end."""
    newcomer, *_ = stage.join(1)
    newcomer.send(b"a line\nand half of one")
    newcomer.half_close()
    talk(stage, [client for client in stage.here() if client is not newcomer])
    newcomer.leave()
    stage.settle()


def all_at_once(stage: ChatStage) -> None:
    """Eight join, all speak, and eight leave, again and again; two stay."""
    for _ in range(ROUNDS):
        stayers = stage.here()
        newcomers = stage.join(8)
        for client in (*stayers, *newcomers):
            client.say(f"{client.name} says: all of you leave now")
        for place, leaver in enumerate(newcomers):
            (leaver.reset if place % 2 else leaver.leave)()
        talk(stage, stayers)


def crowd(stage: ChatStage) -> None:
    """The same in short, for schedules in which threads wait: come, speak, leave, all at once."""
    stayers = stage.join(2)
    newcomers = stage.join(8)
    talk(stage, stage.here())
    for place, leaver in enumerate(newcomers):
        leaver.say(f"{leaver.name} leaves")
        (leaver.reset if place % 2 else leaver.leave)()
    talk(stage, stayers)
    stage.join(1)


def present(stage: ChatStage, number: int) -> list[LineClient]:
    """The clients that are connected; raises Shortfall if there are fewer than that."""
    clients = stage.here()
    if len(clients) < number:
        raise Shortfall("The server has ended connections of clients that had not left.",
                        expected=f"{number} clients are connected", actual=f"{len(clients)}")
    return clients


def talk(stage: ChatStage, speakers: list[LineClient]) -> None:
    """Everybody says two lines, and nobody waits for the others."""
    for _ in range(2):
        for speaker in speakers:
            speaker.say(f"{stage.token()} from {speaker.name}")
    stage.settle()


def with_blame(check: str, step: Callable[[], object]) -> None:
    """Plays a step; where the program falls short in it, the check that judges this is named."""
    try:
        step()
    except Shortfall as reason:
        raise Blocked(check, in_a_session(reason), reason.detail,
                      actual=reason.actual) from reason


def in_a_session(reason: Shortfall) -> str:
    """What went wrong; how the program died comes first, for a card shows the first words alone."""
    if reason.verdict is Verdict.CRASH:
        return f"{reason.actual}, in an ordinary session"
    return f"It did not get through an ordinary session: {reason.rationale}"
