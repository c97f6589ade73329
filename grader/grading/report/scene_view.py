"""A scene while it is played: a line for each thing that is said, heard, typed or printed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from rich.console import Console
from rich.text import Text

from grading.report.scene import BAD, RUN
from grading.report.wording import printable
from grading.verdict import Event

ACTIONS = ("starts", "joins", "says", "types", "leaves", "resets", "signal",
           "calls")  # worth a pause before
NEAR, FAR = 30, 150  # events before the end
LONG_S = 0.5  # a silence that is worth telling
WHO = 9  # columns
COLOURS = ("cyan", "green", "magenta", "yellow", "blue")
_WORDS = {"starts": "starts as", "missing": "never came:",
          "unexpected": "should not have come:", "exits": "too early: it had to go on",
          "ends": "ends:", "resets": "breaks off (a reset)", "signal": "is sent",
          "complains": "prints on stderr", "note": ""}


class SceneView:
    """Shows events at a pace: `pace` seconds before each thing that is done, less before what
    follows from it, less where many are alike, and less as long as the end of the scene is far,
    for there it went wrong. With 0 nothing waits."""

    def __init__(self, console: Console, pace: float,
                 sleep: Callable[[float], None] = time.sleep) -> None:
        self._console, self._pace, self._sleep = console, pace, sleep
        self._last: Event | None = None
        self._alike = 0  # actions of one kind in a row
        self._people: list[str] = []
        self.scenes = 0

    def show_all(self, events: Iterable[Event]) -> None:
        """Shows a scene that was recorded."""
        self._last, recorded = None, list(events)
        for place, event in enumerate(recorded):
            self.show(event, len(recorded) - place - 1)

    def show(self, event: Event, more: int = 0) -> None:
        """Shows one event, after a pause; `more` are known to come after it."""
        if self._last is None or event.at < self._last.at:
            self._begin()
        elif event.at - self._last.at > LONG_S:
            self._print(Text(f"{'':>9} … {event.at - self._last.at:.1f} s later", "dim"))
        self._alike = self._alike + 1 if self._last and event.kind == self._last.kind else 0
        self._wait(event, more)
        if event.kind == "exits" and self._last and self._last.kind == "ends":
            event = replace(event, text="")  # how it ended stands in the line above
        self._last = event
        self._print(self._line(event))

    def _begin(self) -> None:
        self.scenes += 1
        if self.scenes > 1:
            self._print(Text("\n once more, from the beginning:", "bold"))

    def _wait(self, event: Event, more: int) -> None:
        seconds = self._pace if event.kind in ACTIONS else self._pace / 6
        if self._alike >= RUN or more > NEAR:
            seconds /= 10
        if more > FAR:
            seconds = 0
        if seconds:
            self._sleep(seconds)

    def _line(self, event: Event) -> Text:
        line = Text(f"{event.at:>8.3f}  ", "dim")
        line.append(f"{printable(event.who):<{WHO}} ", self._colour(event.who))
        words = " ".join(word for word in (self._verb(event), printable(event.text)) if word)
        return line.append(words, "bold red" if event.kind in BAD else
                           "dim" if event.kind in ("note", "prints", "complains") else "")

    def _verb(self, event: Event) -> str:
        if event.kind == "leaves":
            return "" if event.text else "leaves"
        return _WORDS.get(event.kind, event.kind)

    def _colour(self, who: str) -> str:
        if who == "server":
            return "bold"
        if who not in self._people:
            self._people.append(who)
        return COLOURS[self._people.index(who) % len(COLOURS)]

    def _print(self, line: Text) -> None:
        self._console.print(line, soft_wrap=True)
