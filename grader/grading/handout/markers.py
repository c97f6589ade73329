"""Cuts a solution out of its source, and puts in what students get in its place."""

from __future__ import annotations

import re
from dataclasses import dataclass

_MARKER = re.compile(r"\s*(?://|#|<!--) (BEGIN SOLUTION|END SOLUTION|NEXT HOLE)(?: -->)?\s*")
_LABEL = re.compile(r"[ \t]*// LAB: [a-z0-9-]+$", re.MULTILINE)
_ITEM = re.compile(r"(\d+)\. ")
_GAP = re.compile(r"\n{3,}")


class HandoutError(Exception):
    """The handout cannot be made so: one line, for the lab's author."""


@dataclass(frozen=True)
class Cut:
    """A source in two: what is given, and the lines of the solution."""

    given: str
    solution: tuple[str, ...]


def pieces(text: str) -> list[str]:
    """What stands in the holes of one source, in their order: parted by `NEXT HOLE` lines."""
    found = [""]
    for line in text.splitlines(keepends=True):
        if _kind(line) == "NEXT HOLE":
            found.append("")
        else:
            found[-1] += line
    return found


def has_markers(text: str) -> bool:
    """Whether anything in it is to be cut out."""
    return any(_kind(line) for line in text.splitlines())


def cut(text: str, instead: list[str], name: str) -> Cut:
    """Takes out what stands between the markers, and the labels that sheets point at.

    `instead` has a piece for each hole, or is empty. Raises HandoutError where the two do not fit.
    """
    given, solution, holes, inside = list[str](), list[str](), 0, False
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        kind = _kind(line)
        if kind and (kind == "BEGIN SOLUTION") == inside or kind == "NEXT HOLE":
            raise HandoutError(f"{name}:{number}: {kind} does not belong here")
        if kind == "BEGIN SOLUTION":
            holes += 1
            given += instead[holes - 1:holes]
        elif not kind:
            (solution if inside else given).append(line)
        inside = inside != bool(kind)
    if inside:
        raise HandoutError(f"{name}: a BEGIN SOLUTION has no END SOLUTION")
    if instead and len(instead) != holes:
        raise HandoutError(f"{name}: {holes} holes, but {len(instead)} pieces for them")
    text = _GAP.sub("\n\n", _LABEL.sub("", "".join(given)))
    return Cut(_renumbered(text) if name.endswith(".md") else text, tuple(solution))


def _renumbered(text: str) -> str:
    """Counts the items of each list without the gaps that a cut has left."""
    lines, number = text.splitlines(keepends=True), 0
    for index, line in enumerate(lines):
        if item := _ITEM.match(line):
            number = 1 if item[1] == "1" else number + 1
            lines[index] = f"{number}. {line[item.end():]}"
    return "".join(lines)


def _kind(line: str) -> str:
    match = _MARKER.fullmatch(line)
    return match[1] if match else ""
