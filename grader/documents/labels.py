"""Places that the documents name, `part_a/session.cpp (whole-runs)`, and `// LAB: whole-runs`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from documents.document import Document

FOLDERS = ("common", "part_a", "part_b", "part_c", "bonus", "bench")
MENTION = re.compile(r"(?:([\w/.-]+\.\w+) )?\(([a-z][a-z0-9-]*)\)")
LABEL = re.compile(r"// LAB: ([a-z][a-z0-9-]*)")


def complaints(root: Path, documents: list[Document]) -> list[str]:
    """Labels that are named and not there, and those that are there and not named."""
    there = set(_labels(root))
    named: set[tuple[str, str]] = set()
    wrong: list[str] = []
    for document in documents:
        for line, mention in _mentions(document):
            named.add(mention)
            if mention not in there:
                wrong.append(f"{document.name}:{line}: {mention[0]} has no // LAB: {mention[1]}")
    return wrong + [f"{file}: no document names its // LAB: {label}"
                    for file, label in sorted(there - named)]


def _labels(root: Path) -> Iterator[tuple[str, str]]:
    for folder in FOLDERS:
        for path in (root / folder).glob("*.[ch]*"):
            for label in LABEL.findall(path.read_text(encoding="utf-8")):
                yield path.relative_to(root).as_posix(), label


def _mentions(document: Document) -> Iterator[tuple[int, tuple[str, str]]]:
    """(line, (file, label)); a label alone belongs to the file that its paragraph named last."""
    for piece in document.prose:
        file = "?"
        for words in piece.quoted():
            if mention := MENTION.fullmatch(words):
                file = mention[1] or file
                yield piece.line, (file, mention[2])
