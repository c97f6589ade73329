"""Where a check's scenes are played: a network of their own, a stage, nothing left afterwards."""

from __future__ import annotations

import secrets
import time
from typing import overload

from grading.build import Builder, BuildResult
from grading.chat_stage import ChatStage
from grading.driver import Driver
from grading.driver_steps import DRIVER_FOLDER
from grading.fake_server import FakeServer
from grading.lab import Lab, Target
from grading.machine import Machine
from grading.message_stage import MessageStage
from grading.patience import Patience
from grading.program import Program
from grading.programs import USUAL, Programs, Supply
from grading.sandbox import Box, fresh_ipc, fresh_network
from grading.shortfall import Blocked, Shortfall
from grading.stage import Stage
from grading.terminal_program import TerminalProgram
from grading.transcript import Transcript, Watch

STARTS = "starts_and_says_where_it_listens"


class Theatre(Programs, Machine):
    """One check's place: a network, shared memory and processes of its own, gone with the check."""

    def __init__(self, target: Target, box: Box, build: BuildResult, builder: Builder, lab: Lab,
                 patience: Patience, watch: Watch | None = None,
                 seed: int | None = None) -> None:
        super().__init__(target, box, build, builder, lab)
        self._watch = watch
        self.seed = seed  # of the one schedule that is asked for; none: those of the check
        self._patience = patience
        self._stages: list[Stage] = []
        self._servers: list[FakeServer] = []
        self.clear()

    def clear(self) -> None:
        """Ends all that runs; the next scene finds a new network and a new transcript."""
        self.close()
        self.transcript = self.new_transcript()
        fresh_network()
        fresh_ipc()

    def new_transcript(self) -> Transcript:
        """An empty one, which whoever looks on sees as well."""
        return Transcript(self._watch)

    def close(self) -> None:
        """Ends all that runs. The transcript stays: it is read when the check has ended."""
        for stage in self._stages:
            stage.close()
        for server in self._servers:
            server.close()
        self._stages, self._servers = [], []
        super().close()

    def stage(self, supply: Supply = USUAL) -> ChatStage:
        """The target's server runs and listens, and has settled."""
        if not self.target.command:
            return self._stage_on_library(supply)
        port = self.server_port()
        program = self.start_server(*self.target.arguments(port), supply=supply)
        stage = self.stage_for(program)
        if not stage.until(lambda: bool(program.listening_ports())):
            state = program.how_it_ended if program.ended else "it runs, and waits"
            raise Blocked(STARTS, f"The server never listens on a TCP port ({state}).")
        listening = program.listening_ports()
        stage.port = port if port in listening else listening[0]
        stage.may_end = False
        stage.settle()
        return stage

    def message_stage(self, channel: str | None = None, supply: Supply = USUAL) -> MessageStage:
        """The target's server, one without sockets, can be found: on this channel, on the default
        one (an empty name), or on one that nobody else has; and it has settled."""
        self.live_together()
        name = self.some_channel() if channel is None else channel or self.target.channel
        arguments = () if channel == "" else self.target.arguments(name)
        stage = MessageStage(self.start_server(*arguments, supply=supply), self.transcript,
                             self._patience, name, self.start_client)
        self._stages.append(stage)
        ready = b"\n" + self.target.ready_at(name).encode()
        stage.may_end = True
        if not stage.until(lambda: ready in b"\n" + stage.program.output()):
            raise Blocked("says_its_channel", "The server does not say that clients can come "
                          f"({stage.program.how_it_ended}).", stage.program.last_words())
        stage.may_end = False
        stage.settle()
        return stage

    def some_channel(self) -> str:
        """The name of a channel that nobody has."""
        return f"lab-{secrets.token_hex(4)}"

    def server_port(self) -> int:
        """Where the target's server is to listen: anywhere, or on the only port it knows."""
        if not self.target.fixed_port:
            return self.some_port()
        self.must_be_free(self.target.fixed_port)
        return self.target.fixed_port

    def must_be_free(self, port: int) -> None:
        """The time that is waited is not the program's."""
        start = time.monotonic()
        super().must_be_free(port)
        self._patience.check_ends += time.monotonic() - start

    @overload
    def stage_for(self, program: Program) -> ChatStage: ...

    @overload
    def stage_for(self, program: TerminalProgram) -> Stage: ...

    def stage_for(self, program: Program | TerminalProgram) -> Stage:
        """A stage around a program that may end before anybody has joined."""
        stage = (Stage(program, self.transcript, self._patience)
                 if isinstance(program, TerminalProgram) else
                 ChatStage(program, self.transcript, self._patience,
                           named=self.target.first_line_is_name))
        stage.may_end = True
        self._stages.append(stage)
        return stage

    def _stage_on_library(self, supply: Supply) -> ChatStage:
        driver = self.driver(self.target.drivers[0], supply)
        driver.stage.port = driver.create(self.some_port()).port
        driver.ask("run 0")
        driver.stage.settle()
        return driver.stage

    def driver(self, name: str, supply: Supply = USUAL) -> Driver:
        """One of the grader's own programs, linked with the student's library."""
        complaint = self.build.drivers.get(name, "it was not tried")
        if complaint:
            raise Shortfall("A program that uses the library as the sheet says "
                            "does not compile and link.",
                            expected="the header compiles, "
                                     "and the library has every function of it",
                            actual="the compiler's complaint below", detail=complaint)
        program = self.start(
            (f"./{DRIVER_FOLDER}/{name}",), with_input=True, supply=supply, name="")
        stage = self.stage_for(program)
        stage.may_end = False
        stage.settle()
        return Driver(program, stage)

    def fake_server(self, port: int | None = None) -> FakeServer:
        """The grader listens, in the place of a server for the student's client."""
        if port is not None:
            self.must_be_free(port)
        server = FakeServer(self.some_port() if port is None else port, self.transcript)
        self._servers.append(server)
        return server
