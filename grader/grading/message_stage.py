"""Messages through shared memory in a scene: a server, its clients, what each asks and hears."""

from __future__ import annotations

import re
from collections.abc import Callable

from grading.patience import Patience
from grading.program import Program
from grading.programs import Supply
from grading.shortfall import Blocked, Shortfall
from grading.stage import Stage
from grading.transcript import Transcript, ending, readable

NAMES = ("ann", "bob", "cid", "dan", "eve", "fay", "gil", "hal", "ida", "jon", "kim", "leo")
REGISTERS = "registers_a_name"  # the check that fails where clients get no key
END_OF_LIST = b"end of list"
TALKATIVE = Supply(output=1 << 26)  # bytes: for scenes in which much is sent
_REGISTERED = re.compile(rb"registered ([\w-]+) (\d+)$", re.ASCII)
_LISTED = re.compile(rb"(\d+) ([\w-]+)$", re.ASCII)
_MESSAGE = re.compile(rb"from ([\w-]+): (.*)$", re.ASCII | re.DOTALL)
_REPLY = (b"sent", b"error:")


class Member:
    """A client of the server: the lines that it prints, by what they begin with (SPEC.md, M7)."""

    def __init__(self, program: Program) -> None:
        self.program = program

    @property
    def name(self) -> str:
        """Who it is in the scene."""
        return self.program.name

    def lines(self) -> list[bytes]:
        """The whole lines that it has printed."""
        return self.program.output().split(b"\n")[:-1]

    @property
    def key(self) -> int | None:
        """The key that it was given last; none: it is not registered."""
        found = [match for line in self.lines() if (match := _REGISTERED.match(line))]
        return int(found[-1][2]) if found else None

    def registered_as(self) -> bytes:
        """The name that stands beside its key."""
        return next((match[1] for line in self.lines() if (match := _REGISTERED.match(line))), b"")

    def replies(self) -> list[bytes]:
        """What it has printed of the requests that it was told to make."""
        return [line for line in self.lines() if line.startswith(_REPLY)]

    def errors(self) -> list[bytes]:
        """Those of them that say that nothing was done."""
        return [line for line in self.lines() if line.startswith(b"error:")]

    def heard(self, sender: "Member | None" = None) -> list[bytes]:
        """The texts of the messages that have arrived; from one sender alone, or from all."""
        return [match[2] for line in self.lines() if (match := _MESSAGE.match(line))
                and (sender is None or match[1].decode() == sender.name)]

    def lists(self) -> list[dict[bytes, int]]:
        """What each `list` has brought: name -> key."""
        found: list[dict[bytes, int]] = []
        names: dict[bytes, int] = {}
        for line in self.lines():
            if match := _LISTED.match(line):
                names[match[2]] = int(match[1])
            elif line == END_OF_LIST:
                found.append(names)
                names = {}
        return found

    def last_words(self) -> str:
        """What it printed last, for a report."""
        printed = self.program.output()
        return f'"{ending(printed, 100)}"' if printed else "nothing"


