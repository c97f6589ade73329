"""Takes a submission in: unpacks an archive, looks through a nested folder, copies it all."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from grading import workspace
from grading.submission import Submission
from grading.target_worker import Order
from grading.unpacking.outside import unpack_confined

MOST_NESTED, MOST_ENTRIES = 4, 1000


@dataclass(frozen=True)
class Taken:
    """A submission's private copy, and where it was made from."""

    root: Path  # where the parts' folders are, as they were handed in
    staged: Path
    notes: tuple[str, ...]


def take_in(order: Order, submission: Submission, folder: Path, slot: int,
            stop: threading.Event) -> Taken:
    """Makes the private copy in `folder`, which is new. Blocks while an archive is unpacked.

    Raises workspace.Rejected with a sentence for the student.
    """
    folder.mkdir()
    root, notes = submission.root, list[str]()
    if not root.is_dir():
        root, notes = unpack_confined(order, root, folder / "unpacked", slot, stop)
    top = looked_through(root, [order.lab.folder_of(target) for target in order.lab.graded])
    if top != root:
        notes = [*notes, f"Everything was in the folder {top.relative_to(root)}."]
    notes += workspace.stage(top, folder / "staged", leave_out=order.lab.leave_out)
    return Taken(top, folder / "staged", tuple(notes))


def looked_through(root: Path, parts: list[str]) -> Path:
    """The folder that has the parts: this one, or the only one below it that can be meant."""
    top = root
    for _ in range(MOST_NESTED):
        if any(os.path.lexists(top / part) for part in parts):
            return top
        below = _folders(top)
        meant = [one for one in below if any(os.path.lexists(one / part) for part in parts)]
        if len(meant or below) != 1:
            return root
        top = (meant or below)[0]
    return root


def _folders(top: Path) -> list[Path]:
    with os.scandir(top) as entries:
        return [Path(entry.path) for entry in islice(entries, MOST_ENTRIES)
                if entry.is_dir(follow_symlinks=False) and entry.name.isprintable()
                and not entry.name.startswith(".") and entry.name != "__MACOSX"]
