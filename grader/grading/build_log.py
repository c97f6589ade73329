"""What of a build's log a student needs: the first error, for others often follow from it."""

from __future__ import annotations

import re

KEPT = 6000  # characters of a log that a report keeps
_BEFORE = 200  # of those, what stands before the first error: the compiler's command
_ERROR = re.compile(r"^.*(\berror:|\bError \d|undefined reference|multiple definition|cannot find|"
                    r"No rule to make|missing separator|: not found|No such file).*$", re.MULTILINE)
# What the compiler says above an error: through which files and instances it came there.
_LEADS_TO_IT = re.compile(r"(In file included from|\s+from) .*[,:]$|.*: (In |required |note: )|"
                          r".*:\s+(recursively )?required (from|by) ")
_MOST_LEADING = 4  # lines of that


def kept_of(log: str) -> str:
    """The log, or of a long one the part around the first error, and its end."""
    first = _ERROR.search(log)
    if len(log) <= KEPT or first is None or first.start() >= len(log) - KEPT:
        return log[-KEPT:]
    start = max(0, first.start() - _BEFORE)
    return f"{log[start:start + KEPT // 2]}\n[…]\n{log[-KEPT // 2:]}"


def first_error(log: str, lines: int) -> str:
    """The first error, how the compiler came to it, and what stands below it: so many lines.

    The log's end where there is no error.
    """
    first = _ERROR.search(log)
    if first is None:
        return "\n".join(log.splitlines()[-lines:])
    above = log[:first.start()].splitlines()
    leading = 0
    while leading < len(above) and _LEADS_TO_IT.match(above[-1 - leading]):
        leading += 1
    told = above[len(above) - leading:][-_MOST_LEADING:]
    return "\n".join([*told, *log[first.start():].splitlines()][:lines])
