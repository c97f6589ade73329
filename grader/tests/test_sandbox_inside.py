"""Every test of inside/, run in a worker, with each kind of sandbox, and reported here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from accuracy.container import in_container

from grading.sandbox import Tier

INSIDE = Path(__file__).parent / "inside"
ORDINARY_UID = 23456
Outcomes = dict[str, str]


def names() -> list[str]:
    """Every test function of inside/, as file::function."""
    return [f"{path.stem}::{name}" for path in sorted(INSIDE.glob("test_*.py"))
            for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)]


# Way to run the tests -> which sandbox, who, and whether in a container without namespaces.
WAYS = {"root": (Tier.FULL, None, False), "user": (Tier.FULL, ORDINARY_UID, False),
        "container": (Tier.REDUCED, None, True), "no namespaces": (Tier.NONE, ORDINARY_UID, True)}


@pytest.fixture(scope="module", params=WAYS)
def outcomes(request: pytest.FixtureRequest) -> Iterator[Outcomes]:
    """Runs the whole folder once in this way."""
    tier, uid, contained = WAYS[request.param]
    if os.geteuid() != 0:
        if request.param != "user":
            pytest.skip("only root can do that")
        uid = None
    if uid and subprocess.run([*become(uid), "test", "-r", __file__], check=False).returncode:
        pytest.skip("an ordinary user may not read this tree")
    folder = Path(tempfile.mkdtemp(prefix="sandbox-test."))
    try:
        yield run_inside(folder, tier, uid, contained)
    finally:
        shutil.rmtree(folder)


def become(uid: int) -> list[str]:
    return ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]


def run_inside(folder: Path, tier: Tier, uid: int | None, contained: bool) -> Outcomes:
    results, other = folder / "results", folder / "other"
    for place in (results, other):
        place.mkdir()
        (place / "secret").write_text("another student's work")
        if uid:
            os.chown(place, uid, uid)
    folder.chmod(0o755)
    command = [sys.executable, str(INSIDE / "drive.py"), tier.value, str(results), str(other), "3"]
    if contained:
        command = in_container(command, folder, uid)
    elif uid:
        command = [*become(uid), *command]
    run = subprocess.run(command, env={**os.environ, "HOME": "/nowhere"}, capture_output=True,
                         text=True, timeout=300, check=False)
    report = results / "report.xml"
    assert report.exists(), run.stdout[-3000:] + run.stderr[-3000:]
    found = collect(ElementTree.parse(report))
    found["costs"] = (results / "costs").read_text() if (results / "costs").exists() else ""
    return found


def collect(report: ElementTree.ElementTree) -> Outcomes:
    """Failures by file::function; empty text for a function whose cases all passed."""
    found: Outcomes = {}
    for case in report.iter("testcase"):
        name = f"{case.get('classname', '')}::{case.get('name', '').partition('[')[0]}"
        wrong = [part.text or str(part.get("message")) for part in case
                 if part.tag in ("failure", "error")]
        skipped = [f"skipped: {part.get('message')}" for part in case if part.tag == "skipped"]
        title = f"{case.get('name')}: " if wrong else ""
        found[name] = found.get(name, "") + "".join(title + text for text in wrong or skipped)
    return found


@pytest.mark.parametrize("name", names())
def test_inside(outcomes: Outcomes, name: str) -> None:
    assert name in outcomes, "it was not run"
    if outcomes[name].startswith("skipped: "):
        pytest.skip(outcomes[name])
    if outcomes[name]:
        pytest.fail(outcomes[name], pytrace=False)


def test_costs_are_printed(outcomes: Outcomes, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\n    sandbox costs: {outcomes['costs']}")
    assert "ms" in outcomes["costs"]
