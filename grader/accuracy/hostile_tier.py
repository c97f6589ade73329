"""All hostile submissions on one tier, in a machine of its own: how each ended, what is left."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from grading.keeper import sweep
from grading.report.result_json import read_result
from grading.report.wording import printable
from grading.run_options import GRADER, cores
from grading.verdict import Verdict

from accuracy.corpus import Entry
from accuracy.hostile_corpus import Attack, hand_in, honest_sample
from accuracy.judged import judge
from accuracy.left_over import MARK, state

BEFORE, AFTER = "000-honest", "zzz-honest"
MOST_MIB = 200  # that the cache of builds may add
LONGEST = 1000  # characters of a path that is looked at
MOST_TOLD = 4  # wrong verdicts of one submission
GROUP_S = 900.0
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def grade_tier(tier: str, attacks: Sequence[Attack], corpus: Path, keep: Path,
               check: str) -> Iterator[tuple[str, str]]:
    """Grades them group by group, by the checks that are so named; yields (name, what is wrong, or
    nothing) for each submission, and for whatever a group has left behind. What went wrong is
    copied to the folder `keep`."""
    samples = GRADER / "samples"
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder, _host(Path(folder)) as facts:
        for group, members in groupby(attacks, lambda attack: attack.group):
            place = Path(folder, group)
            try:
                lines = list(_group((tier, check), list(members), honest_sample(samples), corpus,
                                    place, facts))
                if any(wrong for _, wrong in lines):
                    shutil.copytree(place / "results", keep / group)
            finally:
                sweep.remove(str(place))  # deeper than shutil can go
            yield from lines


@contextmanager
def _host(folder: Path) -> Iterator[dict[str, str]]:
    """What must not be reached: a port, an abstract socket, a secret in a file and in the
    environment, this process."""
    token = secrets.token_hex(12)
    (folder / "secret").write_text(token)
    folder.chmod(0o755)  # hidden by the sandbox, not by its mode
    with socket.create_server(("127.0.0.1", 0)) as port, socket.socket(socket.AF_UNIX) as local:
        local.bind(f"\0{folder.name}")
        local.listen()
        os.environ["LAB_SECRET"] = token  # what no result may have in it
        yield {"HOST_GRADER": str(GRADER), "HOST_FOLDER": str(folder), "MARK": MARK,
               "HOST_SECRET": str(folder / "secret"), "HOST_PID": str(os.getpid()),
               "HOST_PORT": str(port.getsockname()[1]), "HOST_SOCKET": folder.name}


def _group(wish: tuple[str, str], attacks: list[Attack], honest: Entry, corpus: Path, place: Path,
           facts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    submissions, results = place / "submissions", place / "results"
    submissions.mkdir(parents=True)
    for name in (BEFORE, AFTER):
        shutil.copytree(honest.folder, submissions / name)
    for attack in attacks:
        hand_in(attack, corpus, GRADER / "samples", submissions,
                {**facts, "HOST_OTHER": str(submissions / BEFORE / "part_a" / "server.c"),
                 "HOST_RESULTS": str(results)})
    there, handed_in = state(Path(facts["HOST_FOLDER"])), _listing(submissions)
    said, status = _run_all(wish, submissions, results)
    for name in (BEFORE, AFTER):
        yield name, "; ".join(_of(replace(honest, name=name), results / name, ()))
    for attack in attacks:
        yield attack.name, "; ".join(_wrong(attack, wish[0], results))
    yield f"{attacks[0].group}: what is left", "; ".join([
        *state(Path(facts["HOST_FOLDER"])).beside(there, MOST_MIB)[:9],
        *sorted(_listing(submissions) ^ handed_in)[:3],
        *words_amiss(said, status, results, os.environ["LAB_SECRET"])])


def _run_all(wish: tuple[str, str], submissions: Path, results: Path) -> tuple[str, int]:
    """All that the command says, and its status. The wish: tier, and which checks."""
    done = subprocess.run(
        [sys.executable, "-m", "grading.run_all", str(submissions), "-o", str(results), "-j",
         str(cores()), "--tier", wish[0], "--check", wish[1]], stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False, timeout=GROUP_S)
    return done.stdout.decode("utf-8", "replace"), done.returncode


def _listing(folder: Path) -> set[str]:
    """Every path with its size, mode and time, as deep as a path can be long: grading must not
    change what was handed in."""
    found = set()
    for top, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if len(top) < LONGEST]
        for name in (*folders, *files):
            facts = os.lstat(path := os.path.join(top, name))
            found.add(ascii(f"{path} {facts.st_size} {facts.st_mode:o} {facts.st_mtime_ns}"))
    return found


def _of(entry: Entry, result: Path, allowed: Sequence[str]) -> list[str]:
    try:
        report = read_result(result / "result.json")
    except (OSError, ValueError, KeyError) as error:
        return [f"no result.json: {error}"]
    ours = [row.name for row in report.rows if row.verdict is Verdict.ERROR]
    if report.status in allowed:
        report = replace(report, status="graded")
    troubles = judge(entry, report).troubles
    more = [f"and {len(troubles) - MOST_TOLD} more"] if len(troubles) > MOST_TOLD else []
    return [*([f"ERROR: {ours[0]}"] if ours else []), *troubles[:MOST_TOLD], *more]


def _wrong(attack: Attack, tier: str, results: Path) -> Iterator[str]:
    folder = results / attack.folder_name
    yield from _of(attack.entry, folder, (attack.status,))
    try:
        text = (folder / "result.json").read_text(encoding="utf-8")
        status = json.loads(text)["status"]
    except (OSError, ValueError, KeyError):
        return
    if status != attack.status:
        yield f"it is {status}, not {attack.status}"
    yield from (f"never said: {words}" for words in attack.says if words not in text)
    never = (*attack.never, *(attack.full if tier == "A" else ()))
    yield from (f"said: {text[text.index(words):][:120]}" for words in never if words in text)


def words_amiss(said: str, status: int, results: Path, token: str) -> Iterator[str]:
    """What is wrong with the words of a run: on the screen, in the gradebook, in the results."""
    if status:
        yield f"run_all ended with status {status}: {printable(said[-300:])}"
    texts = {"the screen": said, **{ascii(str(path.relative_to(results))): path.read_text(
        encoding="utf-8", errors="backslashreplace") for path in results.rglob("*")
        if path.is_file()}}
    for where, text in texts.items():
        if found := _CONTROLS.search(text):
            yield f"{where} has a control character, {found[0]!r}"
        if token in text:
            yield f"{where} has the secret in it"
    for line in texts.get("'gradebook.csv'", "").splitlines():
        if line.lstrip('"').startswith(("=", "+", "-", "@")):
            yield f"gradebook.csv has a formula: {line[:60]}"
