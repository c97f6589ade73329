"""What this machine's network allows: all that a scene needs, but only in a sandbox."""

from __future__ import annotations

import errno
import secrets
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

from grading.observe.sockets import every_tcp_socket
from grading.sandbox import unsafe
from grading.shortfall import NotJudged

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
        """Raises NotJudged if somebody else has this port: without a sandbox that can be."""
        if unsafe() and any(row.port == port for row in every_tcp_socket()):
            raise NotJudged(f"Something else on this machine uses port {port}.")

    def forbids(self, port: int) -> bool:
        """True if a program may not listen on this port. Without a sandbox root, for one, may."""
        if not unsafe():
            return True
        try:
            socket.create_server(("", port)).close()
        except OSError as error:
            return error.errno == errno.EACCES
        return False

    def must_forbid(self, port: int) -> None:
        """Raises NotJudged if a program may listen on this port."""
        if not self.forbids(port):
            raise NotJudged(f"Port {port} is not forbidden here: there is no sandbox.")

    def must_be_unknown(self, host: str) -> None:
        """Raises NotJudged unless the name service says soon that there is no such host."""
        if unsafe() and not _is_unknown(host):
            raise NotJudged("The name service of this machine is slow, or knows every host.")

    def tool(self, path: str) -> bool:
        """True if this machine has the tool."""
        return Path(path).exists()


def _is_unknown(host: str) -> bool:
    with suppress(subprocess.TimeoutExpired):
        answer = subprocess.run(("getent", "ahosts", host), capture_output=True, check=False,
                                timeout=NAME_SERVICE_S)
        return answer.returncode == NOT_FOUND
    return False
