"""How a check can end, and the record it leaves: all that a report needs, not how it was found."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any


STARRED = frozenset(("C5", "C6", "C7", "C12"))  # clauses of docs/SPEC.md that nothing depends on


class Verdict(str, Enum):
    """The end of one check. Only PASS scores; NOT_JUDGED lowers the maximum, never the score."""

    PASS = "PASS"
    FAIL = "FAIL"  # the promise was seen not to hold
    CRASH = "CRASH"  # the program died where it had to live
    TIMEOUT = "TIMEOUT"  # something that has a time limit in SPEC.md did not happen within it
    BLOCKED = "BLOCKED"  # an earlier check failed without which this one says nothing
    FLAKY = "FLAKY"  # the same scene ended differently when it was played again
    NOT_JUDGED = "NOT_JUDGED"  # this machine cannot tell
    ERROR = "ERROR"  # the grader's own fault

    @property
    def is_the_graders(self) -> bool:
        """True where the student has nothing to mend."""
        return self in (Verdict.NOT_JUDGED, Verdict.ERROR)


@dataclass(frozen=True)
class Event:
    """One moment of a scene. `text` shows bytes readably: \\r, \\n and \\xNN are written out."""

    at: float  # seconds since the scene began
    kind: str  # joins, says, hears, missing, unexpected, leaves, resets, exits, signal, note; of
    # programs: starts, prints, complains (on stderr), types, shows (on a screen), ends; of the
    # grader's own program on a library: calls, returns
    who: str  # the client, or "server"
    text: str = ""


@dataclass(frozen=True)
class Cause:
    """Why a check did not pass, in the words of the student's world."""

    rationale: str  # one sentence: what was wrong
    expected: str = ""
    actual: str = ""
    blocked_by: str = ""  # the check that has to pass first
    detail: str = ""  # more to look at: a build log's tail, a traceback, what stderr said
    hints: tuple[str, ...] = ()
    likely: tuple[str, ...] = ()  # what it probably comes from, the most probable first


@dataclass(frozen=True)
class CheckResult:
    """One row of a report. Points are integers in thousandths of a point."""

    name: str  # the check, as in lab.toml
    target: str  # which program was judged: part_a, part_b, part_c, st_proactor
    part: str  # the folder it belongs to
    clauses: tuple[str, ...]  # sentences of SPEC.md
    promise: str  # the check's docstring: what the student's program promises
    verdict: Verdict
    points: int
    max_points: int
    extra: bool  # extra credit: adds to the score, not to the maximum
    seconds: float
    cause: Cause | None = None
    transcript: tuple[Event, ...] = ()
    visibility: str = "visible"
    replay: str = ""

    @property
    def advanced(self) -> bool:
        """True for a check that asks a starred clause: few points, to be mended last."""
        return not STARRED.isdisjoint(self.clauses)

    def to_json(self) -> dict[str, Any]:
        """The row as result.json holds it."""
        row = asdict(self)
        row["verdict"] = self.verdict.value
        return row

    @staticmethod
    def from_json(row: dict[str, Any]) -> CheckResult:
        """The inverse of to_json()."""
        fields, cause = dict(row), row["cause"]
        fields["verdict"] = Verdict(row["verdict"])
        fields["clauses"] = tuple(row["clauses"])
        fields["cause"] = Cause(**dict(cause, hints=tuple(cause["hints"]),
                                       likely=tuple(cause.get("likely", ())))) if cause else None
        fields["transcript"] = tuple(Event(**event) for event in row["transcript"])
        return CheckResult(**fields)


@dataclass(frozen=True)
class Report:
    """All that is known of one submission."""

    submission: str
    status: str  # graded, rejected (never built: see notes), error (the grader's fault)
    rows: tuple[CheckResult, ...]
    environment: dict[str, str]
    notes: tuple[str, ...] = ()  # what was left out of the copy, and why
    build_logs: dict[str, str] = field(default_factory=dict)  # part -> the end of make's output

    @property
    def score(self) -> int:
        """Thousandths of a point, extra credit included."""
        return sum(row.points for row in self.rows)

    @property
    def max_score(self) -> int:
        """Thousandths of a point that could be earned here:
        extra credit and NOT_JUDGED left out."""
        return sum(row.max_points for row in self.rows
                   if not row.extra and row.verdict is not Verdict.NOT_JUDGED)

    @property
    def has_grader_error(self) -> bool:
        """True if some verdict is the grader's own fault."""
        return self.status == "error" or any(row.verdict is Verdict.ERROR for row in self.rows)

    def to_json(self) -> dict[str, Any]:
        """result.json, schema proactor-lab/result/v1."""
        return {
            "schema": "proactor-lab/result/v1",
            "submission": self.submission,
            "status": self.status,
            "score": self.score,
            "max_score": self.max_score,
            "environment": self.environment,
            "notes": list(self.notes),
            "checks": [row.to_json() for row in self.rows],
            "build_logs": self.build_logs,
        }

    @staticmethod
    def from_json(data: dict[str, Any]) -> Report:
        """The inverse of to_json()."""
        return Report(data["submission"], data["status"],
                      tuple(CheckResult.from_json(row) for row in data["checks"]),
                      data["environment"], tuple(data["notes"]), data["build_logs"])
