"""What the student sees: the one thing to mend, said clearly, whatever a program has printed."""

from __future__ import annotations

import re
from dataclasses import replace

from grading.report.score_card import first_to_mend, to_mend
from grading.submission import NOT_HANDED_IN
from grading.verdict import STARRED, Cause, Verdict
from sample_reports import GRADER, HOSTILE, SCENE, card, report, row

BLOCKED_BY_TALK = Cause("It says nothing before talk passes.", blocked_by="talk")


def test_shows_the_first_thing_to_mend_with_its_scene() -> None:
    cause = Cause("Cid never heard Ann's line.", "Cid hears it once", "not at all",
                  hints=("Walk over the list.", "A second hint."))
    shown = card(report(row("builds", worth=1500),
                        row("talk", Verdict.FAIL, cause=cause, scene=SCENE),
                        row("order", Verdict.BLOCKED, cause=BLOCKED_BY_TALK),
                        row("stop", Verdict.CRASH, worth=500)))
    assert shown == """
 part_a  ●✗◦✗  1.5 of 4
 ● 1 kept  ✗ 1 failed, 1 crashed  ◦ 1 waiting

 1.5 of 4

 Mend this first: talk
 part_a, 1 point, docs/SPEC.md C2

  promise  The promise of talk.
      but  Cid never heard Ann's line.
 expected  Cid hears it once
    heard  not at all
     hint  Walk over the list.

      ms  server     Ann     Bob     Cid
     0.1     │◀───────┐                    joins
     0.2     │◀───────┼───────┐            joins
     0.3     │◀───────┼───────┼───────┐    joins
     4.0     │◀───────┤       │       │    <1f2e> from Ann\\n
     4.3     │────────┼──────▶│       │    <1f2e> from Ann\\n
     5.2     │╌╌╌╌╌╌╌╌┼╌╌╌╌╌╌╌┼╌╌╌╌╌╌✗│    never came: <1f2e> from Ann
  ◀ said to the server, ▶ heard from it, ╌✗ never came. <letters> are a mark
  that the grader puts into a line to know it again.

      more help  make hint T=talk
  see it happen  make replay T=talk PART=part_a
      try again  make test T=talk PART=part_a

 Then:
   ✗ stop (part_a)  stop went wrong.

 Waiting:
   1 check of part_a until talk passes"""


def test_full_marks_are_celebrated() -> None:
    shown = card(report(row("builds", worth=99_500), row("talk", worth=500),
                        row("more", extra=True, worth=2000)))
    assert "★ Full marks ★" in shown
    assert "100 of 100, and 2 of 2 extra" in shown
    assert "All 3 checks pass." in shown
    assert "Mend" not in shown


def test_full_marks_without_the_extra_credit_are_full_marks() -> None:
    shown = card(report(row("talk"), row("more", Verdict.FAIL, extra=True, worth=250)))
    assert "★ Full marks ★" in shown
    assert "1 of 1, and 0 of 0.25 extra" in shown
    assert "Extra credit, next: more" in shown and "0.25 extra points" in shown


def test_some_checks_alone_are_not_full_marks() -> None:
    shown = card(report(row("talk")), whole=False)
    assert "✓ Passed: 1 of 1 in the checks chosen." in shown
    assert "Full marks" not in shown


def test_the_first_to_mend_is_the_first_of_the_sheet() -> None:
    """A server that echoes comes before a client that is not written yet, whatever waits for it."""
    rows = [row("echo", Verdict.FAIL), row("talk", Verdict.FAIL),
            row("order", Verdict.BLOCKED, cause=BLOCKED_BY_TALK)]
    assert first_to_mend(rows) == rows[0]


def test_the_first_to_mend_goes_part_by_part_and_leaves_extra_credit_for_last() -> None:
    extra = row("handlers", Verdict.FAIL, target="handler_api", extra=True)
    late = row("talk", Verdict.FAIL, target="part_c")
    blocked = row("order", Verdict.BLOCKED, cause=BLOCKED_BY_TALK, target="part_c")
    assert first_to_mend([extra, row("stop", target="part_b"), late, blocked]) == late
    assert first_to_mend([extra, row("stop", Verdict.TIMEOUT, target="part_b"), late, blocked]
                         ) == row("stop", Verdict.TIMEOUT, target="part_b")
    assert first_to_mend([extra]) == extra


def test_a_part_that_is_not_there_comes_last_and_quietly() -> None:
    absent = [row("builds", Verdict.FAIL, cause=Cause(f"part_a {NOT_HANDED_IN}.")),
              row("talk", Verdict.BLOCKED, cause=Cause("", blocked_by="builds"))]
    extra = row("handlers", Verdict.FAIL, target="handler_api", extra=True)
    assert first_to_mend([*absent, extra]) == extra
    assert first_to_mend(absent) == absent[0]
    shown = card(report(*absent, extra))
    assert " part_a       – was not handed in" in shown
    assert "Then:" not in shown and "Waiting:" not in shown and "1 failed" in shown


