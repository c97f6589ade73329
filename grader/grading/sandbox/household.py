"""One pid namespace in which several commands of a scene live, each confined by itself."""

from __future__ import annotations

import fcntl
import os
from typing import Protocol

_NS_GET_USERNS = 0xb701  # ioctl_ns(2): the user namespace that owns this one


class Holder(Protocol):
    """A command that runs as long as its household is needed."""

    @property
    def pid(self) -> int: ...

    def kill(self) -> None: ...


class Household:
    """Programs that share memory have to see each other as they do on a student's machine: a robust
    mutex, a pid in a segment and kill(pid, 0) mean nothing to somebody in another pid namespace.

    `holder` is a command that outlives the scene: its namespace is the one that the others join,
    and when it is killed, the kernel ends whatever is left of them.
    """

    def __init__(self, holder: Holder, *, root: bool) -> None:
        self._holder, self._root = holder, root
        self._owner = _user_namespace_of(holder.pid)

    def files(self) -> list[str]:
        """What bwrap has to have open, from descriptor 7 downwards: see arguments()."""
        process = f"/proc/{self._holder.pid}/ns"
        return [f"{process}/pid"] if self._root else [
            f"{process}/pid", f"/proc/{os.getpid()}/fd/{self._owner}", f"{process}/user"]

    def arguments(self, _: list[str], guest: list[str]) -> list[str]:
        """What bwrap is told, in place of what it is told for a command that is alone.

        An ordinary user's sandbox has two user namespaces: in the first it is furnished, and that
        one owns the pid namespace; the second, which owns nothing, is the student's.
        """
        user = [] if self._root else ["--userns", "6", "--userns2", "5"]
        return ["--pidns", "7", *user, *guest]

    def stop(self) -> None:
        """Ends everything that lives in it."""
        self._holder.kill()
        os.close(self._owner)


class Neighbours:
    """In place of a household where commands have no pid namespaces: these see each other anyway,
    and may signal each other as well, if somebody else's uid does not forbid it."""

    def files(self) -> list[str]:
        """There is nothing to join."""
        return []

    def arguments(self, alone: list[str], _: list[str]) -> list[str]:
        """There is nothing to tell."""
        return alone

    def stop(self) -> None:
        """Each ends by itself."""


class Founder:
    """The holder's own: it is the first process of its pid namespace, and so no signal that is sent
    from within can end it, SIGKILL included."""

    def files(self) -> list[str]:
        """It joins nobody."""
        return []

    def arguments(self, alone: list[str], _: list[str]) -> list[str]:
        """What bwrap is told."""
        return ["--as-pid-1", *alone]


Company = Household | Neighbours | Founder


def _user_namespace_of(pid: int) -> int:
    """The user namespace that owns this process's pid namespace, as a descriptor."""
    with open(f"/proc/{pid}/ns/pid", "rb") as namespace:
        return fcntl.ioctl(namespace, _NS_GET_USERNS)
