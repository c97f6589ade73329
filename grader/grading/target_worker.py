"""One target of one submission: its confined worker, and the rows it wrote or their stand-ins."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grading import sandbox
from grading.build import DOING
from grading.lab import CheckRow, Lab, Target
from grading.likely_cause import KnownCause
from grading.submission import NOT_HANDED_IN
from grading.verdict import Cause, CheckResult, Verdict

WALL_SECONDS = 900.0  # a worker that takes longer is stopped; its missing rows are ERROR
INSIDE = Path("/run")  # where a worker sees sub, grader, out and cache
TAIL = 4000  # characters of a worker's last words that an ERROR row keeps
NOT_YOUR_FAULT = "This is not your fault."


@dataclass(frozen=True)
class Order:
    """What is to be graded, the same for every submission of a run."""

    lab: Lab
    grader: Path
    python: str
    cache: Path  # of builds, by content; made if missing
    promises: dict[str, str]  # check -> its docstring
    environment: dict[str, str]  # what is known of it before a worker runs
    parts: tuple[str, ...]
    pattern: str = "*"
    only: tuple[str, ...] = ()  # of the parts' targets; empty: all of them
    tier: sandbox.Tier = sandbox.Tier.FULL
    tier_reason: str = ""  # one line: what confines a program here, or why nothing does
    causes: tuple[KnownCause, ...] = ()  # what failures of known programs came from
    watched: bool = False  # somebody looks on: each event is written as it happens
    keep_objects: bool = False  # compile the same file once; the submissions are all our own
    seed: int | None = None  # of the schedule to look for races in; none: those of the check

    @property
    def targets(self) -> tuple[str, ...]:
        """What is played, each by a worker of its own, in the order of the report."""
        return tuple(target.name for part in self.parts for target in self.lab.targets.values()
                     if target.part == part and (target.name in self.only or not self.only)
                     and self.rows_on(target.name))

    @property
    def shares_a_network(self) -> bool:
        """True where only one target can be played at a time: there is but one port 9034."""
        return self.tier is not sandbox.Tier.FULL

    @property
    def sandbox_in_words(self) -> str:
        """What to tell whoever started the run where the sandbox is less than full."""
        if self.tier is sandbox.Tier.NONE:
            return f"UNSANDBOXED ({self.tier_reason}): your code runs with your own rights."
        return f"Reduced sandbox, {self.tier_reason}"

    def rows_on(self, target: str) -> list[tuple[CheckRow, Target]]:
        """What is asked of one target."""
        return self.lab.rows_on(target, self.pattern)


@dataclass
class TargetResult:
    """What one worker has brought to light, or what stands in for a worker that never ran."""

    rows: list[CheckResult]
    environment: dict[str, str] = field(default_factory=dict)
    build_logs: dict[str, str] = field(default_factory=dict)


def play_target(order: Order, target: str, staged: Path, folder: Path, slot: int,
                stop: threading.Event) -> TargetResult:
    """Runs the target's worker to its end. Blocks; `stop`, set by another thread, ends it early."""
    wanted, out = order.rows_on(target), folder / target
    out.mkdir()
    order.cache.mkdir(parents=True, exist_ok=True)
    make_spec = _spec if order.tier is sandbox.Tier.FULL else _shared_spec
    end = sandbox.run_worker(make_spec(order, target, staged, out, slot), stop=stop)
    result = _read(_rows_file(folder, target))
    how = "had to be stopped" if end.timed_out else f"ended with status {end.status}"
    why = Cause(f"The grader's worker for {target} {how} before this check. {NOT_YOUR_FAULT}",
                detail=end.output_tail[-TAIL:])
    found = {(row.name, row.target): row for row in result.rows}
    result.rows = [found.get((row.name, on.name)) or _row(order, row, on, Verdict.ERROR, why)
                   for row, on in wanted]
    return result


