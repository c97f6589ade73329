"""Starts a submission's programs, looks at what its build has left, and ends all that runs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from shlex import quote
from typing import Protocol

from grading.build import Builder, BuildResult
from grading.keyboard_program import KeyboardProgram
from grading.lab import Lab, Target
from grading.program import Program
from grading.sandbox import RUN, Box, Confined, Household, Limits, Neighbours, open_box
from grading.shortfall import Blocked
from grading.terminal_program import TerminalProgram
from grading.transcript import Transcript

SCENE_WALL_S, SCENE_CPU_S = 90.0, 60  # beyond every fence of a scene: who meets these hangs
# What stands in front of a program that begins with descriptors which are taken already.
_TAKE = 'for ((i = 0; i < $1; i++)); do exec {taken}</dev/null; done; shift; exec "$@"'
_DYNAMIC_AND_DEFINED = 'nm -A --dynamic "$@"; nm -A --defined-only "$@"'


@dataclass(frozen=True)
class Supply:
    """What a program may use: how many descriptors, how many of them are taken when it begins, and
    how many bytes it may print."""

    open_files: int = RUN.nofile
    taken: int = 0
    output: int = RUN.output


USUAL = Supply()


class Closable(Protocol):
    """What is cleared away."""

    def stop(self) -> None: ...


class Programs:
    """The programs of one target, each in the sandbox, none of them left running by close()."""

    def __init__(self, target: Target, box: Box, build: BuildResult, builder: Builder,
                 lab: Lab) -> None:
        self.target = target
        self.build = build
        self.box = box
        self.lab = lab
        self.transcript = Transcript()
        self.builder = builder
        self._running: list[Closable] = []
        self._household: Household | Neighbours | None = None

    def live_together(self) -> None:
        """What is started from now on sees each other's processes, until all is cleared away."""
        if self._household is None:
            self._household = self.box.household()
            self.keep(self._household)

    def keep(self, what: Closable | Box) -> None:
        """From now on it ends when all that runs ends."""
        self._running.append(_BoxKeeper(what) if isinstance(what, Box) else what)

    def close(self) -> None:
        """Ends all that runs, what came last first."""
        for program in reversed(self._running):
            program.stop()
        self._running = []
        self._household = None
        self.box.empty()

    # -- what the build has left -----------------------------------------------------------------

    @property
    def folder(self) -> str:
        """The folder of the target's part, as seen from the top of the submission."""
        return self.lab.folder_of(self.target)

    @property
    def program_path(self) -> str:
        """The target's program, as seen from the top of the submission."""
        return f"./{self.target.command[0]}"

    def has(self, path: str) -> bool:
        """True if the build has left this file."""
        return (self.box.work / path).is_file()

    def symbols(self, path: str, *options: str) -> set[str]:
        """Names in the symbol tables of a file the build has left.

        Without options: what it defines, and what it takes from shared libraries.
        """
        return self.symbols_of((path,), *options)[path]

    def symbols_of(self, paths: Sequence[str], *options: str) -> dict[str, set[str]]:
        """The same of several files at once; nm too runs in the sandbox."""
        self.transcript.add("note", "server", "the grader looks at the symbols of "
                            f"{', '.join(paths)}: nm {' '.join(options)}")
        script = ("nm -A", *options, '"$@"') if options else (_DYNAMIC_AND_DEFINED,)
        listing = self.box.run(("sh", "-c", " ".join(script), "sh", *paths),
                               limits=replace(RUN, output=2 * len(paths) * RUN.output)).stdout
        found: dict[str, set[str]] = {path: set() for path in paths}
        for line in listing.decode("utf-8", "replace").splitlines():
            file, _, rest = line.partition(":")
            if file in found and rest.strip():
                found[file].add(rest.split()[-1].partition("@")[0])
        return found

    def other_target(self, name: str) -> tuple[Box, BuildResult, Target]:
        """Another target of the same submission, its part built into a box of its own."""
        box, other = open_box(), self.lab.targets[name]
        self.keep(box)
        return box, self.builder.build(self.lab.parts[other.part], box), other

    # -- starting --------------------------------------------------------------------------------

    def start(self, command: Sequence[str], *, with_input: bool = False,
              supply: Supply = USUAL, box: Box | None = None,
              name: str | None = None) -> Program:
        """Starts a program of the submission; nothing is waited for.

        name: who it is in the scene; none: the server, or the file's name; empty: nobody.
        """
        limits = replace(RUN, nofile=supply.open_files, nproc=2 * supply.open_files + 64,
                         output=supply.output, wall=SCENE_WALL_S, cpu=SCENE_CPU_S)
        taking = ("bash", "-c", _TAKE, "bash", str(supply.taken)) if supply.taken else ()
        stdin = subprocess.PIPE if with_input else subprocess.DEVNULL
        program = Program(self._spawn(box or self.box, (*taking, *command), limits, stdin), command,
                          self.transcript, self._name(command) if name is None else name)
        self.keep(program)
        return program

    def _spawn(self, box: Box, command: Sequence[str], limits: Limits, stdin: int) -> Confined:
        return box.spawn(command, limits=limits, stdin=stdin, household=self._household)

    def start_server(self, *arguments: str, supply: Supply = USUAL) -> Program:
        """Starts the target's program with these arguments; nothing is waited for."""
        self._must_have(self.target.command[0], "builds")
        return self.start((self.program_path, *arguments), supply=supply)

    def start_client(self, *arguments: str, name: str | None = None, supply: Supply = USUAL,
                     before: Sequence[str] = ()) -> Program:
        """The student's client with a pipe for a keyboard and pipes for a screen.

        name: who it is in the scene. before: a command that starts it, if not the grader itself.
        """
        self._must_have(self.target.client, "builds_the_client")
        return self.start((*before, f"./{self.target.client}", *arguments), with_input=True,
                          supply=supply, name=name)

    def client_at_keyboard(self, *arguments: str) -> KeyboardProgram:
        """The student's client with a terminal for a keyboard and pipes for a screen."""
        self._must_have(self.target.client, "builds_the_client")
        command = (f"./{self.target.client}", *arguments)
        keyboard, its_end = os.openpty()
        program = KeyboardProgram(self._spawn(self.box, command, RUN, its_end), command,
                                  self.transcript, self._name(command), keyboard)
        os.close(its_end)
        self.keep(program)
        return program

    def client_on_terminal(self, *arguments: str) -> TerminalProgram:
        """The student's client on a terminal of its own."""
        self._must_have(self.target.client, "builds_the_client")
        return self.on_terminal((f"./{self.target.client}", *arguments))

    def on_terminal(self, command: Sequence[str],
                    env: Mapping[str, str] | None = None) -> TerminalProgram:
        """A program on a terminal of its own."""
        program = TerminalProgram(self.box.command(command, limits=RUN, env=env or {},
                                                   household=self._household),
                                  self.transcript, self._name(command))
        self.transcript.add("starts", program.name, " ".join(quote(word) for word in command))
        self._running.append(program)
        return program

    def _name(self, command: Sequence[str]) -> str:
        """Who a program is in the scene, told apart from those that run already."""
        if self.target.command and command[0] == self.program_path:
            return "server"
        clients = {f"./{target.client}" for target in self.lab.targets.values()}
        name = "client" if command[0] in clients else PurePath(command[0]).name
        alike = sum(getattr(one, "name", "").startswith(name) for one in self._running)
        return f"{name}{alike + 1}" if alike else name

    def _must_have(self, path: str, check: str) -> None:
        if not self.has(path):
            limit = f": {self.build.limit_hit}" if self.build.limit_hit else ""
            raise Blocked(check, f"There is no {path} to start{limit}.", self.build.log)


class _BoxKeeper:
    """Closes a box when the scene is cleared away."""

    def __init__(self, box: Box) -> None:
        self._box = box

    def stop(self) -> None:
        self._box.close()
