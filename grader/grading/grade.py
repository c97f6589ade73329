"""Grades submissions: a private copy of each, one confined worker per part, and a report of all rows."""

from __future__ import annotations

import hashlib
import json
import os
import queue
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grading import sandbox, workspace
from grading.lab import CheckRow, Lab, Target
from grading.submission import Submission
from grading.verdict import Cause, CheckResult, Report, Verdict

WALL_SECONDS = 900.0  # a worker that takes longer is stopped; its missing rows are ERROR
INSIDE = Path("/run")  # where a worker sees sub, grader, out and cache
TAIL = 4000  # characters of a worker's last words that an ERROR row keeps

Progress = Callable[[str, str, int, int], None]  # submission, part, rows done, rows in all


@dataclass(frozen=True)
class Order:
    """What is to be graded, the same for every submission of a run."""

    lab: Lab
    grader: Path
    python: str
    cache: Path  # of builds, by content; made if missing
    promises: dict[str, str]
    environment: dict[str, str]
    parts: tuple[str, ...]
    pattern: str = "*"
    jobs: int = 1
    progress: Progress = lambda submission, part, done, rows: None

    def rows_of(self, part: str) -> list[tuple[CheckRow, Target]]:
        """What is asked of one part."""
        return self.lab.rows_of(part, self.pattern)


@dataclass
class PartResult:
    """What one worker has brought to light, or what stands in for a worker that never ran."""

    rows: list[CheckResult]
    environment: dict[str, str] = field(default_factory=dict)
    build_logs: dict[str, str] = field(default_factory=dict)


@dataclass
class _Work:
    """One submission on its way through the pool: copied once, by whoever comes first."""

    submission: Submission
    folder: Path
    parts: dict[str, PartResult] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    status: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def staged(self) -> Path:
        return self.folder / "staged"

    def stage(self) -> str:
        """Makes the private copy once. Returns `graded`, `rejected` or `error`."""
        with self.lock:
            if not self.status:
                try:
                    self.folder.mkdir(parents=True)
                    self.notes = tuple(workspace.stage(self.submission.root, self.staged))
                    self.status = "graded"
                except workspace.Rejected as reason:
                    self.notes, self.status = (str(reason),), "rejected"
                except OSError as error:
                    self.notes, self.status = (f"could not be copied: {error}",), "error"
            return self.status


def grade_all(order: Order, submissions: Sequence[Submission]) -> Generator[Report, None, None]:
    """Grades them all, `order.jobs` parts side by side; yields each report as soon as it is whole.

    Whatever is wrong with one submission stays in its own report. Closing the iterator, or
    KeyboardInterrupt, ends every worker before it returns.
    """
    stop = threading.Event()
    slots: queue.SimpleQueue[int] = queue.SimpleQueue()
    for slot in range(order.jobs):
        slots.put(slot)
    with tempfile.TemporaryDirectory(prefix="grading-") as scratch, \
            ThreadPoolExecutor(order.jobs) as pool:
        works = [_Work(submission, Path(scratch, str(number)))
                 for number, submission in enumerate(submissions)]
        futures: dict[Future[PartResult], tuple[_Work, str]] = {
            pool.submit(_in_slot, order, work, part, slots, stop): (work, part)
            for work in works for part in order.parts}
        try:
            for future in as_completed(futures):
                work, part = futures[future]
                work.parts[part] = future.result()
                if len(work.parts) == len(order.parts):
                    shutil.rmtree(work.folder, ignore_errors=True)
                    yield _report(order, work)
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)


def _in_slot(order: Order, work: _Work, part: str, slots: queue.SimpleQueue[int],
             stop: threading.Event) -> PartResult:
    slot = slots.get()
    try:
        return _grade_part(order, work, part, slot, stop)
    except Exception as error:  # noqa: BLE001  one submission never stops the others
        return PartResult([_row(order, row, target, Verdict.ERROR, Cause(
            "The grader failed here; this is not your fault.", detail=f"{type(error).__name__}: {error}"))
            for row, target in order.rows_of(part)])
    finally:
        slots.put(slot)


def _grade_part(order: Order, work: _Work, part: str, slot: int, stop: threading.Event) -> PartResult:
    status = work.stage()
    if status == "rejected":
        return _not_built(order, part, f"The submission could not be taken: {work.notes[0]}")
    if status == "error":
        raise RuntimeError(work.notes[0])
    folder = order.lab.parts[part].folder
    if not (work.staged / folder).is_dir():
        return _not_built(order, part, f"{part} was not handed in (there is no folder {folder}).")
    return _run_worker(order, work, part, slot, stop)


