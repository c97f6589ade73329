"""Has an archive unpacked in the outer sandbox, and reads how that went."""

from __future__ import annotations

import json
import signal
import threading
from pathlib import Path

from grading import sandbox
from grading.sandbox.safe_copy import Rejected
from grading.target_worker import Order

WALL_S = 120.0
MOST_PACKED = 256 << 20  # bytes of the archive itself
ARCHIVE, OUT, GRADER = Path("/run/archive"), Path("/run/out"), Path("/run/grader")
TOO_MUCH = {128 + signal.SIGXCPU, 128 + signal.SIGKILL}


def unpack_confined(order: Order, archive: Path, out: Path, slot: int,
                    stop: threading.Event) -> tuple[Path, list[str]]:
    """The folder that the archive was unpacked into, and a line for each thing left out.

    Blocks. Raises Rejected with a sentence for the student, SandboxError where it is our fault.
    """
    archive = archive.resolve()
    with archive.open("rb"):  # an archive that we cannot read is no damaged one
        pass
    if archive.stat().st_size > MOST_PACKED:
        raise Rejected(f"The archive is larger than {MOST_PACKED >> 20} MiB.")
    out.mkdir()
    make_spec = _spec if order.tier is sandbox.Tier.FULL else _shared_spec
    end = sandbox.run_worker(make_spec(order, archive, out, slot), stop=stop)
    if not (out / "said.json").is_file():
        if end.timed_out or end.status in TOO_MUCH:
            raise Rejected("The archive takes too long to unpack.")
        raise sandbox.SandboxError(f"unpacking ended with status {end.status}: {end.output_tail}")
    said = json.loads((out / "said.json").read_text())
    if "rejected" in said:
        raise Rejected(said["rejected"])
    return out / "tree", said["notes"]


def _spec(order: Order, archive: Path, out: Path, slot: int) -> sandbox.WorkerSpec:
    return sandbox.WorkerSpec(
        argv=(order.python, "-m", "grading.unpacking.inside", str(ARCHIVE), str(OUT)),
        read_only={archive: ARCHIVE, order.grader: GRADER}, writable={out: OUT}, slot=slot,
        env={"PYTHONPATH": str(GRADER)}, wall_seconds=WALL_S)


def _shared_spec(order: Order, archive: Path, out: Path, slot: int) -> sandbox.WorkerSpec:
    """Without namespaces our own code and its limits alone keep the archive in; no box is made,
    so it need not wait for others who make some."""
    return sandbox.WorkerSpec(
        argv=(order.python, "-m", "grading.unpacking.inside", str(archive), str(out.absolute())),
        read_only={}, writable={}, slot=slot, env={"PYTHONPATH": str(order.grader)},
        wall_seconds=WALL_S, tier=sandbox.Tier.NONE, boxes=out / "boxes")
