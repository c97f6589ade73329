"""A failing moment drawn as a sequence diagram: who said what to whom, and what never came."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from grading.report.scene import BAD, Gap, Moment, moments
from grading.report.wording import printable
from grading.verdict import Event

MOST_LANES = 12
SERVER = "server"
TIME = 7  # columns of the times
SERVER_WIDTH = 9
WORDS = 16  # columns that the words beside the lanes need at least
BAD_STYLE = "bold red"


def diagram(events: Sequence[Event], width: int = 80) -> list[Text]:
    """The lines of the drawing, at most `width` columns each; none if nothing happened.

    With too many clients for lanes of a readable width, a plain log with one event a line.
    """
    if not events:
        return []
    items = moments(events)
    names = _names(events, items)
    lane = min(8, (width - TIME - SERVER_WIDTH - WORDS) // max(1, len(names)))
    too_many = len(names) > MOST_LANES or lane < max((len(name) + 1 for name in names), default=0)
    if too_many or width < TIME + SERVER_WIDTH + WORDS:
        return [_clipped(_log_line(item), width) for item in items]
    return _Drawing(names, lane, width).lines(items)


def _names(events: Sequence[Event], items: Sequence[Moment]) -> list[str]:
    """The clients of the drawing, in the order in which they came."""
    shown = {item.who for item in items if isinstance(item, Event)} - {SERVER, ""}
    return [name for name in dict.fromkeys(event.who for event in events) if name in shown]


@dataclass(frozen=True)
class _Look:
    """How a kind of event is drawn: the arrow's head at the server or at the client, its line."""

    to_server: bool
    line: str
    words: str  # what stands in front of the event's text


_LOOKS = {
    "joins": _Look(True, "─", "joins"),
    "says": _Look(True, "─", ""),
    "hears": _Look(False, "─", ""),
    "missing": _Look(False, "╌", "never came:"),
    "unexpected": _Look(False, "─", "should not have come:"),
    "leaves": _Look(True, "─", "leaves"),
    "resets": _Look(True, "─", "resets"),
}
_MARKS = {"exits": "╳", "ends": "╳", "signal": "◆", "starts": "●", "types": "◆", "shows": "◇",
          "prints": "◇", "complains": "◇"}
_ENDS_OF_A_LANE = ("<end of file>", "<reset>")


class _Drawing:
    """Lanes on paper: the server's at the left, one for each client, words at the right."""

    def __init__(self, names: Sequence[str], lane: int, width: int) -> None:
        self._columns = {SERVER: SERVER_WIDTH // 2}
        for place, name in enumerate(names):
            self._columns[name] = SERVER_WIDTH + place * lane + lane // 2
        self._paper = SERVER_WIDTH + len(names) * lane + 1
        self._width = width
        self._alive = {SERVER}

    def lines(self, items: Sequence[Moment]) -> list[Text]:
        """The head, then each moment."""
        drawn = [self._head()]
        for item in items:
            drawn += self._lines_of(item)
            for event in item.events if isinstance(item, Gap) else (item,):
                self._live(event)
        return [_clipped(line, self._width) for line in drawn]

    def _live(self, event: Event) -> None:
        """Keeps the account of who is there."""
        leaves = event.kind == "leaves" and not event.text
        if leaves or event.kind in ("resets", "exits", "ends") or (
                event.kind == "hears" and event.text in _ENDS_OF_A_LANE):
            self._alive.discard(event.who)
        elif event.who in self._columns and event.kind != "missing":
            self._alive.add(event.who)

    def _head(self) -> Text:
        paper = [" "] * self._paper
        for name, column in self._columns.items():
            start = max(0, column - len(name) // 2)
            paper[start:start + len(name)] = printable(name)
        return Text(f"{'ms':>{TIME - 1}} ").append("".join(paper).rstrip(), "bold")

    def _lines_of(self, item: Moment) -> list[Text]:
        paper = [" "] * self._paper
        for name in self._alive:
            paper[self._columns[name]] = "│"
        lanes = "".join(paper)
        if isinstance(item, Gap):
            return [Text(" " * TIME).append(lanes + item.words, "dim")]
        look = _LOOKS.get(item.kind)
        if look and item.who in self._columns and item.who != SERVER:
            self._arrow(paper, item, look)
        elif item.who in self._columns:
            paper[self._columns[item.who]] = _MARKS.get(item.kind, paper[self._columns[item.who]])
        style, words = "", [_words(item)]
        if item.kind in BAD:  # the point of the drawing: told in full
            style, words = BAD_STYLE, textwrap.wrap(words[0], self._width - TIME - self._paper)
        return [Text().append(f"{item.at * 1000:>{TIME - 1}.1f} ", "dim")
                .append("".join(paper) + words[0], style),
                *(Text(" " * TIME + lanes).append(more, style) for more in words[1:])]

    def _arrow(self, paper: list[str], event: Event, look: _Look) -> None:
        server, client = self._columns[SERVER], self._columns[event.who]
        for column in range(server + 1, client):
            paper[column] = "┼" if paper[column] == "│" else look.line
        if look.to_server:
            paper[server + 1] = "◀"
            paper[client] = {"joins": "┐", "resets": "╳"}.get(
                event.kind, "┘" if event.kind == "leaves" and not event.text else "┤")
        else:
            paper[client - 1] = "✗" if event.kind == "missing" else "▶"
            paper[client] = "│" if event.who in self._alive else " "


def _words(event: Event) -> str:
    """The event's bytes, and what it means where the arrow does not say it."""
    before = {"exits": "exits:" if event.text else "exits", "signal": "signal",
              "note": ""}.get(event.kind) if event.kind not in _LOOKS else _LOOKS[event.kind].words
    return " ".join(word for word in (event.kind if before is None else before,
                                      printable(event.text)) if word)


def _log_line(item: Moment) -> Text:
    """One event without lanes: time, who, an arrow, the words."""
    if isinstance(item, Gap):
        return Text(" " * TIME + item.words, "dim")
    look = _LOOKS.get(item.kind)
    arrow = ""
    if look and item.who != SERVER:
        arrow = "──▶ server " if look.to_server else "◀── server "
    if item.kind == "missing":
        arrow = "✗╌╌ server "
    who = f"{printable(item.who)} "[:20]
    return (Text().append(f"{item.at * 1000:>{TIME - 1}.1f} ", "dim")
            .append(f"{who}{arrow} {_words(item)}", BAD_STYLE if item.kind in BAD else ""))


def _clipped(line: Text, width: int) -> Text:
    line.truncate(width, overflow="ellipsis")
    line.rstrip()
    return line
