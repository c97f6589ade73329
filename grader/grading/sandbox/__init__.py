"""Runs strangers' programs: run_worker() outside, Box and its Confined programs inside."""

from .box import Box
from .command import Command
from .confined import Confined
from .ending import Exit, Finished
from .limits import BUILD, RUN, Limits
from .mode import SandboxError, unsafe
from .namespace import Namespace, descendants
from .network import fresh_ipc, fresh_network
from .outer import WorkerEnd, WorkerSpec, run_worker
from .plain import PlainBox
from .probe import Probe, Tier, probe

__all__ = ["BUILD", "RUN", "Box", "Command", "Confined", "Exit", "Finished", "Limits",
           "Namespace", "Probe", "SandboxError", "Tier", "WorkerEnd", "WorkerSpec", "descendants",
           "fresh_ipc", "fresh_network", "open_box", "probe", "run_worker", "unsafe"]


def open_box() -> Box:
    """A box of the kind that this worker can have."""
    return PlainBox() if unsafe() else Box()
