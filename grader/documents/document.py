"""A Markdown file taken apart: its paragraphs, its fenced blocks, what stands in backticks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

NEW_PARAGRAPH = re.compile(r"\s*([-*|#]|\d+\.) ?|\s*$")


@dataclass(frozen=True)
class Piece:
    """A paragraph, list item, table row or fenced block, and where it begins."""

    line: int
    text: str
    language: str | None = None  # of a fenced block; None is prose

    def quoted(self) -> list[str]:
        """What stands in backticks."""
        return re.findall(r"`([^`]+)`", self.text)


@dataclass(frozen=True)
class Document:
    """One Markdown file; `name` is its path from the top of the tree."""

    name: str
    pieces: tuple[Piece, ...]

    @property
    def prose(self) -> Iterator[Piece]:
        """Everything but the fenced blocks."""
        return (piece for piece in self.pieces if piece.language is None)

    def fenced(self, language: str) -> Iterator[Piece]:
        """The fenced blocks of one language."""
        return (piece for piece in self.pieces if piece.language == language)

    def complaint(self, piece: Piece, words: str) -> str:
        """`README.md:12: words`."""
        return f"{self.name}:{piece.line}: {words}"


def read_documents(root: Path) -> list[Document]:
    """Every document of the tree: those at the top and in the folders below it."""
    paths = [path for path in (*root.glob("*.md"), *root.glob("*/*.md"))
             if path.relative_to(root).parts[0] != "build"]
    return [Document(path.relative_to(root).as_posix(),
                     tuple(_pieces(path.read_text(encoding="utf-8")))) for path in sorted(paths)]


def _pieces(text: str) -> Iterator[Piece]:
    language, begun, held = None, 1, list[str]()
    for number, line in enumerate([*text.splitlines(), ""], 1):
        fence = line.lstrip().startswith("```")
        if language is None and (fence or NEW_PARAGRAPH.match(line)):
            if held:
                yield Piece(begun, " ".join(held))
            language = line.strip().removeprefix("```") if fence else None
            begun, held = number, [] if fence or not line.strip() else [line.strip()]
        elif fence:
            yield Piece(begun, "\n".join(held), language)
            language, begun, held = None, number + 1, []
        else:
            begun = begun if held or language is not None else number
            held.append(line if language is not None else line.strip())
