"""Every test of inside/, run in a worker, as root and as an ordinary user, and reported here."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import pytest

INSIDE = Path(__file__).parent / "inside"
ORDINARY_UID = 23456
Outcomes = dict[str, str]


def names() -> list[str]:
    """Every test function of inside/, as file::function."""
    return [f"{path.stem}::{name}" for path in sorted(INSIDE.glob("test_*.py"))
            for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)]


@contextmanager
def host() -> Iterator[dict[str, str]]:
    """What a student's program must not reach: a port, an abstract socket, a file of the host."""
    token = secrets.token_hex(8)
    with socket.create_server(("127.0.0.1", 0)) as port, socket.socket(socket.AF_UNIX) as local:
        local.bind("\0" + token)
        local.listen()
        yield {"HOST_PORT": str(port.getsockname()[1]), "HOST_SOCKET": token,
               "HOST_SECRET": str(Path(__file__).resolve())}


@pytest.fixture(scope="module", params=["root", "user"])
def outcomes(request: pytest.FixtureRequest) -> Iterator[Outcomes]:
    """Runs the whole folder once in this mode."""
    as_root = os.geteuid() == 0
    if request.param == "root" and not as_root:
        pytest.skip("only root can start the sandbox as root")
    prefix: list[str] = []
    if request.param == "user" and as_root:
        prefix = ["setpriv", f"--reuid={ORDINARY_UID}", f"--regid={ORDINARY_UID}",
                  "--clear-groups"]
        if subprocess.run([*prefix, "test", "-r", __file__], check=False).returncode:
            pytest.skip("an ordinary user may not read this tree")
    folder = Path(tempfile.mkdtemp(prefix="sandbox-test."))
    try:
        yield run_inside(folder, prefix)
    finally:
        shutil.rmtree(folder)


def run_inside(folder: Path, prefix: list[str]) -> Outcomes:
    results, other = folder / "results", folder / "other"
    for place in (results, other):
        place.mkdir()
        (place / "secret").write_text("another student's work")
        if prefix:
            os.chown(place, ORDINARY_UID, ORDINARY_UID)
    folder.chmod(0o755)
    with host() as facts:
        run = subprocess.run([*prefix, sys.executable, str(INSIDE / "drive.py"), str(results),
                              str(other), "3"], env={**os.environ, **facts, "HOME": "/nowhere"},
                             capture_output=True, text=True, timeout=120, check=False)
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
