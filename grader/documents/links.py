"""Links, files and pictures: what the documents name is there, and every picture is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from documents.document import Document, Piece

LINK = re.compile(r"(!?)\[([^]]*)\]\(([^)\s]+)\)")
FILE = re.compile(r"[\w./-]*\w\.(?:cpp|hpp|[ch]|py|toml|sh|md|json|png)")
SOURCES = ("*.*", "*/*.*", "*/*/*.*", "*/*/*/*.*", "*/*/*/*/*.*")
MOST_OF_A_PICTURE = 150 << 10  # bytes
MADE = {"result.json", "echo.c", "server.c", "client.c"}  # by a run, or by the reader


def complaints(root: Path, documents: list[Document]) -> list[str]:
    """Dead links, pictures without words, files that are named and not there."""
    there = {path.relative_to(root).as_posix()
             for pattern in SOURCES for path in root.glob(pattern)}
    wrong = [document.complaint(piece, words) for document in documents for piece in document.prose
             for words in (*_dead_links(root, document, piece), *_dead_files(there, piece))]
    return [*wrong, *_pictures(root, documents)]


def _pictures(root: Path, documents: list[Document]) -> Iterator[str]:
    shown = {address.rsplit("/", 1)[-1] for document in documents for piece in document.prose
             for picture, _, address in LINK.findall(piece.text) if picture}
    for path in sorted((root / "images").glob("*.png")):
        if path.name not in shown:
            yield f"images/{path.name}: no document shows it"
        if path.stat().st_size > MOST_OF_A_PICTURE:
            yield f"images/{path.name}: more than {MOST_OF_A_PICTURE >> 10} KiB"


def _dead_links(root: Path, document: Document, piece: Piece) -> Iterator[str]:
    for picture, words, address in LINK.findall(piece.text):
        if picture and not words.strip():
            yield f"the picture {address} has no words for who cannot see it"
        path, _, anchor = address.partition("#")
        if "://" in address or address.startswith("mailto:"):
            continue
        target = root / PurePosixPath(document.name).parent / path if path else root / document.name
        if not target.exists():
            yield f"the link {address} leads nowhere"
        elif anchor and anchor not in _anchors(target):
            yield f"{path or document.name} has no heading #{anchor}"


def _anchors(path: Path) -> set[str]:
    """The headings of a Markdown file, as links write them."""
    return {re.sub(r"[^\w\- ]", "", line.lstrip("#").strip().lower()).replace(" ", "-")
            for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")}


def _dead_files(there: set[str], piece: Piece) -> Iterator[str]:
    for words in piece.quoted():
        name = words.split(" (")[0]
        if FILE.fullmatch(name) and PurePosixPath(name).name not in MADE and not any(
                path == name or path.endswith(f"/{name}") for path in there):
            yield f"there is no file {name}"
