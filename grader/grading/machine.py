"""What this machine's network allows: all that a scene needs, but only in a sandbox."""

from __future__ import annotations

import errno
import secrets
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

from grading.observe.port_users import still_used_by
from grading.observe.sockets import every_tcp_socket
from grading.sandbox import Tier, tier, unsafe
from grading.shortfall import NotJudged

FIRST_FREE_PORT = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
NAME_SERVICE_S, NOT_FOUND = 2.0, 2  # seconds; getent's exit status


class Machine:
    """Questions about ports, names and tools of the place where a scene is played."""

    def some_port(self) -> int:
        """A port below the range that the kernel gives to clients, and free."""
        taken = {row.port for row in every_tcp_socket()} if unsafe() else set()
        while (port := 10000 + secrets.randbelow(20000)) in taken:
            pass
        return port

    def must_be_free(self, port: int) -> None:
        """Waits until nobody has this port any more, then raises NotJudged:
        only where the network is shared."""
        if unsafe() and (user := still_used_by(port)):
            raise NotJudged(f"{user} on this machine uses port {port}.")

    def forbids(self, port: int) -> bool:
        """True if a program may not listen on this port;
        where the network is shared it may be allowed to."""
        if not unsafe():
            return True
        if tier() is Tier.REDUCED:  # the grader may do more than a student's program
            return port < int(FIRST_FREE_PORT.read_text())
        try:
            socket.create_server(("", port)).close()
        except OSError as error:
            return error.errno == errno.EACCES
        return False

    def must_forbid(self, port: int) -> None:
        """Raises NotJudged if a program may listen on this port."""
        if not self.forbids(port):
            raise NotJudged(f"Port {port} is not forbidden on this machine.")

    def must_be_unknown(self, host: str) -> None:
        """Raises NotJudged unless the name service says soon that there is no such host."""
        if unsafe() and not _is_unknown(host):
            raise NotJudged("The name service of this machine is slow, or knows every host.")

    def must_have_ipv6(self) -> None:
        """Raises NotJudged where this machine, or the scene's network, has no IPv6."""
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError as error:
            raise NotJudged(f"There is no IPv6 here: {error.strerror}.") from error

    def tool(self, path: str) -> bool:
        """True if this machine has the tool."""
        return Path(path).exists()


def _is_unknown(host: str) -> bool:
    with suppress(subprocess.TimeoutExpired):
        answer = subprocess.run(("getent", "ahosts", host), capture_output=True, check=False,
                                timeout=NAME_SERVICE_S)
        return answer.returncode == NOT_FOUND
    return False
