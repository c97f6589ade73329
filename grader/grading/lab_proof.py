"""Proves that the rows of lab.toml belong together; each mistake is one line for its author."""

from __future__ import annotations

import re
from decimal import Decimal
from graphlib import CycleError, TopologicalSorter

from grading.driver_steps import STEPS
from grading.hints import LEVELS
from grading.lab_table import LabError
from grading.lab_types import HUNDRED, CheckRow, Lab, Target

VISIBILITIES = ("visible", "hidden")
USES = ("port_argument", "client", "client_of", "library")  # of a target


def prove_rows(lab: Lab) -> None:
    """Raises LabError for a row that cannot be, or names what is not there."""
    for target in lab.targets.values():
        _prove_target(target, lab)
    for row in lab.checks.values():
        _prove_check(row, lab)
    try:
        TopologicalSorter({row.name: row.needs for row in lab.checks.values()}).prepare()
    except CycleError as error:
        raise LabError(f"checks that wait for themselves: {' -> '.join(error.args[1])}") from error


def prove_points(lab: Lab) -> None:
    """Raises LabError unless the points add up and every check can be run on its targets."""
    for row in lab.checks.values():
        for target in row.targets:
            for key in row.uses:
                if not getattr(lab.targets[target], key):
                    raise LabError(f"check {row.name} uses {key}, which target {target} does not "
                                   "have: name the check in a profile's `without`")
    if lab.max_score != HUNDRED:
        raise LabError(f"the points add up to {Decimal(lab.max_score) / 1000}, not to 100")


def _prove_target(target: Target, lab: Lab) -> None:
    if target.part not in lab.parts:
        raise LabError(f"target {target.name} belongs to the unknown part {target.part}")
    for word in re.findall(r"\{\w*\}", " ".join(target.command)):
        if word not in ("{port}", "{channel}"):
            raise LabError(f"target {target.name}: command has {word}; only {{port}} and "
                           "{channel} are known")
    for key, other in (("library", target.library), ("client_of", target.client_of)):
        if other and other not in lab.targets:
            raise LabError(f"target {target.name}: {key} names {other}, no target")
    if target.command and not (target.port_argument or target.port or target.channel):
        raise LabError(f"target {target.name}: its command has no {{port}}, so `port` must say "
                       "where it listens")
    if target.first_line_is_name and not target.command:
        raise LabError(f"target {target.name}: first_line_is_name is for programs, "
                       "not for libraries")
    for driver in target.drivers:
        if driver not in STEPS:
            raise LabError(f"target {target.name}: there is no driver {driver}, "
                           f"only {', '.join(STEPS)}")


def _prove_check(row: CheckRow, lab: Lab) -> None:
    if not row.clauses or not row.targets:
        raise LabError(f"check {row.name} needs clauses and points")
    if row.hints and not (len(row.hints) == len(LEVELS) and all(row.hints)):
        raise LabError(f"check {row.name} needs {len(LEVELS)} hints, or none here")
    for key in row.uses:
        if key not in USES:
            raise LabError(f"check {row.name} uses {key}, which is none of {', '.join(USES)}")
    if row.visibility not in VISIBILITIES:
        raise LabError(f"check {row.name}: visibility is none of {', '.join(VISIBILITIES)}")
    for target in row.targets:
        if target not in lab.targets:
            raise LabError(f"check {row.name} gives points to {target}, no target")
    for target in row.points.keys() & row.extra.keys():
        raise LabError(f"check {row.name} gives both points and extra to {target}")
    for need in row.needs:
        if need not in lab.checks:
            raise LabError(f"check {row.name} needs {need}, which is no check")
