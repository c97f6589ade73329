"""`make handout DIR=...`: writes the students' folder, and the same as an archive beside it."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from grading.archive import write_archive
from grading.handout.contents import Contents, contents
from grading.handout.markers import HandoutError
from grading.lab import read_lab
from grading.lab_table import LabError

ROOT = Path(__file__).resolve().parents[3]


def main(arguments: list[str] | None = None) -> int:
    """0: written; 1: the lab's author has to mend something; 2: there is no place for it."""
    parser = argparse.ArgumentParser(prog="make handout", description=__doc__)
    parser.add_argument("folder", metavar="DIR", help="a new or empty folder outside of this tree")
    wish = parser.parse_args(arguments)
    try:
        if why := _why_not(wish.folder):
            print(f"make handout: {why}", file=sys.stderr)
            return 2
        made = contents(ROOT, read_lab(ROOT / "grader" / "lab.toml"))
        archive = write(made, Path(wish.folder))
    except (HandoutError, LabError) as error:
        print(f"make handout: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"make handout: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    print(f"{len(made.files)} files in {wish.folder}, and the same in {archive}")
    return 0


def write(made: Contents, folder: Path) -> Path:
    """Writes the folder and, beside it, the archive, whose name it returns."""
    for name, file in made.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.data)
        path.chmod(0o755 if file.executable else 0o644)
    archive = _archive(folder)
    write_archive(archive, folder.resolve().name,
                  ((name, file.data, file.executable) for name, file in made.files.items()))
    return archive


def _archive(folder: Path) -> Path:
    return folder.resolve().with_name(folder.resolve().name + ".tar.gz")


def _why_not(name: str) -> str:
    """Why nothing can be written there, so that nothing is overwritten; else empty."""
    folder = Path(name)
    if not name:
        return "say where to: make handout DIR=/path/of/a/new/folder"
    if folder.resolve().is_relative_to(ROOT):
        return f"{name} lies in this tree; give a folder outside of it"
    if os.path.lexists(folder) and (not folder.is_dir() or any(folder.iterdir())):
        return f"{name} is there already, and not an empty folder; give another one"
    if os.path.lexists(_archive(folder)):
        return f"{_archive(folder)} is there already; remove it, or give another folder"
    return ""


if __name__ == "__main__":
    sys.exit(main())
