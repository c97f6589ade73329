"""Stands in for the sandbox: a worker that does what the file `plan` in the part's folder says."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from grading import sandbox
from grading.target_worker import INSIDE
from grading.sandbox import WorkerEnd, WorkerSpec
from grading.unpacking import inside
from grading.unpacking.outside import ARCHIVE
from grading.verdict import Cause, CheckResult, Verdict
from sample_reports import ENVIRONMENT, lab


class FakeSandbox:
    """Plans: pass (without a file), fail CHECK, die, raise, interrupt FILE."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.slots: set[int] = set()
        self.used: list[int] = []
        self.tier = sandbox.Tier.FULL
        self.lock = threading.Lock()
        monkeypatch.setattr(sandbox, "run_worker", self.run_worker)
        monkeypatch.setattr(sandbox, "probe", lambda wanted: sandbox.Probe(
            self.tier, "user namespaces are forbidden", "ask for them"))

    def run_worker(self, spec: WorkerSpec, on_line: Callable[[str], None] | None = None,
                   stop: threading.Event | None = None) -> WorkerEnd:
        with self.lock:
            assert spec.slot not in self.slots, "two workers at once have one slot"
            self.slots.add(spec.slot)
            self.used.append(spec.slot)
        try:
            return self._play(spec, stop or threading.Event())
        finally:
            with self.lock:
                self.slots.remove(spec.slot)

    def _play(self, spec: WorkerSpec, stop: threading.Event) -> WorkerEnd:
        if "grading.unpacking.inside" in spec.argv:
            [archive] = [host for host, name in spec.read_only.items() if name == ARCHIVE]
            [out] = spec.writable
            return WorkerEnd(inside.main(archive, out), "", False)
        target, pattern = (spec.argv[spec.argv.index(name) + 1] for name in ("--target", "--check"))
        part = lab().targets[target].part
        [staged] = [host for host, inside in spec.read_only.items() if inside == INSIDE / "sub"]
        [out] = [host for host, inside in spec.writable.items() if inside == INSIDE / "out"]
        plan = staged / part / "plan"
        verb, _, which = (plan.read_text() if plan.exists() else "pass").partition(" ")
        if verb == "raise":
            raise OSError("no more processes")
        if verb == "interrupt":
            # The submission before this one is on disk: run_all.py writes it, and tells nobody.
            while not Path(which).exists():
                stop.wait(0.001)
            os.kill(os.getpid(), signal.SIGINT)
            assert stop.wait(20), "nobody has told the worker to stop"
            return WorkerEnd(137, "", False)
        self._write(out / f"{target}.jsonl", target, pattern, verb, which)
        return WorkerEnd(9 if verb == "die" else 0, "the worker's last words", False)

    def _write(self, path: Path, on: str, pattern: str, verb: str, which: str) -> None:
        part = lab().targets[on].part
        rows = [_row(row.name, target.name, part, row.worth(target.name), target.name in row.extra,
                     row.name == which) for row, target in lab().rows_on(on, pattern)]
        lines = [{"build_log": {part: "g++ ..."}}, *(row.to_json() for row in rows),
                 {"end": True, "environment": {**ENVIRONMENT, "compiler": "g++ of the worker"}}]
        text = "".join(json.dumps(line) + "\n" for line in lines)
        path.write_text(text[:len(text) // 2] if verb == "die" else text)


def _row(name: str, target: str, part: str, worth: int, extra: bool, fails: bool) -> CheckResult:
    verdict, cause = (Verdict.FAIL, Cause("It went wrong.")) if fails else (Verdict.PASS, None)
    return CheckResult(name, target, part, ("C1",), "A promise.", verdict, 0 if fails else worth,
                       worth, extra, 0.25, cause)


def submission(folder: Path, name: str, *parts: str, plan: str = "", expected: str = "") -> Path:
    """Makes a submission with these parts; the plan is that of its first part."""
    root = folder / name
    root.mkdir(parents=True)
    for part in parts:
        (root / part).mkdir()
        (root / part / "Makefile").write_text("all:\n")
    if plan:
        (root / parts[0] / "plan").write_text(plan)
    if expected:
        (root / "expected.toml").write_text(expected)
    return root
