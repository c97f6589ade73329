"""`make hostile`: grades the hostile corpus on each tier and proves that nothing of it stays."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path

from grading.lab import read_lab
from grading.report.wording import printable
from grading.run_options import GRADER, cores

from accuracy import page
from accuracy.container import in_container
from accuracy.corpus import CorpusError
from accuracy.hostile_corpus import Attack, read_attacks
from accuracy.hostile_tier import grade_tier
from accuracy.run import CORPUS, ROOT

PAGE = ROOT / "docs" / "accuracy.md"
KEPT = ROOT / "build" / "hostile"  # what it looked like where something was wrong
WALL_S = 1800.0  # for one way, whatever happens
ORDINARY_UID = 23456
# A machine of one's own as far as the sandbox may notice: what is left shows, and harms nobody.
OWN_MACHINE = ("unshare", "--mount", "--pid", "--fork", "--net", "--ipc", "--uts", "--kill-child",
               "--mount-proc", "sh", "-euc", """
tree=$1 uid=$2; shift 2
ip link set lo up
new() { mount -t tmpfs -o "mode=$1,size=6g" tmpfs "$2"; }
new 1777 /var/tmp; mkdir /var/tmp/tree; mount --bind "$tree" /var/tmp/tree
new 1777 /tmp; mkdir -p "$tree"; mount --move /var/tmp/tree "$tree"; rmdir /var/tmp/tree
new 1777 /dev/shm
new 755 /var/lib
mkdir -p "$tree/build/grader-cache"
mount -t tmpfs -o "mode=755,uid=$uid,size=6g" tmpfs "$tree/build/grader-cache"
mkdir -m 700 /tmp/home; chown "$uid" /tmp/home; export HOME=/tmp/home
"$@"; exit $? """, "machine")


@dataclass(frozen=True)
class Way:
    """A tier, as somebody, with or without namespaces to be had."""

    name: str
    tier: str
    uid: int = 0
    contained: bool = False


WAYS = (Way("A, root", "A"), Way("A, ordinary user", "A", ORDINARY_UID),
        Way("C, root of a container", "C", 0, True), Way("D", "D", ORDINARY_UID, True))
ASK_REFUSED = "no sandbox, so nothing was graded"


def main(arguments: list[str] | None = None) -> int:
    """0: all is as it should be; 1: something is not; 2: usage."""
    wish = _options().parse_args(arguments)
    try:
        attacks = read_attacks(CORPUS, GRADER / "samples", read_lab(GRADER / "lab.toml"))
    except CorpusError as reason:
        print(f"hostile: {reason}", file=sys.stderr)
        return 2
    attacks = [one for one in attacks if fnmatch(one.name, wish.only)]
    if wish.quick:
        attacks = [replace(one, group="quick") for one in attacks if one.quick]
    ways = [way for way in WAYS if wish.tier in (None, way.tier) and (os.geteuid() == 0
            or way.tier == "A" and not way.uid)]
    if not attacks or not ways:
        print(f"hostile: no submission is named {wish.only}, or no tier can be shown as this user",
              file=sys.stderr)
        return 2
    ways = ways[:1] if wish.quick else ways
    if wish.inside:
        return _inside(wish, attacks)
    return _all_ways(ways, attacks, wish)


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="make hostile", description=__doc__)
    options.add_argument("--only", default="*", metavar="GLOB", help="submissions so named")
    options.add_argument("--check", default="*", metavar="GLOB", help="by the checks so named")
    options.add_argument("--tier", choices=("A", "C", "D"), help="this tier alone")
    options.add_argument("--quick", action="store_true", help="a few, on the first tier that "
                         "can be shown; docs/accuracy.md stays as it is")
    options.add_argument("--keep", type=Path, default=KEPT, help=argparse.SUPPRESS)
    options.add_argument("--inside", choices=("A", "C"), help=argparse.SUPPRESS)
    return options


def _inside(wish: argparse.Namespace, attacks: list[Attack]) -> int:
    """In the machine of its own: a line for each submission, for whoever has started it."""
    for name, wrong in grade_tier(wish.inside, attacks, CORPUS, wish.keep, wish.check):
        print(json.dumps([name, wrong]), flush=True)
    return 0


def _all_ways(ways: list[Way], attacks: list[Attack], wish: argparse.Namespace) -> int:
    start = time.monotonic()
    KEPT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=KEPT) as scratch, ThreadPoolExecutor() as side_by_side:
        ended = [side_by_side.submit(_one_way, way, wish, Path(scratch)) for way in ways]
        found = {way.name: end.result() for way, end in zip(ways, ended)}
    wrong = [f"{name} ({way}): {why}" for way, lines in found.items() for name, why in lines if why]
    print(f"\n{len(wrong)} wrong, {sum(map(len, found.values()))} lines in "
          f"{time.monotonic() - start:.0f} s")
    for line in wrong:
        print(printable(line))
    if wish.only == wish.check == "*" and not wish.quick and wish.tier in (None, "A"):
        page.put(PAGE, "hostile", section(attacks, found, time.monotonic() - start))
    return 1 if wrong else 0


def _one_way(way: Way, wish: argparse.Namespace, scratch: Path) -> list[tuple[str, str]]:
    start, own = time.monotonic(), scratch / way.tier / str(way.uid)
    own.mkdir(parents=True)
    lines = _refused(way, own) if way.tier == "D" else _graded(way, wish, own)
    print(f"{way.name}: {time.monotonic() - start:.0f} s", flush=True)
    return lines


def _command(way: Way, scratch: Path, *words: str) -> list[str]:
    who = [f"--reuid={way.uid}", f"--regid={way.uid}", "--clear-groups"] if way.uid else []
    command = [sys.executable, "-m", *words]
    if way.contained:
        command = in_container(command, scratch, way.uid or None)
    elif who:
        command = ["setpriv", *who, *command]
    own = list(OWN_MACHINE)
    if os.geteuid():
        own[1:1] = ["--map-root-user"]
    return [*own, str(ROOT), str(way.uid), *command]


def _graded(way: Way, wish: argparse.Namespace, scratch: Path) -> list[tuple[str, str]]:
    """Runs it there and prints a line for each submission as it comes."""
    lines = list[tuple[str, str]]()
    words = ("accuracy.hostile", "--inside", way.tier, "--only", wish.only, "--check",
             wish.check, "--keep", str(_kept(way)), *(["--quick"] if wish.quick else []))
    with subprocess.Popen(["timeout", str(WALL_S), *_command(way, scratch, *words)], text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, cwd=GRADER) as process:
        assert process.stdout is not None
        for text in process.stdout:
            try:
                name, wrong = json.loads(text)
            except ValueError:
                name, wrong = "", f"said: {text.strip()}"
            lines.append((name, wrong))
            print(printable(f"{way.name:<24} {name:<40} {f'WRONG  {wrong}' if wrong else 'ok'}"),
                  flush=True)
    if process.returncode:
        lines.append(("the whole run", f"it ended with status {process.returncode}"))
    return lines


def _kept(way: Way) -> Path:
    """An empty folder for what went wrong; whoever grades may write there."""
    folder = KEPT / way.name.replace(", ", "_").replace(" ", "_")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.chown(folder, way.uid or -1, -1)
    return folder


def _refused(way: Way, scratch: Path) -> list[tuple[str, str]]:
    """Without a sandbox nothing of a stranger's is ever run."""
    done = subprocess.run(_command(way, scratch, "grading.run_all", str(GRADER / "samples"), "-o",
                                   "/tmp/home/results"), text=True, capture_output=True,
                          check=False, cwd=GRADER, stdin=subprocess.DEVNULL, timeout=60)
    good = done.returncode == 1 and ASK_REFUSED in done.stderr
    wrong = "" if good else f"not refused: status {done.returncode}, {done.stderr[-300:]}"
    print(f"{way.name:<24} {'refused' if good else wrong}", flush=True)
    return [("refused", wrong)]


