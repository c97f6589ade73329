"""Which moments of a scene are worth drawing: what went wrong and what led to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Union

from grading.verdict import Event

MOST = 14  # moments that are shown: the end of the scene is where it went wrong
AFTERWARDS = 3  # of those, behind the first that went wrong
RUN = 4  # more than so many of a kind in a row are shown as the first, a count, and the last
_MARK = re.compile(r"<[0-9a-f]{8}>")  # what the grader puts into a line to know it again
OF_A_PROGRAM = ("starts", "prints", "complains", "types", "shows", "ends")
BAD = ("missing", "unexpected", "exits")
_ALIKE = {"joins": "join", "leaves": "leave", "resets": "reset", "hears": "hear this"}


@dataclass(frozen=True)
class Gap:
    """Events that are not shown, and the words that stand for them."""

    words: str
    events: tuple[Event, ...]


Moment = Union[Event, Gap]


def moments(events: Sequence[Event]) -> list[Moment]:
    """The end of the scene, every event of the scene in it or in one of its gaps.

    Where clients talk, what the server's own process prints is left out.
    """
    talk = any(event.kind in ("joins", "says", "hears") for event in events)
    found = _collapsed([event for event in events if not (
        talk and event.who == "server" and event.kind in OF_A_PROGRAM)])
    wrong = [place for place, moment in enumerate(found)
             if isinstance(moment, Event) and moment.kind in BAD]
    end = len(found)
    if wrong:
        near = [place for place in wrong if place - wrong[0] < MOST // 2]
        end = min(end, max(wrong[0] + 1 + AFTERWARDS, near[-1] + 1))
    start = max(0, end - MOST)
    cause = _cause(found[:start], found[wrong[0]]) if wrong else None
    if cause is None:
        return [*_gap(found[:start], "earlier"), *found[start:end], *_gap(found[end:], "later")]
    return [*_gap(found[:cause], "earlier"), found[cause], *_gap(found[cause + 1:start], "more"),
            *found[start:end], *_gap(found[end:], "later")]


def _cause(before: Sequence[Moment], wrong: Moment) -> int | None:
    """Where the line was said that went wrong, if that is so long ago that it would not be seen."""
    if isinstance(wrong, Gap) or not wrong.text:
        return None
    said = _MARK.findall(wrong.text) or [wrong.text]
    for place in range(len(before) - 1, -1, -1):
        moment = before[place]
        if isinstance(moment, Event) and moment.kind == "says" and any(
                words in moment.text for words in said):
            return place
    return None


def _gap(hidden: Sequence[Moment], which: str) -> list[Moment]:
    events = tuple(event for moment in hidden
                   for event in (moment.events if isinstance(moment, Gap) else (moment,)))
    return [Gap(f"… {len(events)} {which}", events)] if events else []


def _collapsed(events: Sequence[Event]) -> list[Moment]:
    """What one does many times, or many do alike, becomes the first, a count, and the last."""
    found: list[Moment] = []
    start = 0
    while start < len(events):
        run = max(_run(events, start, lambda event: (event.kind, event.who)),
                  _run(events, start, lambda event: (event.kind, event.text)), key=len)
        if len(run) > RUN and run[0].kind not in BAD:
            verb = "" if run[0].who == run[1].who else f" {_ALIKE.get(run[0].kind, '')}"
            found += [run[0], Gap(f"… {len(run) - 2} more{verb}", tuple(run[1:-1])), run[-1]]
        else:
            found += run
        start += len(run)
    return found


def _run(events: Sequence[Event], start: int, key: Callable[[Event], object]) -> list[Event]:
    return list(takewhile(lambda event: key(event) == key(events[start]), events[start:]))
