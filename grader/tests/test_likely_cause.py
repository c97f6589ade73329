"""What a failure probably comes from: programs with a known mistake are the teachers."""

from __future__ import annotations

from pathlib import Path

from grading.likely_cause import KnownCause, read_causes, signs_of, with_likely_causes, written
from grading.verdict import Cause, Verdict
from sample_reports import card, report, row

SIGPIPE = row("leaves", Verdict.CRASH,
              cause=Cause("The server died.", actual="killed by SIGPIPE (…)"))
SIGSEGV = row("leaves", Verdict.CRASH,
              cause=Cause("The server died.", actual="killed by SIGSEGV (…)"))
KNOWN = (KnownCause("sigpipe", "Nobody told the kernel that an error is enough.",
                    signs_of([SIGPIPE])),
         KnownCause("dangling", "A client is used after it has gone.", signs_of([SIGSEGV])),
         KnownCause("mute", "Nothing is sent.", signs_of([row("talk", Verdict.FAIL)])))


def likely(*rows: object) -> list[tuple[str, ...]]:
    told = with_likely_causes(rows, KNOWN)  # type: ignore[arg-type]
    return [one.cause.likely for one in told if one.cause]


def test_the_signal_tells_two_causes_of_one_failing_check_apart() -> None:
    assert likely(SIGPIPE)[0][0] == KNOWN[0].words
    assert likely(SIGSEGV)[0][0] == KNOWN[1].words


def test_what_nobody_has_seen_has_no_likely_cause() -> None:
    assert likely(row("order", Verdict.FAIL), row("builds")) == [()]


def test_rows_that_wait_or_could_not_be_judged_tell_nothing() -> None:
    rows = [row("a", Verdict.BLOCKED), row("b", Verdict.NOT_JUDGED), row("c")]
    assert signs_of(rows) == frozenset()


def test_a_cause_needs_most_of_its_signs() -> None:
    rows = [row(name, Verdict.FAIL) for name in ("talk", "b", "c", "d", "e", "f")]
    wide = KnownCause("wide", "Everything fails.", signs_of(rows))
    told = with_likely_causes([row("talk", Verdict.FAIL)], (*KNOWN, wide))
    assert told[0].cause and told[0].cause.likely == ("Nothing is sent.",)


def test_two_mistakes_at_once_are_told_apart_row_by_row() -> None:
    talk, leaves = likely(row("talk", Verdict.FAIL), SIGPIPE)
    assert talk == ("Nothing is sent.",) and leaves[0] == KNOWN[0].words


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "causes.json"
    path.write_text(written(KNOWN))
    assert read_causes(path) == KNOWN
    assert read_causes(tmp_path / "none.json") == ()


def test_the_card_says_it() -> None:
    shown = card(report(*with_likely_causes([SIGPIPE], KNOWN)))
    assert "likely  Nobody told the kernel" in " ".join(shown.split("\n")).replace("   ", " ")