class MessageStage(Stage):
    """A stage whose program is a server without sockets."""

    program: Program

    def __init__(self, program: Program, transcript: Transcript, patience: Patience,
                 channel: str, start_client: Callable[..., Program]) -> None:
        super().__init__(program, transcript, patience)
        self.channel = channel
        self._start_client = start_client
        self._names = iter((*NAMES, *(f"c{n}" for n in range(13, 5000))))

    # -- who takes part ---------------------------------------------------------------------------

    def come(self, name: str | None = None, *, supply: Supply | None = None) -> Member:
        """A client starts, with a name that nobody has, or this one; nothing is waited for."""
        name = next(self._names) if name is None else name
        return self.client("--channel", self.channel, name, name=name, supply=supply)

    def client(self, *arguments: str, name: str, supply: Supply | None = None) -> Member:
        """The client program with these arguments takes part; nothing is waited for."""
        more = {"supply": supply} if supply else {}
        member = Member(self._start_client(*arguments, name=name, **more))
        self.also(member.program)
        return member

    def join(self, number: int = 1, *, supply: Supply | None = None) -> list[Member]:
        """So many clients start, and each is registered."""
        newcomers = [self.come(supply=supply) for _ in range(number)]
        for member in newcomers:
            self.must_be_registered(member)
        self.settle()
        return newcomers

    def must_be_registered(self, member: Member) -> None:
        """Raises Blocked unless this client says that it is."""
        if not self.until(lambda: member.key is not None or member.program.ended) \
                or member.key is None:
            long = f", {len(member.name)} bytes," if len(member.name) > len("somebody") else ""
            raise Blocked(REGISTERS, f"{member.name}{long} is not registered "
                          f"({member.program.how_it_ended}); it has printed {member.last_words()}."
                          + self.meanwhile(), member.program.last_words())

    def leave(self, member: Member) -> None:
        """It quits, and is waited for."""
        member.program.tell("quit")
        self.must_end(member, 0, "after `quit`")

    def must_end(self, member: Member, status: int, when: str) -> None:
        """Raises Shortfall unless the client ends, with this status."""
        self.until(lambda: member.program.ended)
        if member.program.exit_status != status:
            raise Shortfall(f"{member.name}'s client does not end as it should {when}.",
                            expected=f"exit status {status}", actual=member.program.how_it_ended,
                            detail=member.program.last_words())

    # -- what they ask ----------------------------------------------------------------------------

    def reply_to(self, member: Member, line: str | bytes) -> bytes:
        """The client is told this, and prints one line that is a reply; raises Shortfall if it
        prints none."""
        before = len(member.replies())
        member.program.tell(line)
        self.mark()
        if not self.until(lambda: len(member.replies()) > before or member.program.ended) \
                or len(member.replies()) <= before:
            said = readable(line if isinstance(line, bytes) else line.encode())
            self.transcript.add("missing", member.name, f"<a reply to {said}>")
            raise Shortfall(f"{member.name} gets no reply to `{said}`"
                            f" ({member.program.how_it_ended}).{self.meanwhile()}",
                            expected="one line that begins `sent` or `error:`",
                            actual=f"it has printed last: {member.last_words()}",
                            detail=self.program.last_words())
        return member.replies()[before]

    def send(self, sender: Member, to: Member, text: bytes | None = None) -> bytes:
        """One sends a text to the other, who has to hear it exactly once; what was said."""
        if text is None:
            text = f"{self.token()} from {sender.name}".encode()
        said = text

        def times() -> int:
            return to.heard(sender).count(said)

        before = times()
        self.must_be_accepted(sender, to, text)
        if not self.until(lambda: times() > before):
            self.transcript.add("missing", to.name, f"from {sender.name}: {readable(text)}")
            raise Shortfall(f"{to.name} never got {sender.name}'s message, which was accepted."
                            + self.meanwhile(),
                            expected=f'{to.name} prints "from {sender.name}: {readable(text)}"',
                            actual=f"it has printed last: {to.last_words()}",
                            detail=self.program.last_words())
        self.settle()
        if (heard := times() - before) != 1:
            raise Shortfall(f"{to.name} got {sender.name}'s message {heard} times.",
                            expected="exactly once", actual=f"{heard} times")
        return text

    def must_be_accepted(self, sender: Member, to: Member, text: bytes) -> None:
        """Raises Shortfall unless the reply says so."""
        reply = self.reply_to(sender, f"send {to.key} ".encode() + text)
        if not reply.startswith(b"sent"):
            raise Shortfall(f"{sender.name}'s message to {to.name} was refused.",
                            expected="a line that begins `sent`", actual=f'"{readable(reply)}"',
                            detail=self.program.last_words())

    def must_be_refused(self, member: Member, line: str | bytes, what: str) -> bytes:
        """Raises Shortfall unless the reply is an error; what it says."""
        reply = self.reply_to(member, line)
        if not reply.startswith(b"error:"):
            raise Shortfall(f"{what[:1].upper()}{what[1:]} brings no error.",
                            expected="a line that begins `error:`",
                            actual=f'"{readable(reply)}"', detail=self.program.last_words())
        return reply

    def list_of(self, member: Member) -> dict[bytes, int]:
        """What `list` brings, name -> key; raises Shortfall if it has no end."""
        before = len(member.lists())
        member.program.tell("list")
        self.mark()
        if not self.until(lambda: len(member.lists()) > before or member.program.ended) \
                or len(member.lists()) <= before:
            raise Shortfall(f"{member.name} asks for the list, and does not get it."
                            + self.meanwhile(),
                            expected="a line `KEY NAME` for each client, then `end of list`",
                            actual=f"it has printed last: {member.last_words()}",
                            detail=self.program.last_words())
        return member.lists()[before]
