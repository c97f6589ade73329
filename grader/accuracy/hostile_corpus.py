"""The hostile corpus: submissions that attack the grader, what they must get, and their making."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grading.lab import Lab

from accuracy.corpus import EXPECTED, CorpusError, Entry

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib  # type: ignore[no-redef]

HOSTILE, HONEST = "hostile", "minimal_conforming"  # a folder of the corpus; a sample
LAID_UNDER = "base"  # of the folder: what every attack on the honest sample has beside it
MAKE, FACTS = "make.py", "host.h"  # makes what git cannot keep; what a well-informed attacker knows


@dataclass(frozen=True)
class Attack:
    """One hostile submission."""

    entry: Entry  # its verdicts, those of the honest sample among them where it is built on that
    group: str
    says: tuple[str, ...]  # words that prove that it has tried
    never: tuple[str, ...]  # words that it says where it has succeeded
    full: tuple[str, ...]  # the same, of what namespaces alone prevent
    status: str  # graded, or rejected
    quick: bool  # one of the few that stand for all
    called: str  # the name of its folder where that is part of the attack

    @property
    def name(self) -> str:
        """As the corpus calls it."""
        return self.entry.name

    @property
    def folder_name(self) -> str:
        """As it is handed in."""
        return self.called or self.entry.name


def read_attacks(corpus: Path, samples: Path, lab: Lab) -> list[Attack]:
    """Every hostile submission, by group and name; raises CorpusError."""
    honest = _table(samples / HONEST)
    folders = [path for path in sorted((corpus / HOSTILE).iterdir())
               if path.is_dir() and path.name != LAID_UNDER]
    attacks = [_attack(path, honest, lab) for path in folders]
    return sorted(attacks, key=lambda one: (one.group, one.name))


def honest_sample(samples: Path) -> Entry:
    """What is graded before and after each group, and must get what it always gets."""
    return _entry(samples / HONEST, _table(samples / HONEST), {})


def _table(folder: Path) -> dict[str, Any]:
    try:
        return tomllib.loads((folder / EXPECTED).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CorpusError(f"{folder.name}/{EXPECTED}: {error}") from error


def _attack(folder: Path, honest: Mapping[str, Any], lab: Lab) -> Attack:
    table = _table(folder)
    try:
        entry = _entry(folder, table, honest if table.get("base") else {})
        says, never, full = (tuple(table.get(words, ()))
                             for words in ("says", "never", "never_on_full"))
        attack = Attack(entry, table["group"], says, never, full, table.get("status", "graded"),
                        table.get("quick", False), table.get("called", ""))
    except (KeyError, TypeError) as error:
        raise CorpusError(f"{folder.name}/{EXPECTED}: {type(error).__name__}: {error}") from error
    for target, rows in entry.expected.items():
        if unknown := [name for name in rows if name not in lab.checks
                       or target not in lab.checks[name].targets]:
            raise CorpusError(f"{folder.name}/{EXPECTED}: {unknown[0]} is no check of {target}")
    return attack


def _entry(folder: Path, table: Mapping[str, Any], under: Mapping[str, Any]) -> Entry:
    parts = tuple(table["parts"])
    expected = {target: {**under.get(target, {}), **table.get(target, {})}
                for target in {*under, *table}
                if isinstance(table.get(target, under.get(target)), dict)}
    return Entry(HOSTILE, folder.name, folder, table["title"], parts,
                 tuple(table.get("targets", parts)), table.get("base", ""), expected=expected)


def hand_in(attack: Attack, corpus: Path, samples: Path, into: Path,
            facts: Mapping[str, str]) -> None:
    """Makes the submission as a folder of `into`; raises CorpusError. `facts`: name -> text."""
    target = into / attack.folder_name
    target.mkdir()
    if attack.entry.base:
        shutil.copytree(samples / HONEST / "part_a", target / "part_a")
        shutil.copytree(corpus / HOSTILE / LAID_UNDER, target, dirs_exist_ok=True)
    shutil.copytree(attack.entry.folder, target, dirs_exist_ok=True,
                    ignore=shutil.ignore_patterns(EXPECTED, MAKE))
    for part in attack.entry.parts:
        (target / part).mkdir(exist_ok=True)
        lines = [f'#define {name} "{text}"\n' for name, text in facts.items()]
        (target / part / FACTS).write_text("// What the attacker was told of the host.\n"
                                           + "".join(lines))
    if (script := attack.entry.folder / MAKE).is_file():
        done = subprocess.run([sys.executable, "-I", script], cwd=target, text=True, check=False,
                              env={**os.environ, **facts}, capture_output=True, timeout=60)
        if done.returncode:
            raise CorpusError(f"{attack.name}/{MAKE} failed: {done.stderr.strip()[-500:]}")
