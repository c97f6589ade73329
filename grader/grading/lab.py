"""What this course grades: lab.toml read into types, every mistake in it named."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib  # type: ignore[no-redef]

from grading.hints import FILE, read_hints
from grading.lab_proof import prove_points, prove_rows
from grading.lab_table import LabError, Table
from grading.lab_types import HUNDRED, STOCK, CheckRow, Handout, Lab, Part, Target
from grading.profiles import NoProfile, chosen, laid_over, profile_of

__all__ = ["HUNDRED", "STOCK", "CheckRow", "Handout", "Lab", "NoProfile", "Part", "Target",
           "read_lab"]


def read_lab(path: Path, profile: str = "") -> Lab:
    """Reads and proves lab.toml, laid over with a profile (by default the one it names itself), and
    the hints beside it; raises LabError, one line for its author."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        name = profile_of(data, profile)
        lab = _whole(data, name)
    except NoProfile:
        raise
    except OSError as error:
        raise LabError(f"{path}: {error.strerror}") from error
    except (LabError, ValueError, RecursionError) as error:
        raise LabError(f"{path}: {error}") from error
    hints, deaths = read_hints(path.with_name(FILE), data["checks"])
    return replace(lab, deaths=deaths, checks={name: replace(row, hints=row.hints or hints[name])
                                for name, row in lab.checks.items()})


def _whole(data: dict[str, Any], profile: str) -> Lab:
    try:
        tables, choice = laid_over(data, profile)
        lab = replace(_lab(Table("the top of the file", tables)), profile=profile)
        prove_rows(lab)
        if profile != STOCK:
            lab = chosen(lab, choice)
        prove_points(lab)
    except LabError as error:
        raise LabError(f"profile {profile}: {error}" if profile != STOCK else str(error)) from error
    return lab


def _lab(top: Table) -> Lab:
    lab = Lab(top.text("name"), top.rows("parts", _part, "part"),
              top.rows("targets", _target, "target"), top.rows("checks", _check_row, "check"),
              top.words("leave_out", []), _handout(top.table("handout")), top.points("hidden"))
    top.end()
    return lab


def _handout(row: Table) -> Handout:
    handout = Handout(row.thousandths("starting_score"), row.words("give", []),
                      row.words("withhold", []), row.words("whole", []))
    row.end()
    return handout


def _part(name: str, row: Table) -> Part:
    return Part(name, row.text("title"), row.text("folder"), row.words("build"))


def _target(name: str, row: Table) -> Target:
    command = row.words("command", [])
    return Target(name, row.text("part"), row.text("title"), command,
                  row.words("products", list(command[:1])), row.port("port"),
                  row.text("ready", ""), row.flag("echo"), row.flag("first_line_is_name"),
                  row.text("client", ""), row.text("client_of", ""), row.text("library", ""),
                  row.text("function", ""), row.words("drivers", []), row.text("channel", ""))


def _check_row(name: str, row: Table) -> CheckRow:
    return CheckRow(name, row.words("clauses"), row.points("points"), row.points("extra"),
                    row.words("needs", []), row.text("visibility", "visible"),
                    row.words("uses", []), row.text("promise", ""), row.words("hints", []))
