"""Runs strangers' programs: run_worker() outside, Box and its Confined programs inside."""

from .box import NR_INODES, SIZE, Box
from .command import ENVIRONMENT, Command
from .confined import Confined
from .ending import Exit, Finished
from .household import Household, Neighbours
from .limits import BUILD, RUN, Limits
from .folder_box import FolderBox
from .mode import STUDENT_UIDS, SandboxError, Tier, tier, unsafe
from .namespace import Namespace
from .network import fresh_ipc, fresh_network
from .outer import WorkerEnd, WorkerSpec, run_worker
from .probe import Probe, probe
from .processes import descendants
from .rights import acting_on, reading

__all__ = ["BUILD", "Box", "Command", "Confined", "ENVIRONMENT", "Exit", "Finished", "Household",
           "Limits", "Namespace", "Neighbours", "Probe", "RUN", "STUDENT_UIDS", "SandboxError",
           "Tier", "WorkerEnd", "WorkerSpec", "acting_on", "descendants", "fresh_ipc",
           "fresh_network", "open_box", "probe", "reading", "run_worker", "tier", "unsafe"]


def open_box(*, size: int = SIZE, nr_inodes: int = NR_INODES, io_uring: bool = False) -> Box:
    """A box of the kind that this worker can have, with room for so many bytes and files."""
    return (FolderBox if unsafe() else Box)(size=size, nr_inodes=nr_inodes, io_uring=io_uring)
