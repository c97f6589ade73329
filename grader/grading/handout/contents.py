"""What students get: every file of the handout, made from the one source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from grading.handout.lab_text import causes_without, hints_without, without_hidden
from grading.handout.markers import Cut, HandoutError, cut, has_markers, pieces
from grading.lab import Lab
from grading.report.wording import points

AUTHORS = Path("grader", "handout")  # whole files for students, and what stands in the holes
_KINDS = {".c", ".cpp", ".h", ".hpp", ".json", ".md", ".mk", ".png", ".py", ".sh", ".svg", ".toml",
          ""}
_SOURCES = {".c", ".cpp", ".h", ".hpp"}
_LAB, _HINTS, _CAUSES = "grader/lab.toml", "grader/hints.toml", "grader/causes.json"
_PROMISED = re.compile(rb"^def check_(\w+)", re.MULTILINE)
_MADE = {"build", "__pycache__"}


@dataclass(frozen=True)
class File:
    """One file of the handout."""

    data: bytes
    executable: bool = False


@dataclass(frozen=True)
class Contents:
    """The handout, and what must not be in it."""

    files: dict[str, File]  # by path, `/` between the names
    solution: dict[str, tuple[str, ...]]  # the lines that were cut out, by the path they were in


def contents(root: Path, lab: Lab) -> Contents:
    """Makes every file; raises HandoutError where a file is neither given nor withheld."""
    handout, files = lab.handout, dict[str, File]()
    if not handout.give:
        raise HandoutError("lab.toml says nothing of a handout: it needs a table [handout]")
    solution: dict[str, tuple[str, ...]] = {}
    for path in _walk(root, handout.give):
        name = path.relative_to(root).as_posix()
        if any(fnmatch(name, pattern) for pattern in handout.withhold):
            if path.suffix in _SOURCES:
                solution[name] = tuple(path.read_text(encoding="utf-8").splitlines())
            continue
        done = _cut(root, path, name)
        files[name] = File(path.read_bytes() if done is None else done.given.encode(),
                           bool(path.stat().st_mode & 0o100))
        if done and done.solution:
            solution[name] = done.solution
        elif _needs_a_word(name, lab):
            raise HandoutError(f"{name}: whole, withheld or with markers? lab.toml does not say")
    for path in _walk(root / AUTHORS, ("files",)):
        text = path.read_text(encoding="utf-8")
        files[path.relative_to(root / AUTHORS / "files").as_posix()] = File(
            text.replace("{starting_score}", points(handout.starting_score)).encode())
    _hide(files, lab)
    return Contents(dict(sorted(files.items())), solution)


def _hide(files: dict[str, File], lab: Lab) -> None:
    """Takes the hidden checks out of what the grader reads."""
    promised = {name.decode() for path, file in files.items() if path.startswith("grader/checks/")
                for name in _PROMISED.findall(file.data)}
    config, hints = (files[path].data.decode() for path in (_LAB, _HINTS))
    files[_LAB] = File(without_hidden(config, lab, promised).encode())
    files[_HINTS] = File(hints_without(hints, lab).encode())
    if _CAUSES in files:
        files[_CAUSES] = File(causes_without(files[_CAUSES].data.decode(), lab).encode())


def _cut(root: Path, path: Path, name: str) -> Cut | None:
    """The file cut in two; None for a picture."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None
    holes = root / AUTHORS / "holes" / name
    instead = pieces(holes.read_text(encoding="utf-8")) if holes.is_file() else []
    if not has_markers(text) and not instead:
        return Cut(text, ())
    return cut(text, instead, name)


def _needs_a_word(name: str, lab: Lab) -> bool:
    """Is it a source of the lab itself that nobody has said is given whole?"""
    folder = name.partition("/")[0]
    ours = folder == "common" or folder in {part.folder for part in lab.parts.values()}
    return (ours and Path(name).suffix in _SOURCES and "/tests/" not in name
            and not any(fnmatch(name, pattern) for pattern in lab.handout.whole))


def _walk(root: Path, names: tuple[str, ...]) -> Iterator[Path]:
    """The files of these names and folders, without what was built or is hidden in a folder."""
    for name in names:
        top = root / name
        if not top.exists():
            raise HandoutError(f"{name}: to be given to students, but there is no such thing")
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            below = path.relative_to(root).parts
            if path.is_file() and not path.is_symlink() and path.suffix in _KINDS \
                    and not _MADE & set(below) and not _is_program(path):
                yield path


def _is_program(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"

