"""Builds one part of a submission in the sandbox; the very same files are built only once."""

from __future__ import annotations

import fcntl
import hashlib
import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from grading.build_log import kept_of
from grading.driver_steps import DRIVER_FOLDER, DRIVERS, STEPS, library_words
from grading.lab import Lab, Part
from grading.sandbox import BUILD, ENVIRONMENT, Box, Finished
from grading.sanitizers.tool import FOLDER, SHOWN, Sanitizer, tool_files
from grading.workspace import Rejected, content_hash, copy_built

OBJECTS = "objects"  # in the cache: what ccache keeps
# ccache stands in front of every compiler; its files are there for whichever uid builds next.
CCACHE = {"PATH": f"/usr/lib/ccache:{ENVIRONMENT['PATH']}", "CCACHE_DIR": "/ccache",
          "CCACHE_UMASK": "000"}
DOING = "doing"  # beside a worker's rows: what takes its time just now


@dataclass(frozen=True)
class BuildResult:
    """What the build command did, once per part, shared by all checks of the part."""

    status: int
    log: str  # the end of its output
    limit_hit: str  # empty, or which limit of the grader ended it
    cached: bool
    drivers: dict[str, str]  # driver -> the compiler's complaint, empty where it was linked

    @property
    def ok(self) -> bool:
        return self.status == 0 and not self.limit_hit


class Builder:
    """Builds parts of one submission, each in a box of its own, through the cache."""

    def __init__(self, submission: Path, cache: Path, drivers: Path, lab: Lab,
                 say: Callable[[str], None] = lambda words: None,
                 objects: Path | None = None) -> None:
        """`say` hears what is being built while it takes its time, and nothing when it is done.

        `objects`: where builds keep what they compile, for those to come that compile the same.
        For programs of our own only, as those of the corpus are: who builds may write there.
        """
        self._objects = objects
        self._submission, self.cache, self._drivers = submission, cache, drivers
        self._lab, self._say = lab, say
        self._hash = content_hash(submission)

    def build(self, part: Part, box: Box, tool: Sanitizer | None = None) -> BuildResult:
        """Leaves the built tree in the box's work folder; with a tool in it,
        if one is asked for."""
        entry = self.cache / self._key(part, box, tool)
        if not (entry / "build.json").exists():
            self._say(f"building {part.folder}{f' with {tool.title}' if tool else ''}")
        try:
            with open(f"{entry}.lock", "w", encoding="ascii") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)  # another target's worker may be building the same
                return self._build(part, box, entry, tool)
        finally:
            self._say("")

    def _build(self, part: Part, box: Box, entry: Path, tool: Sanitizer | None) -> BuildResult:
        if (entry / "build.json").is_file():
            box.install(entry / "tree")
            return BuildResult(**json.loads((entry / "build.json").read_text()), cached=True)
        box.install(self._submission)
        made = self._run(box, part.build, tool, {}, {})
        log = kept_of(made.stdout.decode("utf-8", "replace"))
        status = made.status if not made.signal else 128 + made.signal
        drivers = self._link_drivers(part, box, tool) if status == 0 else {}
        result = BuildResult(status, log, made.limit_hit or "", False, drivers)
        if not result.limit_hit:  # a limit may be the machine's bad day: never remembered
            self._remember(entry, result, box)
        return result

    def _run(self, box: Box, command: tuple[str, ...], tool: Sanitizer | None,
             env: dict[str, str], shown: dict[Path, str]) -> Finished:
        """One command of a build; with a tool, through the script that puts it in."""
        limits = BUILD
        if tool:
            command, limits = tool.build(box, command), tool.limits
            shown = {FOLDER: SHOWN, **shown}
        if self._objects:
            box.share(self._objects, CCACHE["CCACHE_DIR"])
            env = {**env, **CCACHE}
        return box.run(command, limits=limits, writable=True, merge_stderr=True, env=env,
                       extra_read_only=shown)

    def _link_drivers(self, part: Part, box: Box, tool: Sanitizer | None) -> dict[str, str]:
        complaints = {}
        for name, words in self._drivers_of(part).items():
            script = " && ".join((f"mkdir -p {DRIVER_FOLDER}", *STEPS[name]))
            made = self._run(box, ("sh", "-c", script), tool,
                             {"DRIVERS": box.shown(self._drivers, DRIVERS), **words},
                             {self._drivers: DRIVERS})
            complaints[name] = "" if made.status == 0 else (
                kept_of(made.stdout.decode("utf-8", "replace")) or "the compiler failed")
        return complaints

    def _drivers_of(self, part: Part) -> dict[str, dict[str, str]]:
        """Driver -> the words its steps need, for every library among the part's targets."""
        return {driver: library_words(target.products) for target in self._lab.targets.values()
                if target.part == part.name for driver in target.drivers}

    def _remember(self, entry: Path, result: BuildResult, box: Box) -> None:
        try:
            copy_built(box.work, entry / "tree")
        except (Rejected, OSError):
            return  # too large or too odd to keep: built again next time
        record = {"status": result.status, "log": result.log, "limit_hit": "",
                  "drivers": result.drivers}
        temporary = entry / "build.json.new"
        temporary.write_text(json.dumps(record))
        temporary.rename(entry / "build.json")

    def _key(self, part: Part, box: Box, tool: Sanitizer | None) -> str:
        """Everything the result of a build depends on."""
        key = hashlib.sha256()
        for words in (self._hash, box.home, part.name, *part.build, compiler_version(),
                      json.dumps([STEPS, self._drivers_of(part)])):
            key.update(words.encode() + b"\0")
        for file in (*sorted(self._drivers.iterdir()), *(tool_files() if tool else [])):
            key.update(file.read_bytes() + b"\0")
        key.update(tool.flags.encode() if tool else b"")
        return f"{part.name}{'-' + tool.name if tool else ''}-{key.hexdigest()[:24]}"


def compiler_version() -> str:
    """The first line of what g++ says of itself; empty where there is none."""
    try:
        said = subprocess.run(["g++", "--version"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return said.stdout.partition("\n")[0]
