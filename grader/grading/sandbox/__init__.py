"""Runs strangers' programs: run_worker() outside, Box and its Confined programs inside."""

from .box import Box
from .command import Command
from .confined import Confined, Exit, Finished
from .limits import BUILD, RUN, Limits
from .mode import SandboxError
from .namespace import Namespace
from .network import fresh_ipc, fresh_network
from .outer import WorkerEnd, WorkerSpec, run_worker

__all__ = ["BUILD", "RUN", "Box", "Command", "Confined", "Exit", "Finished", "Limits",
           "Namespace", "SandboxError", "WorkerEnd", "WorkerSpec", "fresh_ipc", "fresh_network",
           "run_worker"]
