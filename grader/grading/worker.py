"""Runs inside the outer sandbox: builds its part, plays a target's checks, writes what came."""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

import pytest

from grading.build import DOING, OBJECTS, Builder, compiler_version
from grading.lab import read_lab
from grading.plugin import GradingPlugin
from grading.sandbox import open_box, tier
from grading.transcript import SCENES, Watch

GRADER = Path(__file__).resolve().parent.parent


def main() -> int:
    """Exit status 0 when every check has a verdict, whatever it is."""
    arguments = _arguments()
    lab = read_lab(GRADER / "lab.toml", arguments.profile)
    part = lab.parts[lab.targets[arguments.target].part]
    rows = lab.rows_on(arguments.target, arguments.check)
    rows_file = arguments.out / f"{arguments.target}.jsonl"
    with open(rows_file, "w", encoding="utf-8") as out, open_box() as box:
        builder = Builder(arguments.submission, arguments.cache, GRADER / "drivers", lab,
                          lambda words: _put(arguments.out / DOING, words),
                          arguments.cache / OBJECTS if arguments.keep_objects else None)
        build = builder.build(part, box)
        _write(out, {"build_log": {part.name: build.log}})
        plugin = GradingPlugin(rows, box, build, builder, lab,
                               lambda result: _write(out, result.to_json()),
                               _watch(arguments.out / SCENES) if arguments.watch else None,
                               arguments.seed)
        status = pytest.main(
            ["-q", "-p", "no:cacheprovider", "--assert=plain", "-c", "/dev/null",
             f"--rootdir={GRADER / 'checks'}", "-o", "python_files=*.py",
             "-o", "python_functions=check_*", str(GRADER / "checks")],
            plugins=[plugin])
        finished = status in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        if finished:
            _write(out, {"end": True, "environment": environment(lab.profile)})
    return 0 if finished else 1


def _put(path: Path, words: str) -> None:
    """The whole file at once: somebody may be reading it."""
    new = path.with_suffix(".new")
    new.write_text(words, encoding="utf-8")
    new.rename(path)


def _watch(path: Path) -> Watch:
    """Writes each event as it happens, for whoever looks on."""
    file = open(path, "w", encoding="utf-8")
    return lambda event: _write(file, asdict(event))


def environment(profile: str) -> dict[str, str]:
    """What a verdict depends on beside the submission."""
    return {"grader": grader_hash(), "profile": profile, "compiler": compiler_version(),
            "kernel": platform.release(), "sandbox": tier().value}


def grader_hash() -> str:
    """Says whether two results were judged by the same grader."""
    digest = hashlib.sha256()
    folders = ("grading", "checks", "drivers", "sanitize")
    files = [path for folder in folders for path in (GRADER / folder).rglob("*.*")
             if path.suffix in (".py", ".c", ".cpp", ".sh")]
    for path in [GRADER / "lab.toml", GRADER / "hints.toml", *sorted(files)]:
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _write(out: TextIO, record: dict[str, Any]) -> None:
    out.write(json.dumps(record) + "\n")
    out.flush()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", required=True)
    parser.add_argument("--check", default="*")
    parser.add_argument("--watch", action="store_true", help="write each event as it happens")
    parser.add_argument("--profile", default="")
    parser.add_argument("--keep-objects", action="store_true", help="share what is compiled")
    parser.add_argument("--seed", type=int, help="look for races in this schedule alone")
    parser.add_argument("--submission", type=Path, default=Path("/run/sub"))
    parser.add_argument("--out", type=Path, default=Path("/run/out"))
    parser.add_argument("--cache", type=Path, default=Path("/run/cache"))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
