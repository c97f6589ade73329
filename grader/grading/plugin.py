"""The pytest plugin that turns check functions into verdicts: who runs, when, how each ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from grading.build import Builder, BuildResult
from grading.hints import for_its_end
from grading.lab import CheckRow, Lab, Target
from grading.patience import Patience
from grading.sandbox import Box
from grading.shortfall import Blocked, NotJudged, Shortfall
from grading.theatre import Theatre
from grading.transcript import Transcript, Watch
from grading.verdict import Cause, CheckResult, Event, Verdict


# Seconds. What a correct program takes is a few hundredths of each.
CHECK_S = 60.0  # for one check
TARGET_S, LEAST_S = 300.0, 2.0  # for all checks of a target; for each when that is used up


@dataclass(frozen=True)
class _End:
    """How a check function ended, before it is a row."""

    verdict: Verdict
    cause: Cause | None = None
    seed: int = 0  # of the schedule that has shown it


class GradingPlugin:
    """One worker's pytest run: the rows of one part, in the order of lab.toml."""

    def __init__(self, rows: list[tuple[CheckRow, Target]], box: Box, build: BuildResult,
                 builder: Builder, lab: Lab, on_result: Callable[[CheckResult], None],
                 watch: Watch | None = None, seed: int | None = None) -> None:
        self._rows = {(row.name, target.name): (row, target) for row, target in rows}
        self._box, self._build, self._builder, self._lab = box, build, builder, lab
        self._on_result, self._watch, self._seed = on_result, watch, seed
        self._ends: dict[tuple[str, str], _End] = {}
        self._theatre: Theatre | None = None
        self._patience: dict[str, Patience] = {}
        self._spent = 0.0  # seconds of all scenes so far

    # -- which checks, on which targets, in which order ------------------------------------------

    def pytest_configure(self, config: pytest.Config) -> None:
        config.addinivalue_line("markers", "plays(n): the scene is played n times; all must agree")

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        name = _name_of(metafunc.function)
        targets = [target for row, target in self._rows.values() if row.name == name]
        metafunc.parametrize("target", targets, ids=[target.name for target in targets])

    def pytest_collection_modifyitems(self, items: list[pytest.Function]) -> None:
        order = {key: place for place, key in enumerate(self._rows)}
        items[:] = [item for item in items if _key(item) in order]
        items.sort(key=lambda item: order[_key(item)])

    # -- what a check function may ask for -------------------------------------------------------

    @pytest.fixture
    def theatre(self, target: Target) -> Generator[Theatre, None, None]:
        """The place where a check's scenes are played;
        everything it started ends with the check."""
        self._theatre = Theatre(target, self._box, self._build, self._builder, self._lab,
                                self._patience.setdefault(target.name, Patience()), self._watch,
                                self._seed)
        try:
            yield self._theatre
        finally:
            self._theatre.close()

    @pytest.fixture
    def build(self) -> BuildResult:
        """What the part's build did."""
        return self._build

    # -- how it ended ----------------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool | None:
        marker = pyfuncitem.get_closest_marker("plays")
        if marker is None:
            return None
        plays = marker.args[0]
        arguments: dict[str, Any] = {
            name: pyfuncitem.funcargs[name] for name in _parameters(pyfuncitem)}
        theatre: Theatre = arguments["theatre"]
        shortfalls: list[Shortfall] = []
        wrong: Transcript | None = None  # the scene that the first shortfall tells of
        for _ in range(plays):
            theatre.clear()
            try:
                pyfuncitem.obj(**arguments)
            except Shortfall as shortfall:
                wrong = wrong or theatre.transcript
                shortfalls.append(shortfall)
        theatre.transcript = wrong or theatre.transcript
        if len(shortfalls) == plays:
            raise shortfalls[0]
        if shortfalls:
            first = shortfalls[0]
            raise Shortfall(f"Played {plays} times, the scene went wrong {len(shortfalls)} times: "
                            f"{first.rationale}", expected=first.expected, actual=first.actual,
                            detail=first.detail, verdict=Verdict.FLAKY)
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Function) -> bool:
        row, target = self._rows[_key(item)]
        start = time.monotonic()
        patience = self._patience.setdefault(target.name, Patience())
        patience.begin(min(CHECK_S, max(TARGET_S - self._spent, LEAST_S)))
        self._theatre = None
        end = self._blocked(row, target) or _run_phases(item, row, self._not_to_blame(target))
        end = self._with_hints_for_a_death(end)
        self._ends[_key(item)] = end
        took = time.monotonic() - start
        self._spent += max(took / 2, took - patience.starved)
        passed = end.verdict is Verdict.PASS
        transcript = () if passed else self._scene()
        worth = row.worth(target.name)
        self._on_result(CheckResult(
            name=row.name, target=target.name, part=target.part, clauses=row.clauses,
            promise=row.promise or " ".join((item.function.__doc__ or "").split()),
            verdict=end.verdict,
            points=worth if passed else 0, max_points=worth, extra=target.name in row.extra,
            seconds=round(time.monotonic() - start, 3), cause=end.cause, transcript=transcript,
            visibility=row.visibility, replay=self._lab.replay(target, row, end.seed)))
        return True

    def _with_hints_for_a_death(self, end: _End) -> _End:
        if end.cause is None:
            return end
        hints = for_its_end(end.cause.hints, self._lab.deaths, end.cause.actual, end.cause.detail)
        return replace(end, cause=replace(end.cause, hints=hints))

    def _scene(self) -> tuple[Event, ...]:
        """What was played last; nothing for a check that plays no scene."""
        return self._theatre.transcript.events() if self._theatre else ()

    def _not_to_blame(self, target: Target) -> set[str]:
        """Checks that have passed, or are not run in this profile: they block nothing."""
        return {name for (name, on), end in self._ends.items()
                if on == target.name and end.verdict is Verdict.PASS} | set(self._lab.left_out)

    def _blocked(self, row: CheckRow, target: Target) -> _End | None:
        for need in row.needs:
            end = self._ends.get((need, target.name))
            if end and end.verdict is not Verdict.PASS:
                root = end.cause.blocked_by if end.cause and end.cause.blocked_by else need
                return _End(Verdict.BLOCKED, Cause(f"It says nothing before {root} passes.",
                                                   blocked_by=root, hints=row.hints))
        return None


