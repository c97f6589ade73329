"""Where what was heard is not what was said: the text around the first difference."""

from __future__ import annotations

from collections.abc import Sequence

from grading.transcript import LONGEST_TEXT, readable

BEFORE, AROUND = 20, 60  # bytes that are shown in front of the difference, and in all
BEHIND = 60  # bytes of what was heard that are looked at beyond the length of the line


def compared(line: bytes, token: bytes, lines: Sequence[bytes], heard: bytes) -> tuple[str, str]:
    """What was to be heard and what was, in words; the line begins with the token.

    lines: those that hold the token; heard: all that has come, with lines that have not ended.
    """
    wrong = [one for one in lines if not one.endswith(line) or b"\0" in one] or list(lines)
    if not wrong:
        place = heard.find(token)
        if place < 0:
            return f'"{readable(line)}\\n"', "nothing of it"
        said, piece = around_difference(line, heard[place:place + len(line) + BEHIND])
        return f'"{said}\\n"', f'"{piece} … without its line end"'
    one = wrong[0]
    from_the_token = one[one.index(token):]
    said, piece = around_difference(line, one if from_the_token == line else from_the_token)
    often = f"{len(lines)} lines with {readable(token)}, one of them: " if lines[1:] else ""
    return f'"{said}\\n"', f'{often}"{piece}"'


def around_difference(said: bytes, heard: bytes) -> tuple[str, str]:
    """Both, readable; of long ones the same piece around the first byte that is not the same."""
    if len(said) <= LONGEST_TEXT and len(heard) <= LONGEST_TEXT:
        return readable(said), readable(heard)
    place = next((at for at, (one, other) in enumerate(zip(said, heard)) if one != other),
                 min(len(said), len(heard)))
    start = max(0, place - BEFORE)
    return _piece(said, start), _piece(heard, start)


def _piece(text: bytes, start: int) -> str:
    piece = readable(text[start:start + AROUND])
    if len(text) <= AROUND:
        return piece
    return (("… " if start else "") + piece + (" …" if start + AROUND < len(text) else "")
            + (f" (from byte {start + 1} of {len(text)})" if start else f" ({len(text)} bytes)"))
