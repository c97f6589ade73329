"""A client that the grader plays: a raw socket that says lines and keeps all it hears."""

from __future__ import annotations

import errno
import socket
import struct

from grading.sandbox import unsafe
from grading.shortfall import Shortfall
from grading.transcript import Transcript

CHUNK = 1 << 16
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # struct linger
SMALL_SEGMENT = 536  # bytes
MOST_READS = 16  # at one go: time limits are looked at in between
MOST_HEARD = 16 << 20  # bytes of one client: a server that sends more than scenes ask for floods


class LineClient:
    """One connection. Never blocks: what cannot be sent at once goes out while the stage pumps."""

    def __init__(self, name: str, connection: socket.socket, transcript: Transcript,
                 room: int = 0) -> None:
        """room: the port at which it has knocked; 0: it was knocked at."""
        self.name, self.room = name, room
        self.heard = bytearray()
        self.ended = ""  # "end of file" or "reset", once the other side has ended the connection
        self.has_left = False  # True: has ended its visit by itself, one way or another
        self.mid_line = False  # True: has said the beginning of a line, and not its end
        self.has_spoken = False  # True: has said something, and no sentinel since
        self._transcript = transcript
        self._reading = True
        self._unsent = bytearray()
        self._socket: socket.socket | None = connection
        connection.setblocking(False)
        self.port: int = connection.getsockname()[1]

    @staticmethod
    def knock(name: str, port: int, transcript: Transcript, host: str = "127.0.0.1",
              receive_buffer: int | None = None) -> LineClient:
        """Connects to a server. On loopback the kernel answers at once, accepted or not."""
        connection = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            # The kernel sets the other side's send buffer by the size of a segment.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SMALL_SEGMENT)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            connection.connect((host, port))
        except OSError:
            connection.close()
            raise
        transcript.add("joins", name)
        return LineClient(name, connection, transcript, port)

    @property
    def here(self) -> bool:
        """True while neither side has ended the connection."""
        return self._socket is not None and not self.ended

    def fileno(self) -> int:
        """The descriptor to wait on; -1 once the client has left."""
        return self._socket.fileno() if self._socket else -1

    @property
    def reading(self) -> bool:
        """False while the scene keeps this client from reading."""
        return self._reading

    @reading.setter
    def reading(self, reads: bool) -> None:
        if reads != self._reading:
            self._transcript.add("note", self.name, "reads again" if reads else "reads no more")
        self._reading = reads

    @property
    def has_unsent(self) -> bool:
        return bool(self._unsent)

    @property
    def unsent(self) -> int:
        """Bytes that were said and that the kernel has not taken yet."""
        return len(self._unsent)

    def say(self, line: str | bytes) -> None:
        """Sends one line; the \\n is added."""
        self.send((line.encode() if isinstance(line, str) else line) + b"\n")

    def send(self, data: bytes) -> None:
        """Sends bytes as they are, in one packet if the kernel has room."""
        self._transcript.add("says", self.name, data)
        self.mid_line, self.has_spoken = not data.endswith(b"\n"), True
        self._unsent += data
        self.flush()

    def flush(self) -> None:
        """Sends what waits, as far as the kernel takes it."""
        while self._unsent and self._socket:
            try:
                del self._unsent[:self._socket.send(self._unsent)]
            except BlockingIOError:
                return
            except OSError as error:
                self._unsent.clear()
                self._end("reset" if error.errno == errno.ECONNRESET else self.ended or "reset")

    def drain(self) -> bool:
        """Reads what there is; True if anything came, the end of the connection included."""
        return self.reading and self.sip(MOST_READS)

    def sip(self, reads: int = 1) -> bool:
        """The same for a client that the scene keeps from reading: so many times 64 KiB."""
        moved = False
        for _ in range(reads):
            if not self._socket or self.ended:
                break
            try:
                data = self._socket.recv(CHUNK)
            except BlockingIOError:
                break
            except OSError:
                self._end("reset")
                return True
            moved = True
            if not data:
                self._end("end of file")
            elif len(self.heard) > MOST_HEARD:
                raise Shortfall(f"The server floods {self.name}: {len(self.heard)} bytes so far.",
                                expected="the lines that others say", actual="megabytes")
            else:
                self.heard += data
                self._acknowledge()
                self._transcript.add("hears", self.name, data)
        return moved

    def _acknowledge(self) -> None:
        """At once: a server that sends line by line waits for it,
        unless the scene's network is quick."""
        if self._socket and unsafe():
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def count(self, words: str | bytes) -> int:
        """How often these words have been heard."""
        return self.heard.count(words.encode() if isinstance(words, str) else words)

    def lines(self) -> list[bytes]:
        """The whole lines heard so far, without their line ends."""
        return [line.removesuffix(b"\r") for line in self.exact_lines()]

    def exact_lines(self) -> list[bytes]:
        """The same, with the \\r in front of a line end where there is one."""
        return bytes(self.heard).split(b"\n")[:-1]

    def note(self, kind: str, data: bytes | str) -> None:
        """Puts something that is worth seeing into the transcript."""
        self._transcript.add(kind, self.name, data)

    def half_close(self) -> None:
        """Has said all it wanted to say, and goes on listening."""
        assert self._socket
        self.has_left = True
        self._transcript.add("leaves", self.name, "shuts down its sending side")
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:  # the server has reset the connection before
            self._end("reset")

    def leave(self) -> None:
        """Closes the connection in order."""
        self.has_left = True
        if self._socket:
            self.drain()  # unread bytes would turn the close into a reset
            self._transcript.add("leaves", self.name)
            self._socket.close()
            self._socket = None

    def reset(self) -> None:
        """Ends the connection as a killed machine does: RST, nothing in order."""
        self.has_left = True
        if self._socket:
            self._transcript.add("resets", self.name)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            self._socket.close()
            self._socket = None

    def _end(self, how: str) -> None:
        if not self.ended:
            self.ended = how
            self._transcript.add("hears", self.name, f"<{how}>")

    def vanish(self) -> None:
        """Closes the socket without a word: the scene is over."""
        if self._socket:
            if unsafe():  # the next scene has the same network: TIME_WAIT shall hold no port of it
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            self._socket.close()
            self._socket = None