def _run_worker(order: Order, work: _Work, part: str, slot: int, stop: threading.Event) -> PartResult:
    wanted, out = order.rows_of(part), work.folder / part
    out.mkdir()
    order.cache.mkdir(parents=True, exist_ok=True)
    reported = out / f"{part}.jsonl"
    end = sandbox.run_worker(sandbox.WorkerSpec(
        argv=(order.python, "-m", "grading.worker", "--part", part, "--check", order.pattern),
        read_only={work.staged: INSIDE / "sub", order.grader: INSIDE / "grader"},
        writable={out: INSIDE / "out", order.cache: INSIDE / "cache"},
        slot=slot, env={"PYTHONPATH": str(INSIDE / "grader")}, wall_seconds=WALL_SECONDS),
        lambda line: order.progress(work.submission.name, part, _lines_in(reported), len(wanted)), stop)
    result, finished = _read(reported)
    why = ("it had to be stopped" if end.timed_out else f"it ended with status {end.status}")
    if not finished or len(result.rows) < len(wanted):
        _add_missing(order, result, wanted, Cause(
            f"The grader's worker for {part} did not come to its end: {why}. This is not your fault.",
            detail=end.output_tail[-TAIL:]))
    result.rows = _in_order(result.rows, wanted)
    return result


def _lines_in(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def _read(path: Path) -> tuple[PartResult, bool]:
    """What the worker wrote, and whether it came to its end; a line cut short is no line."""
    result, finished = PartResult([]), False
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            data: dict[str, Any] = json.loads(line)
        except ValueError:
            break
        if "end" in data:
            finished, result.environment = True, data.get("environment", {})
        elif "build_log" in data:
            result.build_logs |= data["build_log"]
        else:
            result.rows.append(CheckResult.from_json(data))
    return result, finished


def _add_missing(order: Order, result: PartResult, wanted: list[tuple[CheckRow, Target]],
                 cause: Cause) -> None:
    there = {(row.name, row.target) for row in result.rows}
    result.rows += [_row(order, row, target, Verdict.ERROR, cause)
                    for row, target in wanted if (row.name, target.name) not in there]


def _in_order(rows: list[CheckResult], wanted: list[tuple[CheckRow, Target]]) -> list[CheckResult]:
    """The rows asked for, in lab.toml's order."""
    found = {(row.name, row.target): row for row in rows}
    return [found[key] for row, target in wanted if (key := (row.name, target.name)) in found]


def _not_built(order: Order, part: str, rationale: str) -> PartResult:
    """What stands for a part that never came to be built: `builds` fails, the rest waits for it."""
    return PartResult([
        _row(order, row, target, Verdict.FAIL, Cause(rationale, hints=row.hints))
        if row.name == "builds" else
        _row(order, row, target, Verdict.BLOCKED, Cause(rationale, blocked_by="builds", hints=row.hints))
        for row, target in order.rows_of(part)])


def _row(order: Order, row: CheckRow, target: Target, verdict: Verdict, cause: Cause) -> CheckResult:
    return CheckResult(row.name, target.name, target.part, row.clauses,
                       order.promises.get(row.name, ""), verdict, 0, row.worth(target.name),
                       target.name in row.extra, 0.0, cause, visibility=row.visibility)


def _report(order: Order, work: _Work) -> Report:
    environment = dict(order.environment)
    logs: dict[str, str] = {}
    for part in order.parts:
        environment |= work.parts[part].environment
        logs |= work.parts[part].build_logs
    rows = tuple(row for part in order.parts for row in work.parts[part].rows)
    return Report(work.submission.name, work.status or "error", rows, environment, work.notes, logs)


def environment_of(grader: Path, lab: Lab, tier: str) -> dict[str, str]:
    """Where and with what is graded, as the reports say it."""
    compiler = subprocess.run(("g++", "--version"), capture_output=True, text=True, check=False)
    return {"grader": content_hash(grader), "profile": lab.name, "kernel": os.uname().release,
            "compiler": compiler.stdout.partition("\n")[0], "sandbox": tier}


_NO_GRADING = ("tests", "samples", "corpus", "__pycache__")


def content_hash(folder: Path) -> str:
    """One hash over the names and bytes that verdicts depend on: tests, samples and caches are left out."""
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_file() and not any(name in _NO_GRADING or name[0] == "." for name in inside.parts):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            whole.update(f"{inside}\0{content}\n".encode(errors="surrogateescape"))
    return whole.hexdigest()[:16]
