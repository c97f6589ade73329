"""Runs strangers' programs: run_worker() outside, Box and its Confined programs inside."""

from .box import Box
from .command import Command
from .confined import Confined
from .ending import Exit, Finished
from .limits import BUILD, RUN, Limits
from .mode import SandboxError
from .namespace import Namespace
from .network import fresh_ipc, fresh_network
from .outer import WorkerEnd, WorkerSpec, run_worker
from .probe import Probe, Tier, probe

__all__ = ["BUILD", "RUN", "Box", "Command", "Confined", "Exit", "Finished", "Limits",
           "Namespace", "Probe", "SandboxError", "Tier", "WorkerEnd", "WorkerSpec", "fresh_ipc",
           "fresh_network", "probe", "run_worker"]
