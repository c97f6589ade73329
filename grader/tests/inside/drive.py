"""Starts the worker that runs the tests here: drive.py TIER RESULTS SECRETS SLOT [TESTS...]."""

from __future__ import annotations

import os
import secrets
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
GRADER = HERE.parents[1]
sys.path.insert(0, str(GRADER))

from grading.sandbox import Tier, WorkerSpec, run_worker  # noqa: E402


def main() -> int:
    tier, results, other, slot, *tests = sys.argv[1:]
    seen = {GRADER: Path("/run/grader"), Path(other): Path("/run/other"),
            Path(results): Path("/run/out")}
    if Tier(tier) is not Tier.FULL:
        seen = {path: path for path in seen}  # a worker without namespaces sees what there is
    grader, others, out = seen.values()
    inside = grader / "tests/inside"
    with host() as facts:
        end = run_worker(WorkerSpec(
            argv=(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null",
                  f"--rootdir={inside}", f"--junitxml={out}/report.xml",
                  *(tests or [str(inside)])),
            read_only={GRADER: grader, Path(other): others}, writable={Path(results): out},
            slot=int(slot), wall_seconds=280, tier=Tier(tier), **_boxes(Tier(tier), out),
            env={**facts, "HOST_GRADER": str(grader), "HOST_OTHER": str(others),
                 "HOST_OUT": str(out)}), print)
    return end.status


def _boxes(tier: Tier, out: Path) -> dict[str, Path]:
    """Beside those of a grader that is at work on this machine."""
    return {} if tier is Tier.FULL else {
        "boxes": Path(f"/var/lib/{out.parent.name}") if tier is Tier.REDUCED else out / "boxes"}


@contextmanager
def host() -> Iterator[dict[str, str]]:
    """What a student's program must not reach: a port, an abstract socket, a file of the host."""
    token = secrets.token_hex(8)
    with socket.create_server(("127.0.0.1", 0)) as port, socket.socket(socket.AF_UNIX) as local:
        local.bind("\0" + token)
        local.listen()
        yield {"HOST_PORT": str(port.getsockname()[1]), "HOST_SOCKET": token,
               "HOST_SECRET": str(Path(__file__).resolve())}


if __name__ == "__main__":
    sys.exit(main())
