"""Where a check's scenes are played: it starts programs, builds stages, and clears everything away."""

from __future__ import annotations

import errno
import secrets
import socket
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from grading.build import DRIVER_FOLDER, Builder, BuildResult
from grading.chat_stage import ChatStage
from grading.driver import Driver
from grading.fake_server import FakeServer
from grading.lab import Lab, Target
from grading.observe.sockets import every_tcp_socket
from grading.program import Program
from grading.sandbox import RUN, Box, fresh_ipc, fresh_network, open_box, unsafe
from grading.shortfall import Blocked, NotJudged, Shortfall
from grading.stage import Patience
from grading.terminal_program import TerminalProgram
from grading.transcript import Transcript

CLIENT = "part_a/client"
SCENE_WALL_S, SCENE_CPU_S = 90.0, 60  # beyond every fence of a scene: what meets these hangs or spins
NAME_SERVICE_S, NOT_FOUND = 2.0, 2  # seconds; getent's exit status
STARTS = "starts_and_says_where_it_listens"


class Closable(Protocol):
    """What the theatre clears away."""

    def stop(self) -> None: ...


class Theatre:
    """One check's place: a network, shared memory and processes of its own, gone with the check."""

    def __init__(self, target: Target, box: Box, build: BuildResult, builder: Builder, lab: Lab,
                 patience: Patience) -> None:
        self.target = target
        self.build = build
        self.box = box
        self.transcript = Transcript()
        self._builder, self._lab, self._patience = builder, lab, patience
        self._running: list[Closable] = []
        self._stages: list[ChatStage] = []
        self._servers: list[FakeServer] = []
        self.clear()

    def clear(self) -> None:
        """Ends all that runs; the next scene finds a new network and a new transcript."""
        self.close()
        self.transcript = Transcript()
        fresh_network()
        fresh_ipc()

    def close(self) -> None:
        """Ends all that runs. The transcript stays: it is read when the check has ended."""
        for stage in self._stages:
            stage.close()
        for server in self._servers:
            server.close()
        for program in self._running:
            program.stop()
        self._stages, self._servers, self._running = [], [], []
        self.box.empty()

    # -- programs --------------------------------------------------------------------------------

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
        """Raises NotJudged unless this machine's name service says soon that there is no such host."""
        if unsafe() and not _is_unknown(host):
            raise NotJudged("The name service of this machine is slow, or knows every host.")

    def start(self, command: Sequence[str], *, with_input: bool = False,
              open_files: int = RUN.nofile, box: Box | None = None) -> Program:
        """Starts a program of the submission; nothing is waited for."""
        limits = replace(RUN, nofile=open_files, nproc=2 * open_files + 64, wall=SCENE_WALL_S,
                         cpu=SCENE_CPU_S)
        program = Program(
            (box or self.box).spawn(command, limits=limits,
                                    stdin=subprocess.PIPE if with_input else subprocess.DEVNULL),
            command, self.transcript)
        self._running.append(program)
        return program

    def start_server(self, *arguments: str) -> Program:
        """Starts the target's program with these arguments; nothing is waited for."""
        self._must_have(self.target.command[0], "builds")
        return self.start((self.program_path, *arguments))

    @property
    def program_path(self) -> str:
        """The target's program, as seen from the top of the submission."""
        return f"./{self.target.command[0]}"

    def has(self, path: str) -> bool:
        """True if the build has left this file."""
        return (self.box.work / path).is_file()

    def symbols(self, path: str, *options: str) -> set[str]:
        """Names in the symbol tables of a file the build has left; nm too runs in the sandbox.

        Without options: what it defines, and what it takes from shared libraries.
        """
        found: set[str] = set()
        for choice in (options,) if options else (("--dynamic",), ("--defined-only",)):
            listing = self.box.run(("nm", *choice, path), limits=RUN).stdout
            found |= {line.split()[-1].partition("@")[0]
                      for line in listing.decode("utf-8", "replace").splitlines() if line.strip()}
        return found

    def _must_have(self, path: str, check: str) -> None:
        if not self.has(path):
            raise Blocked(check, f"There is no {path} to start.")

    # -- stages ----------------------------------------------------------------------------------

    def stage(self) -> ChatStage:
        """The target's server runs and listens, and has settled."""
        if not self.target.command:
            return self._stage_on_library()
        port = self.some_port()
        program = self.start_server(*(str(port) if word == "{port}" else word
                                      for word in self.target.command[1:]))
        stage = self.stage_for(program)
        if not stage.until(lambda: bool(program.listening_ports())):
            raise Blocked(STARTS, "The server never listens on a TCP port "
                          f"({'it runs, and waits' if not program.ended else program.how_it_ended}).")
        listening = program.listening_ports()
        stage.port = port if port in listening else listening[0]
        stage.may_end = False
        stage.settle()
        return stage

    def stage_for(self, program: Program | TerminalProgram) -> ChatStage:
        """A stage around a program that may end before anybody has joined."""
        stage = ChatStage(program, self.transcript, self._patience)
        stage.may_end = True
        self._stages.append(stage)
        return stage

    def _stage_on_library(self) -> ChatStage:
        driver = self.driver("proactor_cpp")
        driver.stage.port = driver.create(self.some_port()).port
        driver.ask("run 0")
        driver.stage.settle()
        return driver.stage

    def driver(self, name: str) -> Driver:
        """One of the grader's own programs, linked with the student's library."""
        complaint = self.build.drivers.get(name, "it was not tried")
        if complaint:
            raise Shortfall("A program that uses the library as the sheet says does not compile and link.",
                            expected="the header compiles, and the library has every function of it",
                            actual="the compiler's complaint below", detail=complaint)
        program = self.start((f"./{DRIVER_FOLDER}/{name}",), with_input=True)
        stage = self.stage_for(program)
        stage.may_end = False
        stage.settle()
        return Driver(program, stage)

    # -- the student's client --------------------------------------------------------------------

    def fake_server(self, port: int | None = None) -> FakeServer:
        """The grader listens, in the place of a server."""
        if port is not None:
            self.must_be_free(port)
        server = FakeServer(self.some_port() if port is None else port, self.transcript)
        self._servers.append(server)
        return server

    def start_client(self, *arguments: str) -> Program:
        """The student's client with a pipe for a keyboard and pipes for a screen."""
        self._must_have(CLIENT, "builds_the_client")
        return self.start((f"./{CLIENT}", *arguments), with_input=True)

    def on_terminal(self, command: Sequence[str], env: Mapping[str, str] | None = None) -> TerminalProgram:
        """A program on a terminal of its own."""
        program = TerminalProgram(self.box.command(command, limits=RUN, env=env or {}))
        self._running.append(program)
        return program

    def other_part(self, name: str) -> tuple[Box, BuildResult]:
        """Another part of the same submission, built into a box of its own."""
        box = open_box()
        self._running.append(_BoxKeeper(box))
        return box, self._builder.build(self._lab.parts[name], box)

    def tool(self, path: str) -> bool:
        """True if this machine has the tool."""
        return Path(path).exists()


def _is_unknown(host: str) -> bool:
    with suppress(subprocess.TimeoutExpired):
        answer = subprocess.run(("getent", "ahosts", host), capture_output=True, check=False,
                                timeout=NAME_SERVICE_S)
        return answer.returncode == NOT_FOUND
    return False


class _BoxKeeper:
    """Closes a box when the scene is cleared away."""

    def __init__(self, box: Box) -> None:
        self._box = box

    def stop(self) -> None:
        self._box.close()
