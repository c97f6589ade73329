"""What is made out of other files: docs/clauses.md, and the rubric in each sheet."""

from __future__ import annotations

import re
from pathlib import Path

from grading.lab import STOCK, read_lab

from documents import clauses

BLOCK = re.compile(r"(<!-- rubric: made by make docs -->\n).*?(<!-- end of the rubric -->)",
                   re.DOTALL)


def made(root: Path) -> dict[Path, str]:
    """Every file that is generated, or has a generated block, as it should be."""
    lab = read_lab(root / "grader" / "lab.toml", STOCK)
    spec = clauses.read_clauses((root / "docs" / "SPEC.md").read_text(encoding="utf-8"))
    files = {root / "docs" / "clauses.md": clauses.table(lab, spec)}
    for part in lab.parts.values():
        sheet = root / part.folder / "README.md"
        files[sheet] = with_block(sheet.read_text(encoding="utf-8"),
                                  clauses.rubric(lab, spec, part.name))
    return files


def with_block(text: str, inside: str) -> str:
    """The text with this between its two marks."""
    return BLOCK.sub(lambda block: f"{block[1]}\n{inside}\n\n{block[2]}", text)


def complaints(root: Path) -> list[str]:
    """The files that are not as they would be made now."""
    return [f"{path.relative_to(root)}: not what its sources say now; make docs writes it anew"
            for path, text in made(root).items()
            if not path.is_file() or path.read_text(encoding="utf-8") != text]


def write(root: Path) -> None:
    """Makes everything anew."""
    for path, text in made(root).items():
        path.write_text(text, encoding="utf-8")