def no_part(order: Order, target: str, root: Path, staged: Path) -> str:
    """Why the target's part cannot be built, from what is there and what was copied; else empty."""
    part = order.lab.parts[order.lab.targets[target].part]
    if (staged / part.folder).is_dir():
        return ""
    if os.path.lexists(root / part.folder):
        return f"{part.folder} is no folder."
    return f"{part.name} {NOT_HANDED_IN} (there is no folder {part.folder})."


def _spec(order: Order, target: str, staged: Path, out: Path, slot: int) -> sandbox.WorkerSpec:
    return sandbox.WorkerSpec(
        argv=_worker(order, target),
        read_only={staged: INSIDE / "sub", order.grader: INSIDE / "grader"},
        writable={out: INSIDE / "out", order.cache: INSIDE / "cache"},
        slot=slot, env={"PYTHONPATH": str(INSIDE / "grader")}, wall_seconds=WALL_SECONDS)


def _worker(order: Order, target: str) -> tuple[str, ...]:
    return (order.python, "-m", "grading.worker", "--target", target, "--check", order.pattern,
            "--profile", order.lab.profile, *(("--watch",) if order.watched else ()),
            *(("--keep-objects",) if order.keep_objects else ()),
            *(() if order.seed is None else ("--seed", str(order.seed))))


def _shared_spec(order: Order, target: str, staged: Path, out: Path,
                 slot: int) -> sandbox.WorkerSpec:
    own = {"boxes": order.cache / "boxes"} if order.tier is sandbox.Tier.NONE else {}
    return sandbox.WorkerSpec(
        argv=(*_worker(order, target), "--submission", str(staged), "--out", str(out),
              "--cache", str(order.cache)),
        read_only={}, writable={}, slot=slot, env={"PYTHONPATH": str(order.grader)},
        wall_seconds=WALL_SECONDS, tier=order.tier, **own)


def rows_written(folder: Path, target: str) -> int:
    """How many lines the target's worker has written so far."""
    try:
        return _rows_file(folder, target).read_bytes().count(b"\n")
    except OSError:
        return 0


def doing(folder: Path, target: str) -> str:
    """What takes the target's worker its time just now; empty while it plays."""
    try:
        return (folder / target / DOING).read_text(encoding="utf-8")
    except OSError:
        return ""


def _rows_file(folder: Path, target: str) -> Path:
    return folder / target / f"{target}.jsonl"


def _read(path: Path) -> TargetResult:
    """What the worker wrote; a line that was cut short is no line."""
    result = TargetResult([])
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    for line in text.splitlines():
        try:
            data: dict[str, Any] = json.loads(line)
        except ValueError:
            break
        if "end" in data:
            result.environment = data.get("environment", {})
        elif "build_log" in data:
            result.build_logs |= data["build_log"]
        else:
            result.rows.append(CheckResult.from_json(data))
    return result


def not_built(order: Order, on: str, rationale: str) -> TargetResult:
    """What stands for a target that was never built: `builds` fails, the rest waits for it."""
    return TargetResult([
        _row(order, row, target, Verdict.FAIL, Cause(rationale)) if row.name == "builds" else
        _row(order, row, target, Verdict.BLOCKED, Cause(rationale, blocked_by="builds"))
        for row, target in order.rows_on(on)])


def errors(order: Order, on: str, detail: str) -> TargetResult:
    """What stands for a target that the grader itself could not grade."""
    cause = Cause(f"The grader failed here. {NOT_YOUR_FAULT}", detail=detail)
    return TargetResult([_row(order, row, target, Verdict.ERROR, cause)
                       for row, target in order.rows_on(on)])


def _row(order: Order, row: CheckRow, target: Target, verdict: Verdict,
         cause: Cause) -> CheckResult:
    return CheckResult(row.name, target.name, target.part, row.clauses,
                       order.promises.get(row.name, ""), verdict, 0, row.worth(target.name),
                       target.name in row.extra, 0.0, cause, visibility=row.visibility,
                       replay=order.lab.replay(target, row))
