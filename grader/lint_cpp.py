#!/usr/bin/env python3
"""clang-tidy over our C++, side by side; a file that was clean is not looked at again as it is.

With --without-tests it leaves out what only tests: half of the files, and GoogleTest's headers.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lint_includes import INCLUDE

ROOT = Path(__file__).resolve().parents[1]
CLEAN = ROOT / "build" / "tidy"  # an empty file for each content that was clean
FOLDERS = ("common", "part_a", "part_b", "part_c", "bonus", "bench", "grader/drivers",
           "grader/sanitize", "common/tests", "part_a/tests", "part_b/tests", "bonus/tests")
FLAGS = ("-I.", "-pthread", "-DLAB_LIBEDIT", '-DLAB_PROGRAMS="bonus/"')
LIBRARY = {  # the drivers are compiled with the header of the library that they drive
    "proactor_driver.c": "proactor.h", "callbacks_driver.c": "proactor.h",
    "handler_driver.cpp": "st_proactor.hpp"}
# Of a test: its names, and the mistakes that its run may not show. Every check looks through all of
# GoogleTest's headers, so each costs; and a test may be slower and plainer than what it tests.
OF_A_TEST = ("--checks=-*,readability-identifier-naming,bugprone-use-after-move,"
             "bugprone-unused-raii,bugprone-dangling-handle,misc-unused-*")


def sources(with_tests: bool) -> list[Path]:
    """What is compiled; a header is seen through the sources that include it."""
    return sorted(path for folder in FOLDERS for path in (ROOT / folder).glob("*.c*")
                  if with_tests or path.parent.name != "tests")


def with_headers(path: Path, seen: set[Path]) -> set[Path]:
    """The file and everything of ours that it includes, directly or not."""
    if path in seen or not path.is_file():
        return seen
    seen.add(path)
    for line in path.read_text().splitlines():
        if match := INCLUDE.match(line):
            with_headers(ROOT / match[1], seen)
    return seen


def fingerprint(path: Path, tool: str) -> str:
    """Of all that the verdict depends on, but for the system's own headers."""
    digest = hashlib.sha256(repr((tool, command(path))).encode())
    for file in (ROOT / ".clang-tidy", *sorted(with_headers(path, set()))):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def command(path: Path) -> list[str]:
    """How clang-tidy is called for this file."""
    checks = [OF_A_TEST] if path.parent.name == "tests" else []
    header = LIBRARY.get(path.name)
    library = ["-iquote", "part_b", f'-DHEADER="{header}"'] if header else []
    return ["clang-tidy", "--quiet", *checks, str(path.relative_to(ROOT)), "--",
            "-std=gnu11" if path.suffix == ".c" else "-std=c++20", *FLAGS, *library]


def complaint(path: Path, tool: str) -> str:
    """What clang-tidy says of this file, or nothing."""
    stamp = CLEAN / fingerprint(path, tool)
    if stamp.exists():
        return ""
    done = subprocess.run(command(path), cwd=ROOT, text=True, capture_output=True, check=False)
    if done.returncode == 0:
        stamp.touch()
        return ""
    return done.stdout.replace(f"{ROOT}/", "") or done.stderr


def main() -> int:
    """On all processors; 1 when there is anything to mend."""
    CLEAN.mkdir(parents=True, exist_ok=True)
    tool = subprocess.run(["clang-tidy", "--version"], text=True, capture_output=True, check=True)
    clean = True
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for said in pool.map(lambda path: complaint(path, tool.stdout),
                             sources("--without-tests" not in sys.argv)):
            clean = clean and not said
            print(said, end="", flush=True)
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
