"""What becomes of a line: who hears it, how often, in which order, and whether its bytes are the same."""

import re

import pytest

from grading.chat_stage import ChatStage, how_often
from grading.line_client import LineClient
from grading.shortfall import Shortfall
from grading.theatre import Theatre
from grading.transcript import readable

COLOUR = re.compile(rb"\x1b\[[0-9;]*m")


def check_fan_out_reaches_everyone_else(theatre: Theatre) -> None:
    """A line that one client says reaches every other connected client exactly once."""
    stage = theatre.stage()
    clients = stage.join(3, greet=False)  # what they say first is judged, too
    for speaker in (*clients, *clients):
        stage.say(speaker)


def check_nothing_comes_back_to_the_sender(theatre: Theatre) -> None:
    """A line never comes back to the client that said it."""
    stage = theatre.stage()
    allowed = 1 if theatre.target.echo else 0
    for speaker in stage.join(3):
        token = stage.say(speaker)
        if speaker.count(token) > allowed:
            stage.transcript.add("unexpected", speaker.name, f"{token} from {speaker.name}")
            raise Shortfall(f"{speaker.name}'s own line came back to {speaker.name}.",
                            expected=f"{speaker.name} hears it "
                                     + ("once at the most" if allowed else "never"),
                            actual=f"{speaker.name} heard it {how_often(speaker.count(token))}")


def check_lines_do_not_depend_on_packets(theatre: Theatre) -> None:
    """One line in many packets, or many lines in one packet: the others hear the same lines."""
    stage = theatre.stage()
    ann, bob, cid = stage.join(3)
    slow, quick = stage.token(), stage.token()
    for piece in (slow[:3].encode(), slow[3:].encode(), b" one line, ", b"three packets"):
        ann.send(piece)
        stage.settle()
        must_not_have_heard_a_part(stage, (bob, cid), slow)
    cid.say(f"{quick} said in between")
    stage.settle()
    ann.send(b" and an end\n")
    stage.must_hear([quick], cid, [ann, bob])
    stage.must_hear([slow], ann)
    must_be_a_line(bob, f"{slow} one line, three packets and an end".encode())
    must_be_a_line(cid, f"{slow} one line, three packets and an end".encode())
    many = [stage.token() for _ in range(5)]
    start = stage.token()
    bob.send("".join(f"{token} of five\n" for token in many).encode() + f"{start} and".encode())
    stage.settle()
    bob.send(b" a half\n")
    stage.must_hear([*many, start], bob)
    for token in many:
        must_be_a_line(ann, f"{token} of five".encode())
    must_be_a_line(ann, f"{start} and a half".encode())


def check_bytes_pass_unchanged(theatre: Theatre) -> None:
    """What is in a line passes unchanged: any 8-bit text, 1,000 bytes of it, nothing added behind or between."""
    stage = theatre.stage()
    ann, bob = stage.join(2)
    eight_bit = bytes((*range(0x20, 0x7F), *range(0x80, 0x100)))
    for content in (b"plain", "gr\u00fc\u00df dich \u2014 \u4f60\u597d \U0001f600".encode(), b" two  spaces ",
                    eight_bit,
                    b"x" * 988, b"%s%n%d \\ \" ' $HOME", b"short again"):
        line = stage.token().encode() + b" " + content
        ann.say(line)
        stage.must_hear([line.split()[0].decode()], ann)
        must_be_a_line(bob, line)
    telnet = stage.token()
    ann.send(f"{telnet} by telnet\r\n".encode())
    stage.must_hear([telnet], ann)
    must_be_a_line(bob, f"{telnet} by telnet".encode())
    must_not_be_left_over(bob, b"xxxxxxxx")


@pytest.mark.plays(2)
def check_order_is_kept(theatre: Theatre) -> None:
    """The lines of one sender reach every receiver in the order in which they were sent."""
    stage = theatre.stage()
    clients = stage.join(4)
    said: dict[str, list[str]] = {client.name: [] for client in clients}
    for _ in range(30):
        for speaker in clients[:3]:
            token = stage.token()
            said[speaker.name].append(token)
            speaker.say(f"{token} from {speaker.name}")
        stage.pump()
    for speaker in clients[:3]:
        stage.must_hear(said[speaker.name], speaker)
        for listener in clients:
            if listener is not speaker:
                must_be_in_order(listener, speaker, said[speaker.name])


@pytest.mark.plays(2)
def check_lines_are_never_mixed(theatre: Theatre) -> None:
    """However many talk at once, no two messages are ever mixed within a line."""
    stage = theatre.stage()
    speakers = stage.join(4)
    listener = speakers[-1]
    said: list[bytes] = []
    for _ in range(25):
        for speaker in speakers[:3]:
            line = f"{stage.token()} ".encode() + speaker.name.encode() * 200
            said.append(line)
            speaker.say(line)
        stage.pump()
    stage.until(lambda: all(listener.count(line[:10]) for line in said))
    stage.settle()
    for line in said:
        must_be_a_line(listener, line)


def must_be_a_line(listener: LineClient, line: bytes) -> None:
    """Raises Shortfall unless exactly this is the end of one line that was heard, a prefix before it."""
    token = line[:10]
    heard = [COLOUR.sub(b"", one) for one in listener.lines() if token in one]
    if len(heard) == 1 and heard[0].endswith(line) and b"\0" not in heard[0]:
        return
    raw = bytes(listener.heard)
    place = max(0, raw.find(token) - 20)
    actual = heard[0] if heard else raw[place:place + len(line) + 60]
    listener.note("unexpected", actual)
    raise Shortfall(f"The line that {listener.name} heard is not the line that was said.",
                    expected=f'"{readable(line)}\\n", with at most a prefix before it',
                    actual=f'"{readable(actual)}{"" if heard else " … without its line end"}"')


def must_not_be_left_over(listener: LineClient, words: bytes) -> None:
    """Raises Shortfall if words of one line were heard in another line too."""
    where = [line for line in listener.lines() if words in line]
    if len(where) > 1 or words in bytes(listener.heard).rpartition(b"\n")[2]:
        stale = bytes(listener.heard)[bytes(listener.heard).rfind(words) - 40:][:80]
        listener.note("unexpected", stale)
        raise Shortfall("Bytes of an earlier, longer line were sent again with a later one.",
                        expected="as many bytes as the line has",
                        actual=f'"{readable(stale)}"')


def must_not_have_heard_a_part(stage: ChatStage, listeners: tuple[LineClient, ...], token: str) -> None:
    """Raises Shortfall if somebody has already heard what is not a line yet."""
    for listener in listeners:
        if listener.count(token[:5]):
            listener.note("unexpected", bytes(listener.heard[-60:]))
            raise Shortfall(f"{listener.name} heard a part of a line before the line had ended.",
                            expected="nothing, until the \\n has come",
                            actual=f'"{readable(bytes(listener.heard[-60:]))}"')
    stage.mark()


def must_be_in_order(listener: LineClient, speaker: LineClient, tokens: list[str]) -> None:
    """Raises Shortfall unless these were heard in this order."""
    places = [listener.heard.find(token.encode()) for token in tokens]
    for earlier, (one, other) in enumerate(zip(places, places[1:])):
        if one > other:
            raise Shortfall(f"{listener.name} heard {speaker.name}'s lines in another order.",
                            expected=f"line {earlier + 1} before line {earlier + 2}",
                            actual=f"line {earlier + 2} came first")
