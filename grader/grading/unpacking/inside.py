"""Runs inside the outer sandbox: unpacks one archive, with limits, and says how that went."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from grading.unpacking.unpack import unpack
from grading.sandbox.safe_copy import Rejected

MEMORY, CPU_S = 1 << 30, 60


def main(archive: Path, out: Path) -> int:
    """Leaves the folder `tree` and `said.json` in `out`; 0, also when the archive is rejected."""
    (out / "tree").mkdir()
    said: dict[str, object] = {"notes": []}
    try:
        said["notes"] = unpack(archive, out / "tree")
    except Rejected as reason:
        said["rejected"] = str(reason)
    (out / "said.json").write_text(json.dumps(said))
    return 0


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 1))
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
