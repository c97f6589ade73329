"""Commands that the documents tell people to type: run, or at least known to exist.

A block ```sh is run to its end in a copy of the tree, without a terminal. A block ```console shows
what is typed after `$ `, perhaps with the answer: programs that run on, or take long. Of these,
and of what stands in backticks after `make`, only the targets and programs are looked up.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from documents.document import Document

PATIENCE = 300  # seconds for one block, the first of which builds the tree
LEFT_OUT = shutil.ignore_patterns(".git", "results", "thread", "address,undefined", "check",
                                  "__pycache__", ".mypy_cache", "samples")
TARGET = re.compile(r"^([a-z][\w-]*):", re.MULTILINE)
VARIABLE = re.compile(r"[A-Z_]+=")


def complaints(root: Path, documents: list[Document]) -> list[str]:
    """Blocks that do not end well, and commands whose target or program there is not."""
    with TemporaryDirectory(prefix="documents-") as folder:
        tree = Path(folder) / root.name
        shutil.copytree(root, tree, ignore=LEFT_OUT, symlinks=True)
        if said := _run(tree, "make -j2 all"):
            return [f"make all: {said}"]
        wrong = [document.complaint(piece, said) for document in documents
                 for piece in document.fenced("sh") if (said := _run(tree, piece.text))]
        return wrong + unknown(tree, documents)


def unknown(root: Path, documents: list[Document]) -> list[str]:
    """Commands of which a built tree has no target or program."""
    targets = set(TARGET.findall((root / "Makefile").read_text(encoding="utf-8")))
    return [f"{document.name}:{line}: {words}" for document in documents
            for line, command in typed(document) for words in _unknown(root, targets, command)]


def _run(tree: Path, script: str) -> str:
    """What went wrong, in one line."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    try:
        done = subprocess.run(("bash", "-euo", "pipefail", "-c", script), cwd=tree, text=True,
                              env=plain, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return f"not done after {PATIENCE} s"
    last = (done.stdout.strip().splitlines() or ["nothing was said"])[-1]
    return f"status {done.returncode}: {last}" if done.returncode else ""


def typed(document: Document) -> Iterator[tuple[int, str]]:
    """(line, command) of everything that people are told to type, ```sh blocks aside."""
    for piece in document.fenced("console"):
        for line in piece.text.splitlines():
            if line.startswith("$ "):
                yield piece.line, line.removeprefix("$ ")
    for piece in document.prose:
        yield from ((piece.line, words) for words in piece.quoted() if words.startswith("make "))


def _unknown(root: Path, targets: set[str], line: str) -> Iterator[str]:
    """What is unknown of the commands in one line, which && and ; may join."""
    folder = root
    for command in re.split(r"&&|;|\|", re.sub(r"\s#.*", "", line)):
        words = [word for word in shlex.split(command) if not VARIABLE.match(word)]
        if words[:1] == ["cd"]:
            folder = folder / words[1]
        elif words[:1] == ["make"]:
            yield from _unknown_targets(folder, root, targets, words[1:])
        elif words and not _is_program(folder, words[0]):
            yield f"there is no program {words[0]}"


def _unknown_targets(folder: Path, root: Path, targets: set[str],
                     words: list[str]) -> Iterator[str]:
    for flag, word in zip(["", *words], words):
        if flag == "-C" and not (folder / word / "Makefile").is_file():
            yield f"make -C {word}: there is no Makefile"
        elif flag != "-C" and not word.startswith("-") and folder == root and word not in targets:
            yield f"make has no target {word}"


def _is_program(folder: Path, word: str) -> bool:
    return (folder / word).exists() if "/" in word else shutil.which(word) is not None
