"""Names that the documents use: checks, parts, profiles, and identifiers of the sources."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from grading.lab import Lab, NoProfile, read_lab

from documents.commands import typed
from documents.document import Document

IDENTIFIER = re.compile(r"([a-z][a-z0-9]*(?:_[a-z0-9]+)+)(?:\(\))?")
CHOICE = re.compile(r"\b(T|PART|PROFILE)=(?!name\b)([a-z*][\w*]*)")  # `name` stands for any
SOURCES = ("common", "part_a", "part_b", "part_c", "bonus", "bench", "grader", "images")
TEXT = {".c", ".cpp", ".h", ".hpp", ".py", ".sh", ".toml", ".json"}


def complaints(root: Path, lab: Lab, documents: list[Document]) -> list[str]:
    """Names that nothing has."""
    known = set(_identifiers(root)) | set(lab.checks)
    wrong = [document.complaint(piece, f"nothing is called {name[1]}")
             for document in documents for piece in document.prose for words in piece.quoted()
             if (name := IDENTIFIER.fullmatch(words)) and name[1] not in known]
    return wrong + [f"{document.name}:{line}: {key}={pattern}: there is none so called"
                    for document in documents for line, command in typed(document)
                    for key, pattern in CHOICE.findall(command)
                    if not _is_there(root, lab, key, pattern)]


def _is_there(root: Path, lab: Lab, key: str, pattern: str) -> bool:
    if key == "PROFILE":
        try:
            return bool(read_lab(root / "grader" / "lab.toml", pattern))
        except NoProfile:
            return False
    names = [*lab.checks] if key == "T" else [*lab.parts, *lab.targets]
    return any(fnmatch(name, pattern) for name in names)


def _identifiers(root: Path) -> Iterator[str]:
    for folder in SOURCES:
        for path in (root / folder).rglob("*"):
            if path.suffix in TEXT and path.is_file():
                yield from re.findall(r"\w+", path.read_text(encoding="utf-8", errors="replace"))
                yield path.stem
