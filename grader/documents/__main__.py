"""`make check-docs` proves that the documents are true; `make docs` writes what is generated."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from grading.lab import STOCK, read_lab
from grading.lab_table import LabError

from documents import clauses, commands, generated, labels, links, names
from documents.document import read_documents

ROOT = Path(__file__).resolve().parents[2]


def complaints(root: Path) -> list[str]:
    """One line for each thing that is not so."""
    lab = read_lab(root / "grader" / "lab.toml", STOCK)
    spec = clauses.read_clauses((root / "docs" / "SPEC.md").read_text(encoding="utf-8"))
    documents = read_documents(root)
    return [*generated.complaints(root), *clauses.complaints(lab, spec),
            *labels.complaints(root, documents), *links.complaints(root, documents),
            *names.complaints(root, lab, documents), *commands.complaints(root, documents)]


def main(arguments: list[str] | None = None) -> int:
    """0: the documents are true; 1: some are not, and what is wrong is on stderr."""
    parser = argparse.ArgumentParser(prog="make check-docs", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write what is generated anew")
    wish = parser.parse_args(arguments)
    try:
        if wish.write:
            generated.write(ROOT)
            return 0
        wrong = complaints(ROOT)
    except LabError as error:
        wrong = [str(error)]
    print(*wrong, sep="\n", end="\n" if wrong else "", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
