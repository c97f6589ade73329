"""What a lab is made of: parts, targets, checks and their points."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatch

HUNDRED = 100_000  # thousandths of a point: what the checks are worth together, extra credit aside
STOCK = "stock"  # the profile that is lab.toml as it stands


@dataclass(frozen=True)
class Part:
    """A folder that is built and graded by itself."""

    name: str
    title: str
    folder: str
    build: tuple[str, ...]  # the command, run at the top of the submission


@dataclass(frozen=True)
class Target:
    """A program that checks are run on. Argument `{port}` stands for the port's number, `{channel}`
    for the name under which a server without sockets is found."""

    name: str
    part: str
    title: str
    command: tuple[str, ...]  # empty: the grader's own drivers, linked with the student's library
    products: tuple[str, ...] = ()  # files that the build must leave
    port: int = 0  # where it listens, and its client connects to, if no port is given
    ready: str = ""  # how the line begins that it prints when it is ready; empty: none is asked for
    echo: bool = False  # a line may come back to its sender, once
    first_line_is_name: bool = False  # what a client says first is taken for a name, not for a line
    client: str = ""  # the program for a keyboard that belongs to it
    client_of: str = ""  # the target whose client has to work with it
    library: str = ""  # the target, a library, that it has to use
    function: str = ""  # of a library: no program that uses it can do without this one
    drivers: tuple[str, ...] = ()  # of a library: the grader's programs that are linked with it
    channel: str = ""  # without sockets: where it can be found, if no channel is given

    @property
    def port_argument(self) -> bool:
        """True if the port can be chosen when the program is started."""
        return any("{port}" in word for word in self.command[1:])

    @property
    def fixed_port(self) -> int:
        """The only port that the program can listen on; 0 where there is a choice."""
        return self.port if self.command and not self.port_argument else 0

    def arguments(self, place: object) -> tuple[str, ...]:
        """The words behind the program's name, the port or the channel in its place."""
        return tuple(at(place, word) for word in self.command[1:])

    def ready_at(self, place: object) -> str:
        """How the line begins that it prints when it is ready."""
        return at(place, self.ready)


def at(place: object, words: str) -> str:
    """These words with the port, or the channel, in its place."""
    return words.replace("{port}", str(place)).replace("{channel}", str(place))


@dataclass(frozen=True)
class CheckRow:
    """One check's row: what it tests, what it is worth on each target, what helps (hints.toml)."""

    name: str
    clauses: tuple[str, ...]
    points: dict[str, int]  # target -> thousandths of a point
    extra: dict[str, int]  # the same, beside the hundred
    needs: tuple[str, ...]  # checks of the same target that have to pass first
    visibility: str
    uses: tuple[str, ...] = ()  # which of USES a target must have for the check to say anything
    promise: str = ""  # in place of the check's docstring
    hints: tuple[str, ...] = ()  # one for each level, of hints.toml if lab.toml has none

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets the check is run on."""
        return (*self.points, *self.extra)

    def worth(self, target: str) -> int:
        """Thousandths of a point on this target."""
        return self.points.get(target, 0) + self.extra.get(target, 0)


@dataclass(frozen=True)
class Handout:
    """What students get. Patterns are of paths from the top; a `*` also takes in a `/`."""

    starting_score: int = 0  # thousandths of a point: what an untouched handout earns
    give: tuple[str, ...] = ()  # files and folders; empty: there is no handout
    withhold: tuple[str, ...] = ()  # patterns: files in them that students do not get
    whole: tuple[str, ...] = ()  # patterns: sources that students get as they are


@dataclass(frozen=True)
class Lab:
    """The whole of lab.toml."""

    name: str
    parts: dict[str, Part]
    targets: dict[str, Target]
    checks: dict[str, CheckRow]
    leave_out: tuple[str, ...] = ()  # names at the top of a submission that are not the student's
    handout: Handout = Handout()
    hidden: dict[str, int] = field(default_factory=dict)  # target -> what unseen checks are worth
    profile: str = STOCK
    left_out: tuple[str, ...] = ()  # checks that the profile does not run
    deaths: dict[str, tuple[str, ...]] = field(default_factory=dict)  # of hints.toml
    scaled_from: int = HUNDRED  # thousandths of a point that became a hundred points

    @property
    def max_score(self) -> int:
        """Thousandths of a point, extra credit left out."""
        seen = sum(sum(row.points.values()) for row in self.checks.values())
        return seen + sum(self.hidden.values())

    @property
    def max_extra(self) -> int:
        """Thousandths of a point beside the hundred."""
        return sum(sum(row.extra.values()) for row in self.checks.values())

    @property
    def graded(self) -> list[Target]:
        """The targets that some check is run on; others are there to be named by these."""
        return [target for target in self.targets.values()
                if any(target.name in row.targets for row in self.checks.values())]

    def folder_of(self, target: Target) -> str:
        """The folder of a target's part."""
        return self.parts[target.part].folder

    def replay(self, target: Target, row: CheckRow, seed: int = 0) -> str:
        """The command that shows a scene again: what a check plays on a target."""
        schedule = f" SEED={seed}" if seed else ""
        profile = f" PROFILE={self.profile}" if self.profile != STOCK else ""
        return f"make replay T={row.name} PART={target.name}{schedule}{profile}"

    def no_part(self, name: str) -> str:
        """Why a name is that of no part; empty where it is one."""
        graded = list(dict.fromkeys(target.part for target in self.graded))
        if name in graded:
            return ""
        if name in [target.name for target in self.graded]:
            return f"{name} is no part, but graded with {self.targets[name].part}"
        return f"no part {name}; there are {', '.join(graded)}"

    def rows_on(self, target: str, pattern: str = "*") -> list[tuple[CheckRow, Target]]:
        """Every check that is run on a target, in the file's order."""
        return [(row, on) for row, on in self.rows_of(self.targets[target].part, pattern)
                if on.name == target]

    def rows_of(self, part: str, pattern: str = "*") -> list[tuple[CheckRow, Target]]:
        """Every (check, target) of a part, in the file's order: targets one after the other."""
        return [(row, target) for target in self.targets.values() if target.part == part
                for row in self.checks.values()
                if target.name in row.targets and is_chosen(row.name, pattern)]


def is_chosen(check: str, pattern: str) -> bool:
    """True for a check that a pattern means: `a*,b` both, `!no_*` all but what is so named."""
    globs = pattern.removeprefix("!").split(",")
    return any(fnmatch(check, glob) for glob in globs) is not pattern.startswith("!")
