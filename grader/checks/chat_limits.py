"""Lines at their limits: long ones pass whole, endless ones end a visit, NUL bytes are bytes."""

from grading.chat_stage import ChatStage
from grading.line_client import LineClient
from grading.programs import Supply
from grading.shortfall import Shortfall
from grading.theatre import Theatre
from grading.transcript import readable

from part_c import log_lines

KIB, MIB = 1 << 10, 1 << 20
TALKATIVE = Supply(output=160 * MIB)  # a server may log every byte of what follows
TIME_TO_GO_S = 3.0  # a fence: a server that means to end a visit has done it by then
ENDLESS = 16 * MIB  # far more than the 1 MiB after which the visit has to end: SPEC.md C5
NUMBERS = b" ".join(b"%06d" % number for number in range(MIB // 100))


def check_long_lines_pass_whole(theatre: Theatre) -> None:
    """A line of 64 KiB passes whole."""
    stage = theatre.stage(TALKATIVE)
    ann, bob, cid = stage.join(3)
    for speaker, listener in ((ann, bob), (cid, ann)):
        token = stage.token()
        line = filled(token, 64 * KIB - 1)
        speaker.say(line)
        stage.must_hear([token], speaker)
        must_have_heard(listener, token, line)
    stage.say(bob)


def check_endless_line_ends_one_visit(theatre: Theatre) -> None:
    """A line of more than 1 MiB without its end ends that one client's visit,
    with a word in the log."""
    stage = theatre.stage(TALKATIVE)
    ann, bob, eve = stage.join(3)
    logged = log_lines(stage)
    eve.send(b"e" * ENDLESS)
    if not (stage.until(lambda: bool(eve.ended))
            or stage.within(TIME_TO_GO_S, lambda: bool(eve.ended))):
        eve.note("missing", b"<end of the connection>")
        raise Shortfall(f"{eve.name} has sent {ENDLESS // MIB} MiB without a line end, and "
                        "is still connected.",
                        expected="the server ends the connection of a client "
                                 "whose line gets longer than 1 MiB",
                        actual=f"it holds {stage.program.memory_bytes()[0] // MIB} MiB of memory, "
                               "and waits for more")
    eve.reset()
    must_be_logged(stage, logged, f"{eve.name}'s line was too long")
    stage.say(ann, [bob])
    stage.say(bob, [ann])


def check_nul_bytes_pass(theatre: Theatre) -> None:
    """NUL bytes in a line pass like any other byte."""
    stage = theatre.stage()
    ann, bob, cid = stage.join(3)
    for pattern in (b"%s in the \0 middle", b"%s at the end \0", b"\0\0 at the beginning %s"):
        token = stage.token()
        line = pattern.replace(b"%s", token.encode())
        ann.say(line)
        stage.must_hear([token], ann)
        must_have_heard(bob, token, line)
        must_have_heard(cid, token, line)


# -- steps ---------------------------------------------------------------------------------------

def filled(token: str, length: int) -> bytes:
    """A line of so many bytes in which every place looks different."""
    return (token.encode() + b" " + NUMBERS)[:length]


def must_have_heard(listener: LineClient, token: str, line: bytes) -> None:
    """Raises Shortfall unless the line that holds the token ends with exactly this."""
    heard = next((one for one in listener.lines() if token.encode() in one), b"")
    if not heard.endswith(line):
        listener.note("unexpected", heard)
        raise Shortfall(f"The line that {listener.name} heard is not the line that was said.",
                        expected=f'{len(line)} bytes: "{readable(line)}\\n", '
                                 'with at most a prefix before it',
                        actual=f'{len(heard)} bytes: "{readable(heard)}"')


def must_be_logged(stage: ChatStage, before: int, what: str) -> None:
    """Raises Shortfall unless the log has got another line since."""
    if not stage.until(lambda: log_lines(stage) > before):
        raise Shortfall(f"The server has ended a connection without a word: {what}.",
                        expected="a line on stdout or stderr, in any words, flushed",
                        actual=f"{before} lines before it, and none after")
