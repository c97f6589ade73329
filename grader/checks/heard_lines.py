"""A line as it was heard: with the bytes that were said, and nothing behind them."""

import re

from grading.difference import compared
from grading.line_client import LineClient
from grading.shortfall import Shortfall
from grading.transcript import readable

COLOUR = re.compile(rb"\x1b\[[0-9;]*m")


def must_be_a_line(listener: LineClient, line: bytes) -> None:
    """Raises Shortfall unless exactly this is the end of one line that was heard,
    a prefix before it. A \\r at its end, which telnet sends, may have been removed."""
    token = line[:10]
    heard = [COLOUR.sub(b"", one) for one in listener.exact_lines() if token in one]
    if (len(heard) == 1 and heard[0].endswith((line, line.removesuffix(b"\r")))
            and b"\0" not in heard[0]):
        return
    expected, actual = compared(line, token, heard, bytes(listener.heard))
    listener.note("unexpected", actual)
    raise Shortfall(f"The line that {listener.name} heard is not the line that was said.",
                    expected=f"{expected}, with at most a prefix before it", actual=actual)


def must_not_be_left_over(listener: LineClient, words: bytes) -> None:
    """Raises Shortfall if words of one line were heard in another line too."""
    where = [line for line in listener.lines() if words in line]
    if len(where) > 1 or words in bytes(listener.heard).rpartition(b"\n")[2]:
        stale = bytes(listener.heard)[bytes(listener.heard).rfind(words) - 40:][:80]
        listener.note("unexpected", stale)
        raise Shortfall("Bytes of an earlier, longer line were sent again with a later one.",
                        expected="as many bytes as the line has",
                        actual=f'"{readable(stale)}"')