def section(attacks: list[Attack], found: dict[str, list[tuple[str, str]]], seconds: float) -> str:
    """What docs/accuracy.md says of it."""
    by_way = {way: dict(lines) for way, lines in found.items() if way != "D"}
    missing = ", ".join(way.name for way in WAYS if way.name not in found)
    head = ["## Hostile submissions", "",
            f"`make hostile`: {len(attacks)} submissions that attack the grader, "
            f"{seconds / 60:.0f} min on {cores()} cores, kernel {platform.release()}. Held: every "
            "verdict is the known one, and nothing is said that tells of success. "
            f"{'Not tried in this run: ' + missing if missing else 'D refuses every stranger'}.",
            "", f"| submission | what it tries | {' | '.join(by_way)} |",
            f"|---|---|{'---|' * len(by_way)}"]
    rows = [f"| {one.name} | {one.entry.title} | "
            + " | ".join("held" if lines.get(one.name) == "" else "**no**"
                         for lines in by_way.values()) + " |" for one in attacks]
    wrong = [f"- {printable(f'{name} ({way}): {why}')}" for way, lines in found.items()
             for name, why in lines if why] or [
        "Honest submissions between them lost nothing, and nothing was left behind."]
    return "\n".join([*head, *rows, "", *wrong])


if __name__ == "__main__":
    sys.exit(main())
