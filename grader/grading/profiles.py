"""Another course's names and habits: a profile of lab.toml, laid over the rest of the file."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from typing import Any

from grading.lab_table import LabError, Table
from grading.lab_types import HUNDRED, STOCK, CheckRow, Lab


class NoProfile(LabError):
    """A profile was asked for that lab.toml does not have."""


@dataclass(frozen=True)
class Choice:
    """What a profile keeps of what lab.toml grades."""

    grades: tuple[str, ...] = ()  # targets that make up the hundred; none: as without a profile
    extra: tuple[str, ...] = ()  # targets beside the hundred
    without: tuple[str, ...] = ()  # checks that do not apply: names, patterns, or clauses

    def leaves_out(self, row: CheckRow) -> bool:
        """True if the check is named, or every clause that it tests."""
        return (any(fnmatch(row.name, pattern) for pattern in self.without)
                or set(row.clauses) <= set(self.without))


def profile_of(data: dict[str, Any], wanted: str) -> str:
    """The profile to take: the one that is wanted, or that the environment names, or lab.toml's
    default; raises NoProfile."""
    profiles = data.get("profiles", {})
    name = wanted or os.environ.get("LAB_PROFILE") or data.get("profile", STOCK)
    if not isinstance(profiles, dict) or STOCK in profiles:
        raise LabError(f"profiles is no table of profiles, none of them called {STOCK}")
    if not isinstance(name, str) or name not in (STOCK, *profiles):
        raise NoProfile(f"no profile {name}; there are {', '.join((STOCK, *profiles))}")
    return name


def laid_over(data: dict[str, Any], name: str) -> tuple[dict[str, Any], Choice]:
    """lab.toml's tables with the profile's over them: what it says again, it says instead."""
    stock = {key: value for key, value in data.items() if key not in ("profile", "profiles")}
    if name == STOCK:
        return stock, Choice()
    top = Table("the profile", data["profiles"][name])
    choice = Choice(*(top.words(key, []) for key in ("grades", "extra", "without")))
    over = top.rest()
    for kind in ("parts", "targets", "checks"):
        for row in Table(kind, over.get(kind, {})).rest():
            if row not in stock.get(kind, {}):
                raise LabError(f"{kind}.{row}: nothing of that name is graded without a profile")
    return _merged(stock, over), choice


def _merged(stock: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    both = {key: _merged(stock[key], value)
            if isinstance(value, dict) and isinstance(stock.get(key), dict) else value
            for key, value in over.items()}
    return {**stock, **both}


def chosen(lab: Lab, choice: Choice) -> Lab:
    """What the choice keeps, its points scaled to add up to a hundred; raises LabError."""
    _prove(lab, choice)
    left = [row for row in lab.checks.values() if not choice.leaves_out(row)]
    kept = {row.name: row for row in (_kept(row, choice, left) for row in left) if row.targets}
    kept = {name: replace(row, needs=tuple(need for need in row.needs if need in kept))
            for name, row in kept.items()}
    hidden = {target: worth for target, worth in lab.hidden.items()
              if target in (choice.grades or lab.hidden) and target not in choice.extra}
    worth = sum(hidden.values()) + sum(sum(row.points.values()) for row in kept.values())
    if not worth:
        raise LabError("nothing of what it grades is worth a point")
    checks, hidden = _scaled(kept, hidden, worth)
    return replace(lab, scaled_from=worth, checks=checks, hidden=hidden,
                   left_out=tuple(name for name in lab.checks if name not in kept))


def _prove(lab: Lab, choice: Choice) -> None:
    for key, names in (("grades", choice.grades), ("extra", choice.extra)):
        for name in names:
            if name not in lab.targets:
                raise LabError(f"{key} names {name}, no target; there are {', '.join(lab.targets)}")
    for name in choice.grades:
        if name in choice.extra:
            raise LabError(f"both grades and extra name {name}")
    clauses = {clause for row in lab.checks.values() for clause in row.clauses}
    for pattern in {*choice.without} - clauses:
        if not lab.hidden and not any(fnmatch(name, pattern) for name in lab.checks):
            raise LabError(f"without names {pattern}, which is no check and no check's clause")


def _kept(row: CheckRow, choice: Choice, left: list[CheckRow]) -> CheckRow:
    """The row with the targets that are graded, each on its side of the hundred.

    A target that has nothing but extra credit elsewhere counts among the hundred where `grades`
    names it.
    """
    worth = {**row.points, **row.extra}
    within = [target for target in worth if target in choice.grades
              and (target in row.points or not any(target in one.points for one in left))]
    if not choice.grades:
        within = [target for target in row.points if target not in choice.extra]
    beside = [target for target in worth if target not in within
              and (not choice.grades or target in (*choice.grades, *choice.extra))]
    return replace(row, points={target: worth[target] for target in within},
                   extra={target: worth[target] for target in beside})


def _scaled(rows: dict[str, CheckRow], hidden: dict[str, int],
            worth: int) -> tuple[dict[str, CheckRow], dict[str, int]]:
    seen = {(row.name, target): value for row in rows.values()
            for target, value in row.points.items()}
    points = shares({**seen, **{("", target): value for target, value in hidden.items()}}, HUNDRED)
    extra = {(row.name, target): value for row in rows.values()
             for target, value in row.extra.items()}
    extra = shares(extra, round(sum(extra.values()) * HUNDRED / worth))
    return ({name: replace(row, points={target: points[name, target] for target in row.points},
                           extra={target: extra[name, target] for target in row.extra})
             for name, row in rows.items()}, {target: points["", target] for target in hidden})


def shares(worth: dict[tuple[str, str], int], total: int) -> dict[tuple[str, str], int]:
    """Whole numbers in proportion to these that add up to `total` (largest remainder)."""
    of = sum(worth.values()) or 1
    whole = {key: value * total // of for key, value in worth.items()}
    missing = (total if any(worth.values()) else 0) - sum(whole.values())
    by_remainder = sorted(worth, key=lambda key: -(worth[key] * total % of))
    return {key: value + (key in by_remainder[:missing]) for key, value in whole.items()}
