"""`make submission NAME=...`: packs what is handed in, and builds it in an empty place."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from grading import workspace
from grading.archive import write_archive
from grading.lab import Lab, read_lab
from grading.lab_table import LabError
from grading.report.wording import printable

ROOT = Path(__file__).resolve().parents[2]
BUILD_S = 600.0  # a build that takes longer is stopped
LISTED = 8  # names of a folder that are shown
TAIL = 12  # lines of a failed build
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class NotPacked(Exception):
    """Why there is no archive: one line for the student."""


def main(arguments: list[str] | None = None) -> int:
    """0: packed, and it builds; 1: packed, but a part does not build; 2: there is no archive."""
    parser = argparse.ArgumentParser(prog="make submission", description=__doc__)
    parser.add_argument("--name", default="", help="whose it is: a part of the archive's name")
    wish = parser.parse_args(arguments)
    try:
        lab = read_lab(ROOT / "grader" / "lab.toml")
        archive = pack(ROOT, wish.name, lab)
    except (NotPacked, LabError) as reason:
        print(f"make submission: {reason}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"make submission: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    return 0 if _builds(archive, lab) else 1


def pack(root: Path, name: str, lab: Lab) -> Path:
    """Writes submission-NAME.tar.gz at the top; says what is in it and what is left out."""
    if not _NAME.fullmatch(name):
        raise NotPacked("whose is it? make submission NAME=your_name (letters, digits, _ . -)")
    if not any((root / part.folder).is_dir() for part in lab.parts.values()):
        raise NotPacked("there is nothing to hand in: no folder "
                        + ", ".join(part.folder for part in lab.parts.values()))
    archive = root / f"submission-{name}.tar.gz"
    with tempfile.TemporaryDirectory(prefix="submission-") as scratch:
        staged = Path(scratch, "staged")
        earlier = [path.name for path in root.glob("submission-*")]
        try:
            notes = workspace.stage(root, staged, leave_out=(*lab.leave_out, *earlier))
        except workspace.Rejected as reason:
            raise NotPacked(f"a grader would not take it: {reason}") from reason
        paths = [path for path in sorted(staged.rglob("*")) if path.is_symlink() or path.is_file()]
        files = [path for path in paths if not path.is_symlink()]
        write_archive(archive, name, (
            (path.relative_to(staged).as_posix(), path.read_bytes(),
             bool(path.stat().st_mode & 0o100)) for path in files))
        links = [path.relative_to(staged).as_posix() for path in paths if path.is_symlink()]
        print(f"{archive.name} holds {len(files)} files:")
        _list([path.relative_to(staged) for path in files])
    for note in [*(f"{link}: a link" for link in links if link != "server"), *notes]:
        if not workspace.MADE_HERE.search(note):
            print(f"  left out: {printable(note)}")
    return archive


def _list(paths: list[Path]) -> None:
    folders: dict[str, list[str]] = {}
    for path in paths:
        folders.setdefault(path.parts[0] if len(path.parts) > 1 else ".", []).append(path.name)
    for folder, names in folders.items():
        more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
        print(f"  {printable(folder):<8} {printable(', '.join(names[:LISTED]))}{more}")


def _builds(archive: Path, lab: Lab) -> bool:
    """Unpacks it in an empty place and runs the build commands there; says how each ended."""
    well = True
    with tempfile.TemporaryDirectory(prefix="submission-") as scratch:
        with tarfile.open(archive) as packed:
            packed.extractall(scratch)  # our own, of plain files
        (place,) = Path(scratch).iterdir()
        for part in lab.parts.values():
            if not (place / part.folder).is_dir():
                print(f"{part.name}: not in it, there is no folder {part.folder}")
                continue
            complaint = _build(part.build, place)
            well = well and not complaint
            print(f"{part.name}: {complaint or 'unpacked in an empty place, it builds'}")
    return well


def _build(command: tuple[str, ...], place: Path) -> str:
    """Empty when it went well; else the end of what it said."""
    try:
        made = subprocess.run(command, cwd=place, check=False, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace",
                              timeout=BUILD_S, env=_without_make())
    except subprocess.TimeoutExpired:
        return f"{' '.join(command)} takes more than {BUILD_S:.0f} s"
    if made.returncode == 0:
        return ""
    said = made.stdout.splitlines()[-TAIL:]
    return f"{' '.join(command)} FAILS:\n" + "\n".join(f"    {printable(line)}" for line in said)


def _without_make() -> dict[str, str]:
    """The environment without what the `make` that called us passes on to other Makefiles."""
    return {key: value for key, value in os.environ.items()
            if not key.startswith(("MAKE", "MFLAGS"))}


if __name__ == "__main__":
    sys.exit(main())