def _run_phases(item: pytest.Function, row: CheckRow, not_to_blame: set[str]) -> _End:
    """Setup, call and teardown by pytest's own runner; the first exception decides."""
    from _pytest.runner import runtestprotocol  # the runner pytest itself uses, without its hook

    raised: list[BaseException] = []

    class Watch:
        @pytest.hookimpl(hookwrapper=True)
        def pytest_runtest_makereport(
                self, call: pytest.CallInfo[Any]) -> Generator[None, Any, None]:
            if call.excinfo is not None:
                raised.append(call.excinfo.value)
            yield

    watch = Watch()
    item.config.pluginmanager.register(watch)
    try:
        reports = runtestprotocol(item, log=False)
    finally:
        item.config.pluginmanager.unregister(watch)
    if not raised:
        return _End(Verdict.PASS)
    return _end_of(raised[0], row,
                   "\n".join(str(report.longrepr) for report in reports if report.failed),
                   not_to_blame)


def _end_of(error: BaseException, row: CheckRow, traceback: str,
            not_to_blame: set[str]) -> _End:
    if isinstance(error, Shortfall):
        return _End(error.verdict, error.cause(row.hints), error.seed)
    if isinstance(error, Blocked):
        if error.blocked_by in {row.name, *not_to_blame}:
            return _End(Verdict.FAIL, replace(error.cause(row.hints), blocked_by=""))
        return _End(Verdict.BLOCKED, error.cause(row.hints))
    if isinstance(error, NotJudged):
        return _End(Verdict.NOT_JUDGED, Cause(str(error)))
    return _End(Verdict.ERROR, Cause(f"The grader itself failed: {error!r}", detail=traceback))


def _name_of(function: Callable[..., Any]) -> str:
    return function.__name__.removeprefix("check_")


def _key(item: pytest.Function) -> tuple[str, str]:
    target: Any = item.callspec.params["target"]
    return (_name_of(item.function), target.name)


def _parameters(item: pytest.Function) -> tuple[str, ...]:
    return tuple(item._fixtureinfo.argnames)
