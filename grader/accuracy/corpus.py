"""The corpus: right programs, and programs that are wrong in one way, each with its verdicts."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from grading.lab import Lab
from grading.verdict import STARRED, Verdict

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib  # type: ignore[no-redef]

EXPECTED, CHANGE = "expected.toml", "change.diff"
REFERENCE = "reference"  # the base that is the solution of this tree
CLIENT = "threads_cpp"  # the base whose client talks to servers that come without one
CONFORMING, DEFECTS = "conforming", "defects"
BASES = "base"  # conforming programs that others are changes of
MAY_BE_LEFT_OUT = STARRED | {"B6"}  # clauses that a right program need not keep
KINDS = {CONFORMING: (BASES, CONFORMING), DEFECTS: (DEFECTS,)}  # kind -> folders of the corpus


class CorpusError(Exception):
    """Something is wrong with the corpus itself: one line."""


@dataclass(frozen=True)
class Entry:
    """One program of the corpus. Verdicts that are not named are PASS,
    or wait for a failing one."""

    kind: str  # CONFORMING or DEFECTS
    name: str
    folder: Path
    title: str
    parts: tuple[str, ...]  # what is graded of it
    targets: tuple[str, ...]  # of these parts; those of its base where the file names none
    base: str = ""  # the program it is a change of; empty: its folder is the whole
    clause: str = ""  # of a defect: the one that is broken
    breaks: tuple[str, ...] = ()  # every clause that may be seen broken by that
    cause: str = ""  # what its author would have to know
    race: bool = False  # it shows by luck of timing alone
    expected: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # target -> check -> …

    inherited: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # of its base

    def wanted(self, target: str, check: str) -> tuple[str, ...]:
        """The verdicts that are right there, PASS where none is named."""
        return tuple(self.expected.get(target, {}).get(check, Verdict.PASS.value).split("|"))


def read_corpus(folder: Path, lab: Lab) -> list[Entry]:
    """Every program of the corpus, by kind and name; raises CorpusError."""
    entries = [_read(path, kind, lab) for kind, folders in KINDS.items() for one in folders
               for path in sorted((folder / one).glob("*")) if path.is_dir()]
    names = [entry.name for entry in entries]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise CorpusError(f"two programs of the corpus are called {twice[0]}")
    bases = {entry.name: entry for entry in entries if entry.folder.parent.name == BASES}
    return [_completed(entry, bases.get(entry.base), lab) for entry in entries]


def _completed(entry: Entry, base: Entry | None, lab: Lab) -> Entry:
    """The program with what its base says where it says nothing itself."""
    offered = base.targets if base and base.targets else tuple(lab.targets)
    targets = entry.targets or tuple(name for name in offered
                                     if lab.targets[name].part in entry.parts)
    inherited = base.expected if base else {}
    expected = {target: {**inherited.get(target, {}), **entry.expected.get(target, {})}
                for target in targets}
    return replace(entry, targets=targets, expected=expected, inherited=inherited)


def _read(folder: Path, kind: str, lab: Lab) -> Entry:
    place = f"{folder.parent.name}/{folder.name}/{EXPECTED}"
    try:
        table = tomllib.loads((folder / EXPECTED).read_text(encoding="utf-8"))
        expected = {name: its for name, its in table.items() if isinstance(its, dict)}
        parts = tuple(table["parts"])
        entry = Entry(kind, folder.name, folder, table["title"], parts,
                      tuple(table.get("targets", ())), table.get("base", ""),
                      table.get("clause", ""),
                      tuple(table.get("breaks", ())), table.get("cause", ""),
                      table.get("race", False), expected)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CorpusError(f"{place}: {type(error).__name__}: {error}") from error
    if wrong := next(_complaints(entry, lab), ""):
        raise CorpusError(f"{place}: {wrong}")
    return entry


def _complaints(entry: Entry, lab: Lab) -> Iterator[str]:
    for part in entry.parts:
        if why := lab.no_part(part):
            yield why
    if wrong := [name for name in entry.targets
                 if name not in lab.targets or lab.targets[name].part not in entry.parts]:
        yield f"{wrong[0]} is no target of {' and '.join(entry.parts)}"
    if bool(entry.base) != (entry.folder / CHANGE).is_file():
        yield f"a base and a {CHANGE} go together"
    for target, table in entry.expected.items():
        for check, verdict in table.items():
            yield from _complaints_about(entry, lab, target, check, verdict)
    if entry.kind == DEFECTS and not (entry.clause in entry.breaks and entry.cause):
        yield "a defect says its clause, all that it breaks (the clause too), and its cause"


def _complaints_about(entry: Entry, lab: Lab, target: str, check: str,
                      verdict: Any) -> Iterator[str]:
    row = lab.checks.get(check)
    if row is None or target not in row.targets:
        yield f"{check} is no check of {target}"
    elif unknown := {*str(verdict).split("|")} - {one.value for one in Verdict}:
        yield f"{check}: {min(unknown)} is no verdict"
    elif entry.kind == CONFORMING and MAY_BE_LEFT_OUT.isdisjoint(row.clauses):
        yield (f"a conforming program loses nothing but starred checks and the callbacks, "
               f"and {check} is none of them")
    elif entry.kind == DEFECTS and not {*row.clauses} & {*entry.breaks, *MAY_BE_LEFT_OUT}:
        yield f"{check} tests {' and '.join(row.clauses)}, and none of them is in `breaks`"


def assemble(entry: Entry, corpus: Path, tree: Path, into: Path, lab: Lab) -> None:
    """Writes the whole program into the new folder `into`; raises CorpusError."""
    _assemble(entry, corpus, tree, into, lab)
    for target in (lab.targets[name] for name in entry.targets):
        if target.client_of and not (into / (its := lab.parts[target.client_of].folder)).exists():
            shutil.copytree(corpus / BASES / CLIENT / its, into / its)


def _assemble(entry: Entry, corpus: Path, tree: Path, into: Path, lab: Lab) -> None:
    if not entry.base:
        shutil.copytree(entry.folder, into, symlinks=True)
        return
    if entry.base == REFERENCE:
        into.mkdir()
        shutil.copy(tree / "Makefile", into)
        for name in ("common", *(part.folder for part in lab.parts.values())):
            shutil.copytree(tree / name, into / name)
    else:
        shutil.copytree(corpus / BASES / entry.base, into, symlinks=True)
    change = entry.folder / CHANGE
    if not shutil.which("patch"):
        raise CorpusError("patch is needed to make programs of the corpus; install it "
                          "(apt-get install patch)")
    ended = subprocess.run(["patch", "-p1", "--batch", "--fuzz=0", "-d", into, "-i", change],
                           capture_output=True, text=True, check=False)
    if ended.returncode:
        raise CorpusError(f"{entry.name}/{CHANGE} does not fit its base {entry.base}: "
                          f"{ended.stdout.strip()} {ended.stderr.strip()}")
