"""One part of one submission: its confined worker, and the rows it wrote or their stand-ins."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grading import sandbox
from grading.lab import CheckRow, Lab, Target
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

    def rows_of(self, part: str) -> list[tuple[CheckRow, Target]]:
        """What is asked of one part."""
        return self.lab.rows_of(part, self.pattern)


@dataclass
class PartResult:
    """What one worker has brought to light, or what stands in for a worker that never ran."""

    rows: list[CheckResult]
    environment: dict[str, str] = field(default_factory=dict)
    build_logs: dict[str, str] = field(default_factory=dict)


def play_part(order: Order, part: str, staged: Path, folder: Path, slot: int,
              stop: threading.Event) -> PartResult:
    """Runs the part's worker to its end. Blocks; `stop`, set by another thread, ends it early."""
    home = order.lab.parts[part].folder
    if not (staged / home).is_dir():
        return not_built(order, part, f"{part} {NOT_HANDED_IN} (there is no folder {home}).")
    wanted, out = order.rows_of(part), folder / part
    out.mkdir()
    order.cache.mkdir(parents=True, exist_ok=True)
    end = sandbox.run_worker(sandbox.WorkerSpec(
        argv=(order.python, "-m", "grading.worker", "--part", part, "--check", order.pattern),
        read_only={staged: INSIDE / "sub", order.grader: INSIDE / "grader"},
        writable={out: INSIDE / "out", order.cache: INSIDE / "cache"},
        slot=slot, env={"PYTHONPATH": str(INSIDE / "grader")}, wall_seconds=WALL_SECONDS),
        stop=stop)
    result = _read(_rows_file(folder, part))
    how = "had to be stopped" if end.timed_out else f"ended with status {end.status}"
    why = Cause(f"The grader's worker for {part} {how} before this check. {NOT_YOUR_FAULT}",
                detail=end.output_tail[-TAIL:])
    found = {(row.name, row.target): row for row in result.rows}
    result.rows = [found.get((row.name, target.name))
                   or _row(order, row, target, Verdict.ERROR, why) for row, target in wanted]
    return result


def rows_written(folder: Path, part: str) -> int:
    """How many lines the part's worker has written so far."""
    try:
        return _rows_file(folder, part).read_bytes().count(b"\n")
    except OSError:
        return 0


def _rows_file(folder: Path, part: str) -> Path:
    return folder / part / f"{part}.jsonl"


def _read(path: Path) -> PartResult:
    """What the worker wrote; a line that was cut short is no line."""
    result = PartResult([])
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


def not_built(order: Order, part: str, rationale: str) -> PartResult:
    """What stands for a part that never came to be built: `builds` fails, the rest waits for it."""
    return PartResult([
        _row(order, row, target, Verdict.FAIL, Cause(rationale)) if row.name == "builds" else
        _row(order, row, target, Verdict.BLOCKED, Cause(rationale, blocked_by="builds"))
        for row, target in order.rows_of(part)])


def errors(order: Order, part: str, detail: str) -> PartResult:
    """What stands for a part that the grader itself could not grade."""
    cause = Cause(f"The grader failed here. {NOT_YOUR_FAULT}", detail=detail)
    return PartResult([_row(order, row, target, Verdict.ERROR, cause)
                       for row, target in order.rows_of(part)])


def _row(order: Order, row: CheckRow, target: Target, verdict: Verdict,
         cause: Cause) -> CheckResult:
    return CheckResult(row.name, target.name, target.part, row.clauses,
                       order.promises.get(row.name, ""), verdict, 0, row.worth(target.name),
                       target.name in row.extra, 0.0, cause, visibility=row.visibility,
                       replay=f"make test PART={target.part} T={row.name}")
