"""Which of the students' uids a worker may use: one that no other grader here has just now."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from .mode import MAX_SLOTS, Mode, SandboxError

LOCKS = Path("/run/proactor-lab")  # nobody but root can write beside it


@contextmanager
def slot_of_its_own(wish: int, locks: Path = LOCKS) -> Iterator[int]:
    """The slot that was wished for, or the next one that is free; kept until the end.

    A uid's processes are counted machine-wide (RLIMIT_NPROC): with the same uid, two graders side
    by side would use up each other's, and a right program could start no thread. In user
    namespaces each worker has a count of its own, and any slot will do.
    """
    if not Mode.of_this_process(wish).root:
        yield wish
        return
    slot, lock = free_slot(chain(range(wish, MAX_SLOTS), range(wish)), locks)
    try:
        yield slot
    finally:
        os.close(lock)


def free_slot(wishes: Iterable[int], locks: Path = LOCKS) -> tuple[int, int]:
    """The first of these slots that no grader has, and a descriptor:
    closing it gives the slot back."""
    for slot in wishes:
        if (lock := taken(slot, locks)) is not None:
            return slot, lock
    raise SandboxError("every uid for student programs is in use by another grader")


def taken(slot: int, locks: Path = LOCKS) -> int | None:
    """The descriptor that keeps this slot; None if a grader has it."""
    locks.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(locks / f"slot-{slot}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock
