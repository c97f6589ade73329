"""Every way in which a check can end has its verdict, and a row for the report."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from grading import plugin as plugin_module
from grading.lab import CheckRow, Lab, Part, Target
from grading.plugin import GradingPlugin
from grading.transcript import Transcript
from grading.verdict import CheckResult, Verdict

TARGET = Target("part_a", "part_a", "the server", ("part_a/server",))
NUMBERS = itertools.count()
PREAMBLE = '''
import pytest
from grading.shortfall import Blocked, NotJudged, Shortfall
from grading.verdict import Verdict
PLAYS = []
'''


class StubTheatre:
    """A theatre without a sandbox: only what the plugin itself uses."""

    def __init__(self, *_: Any) -> None:
        self.transcript = Transcript()
        self.clear()

    def clear(self) -> None:
        self.transcript.add("joins", "Ann")

    def close(self) -> None:
        pass


def row(name: str, *needs: str) -> CheckRow:
    return CheckRow(name, ("C1",), {"part_a": 1500}, {}, needs, "visible", ("A hint.",))


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Plays the checks of this source in the order of these rows; name -> result."""
    monkeypatch.setattr(plugin_module, "Theatre", StubTheatre)

    def played(source: str, *rows: CheckRow) -> dict[str, CheckResult]:
        folder = tmp_path / f"checks{next(NUMBERS)}"
        folder.mkdir()
        (folder / f"{folder.name}_{tmp_path.name}.py").write_text(PREAMBLE + source)
        results: dict[str, CheckResult] = {}
        part = Part("part_a", "", "part_a", ("make",))
        lab = Lab("test", {"part_a": part}, {"part_a": TARGET}, {})
        unused: Any = None  # by these checks: a box, a build, a builder
        plugin = GradingPlugin([(one, TARGET) for one in rows], unused, unused, unused, lab,
                               lambda result: results.__setitem__(result.name, result))
        pytest.main(["-q", "-p", "no:cacheprovider", "-c", "/dev/null", f"--rootdir={folder}",
                     "-o", "python_files=*.py", "-o", "python_functions=check_*", str(folder)],
                    plugins=[plugin])
        return results

    return played


@pytest.mark.parametrize(("body", "verdict"), [
    ("pass", Verdict.PASS),
    ("raise Shortfall('wrong', expected='a', actual='b')", Verdict.FAIL),
    ("raise Shortfall('died', verdict=Verdict.CRASH)", Verdict.CRASH),
    ("raise Shortfall('late', verdict=Verdict.TIMEOUT)", Verdict.TIMEOUT),
    ("raise Blocked('another', 'it says nothing')", Verdict.BLOCKED),
    ("raise NotJudged('no telnet here')", Verdict.NOT_JUDGED),
    ("raise OSError('our own')", Verdict.ERROR),
    ("assert False", Verdict.ERROR)])
def test_how_a_check_ends_is_its_verdict(play: Any, body: str, verdict: Verdict) -> None:
    result = play(f"def check_one(theatre):\n    '''A promise.'''\n    {body}\n", row("one"))["one"]
    assert (result.verdict, result.promise, result.max_points) == (verdict, "A promise.", 1500)
    assert result.points == (1500 if verdict is Verdict.PASS else 0)
    assert bool(result.cause) != (verdict is Verdict.PASS)
    assert bool(result.transcript) != (verdict is Verdict.PASS)


def test_what_needs_a_failed_check_is_blocked_by_the_first_cause(play: Any) -> None:
    source = "".join(f"def check_{name}(theatre):\n    {body}\n" for name, body in (
        ("root", "raise Shortfall('wrong')"), ("middle", "pass"), ("leaf", "pass"),
        ("free", "pass")))
    results = play(source, row("root"), row("middle", "root"), row("leaf", "middle"), row("free"))
    assert [results[name].verdict.value for name in ("root", "middle", "leaf", "free")] == [
        "FAIL", "BLOCKED", "BLOCKED", "PASS"]
    assert results["leaf"].cause.blocked_by == "root"


def test_a_scene_that_goes_wrong_only_sometimes_is_flaky(play: Any) -> None:
    source = """
@pytest.mark.plays(3)
def check_sometimes(theatre):
    PLAYS.append(1)
    if len(PLAYS) == 2:
        raise Shortfall('wrong this time')

@pytest.mark.plays(3)
def check_always(theatre):
    raise Shortfall('wrong each time')
"""
    results = play(source, row("sometimes"), row("always"))
    assert results["sometimes"].verdict is Verdict.FLAKY
    assert "wrong this time" in results["sometimes"].cause.rationale
    assert results["always"].verdict is Verdict.FAIL


def test_what_cannot_be_played_fails_where_its_excuse_has_passed(play: Any) -> None:
    source = """
def check_root(theatre):
    pass

def check_scene(theatre):
    raise Blocked('root', 'nobody is accepted')
"""
    results = play(source, row("root"), row("scene"))
    assert results["scene"].verdict is Verdict.FAIL
    assert play(source, row("scene"))["scene"].verdict is Verdict.BLOCKED


def test_checks_are_played_in_the_order_of_the_rows(play: Any) -> None:
    source = "".join(f"def check_{name}(theatre):\n    pass\n" for name in "abc")
    assert list(play(source, row("c"), row("a"), row("b"))) == ["c", "a", "b"]
