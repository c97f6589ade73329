"""What becomes of a line: who hears it, how often, in which order, and with which bytes."""

import re

import pytest

from grading.chat_stage import ChatStage, how_often
from grading.line_client import LineClient
from grading.shortfall import Shortfall
from grading.theatre import Theatre
from grading.transcript import ending

from heard_lines import COLOUR, must_be_a_line, must_not_be_left_over

TOKEN = re.compile(rb"<[0-9a-f]{8}>")
CUTS = (1, 5, 9, 10, 11, 12, 16, 20, 21)  # of "<01234567>\n" twice: before, in, behind line ends
BATCHES = 5  # of twenty lines of each of three clients


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
    ann.send(b" and an end")
    stage.settle()
    ann.send(b"\n")  # alone in its packet
    stage.must_hear([quick], cid, [ann, bob])
    stage.must_hear([slow], ann)
    must_be_a_line(bob, f"{slow} one line, three packets and an end".encode())
    must_be_a_line(cid, f"{slow} one line, three packets and an end".encode())
    said = cut_in_many_places(stage, cid)
    stage.must_hear(said, cid)
    for token in said:
        must_be_a_line(ann, token.encode())
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
    """What is in a line passes unchanged: any 8-bit text, 1,000 bytes of it,
    nothing added behind or between."""
    stage = theatre.stage()
    ann, bob = stage.join(2)
    eight_bit = bytes((*range(0x20, 0x7F), *range(0x80, 0x100)))
    for content in (b"plain", "gr\u00fc\u00df dich \u2014 \u4f60\u597d \U0001f600".encode(),
                    b" two  spaces ", eight_bit, b"x" * 988, b"%s%n%d \\ \" ' $HOME",
                    b"short again"):
        line = stage.token().encode() + b" " + content
        ann.say(line)
        stage.must_hear([line.split()[0].decode()], ann)
        must_be_a_line(bob, line)
    for packets in ((b"%s\r\n",), (b"%s\r", b"\n")):
        telnet = stage.token().encode() + b" by telnet"
        for packet in packets:
            ann.send(packet.replace(b"%s", telnet))
            stage.settle()
        stage.must_hear([telnet[:10].decode()], ann)
        must_be_a_line(bob, telnet + b"\r")
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
    for _ in range(BATCHES):
        for speaker in speakers[:3]:
            lines = [f"{stage.token()} ".encode() + speaker.name.encode() * 200
                     for _ in range(20)]
            said += lines
            speaker.send(b"\n".join([*lines, b""]))  # all at once: the longer they overlap
        stage.pump()
    stage.until(lambda: all(listener.count(line[:10]) for line in reversed(said)))
    stage.settle()
    heard: dict[bytes, list[bytes]] = {}
    for one in listener.lines():
        for token in TOKEN.findall(one):
            heard.setdefault(token, []).append(COLOUR.sub(b"", one))
    for line in said:
        if not is_unmixed(line, heard.get(line[:10], [])):
            must_be_a_line(listener, line)


def cut_in_many_places(stage: ChatStage, speaker: LineClient) -> list[str]:
    """Two short lines, again and again, each time cut at another place: the end is in one packet
    with the beginning of the next two. The lines."""
    said: list[str] = []
    rest = b""
    for place in CUTS:
        said += [stage.token(), stage.token()]
        text = "".join(f"{line}\n" for line in said[-2:]).encode()
        speaker.send(rest + text[:place])
        stage.settle()
        rest = text[place:]
    speaker.send(rest)
    return said


def is_unmixed(line: bytes, heard: list[bytes]) -> bool:
    """True if nothing else stands within or behind this line, where it was heard.

    What is missing at its end is the business of other checks.
    """
    return len(heard) == 1 and line.startswith(
        heard[0][heard[0].index(line[:10]):].rstrip(b"\0"))


def must_not_have_heard_a_part(stage: ChatStage, listeners: tuple[LineClient, ...],
                               token: str) -> None:
    """Raises Shortfall if somebody has already heard what is not a line yet."""
    for listener in listeners:
        if listener.count(token[:5]):
            line = bytes(listener.heard).find(token[:5].encode())
            line = bytes(listener.heard).rfind(b"\n", 0, line) + 1  # from its beginning on
            heard = ending(listener.heard[line:], 60)
            listener.note("unexpected", heard)
            raise Shortfall(f"{listener.name} heard a part of a line before the line had ended.",
                            expected="nothing, until the \\n has come",
                            actual=f'"{heard}"')
    stage.mark()


def must_be_in_order(listener: LineClient, speaker: LineClient, tokens: list[str]) -> None:
    """Raises Shortfall unless these were heard in this order."""
    places = [listener.heard.find(token.encode()) for token in tokens]
    for earlier, (one, other) in enumerate(zip(places, places[1:])):
        if one > other:
            raise Shortfall(f"{listener.name} heard {speaker.name}'s lines in another order.",
                            expected=f"line {earlier + 1} before line {earlier + 2}",
                            actual=f"line {earlier + 2} came first")
