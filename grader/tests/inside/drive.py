"""Starts the worker that runs the tests here: drive.py RESULTS SECRETS SLOT [TESTS...]."""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
GRADER = HERE.parents[1]
sys.path.insert(0, str(GRADER))

from grading.sandbox import WorkerSpec, run_worker  # noqa: E402


def main() -> int:
    results, secrets, slot, *tests = sys.argv[1:]
    inside = Path("/run/grader/tests/inside")
    end = run_worker(WorkerSpec(
        argv=(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null",
              f"--rootdir={inside}", "--junitxml=/run/out/report.xml",
              *(tests or [str(inside)])),
        read_only={GRADER: Path("/run/grader"), Path(secrets): Path("/run/other")},
        writable={Path(results): Path("/run/out")}, slot=int(slot), wall_seconds=100,
        env={name: value for name, value in os.environ.items() if name.startswith("HOST_")}), print)
    return end.status


if __name__ == "__main__":
    sys.exit(main())