def test_nothing_to_mend_where_the_grader_is_to_blame() -> None:
    rows = [row("stop", Verdict.ERROR), row("talk", Verdict.NOT_JUDGED), row("builds")]
    assert first_to_mend(rows) is None
    shown = card(report(*rows))
    assert "1 of 2" in shown, "what was not judged cannot be earned"
    assert "this machine cannot tell. It costs you nothing." in shown
    assert "the grader itself failed. That is not your fault." in shown
    assert "part_a/stop: stop went wrong." in shown
    assert "Mend this first" not in shown and "Full marks" not in shown


def test_hostile_text_is_shown_not_obeyed() -> None:
    cause = Cause(HOSTILE, HOSTILE, HOSTILE, detail=HOSTILE * 50, hints=(HOSTILE,))
    shown = card(report(row("talk", Verdict.FAIL, cause=cause),
                        row("stop", Verdict.FAIL, cause=cause),
                        row("other", Verdict.ERROR, cause=cause), notes=(f"{HOSTILE}: left out",)))
    assert all(char == "\n" or char.isprintable() for char in shown)
    assert "[bold]a\\x1b[31mb\\x07" in shown and "[/nope]" in shown


def test_stays_within_the_width() -> None:
    cause = Cause("word " * 40, "x" * 300, "y" * 300, detail="z" * 300, hints=("hint " * 50,))
    rows = [row(f"a_check_with_a_very_long_name_number_{n}", Verdict.FAIL, cause=cause)
            for n in range(40)]
    for width in (40, 80):
        shown = card(report(*rows), width=width).splitlines()
        assert all(len(line) <= width for line in shown if " make " not in line)
    assert "… and 27 more" in card(report(*rows))


def test_a_build_that_fails_shows_its_first_error() -> None:
    shown = card(report(row("builds", Verdict.FAIL, cause=Cause(
        "make ended with status 2.", detail="g++ -c a.cpp\n" + "\n".join(
            f"line {n}\terror: it" for n in range(100))))))
    assert "line 0" in shown and "line 11" in shown and "line 12" not in shown


def test_one_failing_check_on_many_targets_is_one_line() -> None:
    shown = card(report(*(row(name, Verdict.FAIL, target=target)
                          for target in ("part_a", "part_b", "part_c")
                          for name in ("talk", "stop"))))
    assert "✗ stop (part_a, part_b, part_c)" in shown


def test_what_waits_for_a_build_that_was_not_asked_for_says_why() -> None:
    cause = Cause("There is no part_a/server to start.", blocked_by="builds",
                  detail="server.c:3: error")
    shown = card(report(row("order", Verdict.BLOCKED, cause=cause)), False)
    told = "1 check of part_a until builds passes, which was not asked for here"
    assert told in " ".join(shown.split())
    assert "✓" not in shown
    assert " There is no part_a/server to start.\n   server.c:3: error" in shown


def test_what_ended_otherwise_under_a_sanitizer_says_how() -> None:
    cause = Cause("killed by SIGPIPE, in an ordinary session", actual="killed by SIGPIPE",
                  blocked_by="resets")
    shown = " ".join(card(report(row("leak", Verdict.BLOCKED, cause=cause)), False).split())
    assert "until resets passes, which was not asked for here and may pass in the plain build; " \
           "here: killed by SIGPIPE" in shown
    failed = row("leak", Verdict.FAIL, cause=replace(cause, blocked_by=""))
    assert "✗ leak (part_a) killed by SIGPIPE, in an" in " ".join(
        card(report(row("talk", Verdict.FAIL), failed)).split())


def test_starred_clauses_are_mended_after_the_others() -> None:
    starred = replace(row("long_lines", Verdict.FAIL), clauses=("C5",))
    basic = row("destroy", Verdict.FAIL, target="part_b")
    extra = row("handlers", Verdict.FAIL, target="handler_api", extra=True)
    assert to_mend([starred, extra, basic]) == [basic, starred, extra]


def test_the_starred_clauses_are_those_of_the_contract() -> None:
    text = (GRADER.parent / "docs" / "SPEC.md").read_text()
    assert STARRED == set(re.findall(r"^([A-Z]\d+)\\?\*", text, re.MULTILINE))


def test_every_mark_is_seen_however_many_there_are() -> None:
    shown = card(report(*(row(f"check{n}", Verdict.FAIL) for n in range(200))), width=60)
    assert shown.partition("200 failed")[0].count("✗") == 200 + 1  # and the legend's


def test_what_ended_in_the_same_way_is_counted() -> None:
    died = Cause("It ended.", actual="killed by SIGPIPE")
    shown = card(report(*(row(name, Verdict.CRASH, cause=died) for name in ("a", "b", "c")),
                        row("d", Verdict.CRASH, cause=replace(died, actual="killed by SIGSEGV"))))
    assert "2 more of the checks below ended like this one: killed by SIGPIPE." in shown
    alone = card(report(row("a", Verdict.FAIL, cause=replace(died, actual="never")),
                        row("b", Verdict.FAIL, cause=replace(died, actual="never"))))
    assert "ended like this one" not in alone
